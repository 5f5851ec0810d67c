//! `-b`: which hosts have a program.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use onc_runtime::portmap::PORT;
use onc_runtime::portmap::protocol::{
    CallArguments, CallResults, RpcbCallArguments, RpcbCallResults, pmap_v2, rpcb_v3,
};
use onc_runtime::rpc::{
    AcceptStatus, CallTemplate, Credential, Procedure, Reply, UniversalAddress, parse_reply, random_xid,
};
use onc_runtime::xdr;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::command::outcome::tell;
use crate::command::{Failure, say};
use crate::terminal::safe;

/// How often the question is sent, and how long after it answers are waited for: as rpcinfo does.
const ROUNDS: u32 = 3;
const ROUND: Duration = Duration::from_secs(4);

/// Asks all port mappers of all networks that this host is on, in versions 2 and 3, to call procedure 0, and prints each that
/// does, once.
pub(super) async fn run(program: u32, version: u32) -> Result<(), Failure> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.set_broadcast(true)?;
    let networks = networks();
    let (xid_v2, xid_v3) = (random_xid(), random_xid());
    let questions = [question_v2(program, version, xid_v2)?, question_v3(program, version, xid_v3)?];
    let mut known = HashSet::new();
    for _ in 0..ROUNDS {
        let mut sent = Err(Failure::new("broadcast failed: this host is on no network that has broadcast"));
        for network in &networks {
            for question in &questions {
                let outcome = socket.send_to(question, (*network, PORT)).await;
                // One network that is down does not keep the others from being asked.
                sent = sent.or_else(|_| outcome.map_err(|error| Failure::new(format!("broadcast failed: {error}"))));
            }
        }
        sent?;
        let end = Instant::now() + ROUND;
        let mut buffer = [0; 9000];
        while let Ok(received) = timeout_at(end, socket.recv_from(&mut buffer)).await {
            let Ok((length, from)) = received else { continue };
            if let Some(address) = answer(&buffer[..length], from, xid_v2, xid_v3)
                && known.insert(address.clone())
            {
                say(format_args!("{address}\t{}\n", from.ip()))?;
            }
        }
    }
    if known.is_empty() {
        // Nobody having it is an answer, too: for rpcinfo it is no failure.
        tell(format_args!("nobody has program {program} version {version}, or nobody's port mapper hands on calls"));
    }
    Ok(())
}

/// The broadcast addresses of this host's networks, its own loopback apart.
#[cfg(unix)]
fn networks() -> Vec<Ipv4Addr> {
    use nix::net::if_::InterfaceFlags;

    let wanted = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_BROADCAST;
    let mut networks: Vec<Ipv4Addr> = Vec::new();
    // Without a list there is the address of all networks, which goes where the default route leads.
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    for interface in interfaces.filter(|one| one.flags.contains(wanted)) {
        if let Some(address) = interface.broadcast.as_ref().and_then(|address| address.as_sockaddr_in())
            && !networks.contains(&address.ip())
        {
            networks.push(address.ip());
        }
    }
    if networks.is_empty() { vec![Ipv4Addr::BROADCAST] } else { networks }
}

#[cfg(not(unix))]
fn networks() -> Vec<Ipv4Addr> {
    vec![Ipv4Addr::BROADCAST]
}

fn question_v2(prog: u32, vers: u32, xid: u32) -> Result<Vec<u8>, Failure> {
    let arguments = CallArguments { prog, vers, proc: 0, ..CallArguments::default() };
    message::<pmap_v2::Callit>(xid, &xdr::to_vec(&arguments)?)
}

fn question_v3(prog: u32, vers: u32, xid: u32) -> Result<Vec<u8>, Failure> {
    let arguments = RpcbCallArguments { prog, vers, proc: 0, ..RpcbCallArguments::default() };
    message::<rpcb_v3::Callit>(xid, &xdr::to_vec(&arguments)?)
}

fn message<P: Procedure>(xid: u32, arguments: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut message = Vec::new();
    CallTemplate::new(P::INTERFACE.program, P::INTERFACE.version, &Credential::None)?.put_unmarked(
        &mut message,
        xid,
        P::NUMBER,
    );
    message.extend_from_slice(arguments);
    Ok(message)
}

/// The address of the program in an answer to one of the two questions.
fn answer(message: &[u8], from: SocketAddr, xid_v2: u32, xid_v3: u32) -> Option<String> {
    let (xid, reply, results) = parse_reply(message).ok()?;
    if !matches!(reply, Reply::Accepted { status: AcceptStatus::Success, .. }) {
        return None;
    }
    let results = &message[results..];
    if xid == xid_v2 {
        let port = u16::try_from(xdr::from_slice::<CallResults>(results).ok()?.port).ok()?;
        return Some(UniversalAddress::from(SocketAddr::new(from.ip(), port)).to_string());
    }
    (xid == xid_v3).then(|| xdr::from_slice::<RpcbCallResults>(results).ok().map(|results| safe(&results.address)))?
}
