//! Credentials and verifiers: who calls, and how one knows.

mod flavour;
mod short;
mod sys;

pub use self::flavour::{
    Admission, ClientFlavour, FlavourError, Identity, Presented, Protection, Recovery, ServerFlavour,
};
pub use self::short::Shorthand;
pub use self::sys::{AuthSys, AuthSysError, AuthSysView};

use std::fmt;

use bytes::Bytes;

use super::AuthStatus;
use super::message::take_word;
use crate::xdr::{self, EncodeError, padding};

/// The most bytes that the body of a credential or verifier may have.
// RFC 5531 §8.2: `opaque body<400>`.
pub const MAX_AUTH_BODY: usize = 400;

/// A kind of authentication: RFC 5531 §8.2, and the numbers that IANA has assigned since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthFlavour(pub u32);

/// A credential or a verifier as it travels: RFC 5531 §8.2, `opaque_auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpaqueAuth<'a> {
    /// How to read the body.
    pub flavour: AuthFlavour,
    /// At most [`MAX_AUTH_BODY`] bytes.
    pub body: &'a [u8],
}

/// What a client sends to say who calls.
///
/// Credentials that stay the same from call to call. Those that do not, such as RPCSEC_GSS's with their sequence numbers,
/// are a [`ClientFlavour`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// AUTH_NONE: nobody in particular.
    #[default]
    None,
    /// AUTH_SYS: a user of a Unix system, by its own word.
    Sys(AuthSys),
    /// Any other flavour, ready-made.
    Opaque {
        /// Its number.
        flavour: AuthFlavour,
        /// At most [`MAX_AUTH_BODY`] bytes.
        body: Bytes,
    },
}

impl AuthFlavour {
    /// No authentication.
    pub const NONE: Self = Self(0);
    /// User and group ids of a Unix system: [`AuthSys`].
    pub const SYS: Self = Self(1);
    /// A server's own shorthand for an AUTH_SYS credential: [`Shorthand`].
    pub const SHORT: Self = Self(2);
    /// Diffie-Hellman, RFC 2695: obsolete and not secure.
    pub const DH: Self = Self(3);
    /// RPCSEC_GSS, RFC 2203.
    pub const GSS: Self = Self(6);
    /// The probe for TLS, RFC 9289 §4.1.
    pub const TLS: Self = Self(7);
}

impl<'a> OpaqueAuth<'a> {
    /// AUTH_NONE: the credential of nobody, and the verifier that verifies nothing.
    pub const NONE: Self = Self { flavour: AuthFlavour::NONE, body: &[] };

    /// Checks a credential of a flavour that needs no [`ServerFlavour`]: AUTH_NONE and AUTH_SYS.
    ///
    /// # Errors
    ///
    /// What the server answers: [`BadCredential`](AuthStatus::BadCredential) to AUTH_SYS that does not parse,
    /// [`RejectedCredential`](AuthStatus::RejectedCredential) to every other flavour.
    #[inline]
    pub fn validate(&self) -> Result<(), AuthStatus> {
        match self.flavour {
            // RFC 5531 §10.1: what is in the body of AUTH_NONE does not matter.
            AuthFlavour::NONE => Ok(()),
            AuthFlavour::SYS => AuthSys::validate(self.body).map_err(|_| AuthStatus::BadCredential),
            _ => Err(AuthStatus::RejectedCredential),
        }
    }

    /// Takes one from the front of a message, if it is well-formed.
    #[inline]
    pub(super) fn take(message: &mut &'a [u8]) -> Option<Self> {
        let mut rest = *message;
        let flavour = AuthFlavour(take_word(&mut rest)?);
        let length = take_word(&mut rest)? as usize;
        if length > MAX_AUTH_BODY {
            return None;
        }
        let (body, rest) = rest.split_at_checked(length)?;
        let (pad, rest) = rest.split_at_checked(padding(length))?;
        *message = rest;
        // RFC 4506 §4.10: the residual bytes are zero.
        pad.iter().all(|byte| *byte == 0).then_some(Self { flavour, body })
    }

    /// How many bytes it takes in a message.
    #[inline]
    pub(super) const fn size(&self) -> usize {
        8 + self.body.len() + padding(self.body.len())
    }

    /// Appends it to a message. A body of more than [`MAX_AUTH_BODY`] bytes is one that the peer will refuse.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.flavour.0.to_be_bytes());
        out.extend_from_slice(&(self.body.len() as u32).to_be_bytes());
        out.extend_from_slice(self.body);
        out.extend_from_slice(&[0; 3][..padding(self.body.len())]);
    }
}

impl Credential {
    /// Its flavour.
    #[must_use]
    pub fn flavour(&self) -> AuthFlavour {
        match self {
            Self::None => AuthFlavour::NONE,
            Self::Sys(_) => AuthFlavour::SYS,
            Self::Opaque { flavour, .. } => *flavour,
        }
    }

    /// Its body as it travels.
    ///
    /// # Errors
    ///
    /// It is too long: an AUTH_SYS name of more than 255 bytes, more than 16 groups, another body of more than
    /// [`MAX_AUTH_BODY`] bytes.
    pub fn body(&self) -> Result<Bytes, EncodeError> {
        match self {
            Self::None => Ok(Bytes::new()),
            Self::Sys(sys) => xdr::to_bytes(sys),
            Self::Opaque { body, .. } if body.len() > MAX_AUTH_BODY => {
                Err(EncodeError::too_long(body.len(), MAX_AUTH_BODY as u32).within("Credential", "body"))
            }
            Self::Opaque { body, .. } => Ok(body.clone()),
        }
    }
}

impl From<AuthSys> for Credential {
    fn from(sys: AuthSys) -> Self {
        Self::Sys(sys)
    }
}

impl fmt::Display for AuthFlavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.write_str("AUTH_NONE"),
            Self::SYS => f.write_str("AUTH_SYS"),
            Self::SHORT => f.write_str("AUTH_SHORT"),
            Self::DH => f.write_str("AUTH_DH"),
            Self::GSS => f.write_str("RPCSEC_GSS"),
            Self::TLS => f.write_str("AUTH_TLS"),
            Self(number) => write!(f, "authentication flavour {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_without_a_flavour_of_their_own_are_validated() {
        let auth = |flavour, body| OpaqueAuth { flavour, body };
        let sys = Credential::from(AuthSys::default()).body().expect("within the bounds");
        assert_eq!(auth(AuthFlavour::NONE, b"whatever").validate(), Ok(()));
        assert_eq!(auth(AuthFlavour::SYS, &sys).validate(), Ok(()));
        assert_eq!(auth(AuthFlavour::SYS, &sys[1..]).validate(), Err(AuthStatus::BadCredential));
        for flavour in [AuthFlavour::SHORT, AuthFlavour::DH, AuthFlavour::GSS, AuthFlavour::TLS, AuthFlavour(99)] {
            assert_eq!(auth(flavour, &sys).validate(), Err(AuthStatus::RejectedCredential), "{flavour}");
        }
    }
}
