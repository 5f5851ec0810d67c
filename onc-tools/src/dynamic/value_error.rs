//! What does not fit, and where in the value that is.

use std::fmt;

/// A value that does not fit its type, or bytes that do not; says where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// From the inside out.
    steps: Vec<Step>,
    message: String,
}

/// A step from a value to a part of it. JSON has no other kinds of values that hold values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The field of that name.
    Field(String),
    /// The element of that index, from 0 on.
    Element(usize),
}

impl ValueError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { steps: Vec::new(), message: message.into() }
    }

    /// Says in which part it happened; called from the inside out.
    pub(super) fn within(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// Says at which of how many bytes it was noticed.
    pub(super) fn at(mut self, byte: usize, of: usize) -> Self {
        self.message += &format!(", at byte {byte} of {of}");
        self
    }

    /// The way from the whole value to the part that does not fit; of a field that is missing, to what lacks it.
    pub fn path(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.steps.iter().rev()
    }
}

impl fmt::Display for ValueError {
    /// `entries[2].name: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.path().enumerate() {
            match step {
                Step::Field(name) if at == 0 => write!(f, "{name}")?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Element(index) => write!(f, "[{index}]")?,
            }
        }
        let separator = if self.steps.is_empty() { "" } else { ": " };
        write!(f, "{separator}{}", self.message)
    }
}

impl std::error::Error for ValueError {}

impl From<&str> for Step {
    fn from(name: &str) -> Self {
        Self::Field(name.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Element(index)
    }
}
