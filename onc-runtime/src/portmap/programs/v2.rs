//! Version 2: TCP and UDP over IPv4.

use std::net::{Ipv4Addr, SocketAddr};

use crate::portmap::protocol::{CallArguments, CallResults, Mapping, MappingEntry, MappingList, PmapV2};
use crate::portmap::table::{Entry, Table};
use crate::rpc::{Netid, UniversalAddress};
use crate::service::{Context, Fault};

use super::Programs;
use super::caller::Caller;
use super::forward::Call;

impl PmapV2 for Programs {
    async fn set(&self, cx: &Context, arg: Mapping) -> Result<bool, Fault> {
        self.admit(cx).await?;
        let (Some(netid), Ok(port)) = (Netid::from_protocol(arg.prot), u16::try_from(arg.port)) else {
            // Even who may not register is told that first.
            self.rules().change(&Caller::of(cx))?;
            return Ok(false);
        };
        let address = UniversalAddress::from(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).to_string();
        self.make(cx, arg.prog, arg.vers, netid.as_str(), &address)
    }

    async fn unset(&self, cx: &Context, arg: Mapping) -> Result<bool, Fault> {
        self.admit(cx).await?;
        // RFC 1833 §3.2: the protocol and port are ignored.
        self.unmake(cx, arg.prog, arg.vers, &[Netid::Udp.as_str(), Netid::Tcp.as_str()])
    }

    async fn getport(&self, cx: &Context, arg: Mapping) -> Result<u32, Fault> {
        self.admit(cx).await?;
        let Some(netid) = Netid::from_protocol(arg.prot) else { return Ok(0) };
        let mut state = self.state();
        let port = state.table.any_version(arg.prog, arg.vers, netid.as_str()).and_then(port).unwrap_or(0);
        state.statistics.lookup(cx.version(), arg.prog, arg.vers, netid.as_str(), port != 0);
        Ok(port.into())
    }

    async fn dump(&self, cx: &Context) -> Result<MappingList, Fault> {
        self.admit(cx).await?;
        self.rules().list(&Caller::of(cx))?;
        Ok(mappings(&self.state().table))
    }

    async fn callit(&self, cx: &Context, arg: CallArguments) -> Result<CallResults, Fault> {
        self.admit(cx).await?;
        let CallArguments { prog, vers, proc, arguments } = arg;
        let called = self.hand_on(cx, Call { prog, vers, proc, arguments, indirect: false }).await?;
        Ok(CallResults { port: called.port.into(), results: called.results })
    }
}

/// All entries that version 2 has words for.
pub(super) fn mappings(table: &Table) -> MappingList {
    table.entries().filter_map(mapping).collect()
}

/// An entry as version 2 says it, which has no words for other transports.
fn mapping(entry: &Entry) -> Option<MappingEntry> {
    let prot = entry.netid.parse::<Netid>().ok()?.protocol()?;
    let map = Mapping { prog: entry.program, vers: entry.version, prot, port: port(entry)?.into() };
    Some(MappingEntry { map })
}

fn port(entry: &Entry) -> Option<u16> {
    entry.address.parse::<UniversalAddress>().ok()?.socket_addr().map(|address| address.port())
}
