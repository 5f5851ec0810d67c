//! The contender's client, for the harness of peers.

use std::io::{Read, Write};
use std::process::ExitCode;

use clap::Parser;
use onc_benches::arguments::ClientArguments;
use onc_benches::driver;

/// Tells the harness that this peer does not do this workload.
const UNSUPPORTED: u8 = 3;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments = ClientArguments::parse();
    let Some(workload) = arguments.workload() else { return Ok(ExitCode::from(UNSUPPORTED)) };
    onc_benches::raise_open_files()?;
    let runtime = onc_benches::runtime(arguments.threads)?;
    runtime.block_on(async {
        if workload.idle {
            let clients = driver::establish(&arguments, workload).await?;
            println!(r#"{{"workload":"{}","conns":{}}}"#, arguments.workload, clients.len());
            std::io::stdout().flush()?;
            // Held, with nothing moving, until the harness has looked.
            std::io::stdin().read_to_end(&mut Vec::new())?;
            return Ok(());
        }
        let report = if workload.connections * workload.depth == 1 {
            driver::alone(&arguments, workload).await?
        } else {
            driver::together(&arguments, workload).await?
        };
        println!("{}", report.into_json());
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    Ok(ExitCode::SUCCESS)
}
