//! Writing: the output buffer, and runs of known length in it.

use std::mem::MaybeUninit;

use bytes::Bytes;

use super::{Shape, Sink, Size, padding};

/// [`Bytes`] of this many bytes or more leave by reference when the [`Encoder`] gathers.
///
/// Below it a copy costs less than one more piece of the vectored write.
pub const BY_REFERENCE: usize = 4096;

/// Bytes that go out between two parts of the buffer that an [`Encoder`] filled.
#[derive(Clone, Debug)]
pub struct Segment {
    /// They come before this offset of the buffer.
    pub at: usize,
    /// What goes there.
    pub bytes: Bytes,
}

/// Appends encodings to a buffer.
#[derive(Debug)]
pub struct Encoder<'a> {
    buffer: &'a mut Vec<u8>,
    segments: Option<&'a mut Vec<Segment>>,
}

impl<'a> Encoder<'a> {
    /// Writes everything to the end of `buffer`.
    #[inline]
    #[must_use]
    pub fn new(buffer: &'a mut Vec<u8>) -> Self {
        Self { buffer, segments: None }
    }

    /// Writes to the end of `buffer`, except that large [`Bytes`] become `segments`: the message is the buffer with each
    /// segment inserted at its offset.
    #[inline]
    #[must_use]
    pub fn gathering(buffer: &'a mut Vec<u8>, segments: &'a mut Vec<Segment>) -> Self {
        Self { buffer, segments: Some(segments) }
    }

    /// The buffer, for what is not XDR: record marks and headers that were encoded in advance.
    #[cfg(feature = "net")]
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        self.buffer
    }

    /// Makes room for an encoding of this size: one reservation a message.
    #[inline]
    pub fn reserve(&mut self, size: Size) {
        let copied = if self.segments.is_some() { size.total - size.by_reference } else { size.total };
        self.buffer.reserve(copied);
    }

    /// Writes a value that was measured: reserves its size once and writes it as one run.
    ///
    /// # Panics
    ///
    /// The value is longer than `size`: its [`Shape`] measures one thing and encodes another.
    #[inline]
    pub fn write<T, H: Shape<T>>(&mut self, value: &T, size: Size) {
        let segments = self.segments.as_deref_mut();
        let length = if segments.is_some() { size.total - size.by_reference } else { size.total };
        fill(self.buffer, segments, length, |run| H::encode(value, run));
    }
}

impl Sink for Encoder<'_> {
    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.buffer.extend_from_slice(&bytes);
    }

    #[inline]
    fn put_slice(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    #[inline]
    fn put_opaque(&mut self, bytes: &[u8]) {
        self.run(bytes.len() + padding(bytes.len()), |run| run.put_opaque(bytes));
    }

    #[inline]
    fn put_shared(&mut self, bytes: &Bytes) {
        match &mut self.segments {
            Some(segments) if bytes.len() >= BY_REFERENCE => {
                segments.push(Segment { at: self.buffer.len(), bytes: bytes.clone() });
                self.put_slice(&[0; 3][..padding(bytes.len())]);
            }
            _ => self.put_opaque(bytes),
        }
    }

    #[inline]
    fn run(&mut self, length: usize, body: impl FnOnce(&mut EncodeRun<'_>)) {
        fill(self.buffer, None, length, body);
    }
}

/// Has `body` write at most `length` bytes to the end of `buffer`.
#[inline]
#[expect(unsafe_code, reason = "a run writes uninitialised room: zeroing it first costs as much as encoding")]
fn fill(
    buffer: &mut Vec<u8>,
    segments: Option<&mut Vec<Segment>>,
    length: usize,
    body: impl FnOnce(&mut EncodeRun<'_>),
) {
    buffer.reserve(length);
    let end = buffer.len() + length;
    let mut run = EncodeRun { room: &mut buffer.spare_capacity_mut()[..length], end, segments };
    body(&mut run);
    let filled = end - run.room.len();
    // SAFETY: `room` starts as the first `length` spare bytes and only `EncodeRun`'s methods shrink it, each from the front
    // and by exactly the bytes it has initialised. So the bytes before what is left of it are initialised, and they lie
    // within the capacity.
    unsafe { buffer.set_len(filled) };
}

/// A part of the output with a length that was checked in advance.
#[derive(Debug)]
pub struct EncodeRun<'a> {
    /// What is not written yet.
    room: &'a mut [MaybeUninit<u8>],
    /// Offset of the run's end in the buffer.
    end: usize,
    /// Where large `Bytes` go, if not into the run.
    segments: Option<&'a mut Vec<Segment>>,
}

impl<'a> EncodeRun<'a> {
    /// Tells the compiler how long the run is, where the body of [`Sink::run`] became a function of its own: with the
    /// length known, the checks of what is written to the run vanish.
    #[doc(hidden)]
    #[inline(always)]
    pub fn has_length(&self, length: Option<usize>) {
        assert!(length == Some(self.room.len()), "a run of another length");
    }

    /// Fills the next `length` bytes by `fill`, which returns the same bytes initialised.
    #[inline]
    pub(super) fn fill(&mut self, length: usize, fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> &mut [u8]) {
        let (head, tail) = self.split(length);
        assert!(fill(head).len() == length, "a run was not filled");
        self.room = tail;
    }

    /// What is to leave by reference, and room for it among the segments; `None`: the bytes go into the run.
    #[inline(always)]
    fn share(&mut self, bytes: &Bytes) -> Option<Bytes> {
        match &mut self.segments {
            Some(segments) if bytes.len() >= BY_REFERENCE => {
                // With the clone in hand the vector would have it go through memory once more in order to grow.
                segments.reserve(1);
                Some(bytes.clone())
            }
            _ => None,
        }
    }

    /// Has these bytes leave by reference, and their padding follow.
    #[inline(always)]
    fn refer_to(&mut self, bytes: Bytes) {
        let at = self.end - self.room.len();
        let padding = padding(bytes.len());
        if let Some(segments) = &mut self.segments {
            segments.push(Segment { at, bytes });
        }
        for _ in 0..padding {
            self.put([0]);
        }
    }

    /// The next `length` bytes, and the room after them, which the caller puts back.
    #[inline(always)]
    fn split(&mut self, length: usize) -> (&'a mut [MaybeUninit<u8>], &'a mut [MaybeUninit<u8>]) {
        match std::mem::take(&mut self.room).split_at_mut_checked(length) {
            Some(parts) => parts,
            None => overrun(),
        }
    }
}

impl Sink for EncodeRun<'_> {
    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.fill(N, |room| room.write_copy_of_slice(&bytes));
    }

    #[inline(always)]
    fn put_slice(&mut self, bytes: &[u8]) {
        self.fill(bytes.len(), |room| room.write_copy_of_slice(bytes));
    }

    #[inline(always)]
    fn put_opaque(&mut self, bytes: &[u8]) {
        let (room, tail) = self.split(bytes.len() + padding(bytes.len()));
        // The padding is in the last word. A word of zeros is one store, where up to three zeros are a call.
        if let Some(word) = room.last_chunk_mut::<4>() {
            *word = [MaybeUninit::new(0); 4];
        }
        room[..bytes.len()].write_copy_of_slice(bytes);
        self.room = tail;
    }

    #[inline(always)]
    fn put_shared(&mut self, bytes: &Bytes) {
        match self.share(bytes) {
            Some(shared) => self.refer_to(shared),
            None => self.put_opaque(bytes),
        }
    }

    #[inline(always)]
    fn put_counted(&mut self, bytes: &Bytes) {
        // A clone is in eight-byte pieces on its way to memory, and moved at once it would have to be there first: the length is
        // written meanwhile.
        let shared = self.share(bytes);
        self.put((bytes.len() as u32).to_be_bytes());
        match shared {
            Some(shared) => self.refer_to(shared),
            None => self.put_opaque(bytes),
        }
    }

    #[inline(always)]
    fn run(&mut self, length: usize, body: impl FnOnce(&mut EncodeRun<'_>)) {
        let (head, tail) = self.split(length);
        let mut run = EncodeRun { room: head, end: self.end - tail.len(), segments: None };
        body(&mut run);
        assert!(run.room.is_empty(), "a run was not filled");
        self.room = tail;
    }
}

#[cold]
#[inline(never)]
fn overrun() -> ! {
    panic!("a value is longer than it was measured: its `Xdr` or `Shape` contradicts itself")
}
