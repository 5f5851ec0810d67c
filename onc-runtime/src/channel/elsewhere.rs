//! A call that its server refuses because the program is not there: the server may have moved, and another one be at its
//! address. Whoever said where the server is is asked again, and the call is sent there.
//!
//! Such a call has not been executed, whatever its procedure, so that sending it again does no harm. It is done once for each
//! call, and only for the program that was looked for.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;

use crate::error::{Error, Lost, Refusal};
use crate::rpc::Interface;

use super::pending::{CallKey, NOT_QUEUED, Waiting};
use super::queue::{Channel, Expiry, Inner, wake_driver};

/// Calls that wait until it is known whether their server has moved.
#[derive(Debug, Default)]
pub(super) struct Strays {
    /// The program that was looked for; `None`: the address was given, and nobody can be asked.
    pub(super) program: Option<u32>,
    /// Their xids, and how they were refused.
    waiting: Vec<(u32, Refusal)>,
}

impl Channel {
    /// Keeps a call waiting that was refused, until its server has been looked for again. It ends then as one that has
    /// not been sent, if the server is elsewhere, otherwise as it was refused. Returns what finds it then; `None`: the
    /// refusal stands.
    #[cold]
    pub(super) fn look_elsewhere(
        &self,
        error: &Error,
        interface: &'static Interface,
        waker: &Waker,
        expiry: Expiry,
    ) -> Option<CallKey> {
        let Error::Refused(refusal @ (Refusal::ProgramUnavailable | Refusal::ProgramMismatch { .. })) = error else {
            return None;
        };
        let mut inner = self.lock();
        if inner.closed || inner.strays.program != Some(interface.program) {
            return None;
        }
        let deadline = if let Expiry::At(tick) = expiry { Some(tick) } else { None };
        // When the connection is lost, it has not been sent.
        let call =
            inner.pending.insert(Waiting { waker: waker.clone(), deadline, position: NOT_QUEUED, datagram: None });
        inner.strays.waiting.push((call.xid, *refusal));
        self.astray.store(true, Ordering::Release);
        inner.alone = None;
        wake_driver(inner);
        Some(call)
    }
}

impl Inner {
    /// The server is where it was: the calls end as they were refused. Returns whom to wake.
    pub(super) fn end_strays(&mut self) -> Vec<Waker> {
        let mut woken = Vec::new();
        for (xid, refusal) in std::mem::take(&mut self.strays.waiting) {
            // It may have been given up meanwhile.
            woken.extend(self.pending.fail(xid, Error::Refused(refusal)).map(|waiting| waiting.waker));
        }
        woken
    }

    /// The connection is gone, and whoever waited there for the server to be looked for is sent again over the next.
    pub(super) fn forget_strays(&mut self) {
        self.strays.waiting.clear();
    }

    /// The datagram socket is gone: all calls that wait for their replies are queued, to be sent over the next one as any
    /// datagram is sent again. Returns whom to wake.
    pub(super) fn carry_over(&mut self, cause: &Arc<io::Error>) -> Vec<Waker> {
        let Self { pending, datagrams, strays, .. } = self;
        strays.waiting.clear();
        datagrams.clear();
        pending.end_each(|xid, waiting| {
            if waiting.datagram.is_none() {
                return Some(Error::Lost(Lost { sent: false, cause: Arc::clone(cause) }));
            }
            datagrams.push_back(xid);
            None
        })
    }
}
