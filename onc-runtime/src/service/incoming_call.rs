//! A call as it arrived, before its arguments are decoded.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;

use crate::observe::step;
use crate::rpc::{AcceptStatus, CallHeader, Identity, Interface, OpaqueAuth, Procedure, Protection};
use crate::xdr::{DecodeError, Decoder, Limits, Shape};

use super::execution::{AtOnce, Execution, Slot};
use super::{Called, ConnectionInfo, Context, Fault, Handling};

/// A call whose program and version are known and whose credential has been accepted.
#[derive(Debug)]
pub struct IncomingCall<'a> {
    /// By reference: on its way to the handler it is handed on often.
    pub(super) received: &'a mut Received<'a>,
}

/// What was received, and where it can be answered.
#[derive(Debug)]
pub(super) struct Received<'a> {
    pub(super) header: CallHeader<'a>,
    pub(super) interface: &'static Interface,
    pub(super) arguments: Arguments<'a>,
    pub(super) connection: &'a Arc<ConnectionInfo>,
    pub(super) limits: &'a Limits,
    /// Who calls, when the credential proves it.
    pub(super) identity: Option<Identity>,
    /// What makes the reply's verifier then, and seals the results.
    pub(super) protection: Option<Arc<dyn Protection>>,
    /// Where it can be answered at once.
    pub(super) at_once: Option<AtOnce<'a>>,
}

/// The encoded arguments of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arguments<'a> {
    pub(super) bytes: &'a [u8],
    /// The record that they are the end of, when it has memory of its own that payloads can share.
    pub(super) record: Option<&'a Bytes>,
}

impl IncomingCall<'_> {
    /// The procedure's number.
    #[must_use]
    pub fn procedure(&self) -> u32 {
        self.received.header.procedure
    }

    /// Decodes the arguments and starts the handler; on arguments that do not decode, `GARBAGE_ARGS`.
    ///
    /// A handler that needs not wait has answered when this returns. Beside its result it gives back what it was lent.
    #[inline]
    pub fn handle<P, T, H, F>(self, service: &Arc<T>, handler: H) -> Handling
    where
        P: Procedure,
        T: ?Sized + Send + Sync + 'static,
        H: FnOnce(Box<Execution<T>>, P::Arguments) -> F,
        F: Future<Output = (Box<Execution<T>>, Result<P::Results, Fault>)> + Send + 'static,
    {
        let Self { received } = self;
        let arguments = match received.decode::<P>() {
            Ok(arguments) => arguments,
            Err(error) => return received.garbage_arguments(P::NAME, &error),
        };
        let xid = received.header.xid;
        step!(5, "the procedure is executed", xid, procedure = P::NAME);
        let spare = received.at_once.as_mut().and_then(|at_once| at_once.spares.take::<P, T, F>());
        let mut slot = spare.unwrap_or_else(|| Box::new(Slot::new()));
        let execution = received.execution(service, slot.execution());
        slot.begin(handler(execution, arguments));
        match &mut received.at_once {
            Some(at_once) => at_once.run(xid, slot, received.protection.as_ref()),
            None => Handling::running(slot),
        }
    }

    /// Answers `PROC_UNAVAIL`.
    pub fn procedure_unavailable(self) -> Handling {
        Handling::accepted(AcceptStatus::ProcedureUnavailable)
    }

    /// Has the handler run later, by whoever polls what it returns: nothing is answered where the call arrived.
    pub(super) fn wait(&mut self) {
        self.received.at_once = None;
    }

    pub(super) fn called(&self) -> Called {
        self.received.called()
    }

    /// What middleware may know of the call.
    pub(super) fn context(&self) -> Context {
        self.received.context()
    }

    /// The encoded arguments.
    pub(super) fn arguments(&self) -> Bytes {
        match self.received.arguments.record {
            Some(record) => record.slice_ref(self.received.arguments.bytes),
            None => Bytes::copy_from_slice(self.received.arguments.bytes),
        }
    }

    /// What decoding them may cost.
    pub(super) fn limits(&self) -> Limits {
        *self.received.limits
    }
}

impl Received<'_> {
    #[inline]
    pub(super) fn called(&self) -> Called {
        Called { interface: self.interface, procedure: self.header.procedure }
    }

    #[inline]
    fn decode<P: Procedure>(&self) -> Result<P::Arguments, DecodeError> {
        let arguments;
        let mut decoder = match self.arguments.record {
            Some(record) => {
                arguments = record.slice_ref(self.arguments.bytes);
                Decoder::shared(&arguments, *self.limits)
            }
            None => Decoder::new(self.arguments.bytes, *self.limits),
        };
        let value = <P::ArgumentsShape as Shape<P::Arguments>>::decode(&mut decoder)?;
        // Some clients send bytes after the arguments of procedures that take none: they mean nothing and hurt nobody.
        if <P::ArgumentsShape as Shape<P::Arguments>>::FIXED != Some(0) {
            decoder.finish()?;
        }
        Ok(value)
    }

    /// What the handler executes the call with: `last`, if it was for the same service and connection.
    #[inline]
    fn execution<T: ?Sized>(&self, service: &Arc<T>, last: Option<Box<Execution<T>>>) -> Box<Execution<T>> {
        match last {
            Some(mut last)
                if Arc::ptr_eq(&last.service, service) && Arc::ptr_eq(&last.context.connection, self.connection) =>
            {
                self.update(&mut last.context);
                last
            }
            _ => Box::new(Execution { service: Arc::clone(service), context: self.context() }),
        }
    }

    /// Makes of the context of an earlier call on the same connection that of this one.
    #[inline]
    fn update(&self, context: &mut Context) {
        let OpaqueAuth { flavour, body } = self.header.credential;
        context.interface = self.interface;
        context.procedure = self.header.procedure;
        context.xid = self.header.xid;
        context.flavour = flavour;
        // Nothing is nowhere: comparing with that costs more than all else here.
        let is_same = if body.is_empty() { context.credential.is_empty() } else { context.credential == body };
        if !is_same {
            context.credential = Bytes::copy_from_slice(body);
        }
        if self.identity.is_some() || context.identity.is_some() {
            context.identity.clone_from(&self.identity);
        }
    }

    #[cold]
    fn garbage_arguments(&self, procedure: &'static str, error: &DecodeError) -> Handling {
        let peer = &self.connection.peer;
        tracing::debug!(target: "onc::server", %error, %peer, procedure, "arguments that do not decode");
        Handling::accepted(AcceptStatus::GarbageArguments)
    }

    /// What the handler, or middleware, may know of the call.
    fn context(&self) -> Context {
        let OpaqueAuth { flavour, body } = self.header.credential;
        Context {
            connection: Arc::clone(self.connection),
            interface: self.interface,
            procedure: self.header.procedure,
            xid: self.header.xid,
            flavour,
            credential: if body.is_empty() { Bytes::new() } else { Bytes::copy_from_slice(body) },
            identity: self.identity.clone(),
        }
    }
}
