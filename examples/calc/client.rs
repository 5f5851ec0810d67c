//! Calls the calculator: `cargo run --example calc-client -- HOST`.

use std::process::ExitCode;
use std::time::Duration;

use calc::CalcV1Client;

mod calc {
    onc_runtime::include_xdr!("calc");
}

async fn calculate(target: String) -> Result<(), onc_runtime::Error> {
    let calc = CalcV1Client::connect(target).await?;

    println!("2 + 40 = {}", calc.add(2, 40).await?);

    let quotient = calc.divide(84, 2).timeout(Duration::from_secs(1)).await?;
    println!("84 / 2 = {:?}", quotient.into_option());
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    // A host, whose port mapper is asked for the port; or HOST:PORT, where none runs.
    let target = std::env::args().nth(1).unwrap_or("localhost".into());
    match calculate(target).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("calc-client: {error}");
            ExitCode::FAILURE
        }
    }
}
