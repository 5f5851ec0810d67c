//! Procedures that panic: the caller is answered, the log says which procedure it was and why, and the server lives.

mod support;

use std::sync::Arc;

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::service::tower::{Layered, Request};
use onc_runtime::service::{Handling, IncomingCall, Program};
use onc_runtime::{Call, Client, Context, Error, Fault, Interface, Procedure, Refusal, Server};
use support::seen::Seen;
use support::{TestV1, TestV1Client, TestV1Server};
use tower::ServiceBuilder;

/// Panics when it is told to: with a text that is put together, at once or after it has waited.
struct Nervous;

/// The ticket that is panicked at.
const TOO_MUCH: u32 = 0xdead;

impl TestV1 for Nervous {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        a.checked_add(b).map_or_else(|| panic!("{a} and {b} are too much"), Ok)
    }

    async fn echo(&self, _cx: &Context, data: Bytes) -> Result<Bytes, Fault> {
        Ok(data)
    }

    async fn wait(&self, _cx: &Context, ticket: u32) -> Result<u32, Fault> {
        tokio::task::yield_now().await;
        assert_ne!(ticket, TOO_MUCH, "a ticket of too much");
        Ok(ticket)
    }
}

/// Panics before there is a handler, as a type can whose decoding was written by hand.
struct Hasty(TestV1Server<Nervous>);

impl Program for Hasty {
    fn interface(&self) -> &'static Interface {
        self.0.interface()
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        assert_ne!(call.procedure(), 2, "no echoes here");
        self.0.call(call)
    }
}

async fn clients(program: impl Program) -> [TestV1Client; 2] {
    let server = Server::builder().add(program).registration(Policy::Off).bind("127.0.0.1:0").await.expect("bound");
    let [tcp, udp] = [server.tcp_addr(), server.udp_addr()].map(|address| address.expect("bound"));
    tokio::spawn(server.run());
    [
        Client::builder().connect_to(tcp).await.expect("connected"),
        Client::builder().udp().connect_to(udp).await.expect("connected"),
    ]
}

/// The call is answered `SYSTEM_ERR`, and the log says of `procedure` once for what it panicked.
async fn panics<P: Procedure<Results: std::fmt::Debug>>(seen: &Seen, call: Call<P>, text: &str) {
    let outcome = call.await;
    assert!(matches!(outcome, Err(Error::Refused(Refusal::SystemError))), "{outcome:?}");
    let told = seen.events("panicked");
    let [told] = &told[..] else { panic!("{told:?}") };
    assert!(told.starts_with("onc::server ") && told.contains("a procedure panicked"), "{told}");
    let whose = format!("program=\"TEST_PROG\" version=1 procedure={:?} number={} xid=", P::NAME, P::NUMBER);
    assert!(told.contains(&whose), "{told}");
    assert!(told.contains(text), "{told}");
    seen.log().events.clear();
}

async fn lives(client: &TestV1Client) {
    assert_eq!(client.add(2, 40).await.expect("answered"), 42);
}

#[tokio::test]
async fn a_handler_at_once_and_one_that_has_waited() {
    let seen = Seen::default();
    let _seeing = seen.see();
    for client in clients(TestV1Server::new(Nervous)).await {
        panics(&seen, client.add(i32::MAX, 7), "panic=\"2147483647 and 7 are too much\"").await;
        panics(&seen, client.wait(TOO_MUCH), "a ticket of too much").await;
        lives(&client).await;
    }
}

#[tokio::test]
async fn what_comes_before_the_handler() {
    let seen = Seen::default();
    let _seeing = seen.see();
    let [tcp, udp] = clients(Hasty(TestV1Server::new(Nervous))).await;
    panics(&seen, udp.echo(Bytes::new()), "no echoes here").await;
    lives(&udp).await;
    // A connection ends with it, and is made again.
    let outcome = tcp.echo(Bytes::new()).await;
    assert!(matches!(&outcome, Err(Error::Lost(lost)) if lost.sent), "{outcome:?}");
    lives(&tcp).await;
}

#[tokio::test]
async fn a_handler_behind_middleware_and_the_middleware_itself() {
    let seen = Seen::default();
    let _seeing = seen.see();
    let picky = |request: Request| {
        assert_ne!(request.context.procedure(), 2, "no echoes here");
        request
    };
    let layers = ServiceBuilder::new().map_request(picky).into_inner();
    for client in clients(Layered::new(TestV1Server::new(Nervous), &layers)).await {
        panics(&seen, client.add(i32::MAX, 7), "2147483647 and 7 are too much").await;
        panics(&seen, client.wait(TOO_MUCH), "a ticket of too much").await;
        panics(&seen, client.echo(Bytes::new()), "no echoes here").await;
        lives(&client).await;
    }
}

#[tokio::test]
async fn an_interceptor() {
    let seen = Seen::default();
    let _seeing = seen.see();
    let stern = async |call: Context| {
        assert_ne!(call.procedure_name(), "ECHO", "no echoes here");
        Ok(())
    };
    let program = onc_runtime::service::Intercepted::new(TestV1Server::new(Nervous), stern);
    for client in clients(program).await {
        panics(&seen, client.echo(Bytes::new()), "no echoes here").await;
        panics(&seen, client.add(i32::MAX, 7), "2147483647 and 7 are too much").await;
        lives(&client).await;
    }
}

#[tokio::test]
async fn a_service_in_this_process() {
    let seen = Seen::default();
    let _seeing = seen.see();
    let client = TestV1Client(Client::in_process(TestV1Server(Arc::new(Nervous))));
    panics(&seen, client.add(i32::MAX, 7), "2147483647 and 7 are too much").await;
    panics(&seen, client.wait(TOO_MUCH), "a ticket of too much").await;
    lives(&client).await;
}
