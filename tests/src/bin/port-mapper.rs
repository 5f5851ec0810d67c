//! `port-mapper ADDRESS [STATE]`: a port mapper of the runtime, which keeps its entries in the file, if one is given. Prints
//! `ready` and the address when it serves, and serves until it is killed.

use onc_runtime::portmap::Daemon;
use onc_runtime::portmap::table::Limits;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("an address is missing")?;
    let mut builder = Daemon::embedded();
    if let Some(state) = arguments.next() {
        builder = builder.state(state, Limits::default())?;
    }
    let mapper = builder.bind(address).await?;
    println!("ready {}", mapper.local_addr()?);
    std::future::pending::<()>().await;
    Ok(())
}
