//! What a port mapper lets whom do.

use crate::rpc::AuthStatus;
use crate::service::Fault;

use super::caller::Caller;

/// What a port mapper lets strangers do, that is callers on other hosts. The defaults are safe.
///
/// Entries are made and removed from this host only, whatever these rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Strangers get the list of all entries (DUMP) and the statistics (GETSTAT) over UDP, and other answers that are more than
    /// three times as long as the question. Default: false: the list and the statistics are refused, and addresses and results
    /// beyond that left out.
    ///
    /// WARNING: the answer can be a thousand times as long as the question, whose sender anybody can forge over UDP: such a
    /// port mapper can be used to flood others. Over TCP strangers get them in any case.
    pub lists_over_udp: bool,
    /// Which calls are handed on to programs of this host: CALLIT, BCAST and INDIRECT. Default: [`Indirect::Off`].
    pub indirect: Indirect,
    /// Calls a second that are answered for one stranger, an IPv6 network of 64 bits counting as one. Default: 1000. Further
    /// ones are dropped over UDP, and wait over TCP. A [`Daemon`](crate::portmap::Daemon) counts all datagrams, also those that
    /// are answered without a look at the entries: procedure 0, versions and programs that there are not.
    pub calls_per_second: u32,
    /// Calls a second that are handed on for one stranger, and for all of this host together. Default: 100. Further ones fail:
    /// INDIRECT says so, the others are not answered.
    pub indirect_per_second: u32,
}

/// Calls that a port mapper hands on to programs of its host.
///
/// A program is called from its own host then, which many trust. Never are calls handed on to the port mapper itself, nor
/// to an address of another host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Indirect {
    /// None: they are not answered, and INDIRECT fails, as of rpcbind.
    #[default]
    Off,
    /// Calls of procedure 0: what `rpcinfo -b` needs to find the hosts that have a program.
    Null,
    /// All calls.
    ///
    /// WARNING: strangers reach procedures that believe to be called by this host.
    Any,
}

/// Over UDP the answer to a stranger is at most so many times as long as the question: who forges another's address could as
/// well send to that directly.
const AMPLIFICATION: usize = 3;

// RFC 5531 §9: ten words before the arguments and six before the results, where nobody says who he is.
const CALL_HEADER: usize = 40;
const REPLY_HEADER: usize = 24;

impl Default for Rules {
    fn default() -> Self {
        Self { lists_over_udp: false, indirect: Indirect::Off, calls_per_second: 1000, indirect_per_second: 100 }
    }
}

impl Rules {
    /// Sets [`lists_over_udp`](Self::lists_over_udp).
    #[must_use]
    pub fn with_lists_over_udp(mut self, allow: bool) -> Self {
        self.lists_over_udp = allow;
        self
    }

    /// Sets [`indirect`](Self::indirect).
    #[must_use]
    pub fn with_indirect(mut self, indirect: Indirect) -> Self {
        self.indirect = indirect;
        self
    }

    /// Sets [`calls_per_second`](Self::calls_per_second).
    #[must_use]
    pub fn with_calls_per_second(mut self, calls: u32) -> Self {
        self.calls_per_second = calls;
        self
    }

    /// Sets [`indirect_per_second`](Self::indirect_per_second).
    #[must_use]
    pub fn with_indirect_per_second(mut self, calls: u32) -> Self {
        self.indirect_per_second = calls;
        self
    }

    /// Whether the caller may make and remove entries.
    pub(super) fn change(&self, caller: &Caller<'_>) -> Result<(), Fault> {
        // RFC 1833 does not say; rpcbind answers so.
        if caller.is_local() { Ok(()) } else { Err(Fault::Auth(AuthStatus::TooWeak)) }
    }

    /// Whether the caller gets long answers.
    pub(super) fn list(&self, caller: &Caller<'_>) -> Result<(), Fault> {
        if self.may_be_long(caller) { Ok(()) } else { Err(Fault::Auth(AuthStatus::TooWeak)) }
    }

    /// The longest results that the caller gets for arguments of this length, both in bytes.
    pub(super) fn room(&self, caller: &Caller<'_>, arguments: usize) -> usize {
        if self.may_be_long(caller) {
            return usize::MAX;
        }
        AMPLIFICATION.saturating_mul(CALL_HEADER.saturating_add(arguments)) - REPLY_HEADER
    }

    fn may_be_long(&self, caller: &Caller<'_>) -> bool {
        caller.is_local() || !caller.is_datagram() || self.lists_over_udp
    }
}
