//! A call as it arrived, before its arguments are decoded.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;

use crate::observe::step;
use crate::rpc::{AcceptStatus, CallHeader, Identity, Interface, OpaqueAuth, Procedure};
use crate::xdr::{DecodeError, Decoder, Limits, Shape};

use super::{ConnectionInfo, Context, Fault, Handling};

/// A call whose program and version are known and whose credential has been accepted.
#[derive(Debug)]
pub struct IncomingCall<'a> {
    pub(crate) header: CallHeader<'a>,
    pub(crate) interface: &'static Interface,
    pub(crate) arguments: Arguments<'a>,
    pub(crate) connection: &'a Arc<ConnectionInfo>,
    pub(crate) limits: Limits,
    /// Who calls, when the credential proves it.
    pub(crate) identity: Option<Identity>,
}

/// The encoded arguments of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments<'a> {
    pub(crate) bytes: &'a [u8],
    /// The record that they are the end of, when it has memory of its own that payloads can share.
    pub(crate) record: Option<&'a Bytes>,
}

impl IncomingCall<'_> {
    /// The procedure's number.
    #[must_use]
    pub fn procedure(&self) -> u32 {
        self.header.procedure
    }

    /// Decodes the arguments and starts the handler; on arguments that do not decode, `GARBAGE_ARGS`.
    #[inline]
    pub fn handle<P, T, H, F>(self, service: &Arc<T>, handler: H) -> Handling
    where
        P: Procedure,
        T: ?Sized,
        H: FnOnce(Arc<T>, Context, P::Arguments) -> F,
        F: Future<Output = Result<P::Results, Fault>> + Send + 'static,
        P::ResultsShape: 'static,
    {
        match self.decode::<P>() {
            Ok(arguments) => {
                let context = self.context();
                step!(5, "the procedure is executed", xid = context.xid, procedure = P::NAME);
                Handling::run::<F, P::Results, P::ResultsShape>(handler(Arc::clone(service), context, arguments))
            }
            Err(error) => {
                tracing::debug!(
                    target: "onc::server",
                    %error, peer = %self.connection.peer, procedure = P::NAME,
                    "arguments that do not decode"
                );
                Handling::accepted(AcceptStatus::GarbageArguments)
            }
        }
    }

    /// Answers `PROC_UNAVAIL`.
    pub fn procedure_unavailable(self) -> Handling {
        Handling::accepted(AcceptStatus::ProcedureUnavailable)
    }

    #[inline]
    fn decode<P: Procedure>(&self) -> Result<P::Arguments, DecodeError> {
        let arguments;
        let mut decoder = match self.arguments.record {
            Some(record) => {
                arguments = record.slice_ref(self.arguments.bytes);
                Decoder::shared(&arguments, self.limits)
            }
            None => Decoder::new(self.arguments.bytes, self.limits),
        };
        let value = <P::ArgumentsShape as Shape<P::Arguments>>::decode(&mut decoder)?;
        // Some clients send bytes after the arguments of procedures that take none: they mean nothing and hurt nobody.
        if <P::ArgumentsShape as Shape<P::Arguments>>::FIXED != Some(0) {
            decoder.finish()?;
        }
        Ok(value)
    }

    /// What the handler, or middleware, may know of the call.
    pub(super) fn context(&self) -> Context {
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
