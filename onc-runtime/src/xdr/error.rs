//! What can be wrong with a value or with its bytes.

use std::fmt;

/// A value cannot be encoded: the caller's fault. Says what is wrong and in which field.
///
/// One pointer in size.
#[derive(Debug)]
pub struct EncodeError(Box<Inner<EncodeErrorKind>>);

/// What is wrong with a value that cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// A string, opaque or array is longer than its bound.
    TooLong {
        /// How long it is.
        length: usize,
        /// The bound.
        max: u32,
    },
    /// A list that must have one element at least is empty ([`Chain`](super::Chain)).
    Empty,
    /// A union's variant for several cases holds a discriminant that belongs to another arm.
    WrongDiscriminant {
        /// The discriminant.
        value: i64,
    },
    /// The whole message is longer than this side allows itself to send.
    MessageTooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit.
        max: usize,
    },
}

/// Bytes are not the encoding of the type that was asked for. Says what was found, where, and in which field.
///
/// One pointer in size.
#[derive(Debug)]
pub struct DecodeError(Box<Inner<DecodeErrorKind>>);

/// What is wrong with bytes that cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The bytes end too soon.
    Truncated {
        /// How many are needed.
        needed: usize,
        /// How many are left.
        remaining: usize,
    },
    /// A length is above its bound.
    TooLong {
        /// The length that was read.
        length: u32,
        /// The bound.
        max: u32,
    },
    /// A bool that is neither 0 nor 1.
    InvalidBool {
        /// What was read.
        value: u32,
    },
    /// A number that its enum does not have.
    UnknownEnumValue {
        /// What was read.
        value: i32,
    },
    /// A discriminant for which the union has no arm.
    UnknownDiscriminant {
        /// What was read.
        value: i64,
    },
    /// An integer outside the range of its type: `u_char`, `short` and the like travel in four bytes.
    OutOfRange {
        /// What was read.
        value: i64,
    },
    /// A string that is not UTF-8.
    InvalidUtf8,
    /// Padding that is not zero.
    NonZeroPadding,
    /// Bytes are left over at the end.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// Values nested more deeply than [`Limits::depth`](super::Limits::depth).
    TooDeep {
        /// The limit.
        max: u32,
    },
    /// Decoded values would take more memory than [`Limits::memory`](super::Limits::memory).
    TooMuchMemory {
        /// The limit in bytes.
        max: usize,
    },
}

#[derive(Debug)]
struct Inner<K> {
    kind: K,
    /// Bytes from the start of what is decoded; unused in encoding.
    offset: usize,
    /// `Type.field`s, innermost first.
    path: Vec<(&'static str, &'static str)>,
}

impl EncodeError {
    /// An error of this kind, with no place yet.
    #[cold]
    #[must_use]
    pub fn new(kind: EncodeErrorKind) -> Self {
        Self(Box::new(Inner { kind, offset: 0, path: Vec::new() }))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &EncodeErrorKind {
        &self.0.kind
    }

    /// Says in which field of which type it happened; called from the inside out.
    #[cold]
    #[must_use]
    pub fn within(mut self, type_name: &'static str, field: &'static str) -> Self {
        self.0.path.push((type_name, field));
        self
    }

    /// A bound was broken.
    #[cold]
    #[must_use]
    pub fn too_long(length: usize, max: u32) -> Self {
        Self::new(EncodeErrorKind::TooLong { length, max })
    }
}

impl DecodeError {
    /// An error of this kind at `offset` bytes from the start.
    #[cold]
    #[must_use]
    pub fn new(kind: DecodeErrorKind, offset: usize) -> Self {
        Self(Box::new(Inner { kind, offset, path: Vec::new() }))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.0.kind
    }

    /// Where: bytes from the start of what was decoded to the start of what is wrong.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// Moves the place back to the start of what is wrong, when it has been read already.
    #[cold]
    #[must_use]
    pub fn back(mut self, bytes: usize) -> Self {
        self.0.offset -= bytes.min(self.0.offset);
        self
    }

    /// Says in which field of which type it happened; called from the inside out.
    #[cold]
    #[must_use]
    pub fn within(mut self, type_name: &'static str, field: &'static str) -> Self {
        // A deep value would repeat itself here; the innermost places are the ones that help.
        if self.0.path.len() < 8 {
            self.0.path.push((type_name, field));
        }
        self
    }
}

fn write_path(f: &mut fmt::Formatter<'_>, path: &[(&'static str, &'static str)]) -> fmt::Result {
    let Some((outermost, _)) = path.last() else { return Ok(()) };
    write!(f, "{outermost}")?;
    for (_, field) in path.iter().rev() {
        write!(f, ".{field}")?;
    }
    write!(f, ": ")
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(f, &self.0.path)?;
        match &self.0.kind {
            EncodeErrorKind::TooLong { length, max } => {
                write!(f, "{length} elements or bytes, but the protocol allows at most {max}")
            }
            EncodeErrorKind::Empty => write!(f, "an empty list where the protocol needs at least one element"),
            EncodeErrorKind::WrongDiscriminant { value } => {
                write!(f, "discriminant {value} belongs to another arm of the union")
            }
            EncodeErrorKind::MessageTooLarge { size, max } => {
                write!(
                    f,
                    "the message would have {size} bytes, but at most {max} are sent; `max_record_size` raises it"
                )
            }
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(f, &self.0.path)?;
        match &self.0.kind {
            DecodeErrorKind::Truncated { needed, remaining } => {
                write!(f, "{needed} bytes are needed and {remaining} are left")?;
            }
            DecodeErrorKind::TooLong { length, max } => {
                write!(f, "a length of {length}, but the protocol allows at most {max}")?;
            }
            DecodeErrorKind::InvalidBool { value } => write!(f, "a bool of {value}, which is neither 0 nor 1")?,
            DecodeErrorKind::UnknownEnumValue { value } => write!(f, "{value} is not a value of the enum")?,
            DecodeErrorKind::UnknownDiscriminant { value } => write!(f, "the union has no arm for {value}")?,
            DecodeErrorKind::OutOfRange { value } => write!(f, "{value} is out of range for its type")?,
            DecodeErrorKind::InvalidUtf8 => write!(f, "a string that is not UTF-8")?,
            DecodeErrorKind::NonZeroPadding => write!(f, "padding that is not zero; `lenient` tolerates it")?,
            DecodeErrorKind::TrailingBytes { count } => {
                write!(f, "{count} bytes are left over at the end; `lenient` tolerates them")?;
            }
            DecodeErrorKind::TooDeep { max } => write!(f, "nested more than {max} deep; `max_depth` raises it")?,
            DecodeErrorKind::TooMuchMemory { max } => {
                write!(f, "decoded values would take more than {max} bytes; `max_decoded_size` raises it")?;
            }
        }
        write!(f, " (at byte {})", self.0.offset)
    }
}

impl std::error::Error for EncodeError {}
impl std::error::Error for DecodeError {}
