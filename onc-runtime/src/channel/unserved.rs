//! Calls that come to a client which serves nothing: refused, so that whoever made them does not wait in vain.

use std::convert::Infallible;

use crate::rpc::{AcceptStatus, CallHeader, MARK_SIZE, OpaqueAuth, put_accepted, put_denied, record_mark};
use crate::xdr::Sink;

use super::queue::Inner;

/// A server that leaves so many bytes of calls and refusals lie is refused no further calls: it is not told.
const MOST: usize = 64 << 10;

impl Inner {
    /// Queues the answer to a call that came over the connection, where `leaving` bytes have not left yet.
    #[cold]
    pub(super) fn refuse(&mut self, call: &[u8], leaving: usize) {
        let before = self.outgoing.len();
        if before + leaving > MOST {
            return;
        }
        let mut reply = Vec::new();
        match CallHeader::parse(call) {
            // RFC 5531 §9: PROG_UNAVAIL, the remote has not exported the program.
            Ok((header, _)) => {
                put_accepted(&mut reply, header.xid, OpaqueAuth::NONE, AcceptStatus::ProgramUnavailable);
            }
            Err(error) => match error.answer() {
                Some((xid, status)) => put_denied(&mut reply, xid, status),
                None => return,
            },
        }
        let Ok(()) = self.outgoing.append(|out| {
            out.put::<MARK_SIZE>(record_mark(reply.len()));
            out.put_slice(&reply);
            Ok::<(), Infallible>(())
        });
        self.position += (self.outgoing.len() - before) as u64;
    }
}
