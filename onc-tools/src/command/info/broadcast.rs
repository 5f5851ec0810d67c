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

use crate::command::{Failure, say};
use crate::terminal::safe;

/// How often the question is sent, and how long after it answers are waited for: as rpcinfo does.
const ROUNDS: u32 = 3;
const ROUND: Duration = Duration::from_secs(4);

/// Asks all port mappers of the network in versions 2 and 3 to call procedure 0, and prints each that does.
pub(super) async fn run(program: u32, version: u32) -> Result<(), Failure> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.set_broadcast(true)?;
    let (xid_v2, xid_v3) = (random_xid(), random_xid());
    let questions =
        [(question_v2(program, version, xid_v2)?, xid_v2), (question_v3(program, version, xid_v3)?, xid_v3)];
    let mut known = HashSet::new();
    for _ in 0..ROUNDS {
        for (question, _) in &questions {
            socket
                .send_to(question, (Ipv4Addr::BROADCAST, PORT))
                .await
                .map_err(|error| Failure::new(format!("broadcast failed: {error}")))?;
        }
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
        return Err(Failure::new("broadcast failed: RPC: Timed out"));
    }
    Ok(())
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
