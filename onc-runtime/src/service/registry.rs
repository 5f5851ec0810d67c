//! All that a server answers, and the RFC's answer to everything else.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::observe::{Observation, Side, step};
use crate::rpc::{AcceptStatus, AuthFlavour, AuthStatus, AuthSys, CallError, CallHeader, Interface, RejectStatus};
use crate::xdr::Limits;

use super::incoming_call::Arguments;
use super::{ConnectionInfo, Handling, IncomingCall, Program};

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
    /// The flavours that it takes.
    flavours: Arc<[AuthFlavour]>,
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
        self.add_with_flavours(program, [AuthFlavour::NONE, AuthFlavour::SYS])
    }

    /// Adds a program that takes only these flavours of credentials.
    pub fn add_with_flavours(
        &mut self,
        program: impl Program,
        flavours: impl IntoIterator<Item = AuthFlavour>,
    ) -> &mut Self {
        let interface = program.interface();
        self.entries.push(Entry { interface, program: Arc::new(program), flavours: flavours.into_iter().collect() });
        self
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
    fn handle(
        &self,
        header: CallHeader<'_>,
        arguments: Arguments<'_>,
        connection: &Arc<ConnectionInfo>,
        limits: Limits,
    ) -> Handling {
        // RFC 5531 §12 (procedure 0 of every program) needs no authentication: it is how clients ask who is there.
        if header.procedure == 0 {
            return Handling::success();
        }
        if let Err(status) = accept(self, &header) {
            return Handling::denied(RejectStatus::AuthError(status));
        }
        self.program.call(IncomingCall { header, interface: self.interface, arguments, connection, limits })
    }
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
                Verdict::Answer { xid: header.xid, handling: self.answer(header, arguments, connection, limits) }
            }
            Err(error) => refuse(&error),
        }
    }

    #[inline]
    fn answer(
        &self,
        header: CallHeader<'_>,
        arguments: Arguments<'_>,
        connection: &Arc<ConnectionInfo>,
        limits: Limits,
    ) -> Handling {
        let wanted =
            |entry: &&Entry| entry.interface.program == header.program && entry.interface.version == header.version;
        let Some(entry) = self.entries.iter().find(wanted) else {
            return self.unavailable(header.program);
        };
        let observation =
            Observation::begin(Side::Server, entry.interface, header.procedure, header.xid, Some(&connection.peer));
        let handling = match &observation {
            Some(observation) => observation.span().in_scope(|| entry.handle(header, arguments, connection, limits)),
            None => entry.handle(header, arguments, connection, limits),
        };
        handling.observed(observation)
    }

    /// RFC 5531 §9: PROG_MISMATCH with the lowest and highest version, PROG_UNAVAIL if there is none.
    #[cold]
    fn unavailable(&self, program: u32) -> Handling {
        let versions = || self.interfaces().filter(|other| other.program == program).map(|other| other.version);
        Handling::accepted(match (versions().min(), versions().max()) {
            (Some(low), Some(high)) => AcceptStatus::ProgramMismatch { low, high },
            _ => AcceptStatus::ProgramUnavailable,
        })
    }
}

/// Checks the credential's flavour, and that it parses.
#[inline]
fn accept(entry: &Entry, header: &CallHeader<'_>) -> Result<(), AuthStatus> {
    let credential = &header.credential;
    if !entry.flavours.contains(&credential.flavour) {
        let known = [AuthFlavour::NONE, AuthFlavour::SYS].contains(&credential.flavour);
        return Err(if known { AuthStatus::TooWeak } else { AuthStatus::RejectedCredential });
    }
    if credential.flavour == AuthFlavour::SYS && AuthSys::validate(credential.body).is_err() {
        return Err(AuthStatus::BadCredential);
    }
    Ok(())
}

/// The answer to what is not a call that can be dispatched.
#[cold]
fn refuse(error: &CallError) -> Verdict {
    let Some((xid, status)) = error.answer() else { return Verdict::NotACall };
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
