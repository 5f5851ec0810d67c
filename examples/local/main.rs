//! Calls within one host: over a Unix socket, whose server knows which user calls, and over a pipe in memory.
//!
//! `cargo run --example local`

use std::error::Error;

use journal::{JournalV1, JournalV1Client, JournalV1Server};
use onc_runtime::rpc::AuthStatus;
use onc_runtime::transport::{Peer, memory};
use onc_runtime::{Client, Context, Fault, Server};

mod journal {
    onc_runtime::include_xdr!("journal");
}

/// Tells its callers only what is theirs.
struct Journal {
    owner: u32,
}

impl JournalV1 for Journal {
    async fn host(&self, cx: &Context) -> Result<String, Fault> {
        // The kernel says who it is: nothing that the caller claims.
        match cx.peer().uid() {
            Some(user) if user == self.owner => Ok("yours, by the Unix socket".into()),
            Some(_) => Err(Fault::Auth(AuthStatus::TooWeak)),
            None => Ok("in this process".into()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    #[cfg(unix)]
    over_a_unix_socket().await?;
    in_memory().await
}

#[cfg(unix)]
async fn over_a_unix_socket() -> Result<(), Box<dyn Error>> {
    use std::os::unix::fs::MetadataExt;

    let folder = std::env::temp_dir().join(format!("onc-example-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let path = folder.join("journal.sock");

    // The user that this program runs as: who owns what it makes.
    let journal = Journal { owner: std::fs::metadata(&folder)?.uid() };
    // `build`, not `bind`: there is no port.
    let server = Server::builder().add(JournalV1Server::new(journal)).listen_unix(&path).build().await?;
    let handle = server.handle();
    let serving = tokio::spawn(server.run());

    // A target like any other: it may stand in a configuration file in place of a host.
    let journal = JournalV1Client::connect(format!("unix:{}", path.display())).await?;
    println!("{}", journal.host().await?);

    drop(journal);
    handle.stop();
    serving.await??;
    // The server has removed its socket.
    std::fs::remove_dir(&folder)?;
    Ok(())
}

async fn in_memory() -> Result<(), Box<dyn Error>> {
    // A server that listens nowhere, and is handed its connections: any stream of bytes will do.
    let server = Server::builder().add(JournalV1Server::new(Journal { owner: 0 })).build().await?;
    let handle = server.handle();
    let serving = tokio::spawn(server.run());

    let (near, far) = memory::pair();
    handle.serve_stream(far, Peer::local(None))?;
    let journal: JournalV1Client = Client::builder().connect_stream(near)?;
    println!("{}", journal.host().await?);

    drop(journal);
    handle.stop();
    serving.await??;
    Ok(())
}
