//! A server and a client without async: threads, and `wait()` where others write `.await`.
//!
//! `cargo run --example blocking`

use std::thread;

use calc::{CalcV1, CalcV1Client, CalcV1Server, Quotient};
use onc_runtime::blocking::{Wait, offload};
use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Context, Fault, Server};

mod calc {
    onc_runtime::include_xdr!("calc");
}

struct Calculator;

impl CalcV1 for Calculator {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        Ok(a.wrapping_add(b))
    }

    async fn divide(&self, _cx: &Context, a: i32, b: i32) -> Result<Quotient, Fault> {
        // What blocks, such as a database or a large computation, runs on a thread of its own.
        offload(move || Ok(long_division(a, b).into())).await
    }
}

fn long_division(a: i32, b: i32) -> Option<i32> {
    a.checked_div(b)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server =
        Server::builder().add(CalcV1Server::new(Calculator)).registration(Policy::Off).bind("127.0.0.1:0").wait()?;
    let (address, handle) = (server.local_addr()?, server.handle());
    let serving = thread::spawn(move || server.run().wait());

    let calc: CalcV1Client = Client::builder().connect_to(address).wait()?;
    println!("2 + 40 = {}", calc.add(2, 40).wait()?);
    println!("84 / 2 = {:?}", calc.divide(84, 2).wait()?.into_option());

    // Any number of threads call through one connection.
    let callers: Vec<_> = (0..4)
        .map(|a| {
            let calc = calc.clone();
            thread::spawn(move || (0..100).map(|b| calc.add(a, b).wait()).sum::<Result<i32, _>>())
        })
        .collect();
    for (a, caller) in callers.into_iter().enumerate() {
        let sum = caller.join().map_err(|_| "a caller panicked")??;
        println!("{a} + 0 up to {a} + 99 add up to {sum}");
    }

    drop(calc);
    handle.stop();
    serving.join().map_err(|_| "the server panicked")??;
    Ok(())
}
