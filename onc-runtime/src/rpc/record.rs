//! Record marking: how messages follow each other on a byte stream. RFC 5531 §11.

use std::fmt;
use std::ops::Deref;

use bytes::buf::Limit;
use bytes::{BufMut, Bytes};

use super::buffers;

/// The size of a record mark in bytes.
pub const MARK_SIZE: usize = 4;

/// The most bytes of a fragment: the mark has 31 bits for it.
pub const MAX_FRAGMENT_SIZE: usize = 0x7fff_ffff;

/// In a mark: the fragment is the record's last.
const LAST: u32 = 0x8000_0000;

/// Fragments without a byte that one record may have. They mean nothing, but are not forbidden.
const MAX_EMPTY_FRAGMENTS: u8 = 16;

/// A buffer has room for at most this many times what has arrived.
const GROWTH: usize = 4;

/// Once this much of a fragment is missing, reading it to its place saves more in copying than it costs in reads.
const WORTH_A_READ: usize = 16 * 1024;

/// Finds the records in a byte stream.
///
/// Its owner reads into a scratch buffer, which many connections can share, and calls [`next`](Self::next) until that has
/// taken everything. A record that lies whole in the scratch buffer is borrowed from there. While a large one is under
/// way, [`wants`](Self::wants) gives the room where its next bytes belong, so that they are read to their place at once.
///
/// Between records it holds no memory. Within one it allocates at most four times what has arrived of it, whatever the marks
/// promise.
///
/// ```
/// use onc_runtime::rpc::RecordReader;
///
/// let mut reader = RecordReader::new(1024);
/// let mut input = &b"\x80\0\0\x04abcd\0\0\0\x02ef\x80\0\0"[..];
/// assert_eq!(&*reader.next(&mut input)?.expect("a whole record"), b"abcd");
/// assert!(reader.next(&mut input)?.is_none() && input.is_empty());
///
/// let mut input = &b"\x02gh"[..];
/// assert_eq!(&*reader.next(&mut input)?.expect("a whole record"), b"efgh");
/// # Ok::<(), onc_runtime::rpc::RecordError>(())
/// ```
#[derive(Debug)]
pub struct RecordReader {
    state: State,
    /// What has arrived of the record under way, without the marks.
    buffer: Vec<u8>,
    max_record_size: usize,
    empty_fragments: u8,
    single_fragments: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// No byte of a record has arrived.
    Idle,
    /// The mark of the next fragment is under way.
    Mark { bytes: [u8; MARK_SIZE], length: usize },
    /// A fragment is under way; it ends where the buffer has `end` bytes.
    Fragment { end: usize, last: bool },
    /// The stream cannot be read any further.
    Failed(RecordError),
}

/// One message.
// Exhaustive on purpose: it has come in one piece, or it has not.
#[derive(Debug)]
pub enum Record<'a> {
    /// It lies in one piece in the input.
    Borrowed(&'a [u8]),
    /// It was put together.
    Owned(Bytes),
}

/// The stream is not one of records that are accepted. There is no way to go on: the connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// A record is longer than the limit.
    TooLarge {
        /// How many bytes its marks promise so far.
        size: usize,
        /// The limit.
        max: usize,
    },
    /// A record has too many fragments without a byte.
    EmptyFragments,
}

impl RecordReader {
    /// Accepts records of up to `max_record_size` bytes, all fragments together.
    #[must_use]
    pub fn new(max_record_size: usize) -> Self {
        Self { state: State::Idle, buffer: Vec::new(), max_record_size, empty_fragments: 0, single_fragments: false }
    }

    /// Takes each fragment for a whole record, for old instruments that never say which one is the last. Default: false.
    #[must_use]
    pub fn with_single_fragments(mut self, single_fragments: bool) -> Self {
        self.single_fragments = single_fragments;
        self
    }

    /// The next record, once it is whole. Takes what it uses from the front of `input`; `None` means that it has taken
    /// everything and needs more.
    ///
    /// # Errors
    ///
    /// The stream cannot be read any further; calling it again gives the same error.
    #[inline]
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Record<'a>>, RecordError> {
        if let State::Idle = self.state {
            if let Some(record) = self.whole(input) {
                return Ok(Some(record));
            }
            if input.is_empty() {
                return Ok(None);
            }
        }
        self.assemble(input)
    }

    /// The room for the next bytes of the stream, while so many bytes of a record are missing that they should be read to
    /// their place at once. After reading into it call [`next`](Self::next) with an empty input.
    ///
    /// ```
    /// use bytes::BufMut;
    /// use onc_runtime::rpc::RecordReader;
    ///
    /// let mut reader = RecordReader::new(1 << 20);
    /// let mut input = 0x8000_ffff_u32.to_be_bytes().to_vec(); // a record of 65,535 bytes
    /// input.resize(10_000, b'x');
    /// assert!(reader.next(&mut &input[..])?.is_none());
    ///
    /// while let Some(mut room) = reader.wants() {
    ///     let length = room.remaining_mut();
    ///     room.put_bytes(b'x', length); // or tokio's `read_buf`
    /// }
    /// let record = reader.next(&mut &[][..])?.expect("a whole record");
    /// assert_eq!(*record, [b'x'; 65_535]);
    /// # Ok::<(), onc_runtime::rpc::RecordError>(())
    /// ```
    #[inline]
    pub fn wants(&mut self) -> Option<Limit<&mut Vec<u8>>> {
        let State::Fragment { end, last } = self.state else { return None };
        let received = self.buffer.len();
        let justified = received.saturating_mul(GROWTH).max(self.buffer.capacity()).min(end);
        // A read is not worth its while before so much has arrived that there may be enough room.
        if justified - received < WORTH_A_READ {
            return None;
        }
        if justified > self.buffer.capacity() {
            self.grow(received, end, last);
        }
        let room = self.buffer.capacity().min(end) - received;
        Some((&mut self.buffer).limit(room))
    }

    /// How many bytes the record under way has at least, if its buffer is not large enough for them.
    #[cfg(feature = "net")]
    pub(crate) fn lacks_room(&self) -> Option<usize> {
        match self.state {
            State::Fragment { end, .. } if end > self.buffer.capacity() => Some(end),
            _ => None,
        }
    }

    /// Puts the record under way together in `buffer` from now on, which is empty; returns the one used so far.
    #[cfg(feature = "net")]
    pub(crate) fn move_to(&mut self, mut buffer: Vec<u8>) -> Vec<u8> {
        buffer.extend_from_slice(&self.buffer);
        std::mem::replace(&mut self.buffer, buffer)
    }

    /// Whether a record has begun and not ended: the peer owes the rest.
    #[inline]
    #[must_use]
    pub fn in_progress(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// How many bytes are missing, at least, before there can be a whole record.
    #[must_use]
    pub fn missing(&self) -> usize {
        match self.state {
            State::Idle | State::Failed(_) => MARK_SIZE,
            State::Mark { length, .. } => MARK_SIZE - length,
            State::Fragment { end, .. } => end - self.buffer.len(),
        }
    }

    /// A record that lies whole in the input.
    #[inline]
    fn whole<'a>(&self, input: &mut &'a [u8]) -> Option<Record<'a>> {
        let (mark, rest) = input.split_first_chunk::<MARK_SIZE>()?;
        let mark = u32::from_be_bytes(*mark);
        let length = (mark & !LAST) as usize;
        if mark & LAST == 0 || length > self.max_record_size {
            return None;
        }
        let (record, rest) = rest.split_at_checked(length)?;
        *input = rest;
        Some(Record::Borrowed(record))
    }

    /// The way of records that do not lie whole in the input.
    fn assemble<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Record<'a>>, RecordError> {
        loop {
            match self.state {
                State::Idle if input.is_empty() => return Ok(None),
                State::Idle => self.state = State::Mark { bytes: [0; MARK_SIZE], length: 0 },
                State::Mark { mut bytes, length } => {
                    let now = take(input, MARK_SIZE - length);
                    bytes[length..length + now.len()].copy_from_slice(now);
                    let length = length + now.len();
                    self.state = State::Mark { bytes, length };
                    if length < MARK_SIZE {
                        return Ok(None);
                    }
                    self.begin_fragment(u32::from_be_bytes(bytes));
                }
                State::Fragment { end, last } => {
                    let missing = end - self.buffer.len();
                    if last && self.buffer.is_empty() && input.len() >= missing {
                        self.finish();
                        return Ok(Some(Record::Borrowed(take(input, missing))));
                    }
                    let now = take(input, missing);
                    self.append(now, end, last);
                    if self.buffer.len() < end {
                        return Ok(None);
                    }
                    if last {
                        return Ok(Some(Record::Owned(self.finish())));
                    }
                    self.state = State::Mark { bytes: [0; MARK_SIZE], length: 0 };
                }
                State::Failed(error) => return Err(error),
            }
        }
    }

    fn begin_fragment(&mut self, mark: u32) {
        // RFC 5531 §11: the highest bit says whether it is the last fragment, the other 31 its length.
        let last = mark & LAST != 0 || self.single_fragments;
        let end = self.buffer.len().saturating_add((mark & !LAST) as usize);
        let empty = end == self.buffer.len() && !last;
        self.state = if end > self.max_record_size {
            State::Failed(RecordError::TooLarge { size: end, max: self.max_record_size })
        } else if empty && self.empty_fragments == MAX_EMPTY_FRAGMENTS {
            State::Failed(RecordError::EmptyFragments)
        } else {
            self.empty_fragments += u8::from(empty);
            State::Fragment { end, last }
        };
    }

    fn append(&mut self, bytes: &[u8], end: usize, last: bool) {
        let received = self.buffer.len() + bytes.len();
        if received > self.buffer.capacity() {
            self.grow(received, end, last);
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Makes the buffer as large as the fragment's `end` and the bytes `received` of the record justify.
    fn grow(&mut self, received: usize, end: usize, last: bool) {
        let most = received.saturating_mul(GROWTH);
        let mut capacity = most.min(end);
        if !last {
            // Another fragment follows: doubling keeps the cost of many small ones linear.
            capacity = capacity.max(self.buffer.capacity().saturating_mul(2).min(most));
        }
        self.buffer.reserve_exact(capacity - self.buffer.len());
    }

    fn finish(&mut self) -> Bytes {
        self.state = State::Idle;
        self.empty_fragments = 0;
        buffers::share(std::mem::take(&mut self.buffer))
    }
}

/// The mark of a record that has one fragment of `length` bytes.
///
/// # Panics
///
/// `length` is above [`MAX_FRAGMENT_SIZE`].
#[inline]
#[must_use]
pub fn record_mark(length: usize) -> [u8; MARK_SIZE] {
    assert!(length <= MAX_FRAGMENT_SIZE, "a fragment of {length} bytes does not fit in its mark");
    (length as u32 | LAST).to_be_bytes()
}

/// Writes a [`record_mark`] over the four bytes at `at`.
///
/// # Panics
///
/// As [`record_mark`], and if there are no four bytes at `at`.
#[inline]
pub fn patch_mark(out: &mut [u8], at: usize, length: usize) {
    out[at..at + MARK_SIZE].copy_from_slice(&record_mark(length));
}

impl Record<'_> {
    /// The record on its own: copied if it was borrowed.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Borrowed(record) => Bytes::copy_from_slice(record),
            Self::Owned(record) => record,
        }
    }
}

impl Deref for Record<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(record) => record,
            Self::Owned(record) => record,
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size, max } => write!(
                f,
                "the peer announces a record of {size} bytes, at most {max} are accepted; `max_record_size` raises it"
            ),
            Self::EmptyFragments => {
                write!(f, "the peer sends a record with more than {MAX_EMPTY_FRAGMENTS} empty fragments")
            }
        }
    }
}

impl std::error::Error for RecordError {}

/// Takes up to `most` bytes from the front.
fn take<'a>(input: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (head, rest) = input.split_at(most.min(input.len()));
    *input = rest;
    head
}

#[cfg(test)]
mod tests;
