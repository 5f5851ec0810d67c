//! Two directions of calls on one connection (RFC 8167).
//!
//! Whoever reads and writes the connection handles the messages of one direction itself. Those of the other direction go
//! through a [`Side`] to a [`SideStream`]: a connection within the connection, with records like any other. Nobody pays for
//! it who does not use it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::rpc::{MARK_SIZE, record_mark};
use crate::xdr::Sink;

use super::Outgoing;

/// Bytes that either end may be ahead of the other.
const ROOM: usize = 1 << 20;

/// The other direction, for whoever has the connection.
#[derive(Debug)]
pub(crate) struct Side {
    shared: Arc<Shared>,
}

/// The other direction as a connection of its own.
#[derive(Debug)]
pub(crate) struct SideStream {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// There are whole records to be sent. Lets the connection pass by without taking the lock.
    filled: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What has arrived, marks included.
    arrived: VecDeque<Bytes>,
    arrived_bytes: usize,
    /// What is to be sent.
    written: Vec<u8>,
    boundary: Boundary,
    /// The connection is gone.
    connection_gone: bool,
    /// The stream is gone, or will write no more.
    stream_gone: bool,
    connection: Option<Waker>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Finds the ends of records in what is written, so that no record is sent in the middle of another one.
#[derive(Debug, Default)]
struct Boundary {
    mark: [u8; MARK_SIZE],
    /// Bytes of the mark that are here.
    marked: usize,
    /// Bytes of the fragment that are missing.
    missing: usize,
    /// Bytes up to the end of the last whole record.
    whole: usize,
}

/// The two ends.
pub(crate) fn side() -> (Side, SideStream) {
    let shared = Arc::<Shared>::default();
    (Side { shared: Arc::clone(&shared) }, SideStream { shared })
}

impl Side {
    /// Hands over a record of the other direction.
    pub(crate) fn give(&self, record: &[u8]) {
        let mut inner = self.shared.lock();
        if inner.stream_gone {
            return;
        }
        let mut bytes = Vec::with_capacity(MARK_SIZE + record.len());
        bytes.extend_from_slice(&record_mark(record.len()));
        bytes.extend_from_slice(record);
        inner.arrived_bytes += bytes.len();
        inner.arrived.push_back(bytes.into());
        let reader = inner.reader.take();
        drop(inner);
        wake(reader);
    }

    /// Has the connection's task woken when there is something to send or, after it was full, room again. To be called before
    /// [`collect`](Self::collect), or something could come in between.
    pub(crate) fn attend(&self, waker: &Waker) {
        let mut inner = self.shared.lock();
        if !inner.connection.as_ref().is_some_and(|known| known.will_wake(waker)) {
            inner.connection = Some(waker.clone());
        }
    }

    /// Pending: it is full, and nothing further is to be read from the connection.
    pub(crate) fn poll_room(&self) -> Poll<()> {
        let inner = self.shared.lock();
        if inner.arrived_bytes > ROOM && !inner.stream_gone { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Moves whole records that are to be sent to `outgoing`; returns how many bytes.
    pub(crate) fn collect(&self, outgoing: &mut Outgoing) -> usize {
        if !self.shared.filled.swap(false, Ordering::AcqRel) {
            return 0;
        }
        let mut inner = self.shared.lock();
        let whole = std::mem::take(&mut inner.boundary.whole);
        let _ = outgoing.append(|out| {
            out.put_slice(&inner.written[..whole]);
            Ok::<(), std::convert::Infallible>(())
        });
        inner.written.drain(..whole);
        let writer = inner.writer.take();
        drop(inner);
        wake(writer);
        whole
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics but for want of memory.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Boundary {
    /// `bytes` were written behind `length` others.
    fn advance(&mut self, length: usize, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.marked < MARK_SIZE {
                let (head, tail) = rest.split_at(rest.len().min(MARK_SIZE - self.marked));
                self.mark[self.marked..self.marked + head.len()].copy_from_slice(head);
                self.marked += head.len();
                rest = tail;
                if self.marked < MARK_SIZE {
                    return;
                }
                // RFC 5531 §11: the lower 31 bits are the fragment's length.
                self.missing = (u32::from_be_bytes(self.mark) & 0x7fff_ffff) as usize;
            } else {
                let taken = rest.len().min(self.missing);
                self.missing -= taken;
                rest = &rest[taken..];
            }
            if self.missing == 0 {
                self.marked = 0;
                // RFC 5531 §11: the highest bit says that the fragment is its record's last.
                if self.mark[0] & 0x80 != 0 {
                    self.whole = length + bytes.len() - rest.len();
                }
            }
        }
    }
}

impl AsyncRead for SideStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.shared.lock();
        let was_full = inner.arrived_bytes > ROOM;
        let mut any = false;
        while room.remaining() > 0
            && let Some(first) = inner.arrived.front_mut()
        {
            let length = first.len().min(room.remaining());
            room.put_slice(&first[..length]);
            first.advance(length);
            if first.is_empty() {
                inner.arrived.pop_front();
            }
            inner.arrived_bytes -= length;
            any = true;
        }
        if !any && !inner.connection_gone && room.remaining() > 0 {
            inner.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let connection = if was_full && inner.arrived_bytes <= ROOM { inner.connection.clone() } else { None };
        drop(inner);
        wake(connection);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SideStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut inner = self.shared.lock();
        if inner.connection_gone || inner.stream_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        // What is beyond the last whole record cannot leave yet, however much it is.
        if inner.boundary.whole > ROOM {
            inner.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let Inner { written, boundary, connection, .. } = &mut *inner;
        boundary.advance(written.len(), bytes);
        written.extend_from_slice(bytes);
        let connection = if boundary.whole > 0 {
            self.shared.filled.store(true, Ordering::Release);
            connection.clone()
        } else {
            None
        };
        drop(inner);
        wake(connection);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.lock().stream_gone = true;
        Poll::Ready(Ok(()))
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let mut inner = self.shared.lock();
        inner.connection_gone = true;
        let wakers = (inner.reader.take(), inner.writer.take());
        drop(inner);
        wake(wakers.0);
        wake(wakers.1);
    }
}

impl Drop for SideStream {
    fn drop(&mut self) {
        let mut inner = self.shared.lock();
        inner.stream_gone = true;
        inner.arrived.clear();
        inner.arrived_bytes = 0;
        let connection = inner.connection.clone();
        drop(inner);
        wake(connection);
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn record(payload: &[u8]) -> Vec<u8> {
        [&record_mark(payload.len())[..], payload].concat()
    }

    async fn sent(outgoing: &mut Outgoing) -> Vec<u8> {
        let (mut near, mut far) = tokio::io::duplex(1 << 20);
        std::future::poll_fn(|cx| outgoing.poll_flush(Pin::new(&mut near), cx)).await.expect("written");
        drop(near);
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.expect("read");
        bytes
    }

    #[tokio::test]
    async fn only_whole_records_are_sent_however_they_are_written() {
        let fragments = [&4_u32.to_be_bytes()[..], b"half", &record(b"other half")].concat();
        let written = [record(b"one"), record(b""), fragments, record(&[7; 1000])].concat();
        let ends = [7, 11, 33, written.len()];
        for piece in [1, 2, 3, 5, 64, written.len()] {
            let (side, mut stream) = side();
            let (mut at, mut collected) = (0, 0);
            for bytes in written.chunks(piece) {
                stream.write_all(bytes).await.expect("written");
                at += bytes.len();
                let mut outgoing = Outgoing::default();
                let count = side.collect(&mut outgoing);
                assert_eq!(sent(&mut outgoing).await, written[collected..collected + count]);
                collected += count;
                assert_eq!(collected, ends.into_iter().filter(|end| *end <= at).max().unwrap_or(0));
            }
        }
    }

    #[tokio::test]
    async fn records_arrive_with_their_marks_and_then_the_end() {
        let (side, mut stream) = side();
        side.give(b"one");
        side.give(b"two");
        drop(side);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("read");
        assert_eq!(bytes, [record(b"one"), record(b"two")].concat());
        assert!(stream.write_all(b"x").await.is_err());
    }

    #[tokio::test]
    async fn a_reader_that_is_slow_holds_the_connection_up() {
        let (side, mut stream) = side();
        while side.poll_room().is_ready() {
            side.give(&[0; 100_000]);
        }
        let mut room = vec![0; 2 * ROOM];
        let _ = stream.read(&mut room).await.expect("read");
        assert!(side.poll_room().is_ready());
    }
}
