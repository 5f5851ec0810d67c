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
    pub(crate) fn poll_read<S: Stream>(
        &mut self,
        mut io: Pin<&mut S>,
        cx: &mut Context<'_>,
        mut each: impl FnMut(Record<'_>) -> io::Result<()>,
    ) -> Poll<io::Result<Arrival>> {
        let arrival = if self.records.in_progress() && self.make_room() {
            self.poll_rest(io.as_mut(), cx, &mut each)
        } else {
            let mut buffer = BUFFER.take().unwrap_or_else(|| vec![0; SCRATCH].into_boxed_slice());
            let arrival = self.poll_scratch(io.as_mut(), cx, &mut each, &mut buffer);
            BUFFER.set(Some(buffer));
            arrival
        };
        if arrival.is_pending() {
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

    fn poll_rest<S: Stream>(
        &mut self,
        io: Pin<&mut S>,
        cx: &mut Context<'_>,
        each: &mut impl FnMut(Record<'_>) -> io::Result<()>,
    ) -> Poll<io::Result<Arrival>> {
        let Some(mut room) = self.records.wants() else { return Poll::Ready(Ok(Arrival::Bytes)) };
        let length = ready!(poll_read_buf(io, cx, &mut room))?;
        if length == 0 {
            return Poll::Ready(Ok(Arrival::End { inside_record: true }));
        }
        self.received += length as u64;
        if let Some(record) = self.records.next(&mut &[][..]).map_err(invalid)? {
            self.large = record.len() >= buffers::WORTH_KEEPING;
            each(record)?;
        }
        Poll::Ready(Ok(Arrival::Bytes))
    }

    fn poll_scratch<S: Stream>(
        &mut self,
        io: Pin<&mut S>,
        cx: &mut Context<'_>,
        each: &mut impl FnMut(Record<'_>) -> io::Result<()>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Arrival>> {
        let most = if self.large { START } else { buffer.len() };
        let mut room = ReadBuf::new(&mut buffer[..most]);
        ready!(io.poll_read(cx, &mut room))?;
        let mut bytes = room.filled();
        if bytes.is_empty() {
            return Poll::Ready(Ok(Arrival::End { inside_record: self.records.in_progress() }));
        }
        self.received += bytes.len() as u64;
        while let Some(record) = self.records.next(&mut bytes).map_err(invalid)? {
            each(record)?;
        }
        self.large &= self.records.in_progress();
        Poll::Ready(Ok(Arrival::Bytes))
    }
}

fn invalid(error: RecordError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
