//! Generated types in JSON, YAML and the like (feature `serde`).
//!
//! Types that xdrgen generates with `.serde(true)` derive serde's traits; what serde has to be told of their fields is here,
//! and serves types written by hand as well:
//!
//! ```
//! use onc_runtime::Bytes;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Entry {
//!     #[serde(with = "onc_runtime::serde::Text")]
//!     name: Bytes,
//!     #[serde(with = "onc_runtime::serde::Hex")]
//!     handle: [u8; 8],
//!     #[serde(with = "onc_runtime::serde::Each::<onc_runtime::serde::Hex>")]
//!     digests: Vec<[u8; 2]>,
//! }
//!
//! let entry = Entry { name: "motd".into(), handle: [7; 8], digests: vec![[1, 2], [3, 4]] };
//! let json = serde_json::to_string(&entry)?;
//! assert_eq!(json, r#"{"name":"motd","handle":"0707070707070707","digests":["0102","0304"]}"#);
//! # serde_json::from_str::<Entry>(&json)?;
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! An enum is its value's name, and a union an object with the discriminant and the arm's field: `{"status": "NFS3_OK", "resok":
//! {…}}`. It is for formats that describe themselves. A compact encoding is what XDR is itself.

mod each;
mod hex;
mod nested;
mod open_enum;
mod real;
mod text;
mod union;

pub use self::each::Each;
pub use self::hex::Hex;
pub use self::nested::Nested;
pub use self::open_enum::{read_number, write_number};
pub use self::real::Real;
pub use self::text::Text;
pub use self::union::{Arms, UnionWriter};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

/// A way to write a `T` and to read it, for `#[serde(with = "…")]`.
pub trait Codec<T> {
    /// Writes it.
    ///
    /// # Errors
    ///
    /// Those of `to`.
    fn write<S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error>;

    /// Reads it.
    ///
    /// # Errors
    ///
    /// Those of `from`, or what is there is no `T`.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<T, D::Error>;
}

/// As the type itself says: what is in [`Each`], or in a union, and needs nothing said.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl<T: Serialize + DeserializeOwned> Codec<T> for Plain {
    fn write<S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        T::deserialize(from)
    }
}

/// What `#[serde(with = "…")]` looks for in a type: functions of these names.
macro_rules! with {
    ([$($parameter:ident)?] $codec:ty) => {
        impl$(<$parameter>)? $codec {
            /// For `#[serde(with = "…")]`.
            ///
            /// # Errors
            ///
            /// Those of `to`.
            pub fn serialize<T, S: serde::Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error>
            where
                Self: Codec<T>,
            {
                <Self as Codec<T>>::write(value, to)
            }

            /// For `#[serde(with = "…")]`.
            ///
            /// # Errors
            ///
            /// Those of `from`, or what is there is no `T`.
            pub fn deserialize<'de, T, D: serde::Deserializer<'de>>(from: D) -> Result<T, D::Error>
            where
                Self: Codec<T>,
            {
                <Self as Codec<T>>::read(from)
            }
        }
    };
}

with!([] Hex);
with!([] Real);
with!([] Text);
with!([C] Each<C>);
with!([C] Nested<C>);

/// Something to be written as `C` says.
struct Borrowed<'a, T, C>(&'a T, std::marker::PhantomData<C>);

impl<'a, T, C> Borrowed<'a, T, C> {
    fn new(value: &'a T) -> Self {
        Self(value, std::marker::PhantomData)
    }
}

impl<T, C: Codec<T>> Serialize for Borrowed<'_, T, C> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        C::write(self.0, to)
    }
}

/// Something read as `C` says.
struct Owned<T, C>(T, std::marker::PhantomData<C>);

impl<'de, T, C: Codec<T>> Deserialize<'de> for Owned<T, C> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        C::read(from).map(|value| Self(value, std::marker::PhantomData))
    }
}
