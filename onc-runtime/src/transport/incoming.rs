//! What arrives by a stream: bytes into records.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;
use tokio_util::io::poll_read_buf;

use crate::rpc::{Record, RecordError, RecordReader, buffers};

use super::Stream;
use super::low_water::LowWater;

/// Size of the buffer that all connections of a thread read into.
const SCRATCH: usize = 256 << 10;

/// How much of a record is read there when it is expected to be large.
const START: usize = 4 << 10;

thread_local! {
    /// Taken while it is in use, so that a connection that is polled from within another one gets its own.
    static BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// What one read brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Bytes; the records that they completed have been handed over.
    Bytes,
    /// The peer has closed; a record that it had begun is lost.
    End {
        /// It closed in the middle of a record.
        inside_record: bool,
    },
}

/// Finds the records in what a stream brings. Holds memory only while a record is under way.
#[derive(Debug)]
pub(crate) struct Incoming {
    records: RecordReader,
    received: u64,
    /// The last record was large, so that the next one is expected to be: what is read of it with the mark is copied.
    large: bool,
    low_water: LowWater,
}

impl Incoming {
    pub(crate) fn new(max_record_size: usize) -> Self {
        Self { records: RecordReader::new(max_record_size), received: 0, large: false, low_water: LowWater::default() }
    }

    /// A record has begun and is not complete.
    pub(crate) fn in_progress(&self) -> bool {
        self.records.in_progress()
    }

    /// How many bytes have been received.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// The last read completed a large record.
    pub(crate) fn had_large(&self) -> bool {
        self.large && !self.records.in_progress()
    }

    /// Reads once and hands each record that is complete to `each`, which may stop the reading by an error.
    #[inline]
    pub(crate) fn poll_read<S: Stream>(
        &mut self,
        mut io: Pin<&mut S>,
        cx: &mut Context<'_>,
        each: impl FnMut(Record<'_>) -> io::Result<()>,
    ) -> Poll<io::Result<Arrival>> {
        let mut scratch = None;
        if !self.records.in_progress() || !self.make_room() {
            scratch = Some(BUFFER.take().unwrap_or_else(|| vec![0; SCRATCH].into_boxed_slice()));
        }
        let arrival = self.poll_records(io.as_mut(), cx, scratch.as_deref_mut(), each);
        if scratch.is_some() {
            BUFFER.set(scratch);
        }
        if arrival.is_pending() && (self.records.in_progress() || self.low_water.is_set()) {
            self.low_water.await_bytes(&*io, self.records.missing());
        }
        arrival
    }

    /// Whether the rest of the record under way is to be read to where it will stay; gives it memory for that, if there is
    /// some from an earlier one.
    #[cold]
    fn make_room(&mut self) -> bool {
        if let Some(size) = self.records.lacks_room()
            && size >= buffers::WORTH_KEEPING
            && let Some(buffer) = buffers::take(size)
        {
            buffers::give(self.records.move_to(buffer));
        }
        self.records.wants().is_some()
    }

    /// Reads to `scratch`, or to where the rest of the record under way will stay.
    #[inline]
    fn poll_records<S: Stream>(
        &mut self,
        io: Pin<&mut S>,
        cx: &mut Context<'_>,
        scratch: Option<&mut [u8]>,
        mut each: impl FnMut(Record<'_>) -> io::Result<()>,
    ) -> Poll<io::Result<Arrival>> {
        let is_rest = scratch.is_none();
        let (length, mut bytes) = match scratch {
            Some(scratch) => {
                let most = if self.large { START } else { scratch.len() };
                let mut room = ReadBuf::new(&mut scratch[..most]);
                ready!(io.poll_read(cx, &mut room))?;
                let length = room.filled().len();
                (length, &scratch[..length])
            }
            None => (ready!(self.poll_rest(io, cx))?, &[][..]),
        };
        if length == 0 {
            return Poll::Ready(Ok(Arrival::End { inside_record: self.records.in_progress() }));
        }
        self.received += length as u64;
        while let Some(record) = self.records.next(&mut bytes).map_err(invalid)? {
            if is_rest {
                self.large = record.len() >= buffers::WORTH_KEEPING;
            }
            each(record)?;
        }
        if !is_rest {
            self.large &= self.records.in_progress();
        }
        Poll::Ready(Ok(Arrival::Bytes))
    }

    #[cold]
    fn poll_rest<S: Stream>(&mut self, io: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match self.records.wants() {
            Some(mut room) => poll_read_buf(io, cx, &mut room),
            None => unreachable!("there is room: it has been made"),
        }
    }
}

fn invalid(error: RecordError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Semaphore;

    use super::super::low_water::{MOST, WORTH_WAITING};
    use super::*;

    /// The rest of a large record is written when the reader waits for it, and the next record when this one is whole: what is
    /// less than a low-water mark that was left behind would never be heard of.
    #[tokio::test]
    async fn no_byte_is_left_behind_a_low_water_mark() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let sizes = [2 * WORTH_WAITING + 9, 1, MOST, 3, WORTH_WAITING + 5, 0, 2 * MOST + 5, 4 * MOST + 17, 9];
        let go_on = Arc::new(Semaphore::new(0));
        let gate = Arc::clone(&go_on);
        let writer = tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            for (at, size) in sizes.into_iter().enumerate() {
                let mut record = crate::rpc::record_mark(size).to_vec();
                record.resize(4 + size, at as u8);
                let (head, rest) = record.split_at(if size < WORTH_WAITING { 0 } else { size / 8 });
                for part in [head, rest] {
                    if !part.is_empty() {
                        stream.write_all(part).await.expect("written");
                        gate.acquire().await.expect("open").forget();
                    }
                }
            }
        });
        let mut io: Box<dyn Stream> = Box::new(listener.accept().await.expect("accepted").0);
        let mut incoming = Incoming::new(8 * MOST);
        let (mut received, mut has_head, mut marks) = (Vec::new(), false, 0);
        let reading = async {
            while received.len() < sizes.len() {
                let arrival = poll_fn(|cx| {
                    let arrival = incoming.poll_read(Pin::new(&mut io), cx, |record| {
                        assert!(record.iter().all(|byte| *byte == received.len() as u8));
                        received.push(record.len());
                        has_head = false;
                        go_on.add_permits(1);
                        Ok(())
                    });
                    if arrival.is_pending() && incoming.records.in_progress() && !has_head {
                        let size = sizes[received.len()];
                        if incoming.records.missing() <= size + 4 - size / 8 {
                            has_head = true;
                            marks += usize::from(incoming.low_water.is_set());
                            go_on.add_permits(1);
                        }
                    }
                    arrival
                });
                assert_eq!(arrival.await.expect("read"), Arrival::Bytes);
            }
        };
        tokio::time::timeout(Duration::from_secs(60), reading).await.expect("every byte is heard of");
        assert_eq!(received, sizes);
        assert!(marks > 0 || cfg!(not(target_os = "linux")), "marks were set");
        writer.await.expect("written");
    }
}
