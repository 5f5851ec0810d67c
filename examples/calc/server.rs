//! A calculator for whoever calls.

use calc::{CalcV1, CalcV1Server, Quotient};
use onc_runtime::{Context, Fault, Server};

mod calc {
    onc_runtime::include_xdr!("calc");
}

struct Calculator;

impl CalcV1 for Calculator {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        Ok(a.wrapping_add(b))
    }

    async fn divide(&self, _cx: &Context, a: i32, b: i32) -> Result<Quotient, Fault> {
        Ok(a.checked_div(b).into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Any port that is free, for TCP and UDP; the port mapper is told which.
    let server = Server::builder().add(CalcV1Server::new(Calculator)).bind("0.0.0.0:0").await?;
    println!("serving on port {}; Ctrl-C stops", server.local_addr()?.port());
    server.run_until(async { tokio::signal::ctrl_c().await.expect("a handler of Ctrl-C") }).await?;
    Ok(())
}
