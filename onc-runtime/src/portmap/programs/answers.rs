//! What the versions have in common.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep};

use crate::portmap::protocol::{Netbuf, Rpcb};
use crate::portmap::sockaddr;
use crate::portmap::table::{Change, Entry, Unset};
use crate::rpc::UniversalAddress;
use crate::service::{Context, Fault};

use super::caller::Caller;
use super::reach::reachable;
use super::{Programs, State};

/// Which version of a program is good enough.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The one asked for, or else another: that one's server answers with the versions that it has.
    Any,
    /// The one asked for.
    Exact,
}

impl Programs {
    /// Counts a call, and makes a stranger wait who calls too often, or go without an answer.
    pub(super) async fn admit(&self, cx: &Context) -> Result<(), Fault> {
        let caller = Caller::of(cx);
        if let Some(stranger) = caller.stranger() {
            while let Err(wait) = self.shared.limiter.take(stranger, Instant::now()) {
                if caller.is_datagram() {
                    return Err(Fault::NoReply);
                }
                sleep(wait).await;
            }
        }
        self.state().statistics.call(cx.version(), cx.procedure());
        Ok(())
    }

    /// SET of all versions.
    pub(super) fn make(
        &self,
        cx: &Context,
        program: u32,
        version: u32,
        netid: &str,
        address: &str,
    ) -> Result<bool, Fault> {
        let caller = Caller::of(cx);
        self.rules().change(&caller)?;
        let (owner, process) = (caller.owner(), caller.process());
        let entry = Entry { program, version, netid: netid.into(), address: address.into(), owner, process };
        let mut state = self.state();
        let set = state.change(Change::Set(entry)).set();
        if set.succeeded() {
            state.statistics.set(cx.version());
        }
        drop(state);
        tracing::debug!(target: "onc::portmap", peer = %cx.peer(), program, version, netid, address, ?set, "SET");
        Ok(set.succeeded())
    }

    /// UNSET of all versions.
    pub(super) fn unmake(&self, cx: &Context, program: u32, version: u32, netids: &[&str]) -> Result<bool, Fault> {
        let caller = Caller::of(cx);
        self.rules().change(&caller)?;
        let by = caller.owner();
        let mut state = self.state();
        let mut all = Unset::default();
        for netid in netids {
            let unset = state.change(Change::Unset { program, version, netid: (*netid).into(), by }).unset();
            all.removed += unset.removed;
            all.kept += unset.kept;
        }
        if all.succeeded() {
            state.statistics.unset(cx.version());
        }
        drop(state);
        tracing::debug!(target: "onc::portmap", peer = %cx.peer(), program, version, ?netids, ?all, "UNSET");
        Ok(all.succeeded())
    }

    /// GETADDR and GETVERSADDR: the address over the netid that is asked for if the program has one there, otherwise over
    /// the transport of the call; empty if there is none.
    pub(super) fn address(&self, cx: &Context, wanted: &Rpcb, which: Which) -> String {
        let caller = Caller::of(cx);
        let mut state = self.state();
        let State { table, statistics, .. } = &mut *state;
        let find = |netid: &str| match which {
            Which::Any => table.any_version(wanted.prog, wanted.vers, netid),
            Which::Exact => table.exact(wanted.prog, wanted.vers, netid),
        };
        let transport = caller.netid().as_str();
        // rpcbind looks at the call's transport alone. Whoever asks for another one by name knows why.
        let found = Some(&*wanted.netid).filter(|netid| !netid.is_empty()).and_then(find).or_else(|| find(transport));
        let address = found.map(|entry| reachable(&entry.address, &wanted.address, &caller)).unwrap_or_default();
        let netid = found.map_or(transport, |entry| &entry.netid);
        statistics.lookup(cx.version(), wanted.prog, wanted.vers, netid, !address.is_empty());
        address
    }
}

/// GETTIME: the clock of this host.
pub(super) fn time() -> u32 {
    // The protocol's 32 bits last until 2106.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as u32)
}

/// UADDR2TADDR.
pub(super) fn to_transport_address(text: &str) -> Netbuf {
    text.parse().ok().as_ref().and_then(sockaddr::to_netbuf).unwrap_or_else(sockaddr::nothing)
}

/// TADDR2UADDR.
pub(super) fn to_universal_address(netbuf: &Netbuf) -> String {
    sockaddr::from_netbuf(netbuf).as_ref().map(UniversalAddress::to_string).unwrap_or_default()
}
