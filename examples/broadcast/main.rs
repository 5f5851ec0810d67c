//! One call to every server on a network, and the replies as they come.
//!
//! `cargo run --example broadcast` asks a server of its own over the loopback network, `cargo run --example broadcast --
//! 192.0.2.255:PORT` all servers at that port of that network, `cargo run --example broadcast -- eth0:PORT` those of the network
//! that this interface is on.

use std::net::SocketAddr;
use std::time::Duration;

use journal::{JournalV1, JournalV1Server, journal_v1};
use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Context, Fault, Server};

mod journal {
    onc_runtime::include_xdr!("journal");
}

struct Journal;

impl JournalV1 for Journal {
    async fn host(&self, cx: &Context) -> Result<String, Fault> {
        // A server that has nothing to say to a broadcast does not refuse it, but keeps silent: Err(Fault::NoReply).
        Ok(format!("a journal, to {}", cx.peer().netid()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Bound to the wildcard address: what is sent to a broadcast address reaches no other.
    let server = Server::builder()
        .add(JournalV1Server::new(Journal))
        .tcp(false)
        .registration(Policy::Off)
        .bind("0.0.0.0:0")
        .await?;
    let port = server.local_addr()?.port();
    let serving = tokio::spawn(server.run());

    let destination = match std::env::args().nth(1) {
        Some(target) => everybody(&target)?,
        None => SocketAddr::from(([127, 255, 255, 255], port)),
    };
    let call = Client::broadcast::<journal_v1::Host>(destination, ());
    let mut replies = call.timeout(Duration::from_secs(2)).send().await?;
    while let Some((server, host)) = replies.next().await {
        match host {
            Ok(host) => println!("{}: {host}", server.ip()),
            Err(error) => println!("{}: {error}", server.ip()),
        }
    }
    serving.abort();
    Ok(())
}

/// An address with a port, or an interface with one.
fn everybody(target: &str) -> Result<SocketAddr, Box<dyn std::error::Error>> {
    #[cfg(unix)]
    if let Some((interface, port)) = target.rsplit_once(':')
        && target.parse::<SocketAddr>().is_err()
    {
        return Ok((onc_runtime::transport::broadcast_address(interface)?, port.parse()?).into());
    }
    Ok(target.parse()?)
}
