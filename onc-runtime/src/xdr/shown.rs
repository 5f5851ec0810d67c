//! What the code that `#[derive(HexDebug)]` writes calls. No interface for anyone else: it changes with the derive.
//!
//! The derive cannot see through an alias whether a field is opaque data, the compiler can: `(&Shown(&self.field)).__shown()` is
//! [`AsHex`]'s method where the field's type is [`Opaque`], which needs one reference less, and [`AsDebug`]'s otherwise.

use std::fmt;

use bytes::Bytes;

use super::Hex;

/// A field to be shown.
pub struct Shown<'a, T>(pub &'a T);

/// Fields that are opaque data, or consist of it.
pub trait AsHex<'a> {
    /// What shows it.
    type Shown: fmt::Debug;

    /// What shows it.
    fn __shown(&self) -> Self::Shown;
}

/// All others, as they show themselves.
pub trait AsDebug<'a, T> {
    /// What shows it.
    fn __shown(&self) -> &'a T;
}

/// Bytes in hexadecimal, and what consists of such.
pub trait Opaque {
    /// Shows them.
    ///
    /// # Errors
    ///
    /// Those of `f`.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Something opaque, shown in hexadecimal.
pub struct InHex<'a, T>(&'a T);

impl<'a, T: Opaque> AsHex<'a> for Shown<'a, T> {
    type Shown = InHex<'a, T>;

    fn __shown(&self) -> InHex<'a, T> {
        InHex(self.0)
    }
}

impl<'a, T> AsDebug<'a, T> for &Shown<'a, T> {
    fn __shown(&self) -> &'a T {
        self.0
    }
}

impl<T: Opaque> fmt::Debug for InHex<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

impl Opaque for Bytes {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Hex(self), f)
    }
}

impl Opaque for Vec<u8> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Hex(self), f)
    }
}

impl<const N: usize> Opaque for [u8; N] {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Hex(self), f)
    }
}

impl<T: Opaque> Opaque for Vec<T> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(InHex)).finish()
    }
}

impl<T: Opaque, const N: usize> Opaque for [T; N] {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(InHex)).finish()
    }
}

impl<T: Opaque> Opaque for Option<T> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_ref().map(InHex), f)
    }
}

impl<T: Opaque> Opaque for Box<T> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).show(f)
    }
}
