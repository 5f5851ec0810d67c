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
    /// Strangers get the list of all entries (DUMP) and the statistics (GETSTAT) over UDP. Default: false.
    ///
    /// WARNING: the answer can be a thousand times as long as the question, whose sender anybody can forge over UDP: such a
    /// port mapper can be used to flood others. Over TCP strangers get them in any case.
    pub lists_over_udp: bool,
}

#[allow(clippy::derivable_impls, reason = "the default is a decision, not the absence of one")]
impl Default for Rules {
    fn default() -> Self {
        Self { lists_over_udp: false }
    }
}

impl Rules {
    /// Sets [`lists_over_udp`](Self::lists_over_udp).
    #[must_use]
    pub fn with_lists_over_udp(mut self, allow: bool) -> Self {
        self.lists_over_udp = allow;
        self
    }

    /// Whether the caller may make and remove entries.
    pub(super) fn change(&self, caller: &Caller<'_>) -> Result<(), Fault> {
        // RFC 1833 does not say; rpcbind answers so.
        if caller.is_local() { Ok(()) } else { Err(Fault::Auth(AuthStatus::TooWeak)) }
    }

    /// Whether the caller gets long answers.
    pub(super) fn list(&self, caller: &Caller<'_>) -> Result<(), Fault> {
        if caller.is_local() || !caller.is_datagram() || self.lists_over_udp {
            Ok(())
        } else {
            Err(Fault::Auth(AuthStatus::TooWeak))
        }
    }
}
