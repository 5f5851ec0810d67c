//! Calls spread over several machines, each found by its own port mapper, and what happens when one of them goes.
//!
//! The machines are three port mappers on ports of the loopback network, each with a server of its own that it knows.
//!
//! `cargo run --example balance`

use std::error::Error as StdError;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use calc::{CalcV1, CalcV1Client, CalcV1Server, calc_v1};
use onc_runtime::client::{BoxError, Request, Response};
use onc_runtime::portmap::{Daemon, Policy, Registrar, Resolver};
use onc_runtime::server::ServerHandle;
use onc_runtime::{Client, Context, Error, Fault, Server};
use tower::ServiceBuilder;
use tower::balance::p2c::Balance;
use tower::discover::ServiceList;
use tower::load::{CompleteOnResponse, PeakEwma};
use tower::retry::Policy as RetryPolicy;

mod calc {
    onc_runtime::include_xdr!("calc");
}

/// How long a call takes, while nothing else is known.
const GUESS: Duration = Duration::from_millis(1);

/// How long a slow answer is remembered: so long a machine that has gone is hardly asked.
const MEMORY: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Calculator {
    calls: AtomicU32,
}

impl CalcV1 for Calculator {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(a.wrapping_add(b))
    }
}

/// What stands for a host: a port mapper, and a server on any port that only this port mapper knows.
struct Machine {
    mapper: Daemon,
    calculator: Arc<Calculator>,
    server: ServerHandle,
    serving: tokio::task::JoinHandle<std::io::Result<onc_runtime::server::Stopped>>,
}

impl Machine {
    async fn start() -> Result<Self, Box<dyn StdError>> {
        let mapper = Daemon::embedded().bind("127.0.0.1:0").await?;
        let calculator = Arc::new(Calculator::default());
        let server = Server::builder()
            .add(CalcV1Server::from_arc(Arc::clone(&calculator)))
            .registrar(Registrar::new().mapper(mapper.local_addr()?).policy(Policy::Require))
            .bind("127.0.0.1:0")
            .await?;
        Ok(Self { mapper, calculator, server: server.handle(), serving: tokio::spawn(server.run()) })
    }

    /// A client that asks this machine's port mapper, now and whenever it has to connect again.
    async fn client(&self) -> Result<Client, Box<dyn StdError>> {
        let resolver = Resolver::new().with_port(self.mapper.local_addr()?.port());
        // Short, for there are others: a call waits for so long that its server comes back.
        let builder = Client::builder().resolver(resolver).timeout(Duration::from_millis(300));
        Ok(builder.connect_interface(&calc_v1::INTERFACE, "127.0.0.1").await?)
    }

    fn calls(&self) -> u32 {
        self.calculator.calls.load(Ordering::Relaxed)
    }
}

/// A call that has not been executed goes to another machine.
#[derive(Clone)]
struct Elsewhere {
    attempts: usize,
}

impl RetryPolicy<Request, Response, BoxError> for Elsewhere {
    type Future = Ready<()>;

    fn retry(&mut self, request: &mut Request, outcome: &mut Result<Response, BoxError>) -> Option<Ready<()>> {
        let error: &Error = outcome.as_ref().err()?.downcast_ref()?;
        if self.attempts == 0 || (error.maybe_executed() && !request.idempotent) {
            return None;
        }
        self.attempts -= 1;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        Some(request.clone())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let machines = [Machine::start().await?, Machine::start().await?, Machine::start().await?];

    // Of two machines chosen at random the one that answered faster of late, and has fewer calls in flight, gets the next.
    let mut services = Vec::new();
    for machine in &machines {
        let service = machine.client().await?.into_service();
        services.push(PeakEwma::new(service, GUESS, MEMORY.as_nanos() as f64, CompleteOnResponse::default()));
    }
    let balanced = ServiceBuilder::new()
        .retry(Elsewhere { attempts: 10 })
        .buffer(64)
        .service(Balance::new(ServiceList::new::<Request>(services)));
    let calc = CalcV1Client::new(Client::from_service(balanced));

    for a in 0..300 {
        calc.add(a, 1).await?;
    }
    println!("three machines: {:?} calls", machines.each_ref().map(Machine::calls));

    let [mut gone, rest @ ..] = machines;
    gone.server.stop();
    (&mut gone.serving).await??;
    let before = gone.calls();
    for a in 0..300 {
        calc.add(a, 1).await?;
    }
    println!("one of them has gone: {} calls more there", gone.calls() - before);
    println!("the others: {:?} calls", rest.each_ref().map(Machine::calls));

    drop(calc);
    for machine in rest {
        machine.server.stop();
        machine.serving.await??;
    }
    Ok(())
}
