//! Waking up less often while the rest of a large record is on its way.

use std::any::Any;

use tokio::net::TcpStream;

use super::Stream;

/// Below this it does not matter.
const WORTH_WAITING: usize = 128 << 10;

/// What is waited for at once. More would leave the sender idle between the kernel's buffers being full and our waking up.
const MOST: usize = 512 << 10;

/// How many bytes a socket must have received before it wakes its task.
///
/// The kernel wakes a reader for every segment. Of a megabyte these are a dozen wake-ups, each of which costs more than
/// copying the segment.
#[derive(Debug, Default)]
pub(super) struct LowWater {
    /// None: the socket's own, which is 1.
    set: Option<usize>,
    /// It is not a socket that can do it.
    unable: bool,
}

impl LowWater {
    /// Must be told how many bytes are certain to come before it is waited for them.
    #[inline]
    pub(super) fn await_bytes<S: Stream>(&mut self, io: &S, missing: usize) {
        let wanted = (missing >= WORTH_WAITING).then(|| missing.min(MOST));
        // What is less than the mark would never be heard of.
        let wanted = wanted.or(if self.set.is_some() { Some(1) } else { None });
        if wanted.is_some() && wanted != self.set && !self.unable {
            self.set(io, wanted.unwrap_or(1));
        }
    }

    #[cold]
    fn set<S: Stream>(&mut self, io: &S, bytes: usize) {
        let done = tcp(io).is_some_and(|stream| super::tcp::set_receive_low_water(stream, bytes).is_ok());
        self.unable = !done;
        self.set = if bytes > 1 { Some(bytes) } else { None };
    }
}

/// The TCP socket that a stream is, or that is in its box.
fn tcp<S: Stream>(io: &S) -> Option<&TcpStream> {
    let io: &dyn Any = io;
    io.downcast_ref().or_else(|| {
        let boxed: &dyn Stream = &**io.downcast_ref::<Box<dyn Stream>>()?;
        let io: &dyn Any = boxed;
        io.downcast_ref()
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::future::poll_fn;
    use std::pin::Pin;

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::super::{Arrival, Incoming};
    use super::*;

    /// Records of all sizes around the marks, written in pieces that end everywhere: one that is less than the mark left
    /// behind would hang here.
    #[tokio::test]
    async fn no_byte_is_left_behind_the_mark() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let sizes = [
            1,
            WORTH_WAITING - 1,
            WORTH_WAITING,
            WORTH_WAITING + 1,
            3,
            MOST - 1,
            MOST,
            MOST + 1,
            4 * MOST + 17,
            0,
            5,
            2 * MOST + 3,
            100,
        ];
        let writer = tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            for (at, size) in sizes.into_iter().enumerate() {
                let mut record = crate::rpc::record_mark(size).to_vec();
                record.resize(4 + size, at as u8);
                let (most, last) = record.split_at(record.len().saturating_sub(at));
                for part in [most, last] {
                    stream.write_all(part).await.expect("written");
                    tokio::task::yield_now().await;
                }
            }
            stream
        });
        let boxed: Box<dyn Stream> = Box::new(listener.accept().await.expect("accepted").0);
        assert!(tcp(&boxed).is_some(), "the socket in the box is found");
        let mut io = boxed;
        let mut incoming = Incoming::new(8 * MOST);
        let mut received = Vec::new();
        while received.len() < sizes.len() {
            let arrival = poll_fn(|cx| {
                incoming.poll_read(Pin::new(&mut io), cx, |record| {
                    assert!(record.iter().all(|byte| *byte == received.len() as u8));
                    received.push(record.len());
                    Ok(())
                })
            });
            assert_eq!(arrival.await.expect("read"), Arrival::Bytes);
        }
        assert_eq!(received, sizes);
        drop(writer.await);
    }
}
