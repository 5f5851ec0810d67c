//! Version 4: exact versions, all addresses, statistics.

use crate::portmap::protocol::{
    Netbuf, Rpcb, RpcbAddress, RpcbAddressList, RpcbAddressNode, RpcbCallArguments, RpcbCallResults, RpcbList, RpcbV4,
    StatisticsByVersion,
};
use crate::rpc::Netid;
use crate::service::{Context, Fault};
use crate::xdr::Xdr;

use super::Programs;
use super::answers::{Which, time, to_transport_address, to_universal_address};
use super::caller::Caller;
use super::forward::Call;
use super::reach::reachable;

impl RpcbV4 for Programs {
    async fn set(&self, cx: &Context, arg: Rpcb) -> Result<bool, Fault> {
        self.admit(cx).await?;
        self.make(cx, arg.prog, arg.vers, &arg.netid, &arg.address)
    }

    async fn unset(&self, cx: &Context, arg: Rpcb) -> Result<bool, Fault> {
        self.admit(cx).await?;
        self.unmake(cx, arg.prog, arg.vers, &[&arg.netid])
    }

    async fn getaddr(&self, cx: &Context, arg: Rpcb) -> Result<String, Fault> {
        self.admit(cx).await?;
        Ok(self.address(cx, &arg, Which::Any))
    }

    async fn dump(&self, cx: &Context) -> Result<RpcbList, Fault> {
        self.admit(cx).await?;
        self.list(cx)
    }

    async fn gettime(&self, cx: &Context) -> Result<u32, Fault> {
        self.admit(cx).await?;
        Ok(time())
    }

    async fn uaddr2taddr(&self, cx: &Context, arg: String) -> Result<Netbuf, Fault> {
        self.admit(cx).await?;
        Ok(to_transport_address(&arg))
    }

    async fn taddr2uaddr(&self, cx: &Context, arg: Netbuf) -> Result<String, Fault> {
        self.admit(cx).await?;
        Ok(to_universal_address(&arg))
    }

    async fn bcast(&self, cx: &Context, arg: RpcbCallArguments) -> Result<RpcbCallResults, Fault> {
        self.admit(cx).await?;
        let called = self.hand_on(cx, Call::of(arg, false)).await?;
        Ok(RpcbCallResults { address: called.address, results: called.results })
    }

    async fn getversaddr(&self, cx: &Context, arg: Rpcb) -> Result<String, Fault> {
        self.admit(cx).await?;
        Ok(self.address(cx, &arg, Which::Exact))
    }

    async fn indirect(&self, cx: &Context, arg: RpcbCallArguments) -> Result<RpcbCallResults, Fault> {
        self.admit(cx).await?;
        let called = self.hand_on(cx, Call::of(arg, true)).await?;
        Ok(RpcbCallResults { address: called.address, results: called.results })
    }

    async fn getaddrlist(&self, cx: &Context, arg: Rpcb) -> Result<RpcbAddressList, Fault> {
        self.admit(cx).await?;
        let caller = Caller::of(cx);
        let (family, _, _) = kind(caller.netid());
        let mut state = self.state();
        let entries = state.table.of_program(arg.prog).filter(|entry| entry.version == arg.vers);
        // RFC 1833 §2.2.1: of the protocol family that the question came by.
        let list = entries.filter_map(|entry| {
            let netid = entry.netid.parse().ok()?;
            let (its, protocol, semantics) = kind(netid);
            (its == family).then(|| RpcbAddressNode {
                entry: RpcbAddress {
                    address: reachable(&entry.address, &arg.address, &caller),
                    netid: netid.to_string(),
                    semantics,
                    family: family.into(),
                    protocol: protocol.into(),
                },
            })
        });
        let mut room = self.rules().room(&caller, size(&arg)).saturating_sub(size(&false));
        let list: RpcbAddressList = list
            .take_while(|node| {
                // Each is preceded by the word that says that there is one.
                let left = room.checked_sub(size(&true) + size(node));
                room = left.unwrap_or(room);
                left.is_some()
            })
            .collect();
        let transport = caller.netid().as_str();
        state.statistics.lookup(cx.version(), arg.prog, arg.vers, transport, !list.is_empty());
        Ok(list)
    }

    async fn getstat(&self, cx: &Context) -> Result<StatisticsByVersion, Fault> {
        self.admit(cx).await?;
        self.rules().list(&Caller::of(cx))?;
        Ok(self.state().statistics.all())
    }
}

/// The length of a value as it is sent, in bytes.
fn size(value: &impl Xdr) -> usize {
    // What breaks a bound is not sent at all.
    value.measure().map_or(0, |size| size.total)
}

/// Family, protocol and semantics of a transport, in the words of RFC 1833 §2.1 and the numbers of `struct netconfig`.
fn kind(netid: Netid) -> (&'static str, &'static str, u32) {
    const DATAGRAMS: u32 = 1;
    const CONNECTIONS: u32 = 2;
    const ORDERLY: u32 = 3;
    match netid {
        Netid::Tcp => ("inet", "tcp", ORDERLY),
        Netid::Tcp6 => ("inet6", "tcp", ORDERLY),
        Netid::Udp => ("inet", "udp", DATAGRAMS),
        Netid::Udp6 => ("inet6", "udp", DATAGRAMS),
        Netid::Sctp => ("inet", "sctp", ORDERLY),
        Netid::Sctp6 => ("inet6", "sctp", ORDERLY),
        Netid::Dccp => ("inet", "dccp", ORDERLY),
        Netid::Dccp6 => ("inet6", "dccp", ORDERLY),
        Netid::Rdma => ("inet", "rdma", CONNECTIONS),
        Netid::Rdma6 => ("inet6", "rdma", CONNECTIONS),
        Netid::Ticlts => ("loopback", "-", DATAGRAMS),
        Netid::Ticots => ("loopback", "-", CONNECTIONS),
        Netid::Local | Netid::Ticotsord => ("loopback", "-", ORDERLY),
    }
}
