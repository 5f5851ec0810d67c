//! Attributes of other crates and of the language, in between.

use onc_runtime::Xdr;

/// Documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Xdr)]
#[non_exhaustive]
#[must_use]
pub struct Entry {
    /// Documentation, too.
    #[doc(alias = "nm")]
    #[xdr(max = 4)]
    #[allow(dead_code)]
    name: String,
    #[cfg(any())]
    absent: NoSuchType,
    #[xdr()]
    plain: u32,
    #[xdr(max = 4)]
    comma: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Xdr)]
#[repr(i32)]
#[non_exhaustive]
pub enum Kind {
    /// The first.
    #[default]
    #[doc(alias = "first")]
    A = 1,
    B,
}

fn main() {}
