//! What arrives by a stream: bytes into records.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

use crate::rpc::{Record, RecordError, RecordReader};

/// Size of the buffer that all connections of a thread read into.
const SCRATCH: usize = 256 << 10;

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
}

impl Incoming {
    pub(crate) fn new(max_record_size: usize) -> Self {
        Self { records: RecordReader::new(max_record_size) }
    }

    /// A record has begun and is not complete.
    pub(crate) fn in_progress(&self) -> bool {
        self.records.in_progress()
    }

    /// Reads once and hands each record that is complete to `each`, which may stop the reading by an error.
    pub(crate) fn poll_read<R: AsyncRead>(
        &mut self,
        io: Pin<&mut R>,
        cx: &mut Context<'_>,
        mut each: impl FnMut(Record<'_>) -> io::Result<()>,
    ) -> Poll<io::Result<Arrival>> {
        if let Some(mut room) = self.records.wants() {
            // The rest of a large record goes where it will stay.
            if ready!(poll_read_buf(io, cx, &mut room))? == 0 {
                return Poll::Ready(Ok(Arrival::End { inside_record: true }));
            }
            if let Some(record) = self.records.next(&mut &[][..]).map_err(invalid)? {
                each(record)?;
            }
            return Poll::Ready(Ok(Arrival::Bytes));
        }
        let mut buffer = BUFFER.take().unwrap_or_else(|| vec![0; SCRATCH].into_boxed_slice());
        let result = self.poll_scratch(io, cx, &mut each, &mut buffer);
        BUFFER.set(Some(buffer));
        result
    }

    fn poll_scratch<R: AsyncRead>(
        &mut self,
        io: Pin<&mut R>,
        cx: &mut Context<'_>,
        each: &mut impl FnMut(Record<'_>) -> io::Result<()>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Arrival>> {
        let mut room = ReadBuf::new(buffer);
        ready!(io.poll_read(cx, &mut room))?;
        let mut bytes = room.filled();
        if bytes.is_empty() {
            return Poll::Ready(Ok(Arrival::End { inside_record: self.records.in_progress() }));
        }
        while let Some(record) = self.records.next(&mut bytes).map_err(invalid)? {
            each(record)?;
        }
        Poll::Ready(Ok(Arrival::Bytes))
    }
}

fn invalid(error: RecordError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
