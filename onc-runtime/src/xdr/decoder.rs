//! Reading: the received bytes, and runs of known length in them.

use bytes::Bytes;

use super::{DecodeError, DecodeErrorKind, Source, padding};

/// What decoding may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How deep values may be nested that contain themselves. Default: 128.
    pub depth: u32,
    /// How many bytes of memory decoded values may take beyond the message itself. Default: 64 MiB.
    ///
    /// A message cannot claim what it does not hold; but four bytes on the wire can become an element of a few hundred
    /// in memory.
    pub memory: usize,
    /// Tolerate padding that is not zero, and bytes left over at the end. Default: false.
    pub lenient: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, memory: 64 << 20, lenient: false }
    }
}

impl Limits {
    /// Sets [`depth`](Self::depth).
    #[must_use]
    pub fn with_depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }

    /// Sets [`memory`](Self::memory).
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets [`lenient`](Self::lenient).
    #[must_use]
    pub fn with_lenient(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }
}

/// Reads encodings from received bytes.
#[derive(Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    whole: &'a [u8],
    /// Whose slices decoded [`Bytes`] are.
    record: Option<&'a Bytes>,
    /// The same where there is no record: a copy of the whole.
    copied: Option<Bytes>,
    limits: Limits,
    depth: u32,
    memory: usize,
}

impl<'a> Decoder<'a> {
    /// Reads from borrowed bytes. The first [`Bytes`] to be decoded copies the whole slice once, and all share that copy.
    #[inline]
    #[must_use]
    pub fn new(bytes: &'a [u8], limits: Limits) -> Self {
        Self {
            rest: bytes,
            whole: bytes,
            record: None,
            copied: None,
            limits,
            depth: limits.depth,
            memory: limits.memory,
        }
    }

    /// Reads from a received record. [`Bytes`] that are decoded are slices of it.
    #[inline]
    #[must_use]
    pub fn shared(record: &'a Bytes, limits: Limits) -> Self {
        Self { record: Some(record), ..Self::new(record, limits) }
    }

    /// How many bytes have been read.
    #[inline]
    #[must_use]
    pub fn position(&self) -> usize {
        self.whole.len() - self.rest.len()
    }

    /// What has not been read yet.
    #[inline]
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Checks that nothing is left over.
    ///
    /// # Errors
    ///
    /// Bytes are left, and the limits are not [lenient](Limits::lenient).
    #[inline]
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() || self.limits.lenient {
            return Ok(());
        }
        Err(self.fail(DecodeErrorKind::TrailingBytes { count: self.rest.len() }))
    }

    #[cold]
    fn truncated(&self, needed: usize) -> DecodeError {
        self.fail(DecodeErrorKind::Truncated { needed, remaining: self.rest.len() })
    }

    /// `length` bytes whose padding is checked and passed over.
    #[inline]
    fn padded(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        // `length` comes from 32 bits, but usize may have no more than that: the sum must not wrap.
        let Some(end) = length.checked_add(padding(length)).filter(|end| *end <= self.rest.len()) else {
            return Err(self.truncated(length));
        };
        let (bytes, rest) = self.rest.split_at(end);
        let (data, pad) = bytes.split_at(length);
        // RFC 4506 §4.10: the residual bytes are zero.
        if pad.iter().any(|byte| *byte != 0) && !self.limits.lenient {
            return Err(DecodeError::new(DecodeErrorKind::NonZeroPadding, self.position() + length));
        }
        self.rest = rest;
        Ok(data)
    }
}

impl Source for Decoder<'_> {
    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((head, rest)) = self.rest.split_first_chunk::<N>() else { return Err(self.truncated(N)) };
        self.rest = rest;
        Ok(*head)
    }

    #[inline]
    fn opaque(&mut self, length: usize) -> Result<&[u8], DecodeError> {
        self.padded(length)
    }

    // Made where they stay: bytes that were cloned just now are on their way to memory, and moving them waits for that.
    #[inline(always)]
    fn shared(&mut self, length: usize) -> Result<Bytes, DecodeError> {
        let start = self.position();
        self.padded(length)?;
        if length == 0 {
            return Ok(Bytes::new());
        }
        let record = match self.record {
            Some(record) => record,
            None => self.copied.get_or_insert_with(|| Bytes::copy_from_slice(self.whole)),
        };
        Ok(record.slice(start..start + length))
    }

    #[inline]
    fn run(&mut self, length: usize) -> Result<DecodeRun<'_>, DecodeError> {
        if length > self.rest.len() {
            return Err(self.truncated(length));
        }
        let offset = self.position();
        let (head, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(DecodeRun { rest: head, end: offset + length, lenient: self.limits.lenient })
    }

    #[inline]
    fn remaining(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    fn charge(&mut self, bytes: usize) -> Result<(), DecodeError> {
        match self.memory.checked_sub(bytes) {
            Some(left) => {
                self.memory = left;
                Ok(())
            }
            None => Err(self.fail(DecodeErrorKind::TooMuchMemory { max: self.limits.memory })),
        }
    }

    #[inline]
    fn nested<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.fail(DecodeErrorKind::TooDeep { max: self.limits.depth }));
        };
        self.depth = depth;
        let value = body(self)?;
        self.depth = depth + 1;
        Ok(value)
    }

    #[cold]
    fn fail(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, self.position())
    }
}

/// A part of the input with a length that was checked in advance.
#[derive(Debug)]
pub struct DecodeRun<'a> {
    rest: &'a [u8],
    /// Offset of the run's end in the whole.
    end: usize,
    lenient: bool,
}

impl<'a> DecodeRun<'a> {
    /// What has not been read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    fn split(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        if length > self.rest.len() {
            return Err(self.fail(DecodeErrorKind::Truncated { needed: length, remaining: self.rest.len() }));
        }
        let (head, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(head)
    }
}

impl Source for DecodeRun<'_> {
    #[inline(always)]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(*head)
            }
            None => Err(self.fail(DecodeErrorKind::Truncated { needed: N, remaining: self.rest.len() })),
        }
    }

    #[inline(always)]
    fn opaque(&mut self, length: usize) -> Result<&[u8], DecodeError> {
        let data = self.split(length)?;
        let pad = self.split(padding(length))?;
        if pad.iter().any(|byte| *byte != 0) && !self.lenient {
            return Err(self.fail(DecodeErrorKind::NonZeroPadding).back(pad.len()));
        }
        Ok(data)
    }

    #[inline]
    fn shared(&mut self, length: usize) -> Result<Bytes, DecodeError> {
        self.opaque(length).map(Bytes::copy_from_slice)
    }

    #[inline(always)]
    fn run(&mut self, length: usize) -> Result<DecodeRun<'_>, DecodeError> {
        let head = self.split(length)?;
        Ok(DecodeRun { rest: head, end: self.end - self.rest.len(), lenient: self.lenient })
    }

    #[inline(always)]
    fn remaining(&self) -> usize {
        self.rest.len()
    }

    #[inline(always)]
    fn charge(&mut self, _bytes: usize) -> Result<(), DecodeError> {
        // A run has a size that its type knows: nothing in it is allocated by a length from the wire.
        Ok(())
    }

    #[inline(always)]
    fn nested<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
        body(self)
    }

    #[cold]
    fn fail(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, self.end - self.rest.len())
    }
}
