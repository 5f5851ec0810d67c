//! A port mapper, a server and a client in one program, and a call between them step by step.
//!
//! `cargo run --example quickstart` runs it anywhere: with the port mapper of the system, or with one of its own.

use std::error::Error;
use std::time::Instant;

use calc::{CALC_PROG, CalcV1, CalcV1Client, CalcV1Server, Quotient};
use onc_runtime::portmap::{Daemon, Policy, Registrar, Resolver};
use onc_runtime::server::BindError;
use onc_runtime::{Client, Context, Fault, Server};

mod calc {
    onc_runtime::include_xdr!("calc");
}
mod steps;

struct Calculator;

impl CalcV1 for Calculator {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        Ok(a.wrapping_add(b))
    }

    async fn divide(&self, _cx: &Context, a: i32, b: i32) -> Result<Quotient, Fault> {
        Ok(a.checked_div(b).into())
    }
}

// On one thread, so that the steps come in their order.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (server, resolver, _mapper) = registered_server().await?;
    println!(
        "server       program {CALC_PROG} version 1 on {}, TCP and UDP, told to the port mapper",
        server.local_addr()?
    );
    let handle = server.handle();
    let serving = tokio::spawn(server.run());

    let host = "127.0.0.1";
    let over_tcp: CalcV1Client = Client::builder().tcp().resolver(resolver.clone()).connect(host).await?;
    call("TCP", &over_tcp).await?;
    let over_udp: CalcV1Client = Client::builder().udp().resolver(resolver).connect(host).await?;
    call("UDP", &over_udp).await?;

    handle.stop();
    serving.await??;
    println!("\nserver       stopped, and taken out of the port mapper");
    Ok(())
}

/// A server that the system's port mapper knows; where there is none, or it refuses, a port mapper of this program.
async fn registered_server() -> Result<(Server, Resolver, Option<Daemon>), Box<dyn Error>> {
    let builder = || Server::builder().add(CalcV1Server::new(Calculator));
    match builder().registration(Policy::Require).bind("127.0.0.1:0").await {
        Ok(server) => {
            println!("port mapper  the system's");
            Ok((server, Resolver::new(), None))
        }
        Err(BindError::Register(reason)) => {
            let mapper = Daemon::embedded().bind("127.0.0.1:0").await?;
            println!("port mapper  {reason}");
            println!("             so this program brings its own, on {}", mapper.local_addr()?);
            let registrar = Registrar::new().mapper(mapper.local_addr()?).policy(Policy::Require);
            let server = builder().registrar(registrar).bind("127.0.0.1:0").await?;
            Ok((server, Resolver::new().with_port(mapper.local_addr()?.port()), Some(mapper)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn call(transport: &str, calc: &CalcV1Client) -> Result<(), Box<dyn Error>> {
    println!("\nadd(2, 40) over {transport}, found through the port mapper");
    let start = Instant::now();
    let sum = {
        let _printing = steps::print_since(start);
        calc.add(2, 40).await?
    };
    println!("  = {sum}");
    Ok(())
}
