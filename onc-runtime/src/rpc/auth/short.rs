//! AUTH_SHORT (RFC 5531, appendix A): a server's own shorthand for a credential.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::{AuthFlavour, ClientFlavour, Credential, FlavourError, OpaqueAuth, Recovery};
use crate::rpc::AuthStatus;
use crate::xdr::EncodeError;

/// A client's credential that gives way to the shorthand which a server proposes for it.
///
/// No server has to propose one, and libtirpc's never does; without it the credential is sent with each call.
#[derive(Debug)]
pub struct Shorthand {
    flavour: AuthFlavour,
    body: Bytes,
    /// The body of the AUTH_SHORT credential that the server proposed last.
    short: Mutex<Option<Bytes>>,
}

/// [`ClientFlavour::sign`]'s number for a call with the whole credential, and for one with the shorthand.
const WHOLE: u64 = 0;
const SHORT: u64 = 1;

impl Shorthand {
    /// Begins with this credential, and takes up what the server proposes.
    ///
    /// # Errors
    ///
    /// The credential is too long: see [`Credential::body`].
    pub fn new(credential: &Credential) -> Result<Self, EncodeError> {
        Ok(Self { flavour: credential.flavour(), body: credential.body()?, short: Mutex::new(None) })
    }

    fn replace(&self, short: Option<Bytes>) {
        *self.short.lock().unwrap_or_else(PoisonError::into_inner) = short;
    }
}

impl ClientFlavour for Shorthand {
    fn sign(&self, out: &mut Vec<u8>, _start: usize) -> Result<u64, FlavourError> {
        let short = self.short.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (flavour, body, call) = match &short {
            Some(short) => (AuthFlavour::SHORT, short, SHORT),
            None => (self.flavour, &self.body, WHOLE),
        };
        OpaqueAuth { flavour, body }.put(out);
        OpaqueAuth::NONE.put(out);
        Ok(call)
    }

    fn check(&self, _call: u64, verifier: OpaqueAuth<'_>) -> Result<(), FlavourError> {
        // RFC 5531, appendix A: the body of an AUTH_SHORT verifier may be passed instead of the original credential.
        if verifier.flavour == AuthFlavour::SHORT {
            self.replace(Some(Bytes::copy_from_slice(shorthand(verifier.body))));
        }
        Ok(())
    }

    fn refused(&self, call: u64, status: AuthStatus) -> Recovery {
        // RFC 5531, appendix A: a server that has forgotten it answers AUTH_REJECTEDCRED.
        if call == SHORT && status == AuthStatus::RejectedCredential {
            self.replace(None);
            return Recovery::Retry;
        }
        Recovery::Fail
    }
}

/// The shorthand in a verifier: its body, or, as Sun's library has it, the body of a credential that is encoded in there.
fn shorthand(body: &[u8]) -> &[u8] {
    match body.split_first_chunk::<8>() {
        Some(([0, 0, 0, 2, length @ ..], inner)) if u32::from_be_bytes(*length) as usize == inner.len() => inner,
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::AuthSys;
    use crate::rpc::message::take_word;

    /// Signs a call: the flavour and body of its credential, and its number.
    fn sign(shorthand: &Shorthand) -> (AuthFlavour, Vec<u8>, u64) {
        let mut out = b"header".to_vec();
        let call = shorthand.sign(&mut out, 0).expect("it never fails");
        let mut rest = &out[6..];
        let credential = OpaqueAuth::take(&mut rest).expect("a credential");
        assert_eq!(OpaqueAuth::take(&mut rest), Some(OpaqueAuth::NONE));
        assert_eq!(take_word(&mut rest), None);
        (credential.flavour, credential.body.to_vec(), call)
    }

    #[test]
    fn it_is_used_from_when_the_server_proposes_it_until_it_forgets_it() {
        let credential = Credential::Sys(AuthSys { uid: 7, ..AuthSys::default() });
        let body = credential.body().expect("a short credential").to_vec();
        let shorthand = Shorthand::new(&credential).expect("a short credential");
        let (flavour, sent, first) = sign(&shorthand);
        assert_eq!((flavour, &sent), (AuthFlavour::SYS, &body));

        shorthand.check(first, OpaqueAuth::NONE).expect("it never fails");
        assert_eq!(sign(&shorthand).0, AuthFlavour::SYS);

        let proposal = OpaqueAuth { flavour: AuthFlavour::SHORT, body: b"handle" };
        shorthand.check(first, proposal).expect("it never fails");
        let (flavour, sent, second) = sign(&shorthand);
        assert_eq!((flavour, &sent[..]), (AuthFlavour::SHORT, &b"handle"[..]));

        // The whole credential being refused is no reason to try again, nor is another refusal of the shorthand.
        assert_eq!(shorthand.refused(first, AuthStatus::RejectedCredential), Recovery::Fail);
        assert_eq!(shorthand.refused(second, AuthStatus::TooWeak), Recovery::Fail);
        assert_eq!(sign(&shorthand).0, AuthFlavour::SHORT);

        assert_eq!(shorthand.refused(second, AuthStatus::RejectedCredential), Recovery::Retry);
        let (flavour, sent, _) = sign(&shorthand);
        assert_eq!((flavour, &sent), (AuthFlavour::SYS, &body));
    }

    #[test]
    fn a_proposal_may_be_wrapped_in_a_credential() {
        assert_eq!(shorthand(b"\0\0\0\x02\0\0\0\x04abcd"), b"abcd");
        // But only if it is one.
        for bare in [&b"\0\0\0\x02\0\0\0\x05abcd"[..], b"\0\0\0\x01\0\0\0\x04abcd", b"abc", b""] {
            assert_eq!(shorthand(bare), bare);
        }
    }
}
