//! `everything-server [ADDRESS | systemd]`: both versions of everything.x. Without an address on a free port of all interfaces,
//! and told to the port mapper; with one, or on the sockets that systemd hands over, unknown to it. Prints `ready` and the
//! address when it serves, ends on SIGTERM and on SIGINT.

use onc_runtime::Server;
use onc_runtime::portmap::Policy;
use onc_runtime::transport::Sockets;
use onc_tests::everything::generated::{EverythingV1Server, EverythingV2Server};
use onc_tests::everything::service::{Compute, Echo};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let builder = Server::builder().add(EverythingV1Server::new(Echo)).add(EverythingV2Server::new(Compute::default()));
    let server = match std::env::args().nth(1).as_deref() {
        Some("systemd") => builder.registration(Policy::Off).listen(Sockets::from_systemd()?).build().await?,
        Some(address) => builder.registration(Policy::Off).bind(address).await?,
        None => builder.registration(Policy::Require).bind("[::]:0").await?,
    };
    match server.local_addr() {
        Ok(address) => println!("ready {address}"),
        // On a Unix socket alone.
        Err(_) => println!("ready"),
    }
    server
        .run_until(async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
        })
        .await?;
    Ok(())
}
