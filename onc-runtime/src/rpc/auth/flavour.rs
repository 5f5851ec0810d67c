//! The seam for flavours that sign and check: RPCSEC_GSS and its like.
//!
//! What they have in common: each call has a credential and verifier of its own, the verifier covers the header before
//! it, the reply's verifier proves the server, arguments and results may travel sealed, and a session is set up by calls
//! to procedure 0. AUTH_NONE and AUTH_SYS do none of it and take a shorter way: [`Credential`](super::Credential),
//! [`OpaqueAuth::validate`].

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::OpaqueAuth;
use crate::rpc::AuthStatus;

/// How a client proves who calls, call by call. The guide's chapter on callers has an example of both sides.
///
/// One value serves all calls of a client, many at a time.
pub trait ClientFlavour: fmt::Debug + Send + Sync + 'static {
    /// The next step in setting up a session: the arguments of a call to procedure 0 that is to be made now, or `None` once
    /// other calls can be made. `reply` has the results of the step before; it is `None` at the first.
    ///
    /// # Errors
    ///
    /// There will be no session.
    fn establish(&self, reply: Option<&[u8]>) -> Result<Option<Bytes>, FlavourError> {
        let _ = reply;
        Ok(None)
    }

    /// Appends the credential and the verifier of a call to `out`, where the call's header stands from `start` on: xid to
    /// procedure. Returns a number of the flavour's choice, by which it will know the call again. A call that is sent again
    /// is signed again, unless it is the same bytes with the same xid.
    ///
    /// # Errors
    ///
    /// The call cannot be made.
    fn sign(&self, out: &mut Vec<u8>, start: usize) -> Result<u64, FlavourError>;

    /// Checks the verifier of an accepted call's reply.
    ///
    /// # Errors
    ///
    /// The reply does not come from the server it should, and must not be used.
    fn check(&self, call: u64, verifier: OpaqueAuth<'_>) -> Result<(), FlavourError>;

    /// What to do when a server answered a call with an authentication error.
    fn refused(&self, call: u64, status: AuthStatus) -> Recovery {
        let _ = (call, status);
        Recovery::Fail
    }

    /// Whether a call's arguments and results are sealed: only then [`seal`](Self::seal) and [`open`](Self::open) are used.
    fn seals(&self, call: u64) -> bool {
        let _ = call;
        false
    }

    /// Replaces the arguments, which stand in `out` from `start` on, by what travels in their place.
    ///
    /// # Errors
    ///
    /// The call cannot be made.
    fn seal(&self, call: u64, out: &mut Vec<u8>, start: usize) -> Result<(), FlavourError> {
        let _ = (call, out, start);
        Ok(())
    }

    /// The results from what travelled in their place.
    ///
    /// # Errors
    ///
    /// They were changed on the way, and must not be used.
    fn open(&self, call: u64, results: Bytes) -> Result<Bytes, FlavourError> {
        let _ = call;
        Ok(results)
    }
}

impl<F: ClientFlavour + ?Sized> ClientFlavour for Arc<F> {
    fn establish(&self, reply: Option<&[u8]>) -> Result<Option<Bytes>, FlavourError> {
        (**self).establish(reply)
    }

    fn sign(&self, out: &mut Vec<u8>, start: usize) -> Result<u64, FlavourError> {
        (**self).sign(out, start)
    }

    fn check(&self, call: u64, verifier: OpaqueAuth<'_>) -> Result<(), FlavourError> {
        (**self).check(call, verifier)
    }

    fn refused(&self, call: u64, status: AuthStatus) -> Recovery {
        (**self).refused(call, status)
    }

    fn seals(&self, call: u64) -> bool {
        (**self).seals(call)
    }

    fn seal(&self, call: u64, out: &mut Vec<u8>, start: usize) -> Result<(), FlavourError> {
        (**self).seal(call, out, start)
    }

    fn open(&self, call: u64, results: Bytes) -> Result<Bytes, FlavourError> {
        (**self).open(call, results)
    }
}

/// What a client does after an authentication error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// The call has failed.
    Fail,
    /// Sign and send it again: the server has not executed it.
    Retry,
    /// [Establish](ClientFlavour::establish) a new session, then sign and send it again.
    Establish,
}

/// How a server finds out who calls.
///
/// One value serves all calls of a server, many at a time.
pub trait ServerFlavour: fmt::Debug + Send + Sync + 'static {
    /// Examines a call whose credential has this flavour.
    fn admit(&self, call: &Presented<'_>) -> Admission;
}

/// What a [`ServerFlavour`] sees of a call: [`CallHeader::presented`](crate::rpc::CallHeader::presented).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Presented<'a> {
    /// Which procedure is called. A session is set up by calls to 0.
    pub procedure: u32,
    /// Who calls.
    pub credential: OpaqueAuth<'a>,
    /// What proves it.
    pub verifier: OpaqueAuth<'a>,
    /// What a verifier covers: the message from the xid to the end of the credential.
    pub signed: &'a [u8],
    /// The arguments as they travelled.
    pub arguments: &'a [u8],
}

/// What a [`ServerFlavour`] decides about a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Admission {
    /// It goes on to its procedure.
    Accept {
        /// Who calls, for the handler.
        identity: Identity,
        /// What makes the reply.
        protection: Arc<dyn Protection>,
    },
    /// It was the flavour's own business, such as setting up a session. These are its results.
    Answer {
        /// The results.
        results: Bytes,
        /// What makes the reply.
        protection: Arc<dyn Protection>,
    },
    /// It gets no reply at all, as RFC 2203 §5.3.3.1 wants for a sequence number out of the window.
    Discard,
    /// It is denied.
    Refuse(AuthStatus),
}

/// What a [`ServerFlavour`] does for the reply of one call.
pub trait Protection: fmt::Debug + Send + Sync {
    /// The verifier of the reply.
    fn verifier(&self) -> OpaqueAuth<'_>;

    /// Whether arguments and results are sealed: only then [`open`](Self::open) and [`seal`](Self::seal) are used.
    fn seals(&self) -> bool {
        false
    }

    /// The arguments from what travelled in their place.
    ///
    /// # Errors
    ///
    /// They were changed on the way: the call is answered with
    /// [`GarbageArguments`](crate::rpc::AcceptStatus::GarbageArguments), as RFC 2203 §5.3.3.4.3 says.
    fn open(&self, arguments: Bytes) -> Result<Bytes, FlavourError> {
        Ok(arguments)
    }

    /// Replaces the results, which stand in `out` from `start` on, by what travels in their place.
    ///
    /// # Errors
    ///
    /// The call is answered with [`SystemError`](crate::rpc::AcceptStatus::SystemError).
    fn seal(&self, out: &mut Vec<u8>, start: usize) -> Result<(), FlavourError> {
        let _ = (out, start);
        Ok(())
    }
}

/// Who calls, as a [`ServerFlavour`] found out: a value of the flavour's own type.
#[derive(Clone)]
pub struct Identity(Arc<dyn Any + Send + Sync>);

impl Identity {
    /// Holds what the flavour knows.
    #[must_use]
    pub fn new<T: Any + Send + Sync>(who: T) -> Self {
        Self(Arc::new(who))
    }

    /// What the flavour knows, if it is a `T`.
    #[must_use]
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// A flavour cannot sign, check, seal or open. Says why in its own words.
#[derive(Debug)]
pub struct FlavourError(Box<dyn std::error::Error + Send + Sync>);

impl FlavourError {
    /// An error with this cause, which may be a text.
    #[must_use]
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Display for FlavourError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "authentication failed on this side: {}", self.0)
    }
}

impl std::error::Error for FlavourError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
