//! Opaque data.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

use super::{Codec, each::wrong_length};
use crate::xdr;

/// Bytes as a string of hexadecimal digits: `"00cafe"`. A `0x` before them is passed over when they are read.
#[derive(Clone, Copy, Debug)]
pub struct Hex;

impl Codec<Vec<u8>> for Hex {
    fn write<S: Serializer>(value: &Vec<u8>, to: S) -> Result<S::Ok, S::Error> {
        write(value, to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        xdr::Hex::parse(&text).ok_or_else(|| D::Error::custom("opaque data is an even number of hexadecimal digits"))
    }
}

impl Codec<Bytes> for Hex {
    fn write<S: Serializer>(value: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        write(value, to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        <Self as Codec<Vec<u8>>>::read(from).map(Bytes::from)
    }
}

impl<const N: usize> Codec<[u8; N]> for Hex {
    fn write<S: Serializer>(value: &[u8; N], to: S) -> Result<S::Ok, S::Error> {
        write(value, to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; N], D::Error> {
        let bytes = <Self as Codec<Vec<u8>>>::read(from)?;
        bytes.try_into().map_err(|bytes: Vec<u8>| wrong_length("bytes", bytes.len(), N))
    }
}

fn write<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{:x}", xdr::Hex(bytes)))
}
