//! AUTH_SYS (RFC 5531, appendix A): a user of a Unix system, by its own word.

use std::fmt;

use onc_derive::Xdr;

use crate::xdr::padding;

/// The most bytes of a machine's name.
const MAX_NAME: u32 = 255;

/// The most supplementary groups.
const MAX_GIDS: u32 = 16;

/// What a client of a Unix system says about its user: RFC 5531, appendix A, `authsys_parms`.
///
/// Nothing proves it: a server believes it as far as it believes the client's machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Xdr)]
pub struct AuthSys {
    /// Any number, such as the time at which the credential was made.
    pub stamp: u32,
    /// The client machine's name, at most 255 bytes.
    #[xdr(max = MAX_NAME)]
    pub machine_name: String,
    /// The effective user id.
    pub uid: u32,
    /// The effective group id.
    pub gid: u32,
    /// The supplementary group ids, at most 16. A user in more groups than that sends those that matter.
    #[xdr(max = MAX_GIDS)]
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
/// [`BadCredential`](crate::rpc::AuthStatus::BadCredential).
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xdr;

    fn sys(name: usize, gids: u32) -> AuthSys {
        AuthSys {
            stamp: 0x5f00_0001,
            machine_name: "n".repeat(name),
            uid: 1000,
            gid: u32::MAX,
            gids: (0..gids).map(|gid| gid * 0x0101_0101).collect(),
        }
    }

    #[test]
    fn the_view_agrees_with_the_codec() {
        for name in [0, 1, 2, 3, 4, 5, 254, 255] {
            for gids in [0, 1, 15, 16] {
                let sys = sys(name, gids);
                let body = xdr::to_vec(&sys).expect("within the bounds");
                assert_eq!(xdr::from_slice::<AuthSys>(&body).expect("the codec's own"), sys);
                let view = AuthSysView::parse(&body).expect("the codec's own");
                assert_eq!(view.to_owned(), sys);
                assert_eq!(view.gids().len(), gids as usize);
                assert_eq!(AuthSys::parse(&body), Ok(sys));
                for length in 0..body.len() {
                    assert_eq!(AuthSys::validate(&body[..length]), Err(AuthSysError::TooShort));
                }
                for excess in 1..=5 {
                    let longer = [&body[..], &[0; 5][..excess]].concat();
                    assert_eq!(AuthSys::validate(&longer), Err(AuthSysError::TooLong { excess }));
                }
            }
        }
    }

    #[test]
    fn a_name_may_be_any_text() {
        let sys = AuthSys { machine_name: "Zürich-名".into(), ..sys(0, 2) };
        let body = xdr::to_vec(&sys).expect("within the bounds");
        assert_eq!(AuthSysView::parse(&body).map(|view| view.machine_name()), Ok("Zürich-名"));
        assert_eq!(AuthSys::parse(&body), Ok(sys));
    }

    #[test]
    fn bounds_hold_in_both_directions() {
        let mut body = xdr::to_vec(&sys(3, 2)).expect("within the bounds");
        body[7] = 0xff;
        body[6] = 1;
        assert_eq!(AuthSys::validate(&body), Err(AuthSysError::NameTooLong { length: 0x1ff }));
        body[4..8].fill(0xff);
        assert_eq!(AuthSys::validate(&body), Err(AuthSysError::NameTooLong { length: u32::MAX }));

        let mut body = xdr::to_vec(&sys(3, 16)).expect("within the bounds");
        body[23] = 17;
        assert_eq!(AuthSys::validate(&body), Err(AuthSysError::TooManyGroups { count: 17 }));
        body[20] = 0x80;
        assert_eq!(AuthSys::validate(&body), Err(AuthSysError::TooManyGroups { count: 0x8000_0011 }));

        assert!(xdr::to_vec(&sys(256, 0)).unwrap_err().to_string().starts_with("AuthSys.machine_name"));
        assert!(xdr::to_vec(&sys(0, 17)).unwrap_err().to_string().starts_with("AuthSys.gids"));
    }

    #[test]
    fn names_are_text_and_padded_with_zeros() {
        let body = xdr::to_vec(&sys(6, 1)).expect("within the bounds");
        for (at, byte) in [(8, 0xff), (13, 0xc3), (14, 1), (15, 0x80)] {
            let mut body = body.clone();
            body[at] = byte;
            assert_eq!(AuthSys::validate(&body), Err(AuthSysError::BadName), "byte {at} is {byte}");
            assert!(xdr::from_slice::<AuthSys>(&body).is_err());
        }
    }
}
