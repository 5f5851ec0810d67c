//! Version 3: any transport.

use crate::portmap::protocol::{Netbuf, Rpcb, RpcbCallArguments, RpcbCallResults, RpcbList, RpcbV3};
use crate::service::{Context, Fault};

use super::Programs;
use super::answers::{Which, time, to_transport_address, to_universal_address};
use super::forward::Call;

impl RpcbV3 for Programs {
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

    async fn callit(&self, cx: &Context, arg: RpcbCallArguments) -> Result<RpcbCallResults, Fault> {
        self.admit(cx).await?;
        let called = self.hand_on(cx, Call::of(arg, false)).await?;
        Ok(RpcbCallResults { address: called.address, results: called.results })
    }
}
