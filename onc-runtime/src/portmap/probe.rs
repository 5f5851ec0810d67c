//! Whether a server answers: procedure 0 of a program, without a stub.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use crate::error::Refusal;
use crate::rpc::{CallTemplate, Credential, Netid, RecordReader, Reply, UniversalAddress, parse_reply, random_xid};
#[cfg(unix)]
use crate::transport::unix;
use crate::transport::{Stream, tcp};

use super::ask_udp::ask_udp;

/// What became of a call of procedure 0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Probe {
    /// The program and version is there; the time that the answer took, connecting not counted.
    Answers(Duration),
    /// A server is there, but refuses: it may have other versions only, or be another one.
    Refuses(Refusal),
    /// Nobody listens at the address.
    Nobody,
    /// No answer came in time, or none that makes sense.
    Silent,
    /// It cannot be tried from here: the transport is not known, or the address not reachable.
    Unreachable,
}

/// More than any answer to procedure 0 has.
const MAX_REPLY: usize = 4096;

/// Calls procedure 0 of a program at an address, and waits at most `limit` for its answer.
///
/// # Cancel safety
///
/// Dropped, the connection is closed.
pub async fn probe(netid: Netid, address: &UniversalAddress, program: u32, version: u32, limit: Duration) -> Probe {
    let Ok(template) = CallTemplate::new(program, version, &Credential::None) else { return Probe::Unreachable };
    let answered = match (netid, address) {
        (Netid::Tcp | Netid::Tcp6, UniversalAddress::Ip(address)) => {
            over_stream(tcp::connect(*address), &template, limit).await
        }
        (Netid::Udp | Netid::Udp6, UniversalAddress::Ip(address)) => over_udp(*address, &template, limit).await,
        #[cfg(unix)]
        (Netid::Local, UniversalAddress::Local(path)) => over_stream(unix::connect(&**path), &template, limit).await,
        _ => return Probe::Unreachable,
    };
    match answered {
        Ok((took, None)) => Probe::Answers(took),
        Ok((_, Some(refusal))) => Probe::Refuses(refusal),
        Err(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Probe::Nobody,
            io::ErrorKind::TimedOut
            | io::ErrorKind::InvalidData
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => Probe::Silent,
            _ => Probe::Unreachable,
        },
    }
}

async fn over_stream<S: Stream>(
    connect: impl Future<Output = io::Result<S>>,
    template: &CallTemplate,
    limit: Duration,
) -> io::Result<(Duration, Option<Refusal>)> {
    let xid = random_xid();
    let mut call = Vec::new();
    template.put(&mut call, xid, 0, 0);
    timeout(limit, async {
        let mut stream = connect.await?;
        let begun = Instant::now();
        stream.write_all(&call).await?;
        let mut reader = RecordReader::new(MAX_REPLY);
        let mut buffer = [0; 512];
        loop {
            let received = stream.read(&mut buffer).await?;
            let mut input = &buffer[..received];
            if input.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            while let Some(record) = reader.next(&mut input).map_err(invalid)? {
                if let Some(answer) = answer(&record, xid)? {
                    return Ok((begun.elapsed(), answer));
                }
            }
        }
    })
    .await?
}

async fn over_udp(
    address: SocketAddr,
    template: &CallTemplate,
    limit: Duration,
) -> io::Result<(Duration, Option<Refusal>)> {
    let xid = random_xid();
    let mut call = Vec::new();
    template.put_unmarked(&mut call, xid, 0);
    let begun = Instant::now();
    let answer = timeout(limit, ask_udp(address, &call, |message| answer(message, xid).ok().flatten())).await??;
    Ok((begun.elapsed(), answer))
}

/// Whether a message answers the call: `None`, that it is for another.
fn answer(message: &[u8], xid: u32) -> io::Result<Option<Option<Refusal>>> {
    let (replied, reply, _) = parse_reply(message).map_err(invalid)?;
    Ok((replied == xid).then(|| match reply {
        Reply::Accepted { status, .. } => Refusal::of(status),
        Reply::Denied(status) => Some(status.into()),
    }))
}

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
