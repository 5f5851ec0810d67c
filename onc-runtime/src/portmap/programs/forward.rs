//! Handing calls on to programs of this host: CALLIT, BCAST, INDIRECT.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

use crate::portmap::ask_udp::ask_udp;
use crate::portmap::here::loopback;
use crate::portmap::protocol::RpcbCallArguments;
use crate::portmap::statistics::Called;
use crate::rpc::{AcceptStatus, CallTemplate, Credential, Netid, Reply, UniversalAddress, parse_reply, random_xid};
use crate::service::{Context, Fault};

use super::Programs;
use super::caller::Caller;
use super::reach::reachable;
use super::rules::Indirect;

/// A call to be handed on.
pub(super) struct Call {
    pub(super) prog: u32,
    pub(super) vers: u32,
    pub(super) proc: u32,
    pub(super) arguments: Bytes,
    /// It came by INDIRECT, which is answered in any case.
    pub(super) indirect: bool,
}

/// What came of it.
pub(super) struct HandedOn {
    /// Where the program is, as the caller reaches it.
    pub(super) address: String,
    pub(super) port: u16,
    pub(super) results: Bytes,
}

/// How long the program has to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes before the arguments: program, version, procedure, length. The results have fewer, and the padding of both.
const WORDS: usize = 16;

/// The longest arguments: what libtirpc takes over UDP.
const MAX_ARGUMENTS: usize = 8800;

impl Call {
    pub(super) fn of(arguments: RpcbCallArguments, indirect: bool) -> Self {
        let RpcbCallArguments { prog, vers, proc, arguments } = arguments;
        Self { prog, vers, proc, arguments, indirect }
    }
}

impl Programs {
    /// Hands a call on over UDP, if the rules allow it and the program is there. When nothing comes of it, nothing is
    /// answered, except to INDIRECT.
    pub(super) async fn hand_on(&self, cx: &Context, call: Call) -> Result<HandedOn, Fault> {
        let caller = Caller::of(cx);
        let outcome = match self.target(&caller, &call) {
            Some((target, address)) => {
                let whose = caller.stranger().unwrap_or(loopback(true));
                let room =
                    self.rules().room(&caller, WORDS + call.arguments.len()).saturating_sub(WORDS + address.len());
                match self.forward(target, &call, whose).await {
                    Ok(results) if results.len() > room => Err(Fault::SystemError),
                    outcome => outcome.map(|results| HandedOn { address, port: target.port(), results }),
                }
            }
            None => Err(Fault::SystemError),
        };
        let called = Called { prog: call.prog, vers: call.vers, proc: call.proc, indirect: call.indirect };
        self.state().statistics.handed_on(cx.version(), called, caller.netid().as_str(), outcome.is_ok());
        // RFC 1833 §2.2.1: CALLIT and BCAST are answered only if the call succeeds, INDIRECT in any case.
        outcome.map_err(|fault| if call.indirect { fault } else { Fault::NoReply })
    }

    /// Where the call may go, and that address as the caller reaches it.
    fn target(&self, caller: &Caller<'_>, call: &Call) -> Option<(SocketAddr, String)> {
        let allowed = match self.rules().indirect {
            Indirect::Off => false,
            Indirect::Null => call.proc == 0,
            Indirect::Any => true,
        };
        // Never to a port mapper: it would take the call for one of this host, and might hand it on again.
        if !allowed || call.prog == crate::portmap::PROGRAM || call.arguments.len() > MAX_ARGUMENTS {
            return None;
        }
        let state = self.state();
        let find = |netid: Netid| state.table.exact(call.prog, call.vers, netid.as_str());
        let entry = find(Netid::Udp).or_else(|| find(Netid::Udp6))?;
        let Ok(UniversalAddress::Ip(registered)) = entry.address.parse() else { return None };
        let target = on_this_host(registered, caller.called())?;
        let faced = caller.faced().map(|ip| UniversalAddress::from(SocketAddr::new(ip, 0)).to_string());
        Some((target, reachable(&entry.address, faced.as_deref().unwrap_or_default(), caller)))
    }

    async fn forward(&self, target: SocketAddr, call: &Call, whose: IpAddr) -> Result<Bytes, Fault> {
        if self.shared.handing_on_limiter.take(whose, Instant::now()).is_err() {
            return Err(Fault::SystemError);
        }
        let Ok(_room) = self.shared.handing_on.try_acquire() else { return Err(Fault::SystemError) };
        // Whoever asked has no name here: the program sees nobody in particular.
        let template = CallTemplate::new(call.prog, call.vers, &Credential::None).map_err(|_| Fault::SystemError)?;
        let xid = random_xid();
        let mut message = Vec::new();
        template.put_unmarked(&mut message, xid, call.proc);
        message.extend_from_slice(&call.arguments);
        let answered = timeout(PATIENCE, ask_udp(target, &message, |answer| results(answer, xid))).await;
        match answered {
            Ok(Ok(results)) => results,
            Ok(Err(_)) | Err(_) => Err(Fault::SystemError),
        }
    }
}

/// The results in an answer, or the fault that it tells; `None`: it answers another call.
fn results(message: &[u8], xid: u32) -> Option<Result<Bytes, Fault>> {
    let (replied, reply, offset) = parse_reply(message).ok()?;
    if replied != xid {
        return None;
    }
    Some(match reply {
        Reply::Accepted { status: AcceptStatus::Success, .. } => Ok(Bytes::copy_from_slice(&message[offset..])),
        Reply::Accepted { status: AcceptStatus::ProcedureUnavailable, .. } => Err(Fault::ProcedureUnavailable),
        Reply::Accepted { status: AcceptStatus::GarbageArguments, .. } => Err(Fault::GarbageArguments),
        _ => Err(Fault::SystemError),
    })
}

/// Where a registered address is reached from here, if it is one of this host: anybody on it may register any address.
fn on_this_host(registered: SocketAddr, called: Option<IpAddr>) -> Option<SocketAddr> {
    let ip = registered.ip();
    if ip.is_unspecified() {
        return Some(SocketAddr::new(loopback(ip.is_ipv4()), registered.port()));
    }
    (ip.is_loopback() || Some(ip) == called).then_some(registered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_do_not_leave_this_host() {
        let at = |registered: &str, called: &str| {
            let called = called.parse().ok();
            on_this_host(registered.parse().expect("address"), called).map(|address| address.to_string())
        };
        assert_eq!(at("0.0.0.0:2049", "192.0.2.1").as_deref(), Some("127.0.0.1:2049"));
        assert_eq!(at("[::]:2049", "").as_deref(), Some("[::1]:2049"));
        assert_eq!(at("127.0.0.1:2049", "192.0.2.1").as_deref(), Some("127.0.0.1:2049"));
        assert_eq!(at("192.0.2.1:2049", "192.0.2.1").as_deref(), Some("192.0.2.1:2049"));
        assert_eq!(at("192.0.2.2:2049", "192.0.2.1"), None);
        assert_eq!(at("255.255.255.255:2049", "192.0.2.1"), None);
    }
}
