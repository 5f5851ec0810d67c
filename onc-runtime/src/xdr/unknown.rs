//! A number that an enum has no value for.

use std::error::Error;
use std::fmt;

/// What `TryFrom<i32>` of a generated enum answers to a number that is none of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownValue {
    /// The enum's name in its `.x` file.
    pub name: &'static str,
    /// The number.
    pub value: i32,
}

impl UnknownValue {
    /// `value` is none of those of the enum `name`.
    #[must_use]
    pub const fn new(name: &'static str, value: i32) -> Self {
        Self { name, value }
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a value of {}", self.value, self.name)
    }
}

impl Error for UnknownValue {}
