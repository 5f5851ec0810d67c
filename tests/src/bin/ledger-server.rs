//! `ledger-server MAPPER FILE [ADDRESS]`: serves x/ledger.x there (on any port of the loopback interface), over TCP and UDP, told
//! to the port mapper at that address. What it executes is in the file before anybody is told. Prints `ready` and its address when
//! it serves, ends on SIGTERM.

use std::net::SocketAddr;
use std::path::PathBuf;

use onc_runtime::Server;
use onc_runtime::portmap::Registrar;
use onc_tests::ledger::Ledger;
use onc_tests::ledger::generated::LedgerV1Server;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut arguments = std::env::args().skip(1);
    let mapper: SocketAddr = arguments.next().ok_or("the port mapper's address is missing")?.parse()?;
    let file: PathBuf = arguments.next().ok_or("a file is missing")?.into();
    let address = arguments.next().unwrap_or("127.0.0.1:0".to_owned());
    // A server that was killed has left its entries behind.
    let registrar = Registrar::new().mapper(mapper).replace(true);
    let builder = Server::builder().add(LedgerV1Server::new(Ledger::in_file(&file)?)).registrar(registrar);
    let server = builder.bind(address).await?;
    println!("ready {}", server.local_addr()?);
    server
        .run_until(async move {
            terminated.recv().await;
        })
        .await?;
    Ok(())
}
