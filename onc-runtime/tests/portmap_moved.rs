//! Servers that come back at another address: clients that found them through the port mapper notice nothing.

mod portmap_common;
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::client::{ClientBuilder, Request};
use onc_runtime::portmap::{Daemon, Policy, Registrar, Resolver, table};
use onc_runtime::server::ServerHandle;
use onc_runtime::service::{Handling, IncomingCall, Program};
use onc_runtime::{Client, Error, Interface, Phase, Refusal, Server};
use portmap_common::own_loopback;
use support::{INTERFACE, TestV1Client, TestV1Server, Tester};
use tokio::task::JoinHandle;

/// A server that runs until it is [ended](Self::end).
struct Running {
    address: SocketAddr,
    handle: ServerHandle,
    run: JoinHandle<()>,
}

impl Running {
    /// A server of the test's program that has told the port mapper, and taken the place of an earlier one there.
    async fn registered(mapper: &Daemon) -> Self {
        let registrar =
            Registrar::new().mapper(mapper.local_addr().expect("bound")).policy(Policy::Require).replace(true);
        let builder = Server::builder().add(TestV1Server::new(Tester::new())).registrar(registrar);
        Self::start(builder.bind((own_loopback(), 0)).await.expect("bound"))
    }

    /// A server of another program, at an address that is about to become free.
    async fn stranger(address: SocketAddr) -> Self {
        for _ in 0..1000 {
            let builder = Server::builder().add(Other).registration(Policy::Off);
            if let Ok(server) = builder.bind(address).await {
                return Self::start(server);
            }
            tokio::task::yield_now().await;
        }
        panic!("{address} does not become free");
    }

    fn start(server: Server) -> Self {
        let (address, handle) = (server.local_addr().expect("bound"), server.handle());
        let run = tokio::spawn(async move {
            server.run().await.expect("stopped");
        });
        Self { address, handle, run }
    }

    async fn end(self) {
        self.handle.stop();
        self.run.await.expect("ran");
    }
}

/// A program of no procedures.
struct Other;

static OTHER: Interface = Interface {
    program: 0x2000_0043,
    version: 1,
    program_name: "OTHER_PROG",
    version_name: "OTHER_V1",
    procedures: &[],
};

impl Program for Other {
    fn interface(&self) -> &'static Interface {
        &OTHER
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        call.procedure_unavailable()
    }
}

async fn mapper() -> Daemon {
    Daemon::embedded().bind("127.0.0.1:0").await.expect("bound")
}

/// Clients over TCP and over UDP that ask this port mapper, and remember what it said.
fn builders(mapper: &Daemon) -> [ClientBuilder; 2] {
    let resolver = Resolver::new().with_port(mapper.local_addr().expect("bound").port());
    [Client::builder().tcp().resolver(resolver.clone()), Client::builder().udp().resolver(resolver)]
}

/// A server that has moved, behind the stranger that is at the address where clients remember it.
async fn moved(mapper: &Daemon, builder: &ClientBuilder) -> [Running; 2] {
    let first = Running::registered(mapper).await;
    assert_eq!(connect(builder).await.add(1, 1).await.expect("answered"), 2);
    let second = Running::registered(mapper).await;
    let address = first.address;
    first.end().await;
    [Running::stranger(address).await, second]
}

async fn connect(builder: &ClientBuilder) -> TestV1Client {
    builder.clone().connect("127.0.0.1").await.expect("connected")
}

#[tokio::test]
async fn a_remembered_address_that_refuses_is_asked_for_again() {
    let mapper = mapper().await;
    for builder in builders(&mapper) {
        let first = Running::registered(&mapper).await;
        // The answer is remembered for the next client.
        assert_eq!(connect(&builder).await.add(1, 1).await.expect("answered"), 2);
        let second = Running::registered(&mapper).await;
        assert_ne!(first.address, second.address);
        first.end().await;
        assert_eq!(connect(&builder).await.add(2, 2).await.expect("answered by the second"), 4);
        second.end().await;
    }
}

#[tokio::test]
async fn a_client_that_calls_on_finds_the_server_at_its_new_address() {
    let mapper = mapper().await;
    for builder in builders(&mapper) {
        let mut server = Running::registered(&mapper).await;
        let client = connect(&builder).await;
        for turn in 0..5 {
            assert_eq!(client.add(turn, 1).await.expect("answered"), turn + 1);
            let next = Running::registered(&mapper).await;
            server.end().await;
            server = next;
            // The end of a connection may be noticed only when a call has left over it.
            client.null().idempotent().await.expect("answered in the end");
        }
        server.end().await;
    }
}

#[tokio::test]
async fn calls_over_udp_wait_for_a_server_that_is_being_restarted() {
    let mapper = mapper().await;
    let [_, builder] = builders(&mapper);
    let server = Running::registered(&mapper).await;
    let client = connect(&builder).await;
    assert_eq!(client.add(1, 1).await.expect("answered"), 2);
    server.end().await;
    // Nobody is there, and nobody is registered.
    let calls: Vec<_> = (0..10).map(|at| tokio::spawn(client.add(at, at))).collect();
    let short = client.add(1, 1).timeout(Duration::from_millis(200)).await;
    assert!(matches!(short, Err(Error::Deadline(_))), "{short:?}");
    let server = Running::registered(&mapper).await;
    for (at, call) in (0..).zip(calls) {
        assert_eq!(call.await.expect("ran").expect("answered"), 2 * at);
    }
    server.end().await;
}

#[tokio::test]
async fn a_call_that_gives_up_meanwhile_says_that_nobody_is_there() {
    let mapper = mapper().await;
    let [_, builder] = builders(&mapper);
    let server = Running::registered(&mapper).await;
    let entry = mapper
        .programs()
        .entries()
        .into_iter()
        .find(|entry| entry.program == INTERFACE.program && *entry.netid == *"udp");
    let client = connect(&builder).await;
    assert_eq!(client.add(1, 1).await.expect("answered"), 2);
    server.end().await;
    // As of a server that was killed.
    assert!(mapper.programs().set(entry.expect("registered")).succeeded());
    let error = client.add(1, 1).timeout(Duration::from_millis(300)).await.expect_err("nobody is there");
    // The call has been sent, and it cannot be known that it was not received.
    assert!(matches!(&error, Error::Deadline(deadline) if deadline.phase == Phase::Return), "{error:?}");
    assert!(error.maybe_executed() && error.to_string().contains("nobody"), "{error}");
}

#[tokio::test]
async fn a_stranger_at_the_old_address_is_not_taken_for_the_server() {
    let mapper = mapper().await;
    for builder in builders(&mapper) {
        // Its remembered address leads to the stranger, which does not have the program.
        let [stranger, server] = moved(&mapper, &builder).await;
        let client = connect(&builder).await;
        let calls: Vec<_> = (0..10).map(|at| tokio::spawn(client.echo(Bytes::from(vec![at; 5])))).collect();
        for (at, call) in (0..).zip(calls) {
            assert_eq!(call.await.expect("ran").expect("answered by the server"), vec![at; 5]);
        }
        assert_eq!(connect(&builder).await.add(2, 2).await.expect("the wrong answer is forgotten"), 4);
        stranger.end().await;
        server.end().await;
    }
}

#[tokio::test]
async fn an_encoded_call_finds_the_server_as_well() {
    let mapper = mapper().await;
    for builder in builders(&mapper) {
        let [stranger, server] = moved(&mapper, &builder).await;
        let TestV1Client(client) = connect(&builder).await;
        let sum = Request::new(&INTERFACE, 1, Bytes::from_static(&[0, 0, 0, 2, 0, 0, 0, 3]));
        assert_eq!(client.call_raw(sum).await.expect("answered").results, [0, 0, 0, 5].as_slice());
        stranger.end().await;
        server.end().await;
    }
}

#[tokio::test]
async fn a_server_without_the_program_is_asked_once_and_believed() {
    let mapper = mapper().await;
    let stranger = Running::stranger(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    for (builder, netid) in builders(&mapper).into_iter().zip(["tcp", "udp"]) {
        let [high, low] = stranger.address.port().to_be_bytes();
        let entry = table::Entry {
            program: INTERFACE.program,
            version: 1,
            netid: netid.into(),
            address: format!("127.0.0.1.{high}.{low}").into(),
            owner: table::Owner::Unknown,
            process: None,
        };
        assert!(mapper.programs().set(entry).succeeded());
        let client = connect(&builder).await;
        for _ in 0..3 {
            let error = client.add(1, 1).await.expect_err("it is not there");
            assert!(matches!(error, Error::Refused(Refusal::ProgramUnavailable)), "{error:?}");
        }
        // The connection is as it was, and its other programs undisturbed.
        let other = client.0.call_raw(Request::new(&OTHER, 0, Bytes::new())).await;
        assert_eq!(other.expect("answered").results, Bytes::new());
    }
    stranger.end().await;
}

#[tokio::test]
async fn an_address_that_was_given_is_not_left() {
    let mapper = mapper().await;
    let server = Running::registered(&mapper).await;
    let stranger = Running::stranger(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    for builder in builders(&mapper) {
        let client: TestV1Client = builder.connect_to(stranger.address).await.expect("connected");
        let error = client.add(1, 1).await.expect_err("it is not there");
        assert!(matches!(error, Error::Refused(Refusal::ProgramUnavailable)), "{error:?}");
    }
    stranger.end().await;
    server.end().await;
}
