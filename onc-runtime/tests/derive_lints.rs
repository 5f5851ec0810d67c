//! Nothing that is generated is the user's concern.

#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery)]
#![deny(
    deprecated,
    missing_docs,
    non_ascii_idents,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unsafe_code,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![forbid(unsafe_code)]

use onc_runtime::Xdr;

/// A bound.
pub const MAX: u32 = 4;

/// A struct.
#[derive(Xdr)]
pub struct Fields<'a, T: Clone, const N: usize> {
    /// A bounded string.
    #[xdr(max = MAX)]
    pub text: String,
    /// Of another type.
    pub value: T,
    /// An array.
    pub words: [u32; N],
    /// Nothing.
    pub lifetime: std::marker::PhantomData<&'a ()>,
    #[deprecated]
    /// Old.
    pub old: u8,
}

/// A unit.
#[derive(Xdr)]
pub struct Unit;

/// An enum.
#[derive(Clone, Copy, PartialEq, Eq, Xdr)]
#[repr(u8)]
pub enum Colour {
    /// Red.
    Red,
    #[deprecated(note = "use red")]
    /// Green.
    Green,
}

/// A union of all values.
#[derive(Xdr)]
#[xdr(union(bool))]
pub enum Maybe {
    /// There.
    #[xdr(case = true)]
    Some(Colour),
    /// Not there.
    #[xdr(case = false)]
    None,
}

/// A union of some.
#[derive(Xdr)]
#[xdr(union(u32))]
pub enum Some {
    /// One.
    #[xdr(case = 1)]
    One,
    /// The others.
    #[xdr(default)]
    Others(u32),
}

#[test]
fn nothing_is_reported() {}

/// All at once.
#[derive(Xdr)]
pub struct Many(u32, u64, Colour, Maybe, #[xdr(max = 4)] String, u32, [u8; 3], Option<Unit>);

/// Several fields in an arm.
#[derive(Xdr)]
#[xdr(union(Colour))]
pub enum Arms {
    /// Of many fields.
    #[xdr(case = Colour::Red)]
    #[allow(clippy::struct_excessive_bools)]
    Red(bool, bool, bool, bool, u8),
    /// Several.
    #[xdr(default)]
    Green {
        /// Which.
        kind: Colour,
        /// What.
        #[xdr(max = { MAX + 1 }, item(list))]
        lists: Vec<Vec<Self>>,
    },
}
