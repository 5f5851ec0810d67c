//! `#[derive(Xdr)]`: how a Rust type is marshalled as XDR (RFC 4506). `#[derive(HexDebug)]`: how it is shown.
//!
//! Use them through `onc-runtime`, which re-exports them beside the trait that the first implements. What can be said of types
//! and fields is in the documentation of [the macro](macro@Xdr).

mod attribute;
mod bound;
mod check;
mod context;
mod debug;
mod expand;
mod model;
mod shape;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::context::Context;
use crate::model::Container;

/// Implements `Xdr`: how a type is marshalled (RFC 4506).
///
/// # Structs
///
/// Fields go out in order. Named, tuple and unit structs, with type, lifetime and const parameters; a type may contain
/// itself in a `Box`, an `Option<Box<_>>` or a `Vec`.
///
/// ```
/// use onc_runtime::{Xdr, xdr};
///
/// #[derive(Debug, PartialEq, Xdr)]
/// struct Entry {
///     id: u64,
///     #[xdr(max = 255)]
///     name: String,
///     #[xdr(max = 10, item(max = 64))]
///     labels: Vec<String>,
///     parent: Option<Box<Entry>>,
/// }
///
/// let entry = Entry { id: 1, name: "motd".into(), labels: vec!["a".into()], parent: None };
/// let bytes = xdr::to_bytes(&entry)?;
/// assert_eq!(xdr::from_bytes::<Entry>(&bytes)?, entry);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Enums
///
/// An enum without data is an XDR enum: its discriminants are the numbers on the wire, and they must fit in an `i32`.
/// Any other number is refused when decoding.
///
/// An enum with data is a discriminated union. `#[xdr(union(D))]` names the type of its discriminant: `i32`, `u32`,
/// `bool`, `i64`, an XDR enum, or a newtype of one of these; it derives `PartialEq` and `Eq`. Each variant is an arm:
///
/// ```
/// use onc_runtime::{Xdr, xdr};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, Xdr)]
/// enum Status {
///     Ok = 0,
///     Perm = 1,
///     Io = 5,
///     Busy = 16,
///     Stale = 70,
/// }
///
/// #[derive(Debug, PartialEq, Xdr)]
/// #[xdr(union(Status))]
/// enum ReadResult {
///     #[xdr(case = Status::Ok)]
///     Ok(u64, String),                         // one label, then any number of fields
///     #[xdr(case = Status::Stale)]
///     Stale,                                   // void
///     #[xdr(case = [Status::Io, Status::Perm])]
///     Hard { status: Status, reason: String }, // several labels: the first field says which
///     #[xdr(default)]
///     Other(Status),                           // all the rest: keeps the discriminant it arrived with
/// }
///
/// assert_eq!(xdr::from_slice::<ReadResult>(&[0, 0, 0, 70])?, ReadResult::Stale);
/// assert_eq!(xdr::to_vec(&ReadResult::Other(Status::Busy))?, [0, 0, 0, 16]);
/// // `Io` is the discriminant of another arm.
/// assert!(xdr::to_vec(&ReadResult::Other(Status::Io)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A label is any path, literal or constant expression of the discriminant's type.
///
/// # Attributes of fields
///
/// They say what the type alone does not, and nest as types do:
///
/// | attribute | field | on the wire |
/// |---|---|---|
/// | `max = 255` | `String`, `Bytes`, `Vec<T>` | at most 255 bytes or elements |
/// | `item(…)` | `Vec<T>`, `[T; N]`, `Option<T>`, `Box<T>` | the attributes in parentheses apply to `T` |
/// | `list` | `Vec<T>` | a linked list: each node behind a 1, then a 0 |
/// | `chain` | `Vec<T>` | a list whose first node is always there |
/// | `unpacked` | `u8` | four bytes even in a sequence: `item(unpacked)` |
/// | `text` | `Bytes` | nothing else: [`HexDebug`](macro@HexDebug) shows it as text |
/// | `with = "path::Shape"` | any | as that `Shape` says |
///
/// `max` and `item`, `max` and `text`, `list` and `item`, `chain` and `item` go together: `#[xdr(max = 10, item(max = 255))]`. A bound is
/// any constant expression of an integer type.
///
/// # Attributes of types
///
/// - `#[xdr(crate = "path::to::onc_runtime")]`: where the runtime is, if not at `::onc_runtime`.
/// - `#[xdr(bound = "T: Codec")]`: the where clause in place of the one that is inferred, which asks `Xdr` of each type
///   parameter that a field uses.
#[proc_macro_derive(Xdr, attributes(xdr))]
pub fn derive_xdr(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    match syn::parse::<DeriveInput>(input) {
        Ok(input) => expansion(&input).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

/// Implements `Debug` as the standard library's derive does, except that opaque data is hexadecimal, and shortened when it is
/// long.
///
/// Opaque are `Bytes`, `Vec<u8>` and `[u8; N]`, alone and in `Vec`, `Option`, `Box` and arrays, also behind type aliases; not
/// what the field says is [`text`](macro@Xdr#attributes-of-fields), nor numbers of four bytes each (`unpacked`).
///
/// ```
/// use onc_runtime::{Bytes, HexDebug, Xdr};
///
/// #[derive(HexDebug, Xdr)]
/// struct Read {
///     handle: [u8; 4],
///     #[xdr(max = 255, text)]
///     name: Bytes,
///     pages: Vec<Bytes>,
/// }
///
/// let read = Read { handle: [0, 1, 2, 3], name: "motd".into(), pages: vec![vec![7; 1 << 20].into()] };
/// assert_eq!(
///     format!("{read:?}"),
///     "Read { handle: 0x00010203, name: b\"motd\", pages: [0x07070707070707070707070707070707… 1048576 bytes] }"
/// );
/// ```
#[proc_macro_derive(HexDebug, attributes(xdr))]
pub fn derive_hex_debug(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse::<DeriveInput>(input);
    match input.and_then(|input| debug::implementation(&input)) {
        Ok(implementation) => implementation.into(),
        Err(error) => error.into_compile_error().into(),
    }
}

/// The implementation; or all errors, and an implementation that keeps the compiler from adding consequences to them.
fn expansion(input: &DeriveInput) -> TokenStream {
    let context = Context::new();
    let container = Container::parse(&context, input);
    check::check(&context, &container);
    match context.finish() {
        Ok(()) => expand::implementation(&container),
        Err(errors) => {
            let stub = expand::stub(&container);
            let errors = errors.into_compile_error();
            quote::quote! { #errors #stub }
        }
    }
}
