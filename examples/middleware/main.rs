//! Middleware of `tower` on both sides of a call: nothing here is of this framework but what is called.
//!
//! The server: tracing, a limit of the rate, a limit of calls at the same time, authentication, a limit of time. The client: calls
//! that fail are repeated, with a limit of calls at the same time for all that share the connection.
//!
//! `cargo run --example middleware`

use std::future::{Ready, ready};
use std::time::Duration;

use calc::{CalcV1, CalcV1Client, CalcV1Server, Quotient};
use onc_runtime::client::{Request, Response};
use onc_runtime::portmap::Policy;
use onc_runtime::rpc::{AuthFlavour, AuthStatus, AuthSys, Credential};
use onc_runtime::service::tower::{Layered, Request as Incoming};
use onc_runtime::{Client, Context, Error, Fault, Server};
use tower::ServiceBuilder;
use tower::limit::ConcurrencyLimitLayer;
use tower::retry::{Policy as RetryPolicy, RetryLayer};

mod calc {
    onc_runtime::include_xdr!("calc");
}

/// Needs a while to be ready: its first two answers are refusals.
#[derive(Default)]
struct Calculator {
    asked: std::sync::atomic::AtomicU32,
}

impl CalcV1 for Calculator {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        match self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 | 1 => Err(Fault::system("still starting")),
            _ => Ok(a.wrapping_add(b)),
        }
    }

    async fn divide(&self, _cx: &Context, _a: i32, _b: i32) -> Result<Quotient, Fault> {
        std::future::pending().await
    }
}

/// Tracing: what comes, from whom.
fn told(request: Incoming) -> Incoming {
    let call = &request.context;
    println!("server: {} of {} from {}", call.procedure_name(), call.interface().program_name, call.peer().netid());
    request
}

/// Authentication: who may call. A credential of `AUTH_SYS` is only what the caller says.
fn authenticated(request: Incoming) -> Result<Incoming, Fault> {
    match request.context.auth_sys() {
        Some(caller) if caller.uid == 1000 => Ok(request),
        Some(_) => Err(Fault::Auth(AuthStatus::TooWeak)),
        None => Err(Fault::Auth(AuthStatus::RejectedCredential)),
    }
}

/// Repeats what is known not to have been executed, or what a server that starts has refused.
#[derive(Clone)]
struct Patiently {
    attempts: usize,
}

impl RetryPolicy<Request, Response, Error> for Patiently {
    type Future = Ready<()>;

    fn retry(&mut self, request: &mut Request, outcome: &mut Result<Response, Error>) -> Option<Ready<()>> {
        let error = outcome.as_ref().err()?;
        let is_harmless = request.idempotent || !error.maybe_executed();
        if self.attempts == 0 || !is_harmless || matches!(error, Error::Refused(refusal) if is_final(refusal)) {
            return None;
        }
        println!("client: {} again: {error}", request.procedure_name);
        self.attempts -= 1;
        // A policy that waits first gives back a timer here.
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        Some(request.clone())
    }
}

/// The server would say the same again.
fn is_final(refusal: &onc_runtime::Refusal) -> bool {
    !matches!(refusal, onc_runtime::Refusal::SystemError)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The first is the outermost: it sees a call before the others do.
    let layers = ServiceBuilder::new()
        .map_request(told)
        .buffer(64)
        .rate_limit(1000, Duration::from_secs(1))
        .concurrency_limit(16)
        .filter(authenticated)
        .timeout(Duration::from_millis(100))
        .into_inner();
    let server = Server::builder()
        .add_with_flavours(Layered::new(CalcV1Server::new(Calculator::default()), &layers), [AuthFlavour::SYS])
        .registration(Policy::Off)
        .bind("127.0.0.1:0")
        .await?;
    let (address, handle) = (server.local_addr()?, server.handle());
    let serving = tokio::spawn(server.run());

    let calls_as = |uid| {
        let caller = AuthSys { uid, machine_name: "here".into(), ..AuthSys::default() };
        Client::builder()
            .credential(Credential::Sys(caller))
            .layer(RetryLayer::new(Patiently { attempts: 3 }))
            .layer(ConcurrencyLimitLayer::new(8))
    };
    let calc: CalcV1Client = calls_as(1000).connect_to(address).await?;
    println!("2 + 40 = {}", calc.add(2, 40).await?);
    if let Err(late) = calc.divide(84, 2).await {
        println!("84 / 2: {late}");
    }

    let stranger: CalcV1Client = calls_as(1001).connect_to(address).await?;
    if let Err(refused) = stranger.add(2, 40).await {
        println!("a stranger: {refused}");
    }

    drop((calc, stranger));
    handle.stop();
    serving.await??;
    Ok(())
}
