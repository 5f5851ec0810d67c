//! The contender's server, for the harness of peers.

use std::io::Write;

use clap::Parser;
use onc_benches::arguments::ServerArguments;
use onc_benches::bench::BenchV1Server;
use onc_benches::service::Bench;
use onc_runtime::Server;
use onc_runtime::portmap::Policy;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = ServerArguments::parse();
    onc_benches::raise_open_files()?;
    onc_benches::runtime(arguments.threads)?.block_on(async {
        let mut server = Server::builder().add(BenchV1Server::new(Bench::default())).registration(Policy::Off);
        if let Some(bytes) = arguments.max_record {
            server = server.max_record_size(bytes);
        }
        let server = server.bind(arguments.address()).await?;
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        println!("READY");
        println!("PORT {}", server.local_addr()?.port());
        std::io::stdout().flush()?;
        server
            .run_until(async {
                let _ = terminate.recv().await;
            })
            .await?;
        Ok(())
    })
}
