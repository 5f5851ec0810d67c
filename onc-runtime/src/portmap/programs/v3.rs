//! Version 3: any transport.

use crate::portmap::protocol::{Netbuf, Rpcb, RpcbList, RpcbV3};
use crate::service::{Context, Fault};

use super::Programs;
use super::answers::{Which, time, to_transport_address, to_universal_address};

impl RpcbV3 for Programs {
    async fn set(&self, cx: &Context, arg: Rpcb) -> Result<bool, Fault> {
        self.count(cx);
        self.make(cx, arg.prog, arg.vers, &arg.netid, &arg.address)
    }

    async fn unset(&self, cx: &Context, arg: Rpcb) -> Result<bool, Fault> {
        self.count(cx);
        self.unmake(cx, arg.prog, arg.vers, &[&arg.netid])
    }

    async fn getaddr(&self, cx: &Context, arg: Rpcb) -> Result<String, Fault> {
        self.count(cx);
        Ok(self.address(cx, &arg, Which::Any))
    }

    async fn dump(&self, cx: &Context) -> Result<RpcbList, Fault> {
        self.count(cx);
        self.list(cx)
    }

    async fn gettime(&self, cx: &Context) -> Result<u32, Fault> {
        self.count(cx);
        Ok(time())
    }

    async fn uaddr2taddr(&self, cx: &Context, arg: String) -> Result<Netbuf, Fault> {
        self.count(cx);
        Ok(to_transport_address(&arg))
    }

    async fn taddr2uaddr(&self, cx: &Context, arg: Netbuf) -> Result<String, Fault> {
        self.count(cx);
        Ok(to_universal_address(&arg))
    }
}
