//! All that a server answers, and the RFC's answer to everything else.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::observe::{self, Observation, Side, step};
use crate::rpc::{AcceptStatus, Admission, CallError, CallHeader, Interface, RejectStatus};
use crate::xdr::Limits;

use super::encoded::Encoded;
use super::execution::AtOnce;
use super::incoming_call::{Arguments, Received};
use super::{Called, ConnectionInfo, Flavours, Handling, IncomingCall, Program};

/// The programs of a server. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    entries: Arc<[Entry]>,
}

/// Collects the programs of a [`Registry`].
#[derive(Default)]
pub struct RegistryBuilder {
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    interface: &'static Interface,
    program: Arc<dyn Program>,
    flavours: Flavours,
}

/// What is to be done with a message.
pub(crate) enum Verdict {
    /// It is a call, and has been answered at once.
    Answered,
    /// It is a call, and this answers it.
    Answer {
        /// Of the call.
        xid: u32,
        handling: Handling,
    },
    /// It is none and gets no answer.
    NotACall,
}

impl RegistryBuilder {
    /// Adds a program that takes `AUTH_NONE` and `AUTH_SYS`.
    pub fn add(&mut self, program: impl Program) -> &mut Self {
        self.add_with_flavours(program, Flavours::default())
    }

    /// Adds a program that takes only these flavours of credentials.
    pub fn add_with_flavours(&mut self, program: impl Program, flavours: impl Into<Flavours>) -> &mut Self {
        let interface = program.interface();
        self.entries.push(Entry { interface, program: Arc::new(program), flavours: flavours.into() });
        self
    }

    /// Puts `wrap` around every program that was added so far.
    pub(crate) fn wrap(&mut self, wrap: impl Fn(Arc<dyn Program>) -> Arc<dyn Program>) {
        for entry in &mut self.entries {
            entry.program = wrap(Arc::clone(&entry.program));
        }
    }

    /// The program and version that is here twice, if one is.
    pub(crate) fn duplicate(&self) -> Option<&'static Interface> {
        let key = |interface: &Interface| (interface.program, interface.version);
        self.entries.iter().enumerate().find_map(|(at, entry)| {
            self.entries[..at]
                .iter()
                .any(|other| key(other.interface) == key(entry.interface))
                .then_some(entry.interface)
        })
    }

    /// The registry. Of a program and version added twice the first is called.
    #[must_use]
    pub fn build(self) -> Registry {
        Registry { entries: self.entries.into() }
    }
}

impl Entry {
    #[inline(always)]
    fn handle<'a>(&self, received: &'a mut Received<'a>, message: &[u8]) -> Handling {
        if let Some(admission) = self.flavours.admit(&received.header, message) {
            return self.admitted(received, admission);
        }
        // RFC 5531 §12.1: procedure 0 needs no authentication: it is how clients ask who is there.
        if received.header.procedure == 0 {
            return match &mut received.at_once {
                Some(at_once) => at_once.success(received.header.xid),
                None => Handling::success(),
            };
        }
        if let Err(status) = self.flavours.accept(&received.header.credential) {
            return Handling::denied(RejectStatus::AuthError(status));
        }
        self.program.call(IncomingCall { received })
    }

    /// A call with a credential that proves something.
    #[cold]
    fn admitted(&self, received: &mut Received<'_>, admission: Admission) -> Handling {
        let (identity, protection) = match admission {
            Admission::Accept { identity, protection } => (identity, protection),
            Admission::Answer { results, protection } => {
                let answer = std::future::ready(Ok(results));
                return Handling::run::<_, Bytes, Encoded>(received.called(), answer).protected(protection);
            }
            Admission::Discard => return Handling::discard(),
            Admission::Refuse(status) => return Handling::denied(RejectStatus::AuthError(status)),
        };
        if received.header.procedure == 0 {
            return Handling::success().protected(protection);
        }
        let opened;
        let mut arguments = received.arguments;
        if protection.seals() {
            match protection.open(Bytes::copy_from_slice(arguments.bytes)) {
                Ok(bytes) => opened = bytes,
                Err(error) => {
                    tracing::debug!(target: "onc::server", %error, "sealed arguments that do not open");
                    return Handling::accepted(AcceptStatus::GarbageArguments).protected(protection);
                }
            }
            arguments = Arguments { bytes: &opened, record: Some(&opened) };
        }
        let mut received = Received {
            arguments,
            identity: Some(identity),
            protection: Some(Arc::clone(&protection)),
            at_once: received.at_once.take(),
            ..*received
        };
        self.program.call(IncomingCall { received: &mut received }).protected(protection)
    }
}

impl Registry {
    /// The interfaces of all programs, in the order in which they were added.
    pub fn interfaces(&self) -> impl Iterator<Item = &'static Interface> {
        self.entries.iter().map(|entry| entry.interface)
    }

    /// Finds the answer to a received message; `at_once` is where it may be written already.
    #[inline(always)]
    pub(crate) fn dispatch(
        &self,
        message: &[u8],
        record: Option<&Bytes>,
        connection: &Arc<ConnectionInfo>,
        limits: &Limits,
        at_once: Option<AtOnce<'_>>,
    ) -> Verdict {
        self.dispatch_parsed(CallHeader::parse(message), message, record, connection, limits, at_once)
    }

    /// [`dispatch`](Self::dispatch) of a message whose header, with the offset of the arguments, was `parsed` before.
    #[inline(always)]
    pub(super) fn dispatch_parsed(
        &self,
        parsed: Result<(CallHeader<'_>, usize), CallError>,
        message: &[u8],
        record: Option<&Bytes>,
        connection: &Arc<ConnectionInfo>,
        limits: &Limits,
        at_once: Option<AtOnce<'_>>,
    ) -> Verdict {
        let (header, offset) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return refuse(error),
        };
        let CallHeader { xid, program, version, procedure, .. } = header;
        step!(4, "the server stub receives the message and unmarshals the arguments", xid);
        let wanted = |entry: &&Entry| entry.interface.program == program && entry.interface.version == version;
        let Some(entry) = self.entries.iter().find(wanted) else { return self.unavailable(xid, program) };
        let mut received = Received {
            header,
            interface: entry.interface,
            arguments: Arguments { bytes: &message[offset..], record },
            connection,
            limits,
            identity: None,
            protection: None,
            at_once,
        };
        let (begun, peer) = (Observation::start(), Some(&connection.peer as _));
        let handling = match Observation::begin(begun, Side::Server, entry.interface, procedure, xid, peer) {
            None => entry.handle(&mut received, message),
            Some(observation) => observed(observation, || entry.handle(&mut received, message)),
        };
        if handling.is_answered().is_some() { Verdict::Answered } else { Verdict::Answer { xid, handling } }
    }

    /// The answer to a message at which [`dispatch`](Self::dispatch) panicked: the program, or a type's decoding, and not a
    /// handler, whose panics are answered where it runs.
    #[cold]
    pub(super) fn panicked(&self, message: &[u8], panic: &(dyn Any + Send)) -> Verdict {
        let Ok((CallHeader { xid, program, version, procedure, .. }, _)) = CallHeader::parse(message) else {
            return Verdict::NotACall;
        };
        let called = self.interfaces().find(|interface| interface.program == program && interface.version == version);
        if let Some(interface) = called {
            Called { interface, procedure }.panicked(xid, panic);
        }
        Verdict::Answer { xid, handling: Handling::accepted(AcceptStatus::SystemError) }
    }

    /// RFC 5531 §9: PROG_MISMATCH with the lowest and highest version, PROG_UNAVAIL if there is none.
    #[cold]
    fn unavailable(&self, xid: u32, program: u32) -> Verdict {
        let versions = || self.interfaces().filter(|other| other.program == program).map(|other| other.version);
        let (status, name) = match (versions().min(), versions().max()) {
            (Some(low), Some(high)) => (AcceptStatus::ProgramMismatch { low, high }, "PROG_MISMATCH"),
            _ => (AcceptStatus::ProgramUnavailable, "PROG_UNAVAIL"),
        };
        observe::rejected(name);
        Verdict::Answer { xid, handling: Handling::accepted(status) }
    }
}

/// The answer to a call that is watched.
#[cold]
fn observed(observation: Box<Observation>, answer: impl FnOnce() -> Handling) -> Handling {
    let handling = observation.span().in_scope(answer);
    handling.observed(observation)
}

/// The answer to what is not a call that can be dispatched.
#[cold]
fn refuse(error: CallError) -> Verdict {
    let Some((xid, status)) = error.answer() else { return Verdict::NotACall };
    observe::rejected(match status {
        RejectStatus::RpcMismatch { .. } => "RPC_MISMATCH",
        RejectStatus::AuthError(_) => "AUTH_ERROR",
    });
    Verdict::Answer { xid, handling: Handling::denied(status) }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.interfaces()).finish()
    }
}

impl fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| entry.interface)).finish()
    }
}
