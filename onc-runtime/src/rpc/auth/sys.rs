//! AUTH_SYS (RFC 5531, appendix A): a user of a Unix system, by its own word.

use std::fmt;

use crate::xdr::{DecodeError, EncodeError, Max, Plain, Shape, Sink, Size, Source, Xdr, padding};

/// The most bytes of a machine's name.
const MAX_NAME: u32 = 255;

/// The most supplementary groups.
const MAX_GIDS: u32 = 16;

/// What a client of a Unix system says about its user: RFC 5531, appendix A, `authsys_parms`.
///
/// Nothing proves it: a server believes it as far as it believes the client's machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthSys {
    /// Any number, such as the time at which the credential was made.
    pub stamp: u32,
    /// The client machine's name, at most 255 bytes.
    pub machine_name: String,
    /// The effective user id.
    pub uid: u32,
    /// The effective group id.
    pub gid: u32,
    /// The supplementary group ids, at most 16. A user in more groups than that sends those that matter.
    pub gids: Vec<u32>,
}

/// [`AuthSys`] in the bytes that it arrived in: nothing is allocated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuthSysView<'a> {
    /// As [`AuthSys::stamp`].
    pub stamp: u32,
    /// As [`AuthSys::uid`].
    pub uid: u32,
    /// As [`AuthSys::gid`].
    pub gid: u32,
    /// UTF-8.
    name: &'a [u8],
    gids: &'a [[u8; 4]],
}

/// The body of an AUTH_SYS credential that is none. A server answers
/// [`BadCredential`](super::super::AuthStatus::BadCredential).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthSysError {
    /// It ends too soon.
    TooShort,
    /// The machine's name has more than 255 bytes.
    NameTooLong {
        /// How many.
        length: u32,
    },
    /// The machine's name is not UTF-8, or not padded with zeros.
    BadName,
    /// There are more than 16 groups.
    TooManyGroups {
        /// How many.
        count: u32,
    },
    /// Bytes are left over.
    TooLong {
        /// How many.
        excess: usize,
    },
}

impl AuthSys {
    /// Checks that the body of a credential is well-formed.
    ///
    /// # Errors
    ///
    /// It is not.
    #[inline]
    pub fn validate(body: &[u8]) -> Result<(), AuthSysError> {
        AuthSysView::parse(body).map(|_| ())
    }

    /// Reads the body of a credential.
    ///
    /// # Errors
    ///
    /// It is malformed.
    pub fn parse(body: &[u8]) -> Result<Self, AuthSysError> {
        AuthSysView::parse(body).map(|view| view.to_owned())
    }
}

impl<'a> AuthSysView<'a> {
    /// Reads the body of a credential.
    ///
    /// # Errors
    ///
    /// It is malformed.
    #[inline]
    pub fn parse(body: &'a [u8]) -> Result<Self, AuthSysError> {
        let (words, _) = body.as_chunks::<4>();
        let [stamp, length, rest @ ..] = words else { return Err(AuthSysError::TooShort) };
        let length = u32::from_be_bytes(*length);
        // RFC 5531, appendix A: `string machinename<255>`.
        if length > MAX_NAME {
            return Err(AuthSysError::NameTooLong { length });
        }
        let length = length as usize;
        let padded = length + padding(length);
        let Some((name, [uid, gid, count, gids @ ..])) = rest.split_at_checked(padded / 4) else {
            return Err(AuthSysError::TooShort);
        };
        // Nearly every name is ASCII, which is found out without a call.
        let high_bits = name.iter().fold(0, |bits, word| bits | u32::from_ne_bytes(*word)) & 0x8080_8080;
        let (name, pad) = name.as_flattened().split_at(length);
        if (high_bits != 0 && std::str::from_utf8(name).is_err()) || pad.iter().any(|byte| *byte != 0) {
            return Err(AuthSysError::BadName);
        }
        let count = u32::from_be_bytes(*count);
        // RFC 5531, appendix A: `unsigned int gids<16>`.
        if count > MAX_GIDS {
            return Err(AuthSysError::TooManyGroups { count });
        }
        let end = 20 + padded + 4 * count as usize;
        if body.len() != end {
            return Err(match body.len().checked_sub(end) {
                Some(excess) => AuthSysError::TooLong { excess },
                None => AuthSysError::TooShort,
            });
        }
        Ok(Self {
            stamp: u32::from_be_bytes(*stamp),
            uid: u32::from_be_bytes(*uid),
            gid: u32::from_be_bytes(*gid),
            name,
            gids,
        })
    }

    /// As [`AuthSys::machine_name`].
    #[must_use]
    pub fn machine_name(&self) -> &'a str {
        // `parse` has found it to be UTF-8.
        std::str::from_utf8(self.name).unwrap_or_default()
    }

    /// As [`AuthSys::gids`].
    pub fn gids(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        self.gids.iter().map(|gid| u32::from_be_bytes(*gid))
    }

    /// The same, on its own.
    #[must_use]
    pub fn to_owned(&self) -> AuthSys {
        AuthSys {
            stamp: self.stamp,
            machine_name: self.machine_name().to_owned(),
            uid: self.uid,
            gid: self.gid,
            gids: self.gids().collect(),
        }
    }
}

impl fmt::Debug for AuthSysView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthSysView")
            .field("stamp", &self.stamp)
            .field("machine_name", &self.machine_name())
            .field("uid", &self.uid)
            .field("gid", &self.gid)
            .field("gids", &self.gids().collect::<Vec<_>>())
            .finish()
    }
}

type Name = Max<MAX_NAME>;
type Gids = Max<MAX_GIDS, Plain>;

impl Xdr for AuthSys {
    const LEAST: usize = 20;

    fn measure(&self) -> Result<Size, EncodeError> {
        let name = <Name as Shape<String>>::measure(&self.machine_name);
        let gids = <Gids as Shape<Vec<u32>>>::measure(&self.gids);
        let name = name.map_err(|error| error.within("AuthSys", "machine_name"))?;
        let gids = gids.map_err(|error| error.within("AuthSys", "gids"))?;
        Ok(Size::of(12) + name + gids)
    }

    fn encode<S: Sink>(&self, out: &mut S) {
        self.stamp.encode(out);
        <Name as Shape<String>>::encode(&self.machine_name, out);
        self.uid.encode(out);
        self.gid.encode(out);
        <Gids as Shape<Vec<u32>>>::encode(&self.gids, out);
    }

    fn decode<S: Source>(from: &mut S) -> Result<Self, DecodeError> {
        Ok(Self {
            stamp: u32::decode(from)?,
            machine_name: <Name as Shape<String>>::decode(from)?,
            uid: u32::decode(from)?,
            gid: u32::decode(from)?,
            gids: <Gids as Shape<Vec<u32>>>::decode(from)?,
        })
    }
}

impl fmt::Display for AuthSysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("the AUTH_SYS credential ends too soon"),
            Self::NameTooLong { length } => {
                write!(f, "the machine name of the AUTH_SYS credential has {length} bytes, the most is {MAX_NAME}")
            }
            Self::BadName => {
                f.write_str("the machine name of the AUTH_SYS credential is not UTF-8, or not padded with zeros")
            }
            Self::TooManyGroups { count } => {
                write!(f, "the AUTH_SYS credential has {count} groups, the most is {MAX_GIDS}")
            }
            Self::TooLong { excess } => write!(f, "the AUTH_SYS credential has {excess} bytes too many"),
        }
    }
}

impl std::error::Error for AuthSysError {}
