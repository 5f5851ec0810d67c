//! Calls that nobody waits for: many of them leave in one write, and a call with a reply says that they have arrived.
//!
//! `cargo run --example one_way`

use std::sync::Mutex;

use journal::{JournalV1, JournalV1Client, JournalV1Server};
use onc_runtime::portmap::Policy;
use onc_runtime::{Context, Fault, Server};

mod journal {
    onc_runtime::include_xdr!("journal");
}

#[derive(Default)]
struct Journal {
    lines: Mutex<Vec<String>>,
}

impl JournalV1 for Journal {
    async fn append(&self, _cx: &Context, line: String) -> Result<(), Fault> {
        self.lines.lock().map_err(Fault::system)?.push(line);
        // The client does not read it: a reply would be bytes for nobody.
        Err(Fault::NoReply)
    }

    async fn length(&self, _cx: &Context) -> Result<u32, Fault> {
        let lines = self.lines.lock().map_err(Fault::system)?;
        u32::try_from(lines.len()).map_err(Fault::system)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder()
        .add(JournalV1Server::new(Journal::default()))
        .registration(Policy::Off)
        .bind("127.0.0.1:0")
        .await?;
    let (address, handle) = (server.local_addr()?, server.handle());
    let serving = tokio::spawn(server.run());

    let journal = JournalV1Client::connect_to(address).await?;
    for number in 1..=1000 {
        // Ready when the call is queued. Over TCP calls arrive in their order, or not at all.
        journal.append(format!("line {number}")).one_way().await?;
    }
    // The reply to a later call says that those before it are there.
    println!("{} lines have arrived", journal.length().await?);

    drop(journal);
    handle.stop();
    serving.await??;
    Ok(())
}
