//! All that a server answers, and the RFC's answer to everything else.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::observe::{self, Observation, Side, step};
use crate::rpc::{AcceptStatus, Admission, CallError, CallHeader, Interface, RejectStatus};
use crate::xdr::Limits;

use super::encoded::Encoded;
use super::incoming_call::Arguments;
use super::{ConnectionInfo, Flavours, Handling, IncomingCall, Program};

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
    #[inline]
    fn handle(&self, call: Received<'_>) -> Handling {
        if let Some(admission) = self.flavours.admit(&call.header, call.message) {
            return self.admitted(call, admission);
        }
        // RFC 5531 §12.1: procedure 0 needs no authentication: it is how clients ask who is there.
        if call.header.procedure == 0 {
            return Handling::success();
        }
        if let Err(status) = self.flavours.accept(&call.header.credential) {
            return Handling::denied(RejectStatus::AuthError(status));
        }
        self.program.call(IncomingCall {
            header: call.header,
            interface: self.interface,
            arguments: call.arguments,
            connection: call.connection,
            limits: call.limits,
            identity: None,
        })
    }

    /// A call with a credential that proves something.
    #[cold]
    fn admitted(&self, call: Received<'_>, admission: Admission) -> Handling {
        let (identity, protection) = match admission {
            Admission::Accept { identity, protection } => (identity, protection),
            Admission::Answer { results, protection } => {
                return Handling::run::<_, Bytes, Encoded>(std::future::ready(Ok(results))).protected(protection);
            }
            Admission::Discard => return Handling::discard(),
            Admission::Refuse(status) => return Handling::denied(RejectStatus::AuthError(status)),
        };
        if call.header.procedure == 0 {
            return Handling::success().protected(protection);
        }
        let opened;
        let mut arguments = call.arguments;
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
        let call = IncomingCall {
            header: call.header,
            interface: self.interface,
            arguments,
            connection: call.connection,
            limits: call.limits,
            identity: Some(identity),
        };
        self.program.call(call).protected(protection)
    }
}

/// A call as it was received.
struct Received<'a> {
    header: CallHeader<'a>,
    message: &'a [u8],
    arguments: Arguments<'a>,
    connection: &'a Arc<ConnectionInfo>,
    limits: Limits,
}

impl Registry {
    /// The interfaces of all programs, in the order in which they were added.
    pub fn interfaces(&self) -> impl Iterator<Item = &'static Interface> {
        self.entries.iter().map(|entry| entry.interface)
    }

    /// Finds the answer to a received message.
    #[inline]
    pub(crate) fn dispatch(
        &self,
        message: &[u8],
        record: Option<&Bytes>,
        connection: &Arc<ConnectionInfo>,
        limits: Limits,
    ) -> Verdict {
        match CallHeader::parse(message) {
            Ok((header, offset)) => {
                step!(4, "the server stub receives the message and unmarshals the arguments", xid = header.xid);
                let arguments = Arguments { bytes: &message[offset..], record };
                let call = Received { header, message, arguments, connection, limits };
                Verdict::Answer { xid: header.xid, handling: self.answer(call) }
            }
            Err(error) => refuse(&error),
        }
    }

    #[inline]
    fn answer(&self, call: Received<'_>) -> Handling {
        let CallHeader { xid, program, version, procedure, .. } = call.header;
        let wanted = |entry: &&Entry| entry.interface.program == program && entry.interface.version == version;
        let Some(entry) = self.entries.iter().find(wanted) else { return self.unavailable(program) };
        let peer = &call.connection.peer;
        match Observation::begin(Observation::start(), Side::Server, entry.interface, procedure, xid, Some(peer)) {
            None => entry.handle(call),
            Some(observation) => {
                let handling = observation.span().in_scope(|| entry.handle(call));
                handling.observed(observation)
            }
        }
    }

    /// RFC 5531 §9: PROG_MISMATCH with the lowest and highest version, PROG_UNAVAIL if there is none.
    #[cold]
    fn unavailable(&self, program: u32) -> Handling {
        let versions = || self.interfaces().filter(|other| other.program == program).map(|other| other.version);
        let (status, name) = match (versions().min(), versions().max()) {
            (Some(low), Some(high)) => (AcceptStatus::ProgramMismatch { low, high }, "PROG_MISMATCH"),
            _ => (AcceptStatus::ProgramUnavailable, "PROG_UNAVAIL"),
        };
        observe::rejected(name);
        Handling::accepted(status)
    }
}

/// The answer to what is not a call that can be dispatched.
#[cold]
fn refuse(error: &CallError) -> Verdict {
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
