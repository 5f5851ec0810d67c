//! Where the answer to one call is written.

use std::any::Any;
use std::sync::Arc;

use crate::observe::step;
use crate::rpc::{AcceptStatus, MARK_SIZE, OpaqueAuth, Protection, RejectStatus, put_accepted, put_denied};
use crate::transport::Outgoing;
use crate::xdr::{EncodeError, EncodeErrorKind, Encoder, Shape, Sink, Size};

use super::{Called, Fault};

/// Length of the header of a successful reply with a verifier of `AUTH_NONE`.
const SUCCESS: usize = 24;

/// The place for the reply to one call.
///
/// On a stream a reply begins with its record mark and large payloads leave by reference; a datagram has neither.
#[derive(Debug)]
pub struct Reply<'a> {
    out: &'a mut Outgoing,
    xid: u32,
    max_size: usize,
    /// What was answered, as RFC 5531 spells it.
    status: &'static str,
    protection: Option<Arc<dyn Protection>>,
}

impl<'a> Reply<'a> {
    /// A reply to the call `xid`, at the end of `out`.
    #[inline]
    pub(crate) fn new(out: &'a mut Outgoing, xid: u32, max_size: usize) -> Self {
        Self { out, xid, max_size, status: "SUCCESS", protection: None }
    }

    /// Writes the results of a call that succeeded; on results that cannot be encoded, `SYSTEM_ERR`.
    #[inline]
    pub fn success<T, S: Shape<T>>(&mut self, results: &T) {
        if let Err(error) = self.try_success::<T, S>(results) {
            tracing::error!(target: "onc::server", %error, "a procedure's results cannot be encoded");
            self.accepted(AcceptStatus::SystemError);
        }
    }

    #[inline]
    fn try_success<T, S: Shape<T>>(&mut self, results: &T) -> Result<(), EncodeError> {
        let (xid, max) = (self.xid, self.max_size);
        let size = S::measure(results)?;
        if self.protection.is_some() {
            return self.protected_success::<T, S>(results, size);
        }
        let length = SUCCESS + size.total;
        if length > max {
            return Err(EncodeError::new(EncodeErrorKind::MessageTooLarge { size: length, max }));
        }
        step!(7, "the server stub marshals the result and hands it to its kernel", xid, bytes = length);
        self.out.append(|out| {
            let mut whole = size;
            whole.total += MARK_SIZE + SUCCESS;
            out.reserve(whole);
            // RFC 5531 §11: the last fragment's mark; §9: REPLY, MSG_ACCEPTED, verifier AUTH_NONE, SUCCESS.
            let mut header = [0; MARK_SIZE + SUCCESS];
            header[..4].copy_from_slice(&(LAST_FRAGMENT | length as u32).to_be_bytes());
            header[4..8].copy_from_slice(&xid.to_be_bytes());
            header[8..12].copy_from_slice(&1_u32.to_be_bytes());
            out.put(header);
            out.write::<T, S>(results, size);
            Ok(())
        })
    }

    /// A reply whose verifier proves this server, and whose results may be sealed.
    #[cold]
    fn protected_success<T, S: Shape<T>>(&mut self, results: &T, size: Size) -> Result<(), EncodeError> {
        let Some(protection) = self.protection.clone() else { return Ok(()) };
        let mut message = Vec::new();
        put_accepted(&mut message, self.xid, protection.verifier(), AcceptStatus::Success);
        let start = message.len();
        let mut encoder = Encoder::new(&mut message);
        encoder.reserve(size);
        S::encode(results, &mut encoder);
        if protection.seals()
            && let Err(error) = protection.seal(&mut message, start)
        {
            tracing::error!(target: "onc::server", %error, "results cannot be sealed");
            self.accepted(AcceptStatus::SystemError);
            return Ok(());
        }
        if message.len() > self.max_size {
            return Err(EncodeError::new(EncodeErrorKind::MessageTooLarge { size: message.len(), max: self.max_size }));
        }
        self.short(|out| *out = message);
        Ok(())
    }

    /// Lets `protection` make the verifier, and seal the results.
    pub(super) fn protect(&mut self, protection: Arc<dyn Protection>) {
        self.protection = Some(protection);
    }

    /// Writes a handler's refusal.
    #[cold]
    pub fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::ProcedureUnavailable => self.accepted(AcceptStatus::ProcedureUnavailable),
            Fault::GarbageArguments => self.accepted(AcceptStatus::GarbageArguments),
            Fault::SystemError => self.accepted(AcceptStatus::SystemError),
            Fault::Auth(status) => self.denied(RejectStatus::AuthError(status)),
            Fault::NoReply => self.status = "NO_REPLY",
        }
    }

    /// The reply has been written before, and says this.
    pub(super) fn note(&mut self, status: &'static str) {
        self.status = status;
    }

    /// Says of a handler of what was `called`, which has panicked, that the call failed.
    #[cold]
    pub(super) fn panicked(&mut self, called: Called, panic: &(dyn Any + Send)) {
        called.panicked(self.xid, panic);
        self.accepted(AcceptStatus::SystemError);
    }

    /// What was answered, as RFC 5531 spells it.
    pub(super) fn status(&self) -> &'static str {
        self.status
    }

    /// Writes an accepted reply without results.
    #[cold]
    pub(crate) fn accepted(&mut self, status: AcceptStatus) {
        self.status = match status {
            AcceptStatus::Success => "SUCCESS",
            AcceptStatus::ProgramUnavailable => "PROG_UNAVAIL",
            AcceptStatus::ProgramMismatch { .. } => "PROG_MISMATCH",
            AcceptStatus::ProcedureUnavailable => "PROC_UNAVAIL",
            AcceptStatus::GarbageArguments => "GARBAGE_ARGS",
            AcceptStatus::SystemError => "SYSTEM_ERR",
        };
        let xid = self.xid;
        let protection = self.protection.clone();
        let verifier = protection.as_ref().map_or(OpaqueAuth::NONE, |protection| protection.verifier());
        self.short(|out| put_accepted(out, xid, verifier, status));
    }

    /// Writes a rejection.
    #[cold]
    pub(crate) fn denied(&mut self, status: RejectStatus) {
        self.status = match status {
            RejectStatus::RpcMismatch { .. } => "RPC_MISMATCH",
            RejectStatus::AuthError(_) => "AUTH_ERROR",
        };
        let xid = self.xid;
        self.short(|out| put_denied(out, xid, status));
    }

    fn short(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut message = Vec::with_capacity(48);
        write(&mut message);
        let _ = self.out.append(|out| {
            out.put((LAST_FRAGMENT | message.len() as u32).to_be_bytes());
            out.put_slice(&message);
            Ok::<(), std::convert::Infallible>(())
        });
    }
}

/// RFC 5531 §11: the highest bit of a record mark says that the fragment is its record's last.
const LAST_FRAGMENT: u32 = 1 << 31;
