//! `ledger-client tcp|udp MAPPER TICKET FILE`: calls x/ledger.x for ever, beginning with that ticket, through one client that is
//! never made anew. Writes to the file what became of each call, and of nothing else: `answered`, `not-executed` or `unknown`,
//! and the ticket.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::Resolver;
use onc_runtime::{Client, Error};
use onc_tests::ledger::generated::LedgerV1Client;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Calls in flight.
const WIDTH: u64 = 4;

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(3);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or(format!("{what} is missing"));
    let (transport, mapper) = (next("the transport")?, next("the port mapper's address")?.parse::<SocketAddr>()?);
    let (mut ticket, file) = (next("a ticket")?.parse::<u64>()?, next("a file")?);
    let mut outcomes = OpenOptions::new().create(true).append(true).open(file)?;

    let builder = Client::builder().timeout(TIMEOUT).resolver(Resolver::new().with_port(mapper.port()));
    let builder = if transport == "udp" { builder.udp() } else { builder };
    let client: LedgerV1Client = loop {
        match builder.clone().connect(mapper.ip()).await {
            Ok(client) => break client,
            // What it needs may just have been killed.
            Err(error) => is_of_the_faults(&error)?,
        }
        sleep(Duration::from_millis(50)).await;
    };
    loop {
        let mut calls = JoinSet::new();
        for ticket in ticket..ticket + WIDTH {
            let call = client.enter(ticket);
            calls.spawn(async move { (ticket, call.await) });
        }
        ticket += WIDTH;
        while let Some(call) = calls.join_next().await {
            let (ticket, outcome) = call?;
            let outcome = match outcome {
                Ok(receipt) if receipt.ticket == ticket => "answered",
                Ok(receipt) => return Err(format!("the reply to {} instead of {ticket}", receipt.ticket).into()),
                Err(error) => {
                    is_of_the_faults(&error)?;
                    if error.maybe_executed() { "unknown" } else { "not-executed" }
                }
            };
            // One write: whoever is killed leaves whole lines.
            outcomes.write_all(format!("{outcome} {ticket}\n").as_bytes())?;
        }
    }
}

/// Passes only what servers and port mappers that come and go bring about.
fn is_of_the_faults(error: &Error) -> Result<(), Error> {
    match error {
        Error::Resolve(_) | Error::Connect(_) | Error::Lost(_) | Error::Deadline(_) => Ok(()),
        other => Err(other.clone()),
    }
}
