//! What is counted for the `metrics` facade: every number of the table in `observe`.
#![cfg(feature = "metrics")]

#[path = "support/numbers.rs"]
mod numbers;
mod support;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use numbers::Numbers;
use onc_runtime::portmap::{Daemon, Policy, Registrar};
use onc_runtime::rpc::{CallTemplate, Credential};
use onc_runtime::server::{ServeError, ServerBuilder, ServerHandle};
use onc_runtime::transport::{Peer, memory};
use onc_runtime::{Client, Error, Server, observe};
use support::wire::{datagram, replies};
use support::{Add, TestV1Client, TestV1Server, Tester, Wait};
use tokio::net::{TcpListener, UdpSocket};

/// Of one `add`: 40 bytes of header and 8 of arguments.
const CALL: u64 = 48;

/// Of its reply: 24 bytes of header and 4 of results.
const REPLY: u64 = 28;

const MARK: u64 = 4;

fn builder() -> ServerBuilder {
    Server::builder().add(TestV1Server::new(Tester::new())).registration(Policy::Off)
}

async fn serve(builder: ServerBuilder) -> (SocketAddr, ServerHandle) {
    let server = builder.bind("127.0.0.1:0").await.expect("bound");
    let (address, handle) = (server.local_addr().expect("bound"), server.handle());
    tokio::spawn(server.run());
    (address, handle)
}

async fn connected() -> TestV1Client {
    Client::builder().connect_to(serve(builder()).await.0).await.expect("connected")
}

/// A socket that sends to the server what it is told.
async fn raw(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    socket.connect(server).await.expect("connected");
    socket
}

#[tokio::test]
async fn calls_by_status_their_time_and_those_in_flight() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let client = connected().await;
    for at in 0..3 {
        client.add(at, at).await.expect("answered");
    }
    client.add(i32::MAX, 1).await.expect_err("refused");
    for side in ["client", "server"] {
        let calls = |status: &str| {
            numbers.counter(&format!("onc_{side}_calls{{program=TEST_PROG,version=1,procedure=ADD,status={status}}}"))
        };
        assert_eq!(calls("SUCCESS"), 3, "{side}");
        assert_eq!(calls("GARBAGE_ARGS"), 1, "{side}");
        let seconds = numbers.values(&format!("onc_{side}_call_seconds{{program=TEST_PROG,version=1,procedure=ADD}}"));
        assert_eq!(seconds.len(), 4, "{side}");
        assert!(seconds.iter().all(|seconds| (0.0..60.0).contains(seconds)), "{seconds:?}");
        assert_eq!(numbers.gauge(&format!("onc_{side}_in_flight{{program=TEST_PROG}}")), Some(0.0));
    }
}

#[tokio::test]
async fn calls_that_are_given_up_are_counted_as_that() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let (address, handle) = serve(builder().stop_timeout(Duration::ZERO)).await;
    let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
    let in_flight = |side: &str| numbers.gauge(&format!("onc_{side}_in_flight{{program=TEST_PROG}}"));
    let ended = |side: &str, status: &str| {
        numbers.counter(&format!("onc_{side}_calls{{program=TEST_PROG,version=1,procedure=WAIT,status={status}}}"))
    };

    let late = client.wait(1).timeout(Duration::from_millis(20)).await;
    assert!(matches!(late, Err(Error::Deadline(_))), "{late:?}");
    assert_eq!(ended("client", "TIMED_OUT"), 1);

    let waiting = tokio::spawn(client.wait(2));
    numbers.until("the second call has arrived", |_| in_flight("server") == Some(2.0)).await;
    assert_eq!(in_flight("client"), Some(1.0));
    waiting.abort();
    numbers.until("the second call is dropped", |_| ended("client", "CANCELLED") == 1).await;
    assert_eq!(in_flight("client"), Some(0.0));

    // The server goes on with both until it is stopped.
    handle.stop();
    numbers.until("the server has cut them off", |_| ended("server", "CANCELLED") == 2).await;
    assert_eq!(in_flight("server"), Some(0.0));
}

#[tokio::test]
async fn a_call_through_middleware_is_counted_once() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let client = connected().await;
    let layered = TestV1Client(Client::from_service(client.0.into_service()));
    layered.add(1, 2).await.expect("answered");
    for side in ["client", "server"] {
        let calls = format!("onc_{side}_calls{{program=TEST_PROG,version=1,procedure=ADD,status=SUCCESS}}");
        assert_eq!(numbers.counter(&calls), 1, "{side}");
    }
    let late = layered.wait(1).timeout(Duration::from_millis(20)).await;
    assert!(matches!(late, Err(Error::Deadline(_))), "{late:?}");
    let calls = "onc_client_calls{program=TEST_PROG,version=1,procedure=WAIT,status=TIMED_OUT}";
    assert_eq!(numbers.counter(calls), 1);
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_counted_too() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let client = connected().await;
    client.add(1, 2).one_way().await.expect("queued");
    let calls = |side: &str, status: &str| {
        numbers.counter(&format!("onc_{side}_calls{{program=TEST_PROG,version=1,procedure=ADD,status={status}}}"))
    };
    assert_eq!(calls("client", "SENT"), 1);
    numbers.until("the call has arrived", |_| calls("server", "SUCCESS") == 1).await;
}

#[tokio::test]
async fn bytes_and_connections_of_a_stream() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let client = connected().await;
    for _ in 0..5 {
        client.add(1, 2).await.expect("answered");
    }
    for (side, received, sent) in [("client", REPLY, CALL), ("server", CALL, REPLY)] {
        assert_eq!(
            numbers.counter(&format!("onc_{side}_received_bytes{{netid=tcp}}")),
            5 * (MARK + received),
            "{side}"
        );
        assert_eq!(numbers.counter(&format!("onc_{side}_sent_bytes{{netid=tcp}}")), 5 * (MARK + sent), "{side}");
        assert_eq!(numbers.gauge(&format!("onc_{side}_connections{{netid=tcp}}")), Some(1.0), "{side}");
    }
    assert_eq!(numbers.counter("onc_server_connections_accepted{netid=tcp}"), 1);
    assert_eq!(numbers.counter("onc_client_connections_opened{netid=tcp}"), 1);
    drop(client);
    for side in ["client", "server"] {
        let open = format!("onc_{side}_connections{{netid=tcp}}");
        numbers.until("the connection has ended", |numbers| numbers.gauge(&open) == Some(0.0)).await;
    }
}

#[tokio::test]
async fn bytes_of_datagrams() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let (address, _) = serve(builder()).await;
    let client: TestV1Client = Client::builder().udp().connect_to(address).await.expect("a socket");
    client.add(1, 2).await.expect("answered");
    let bytes = |name: &str| numbers.counter(&format!("onc_{name}_bytes{{netid=udp}}"));
    // A busy machine may see the call sent twice.
    let sent = bytes("client_sent");
    assert!(sent >= CALL && sent.is_multiple_of(CALL), "{sent}");
    assert_eq!(sent / CALL, 1 + numbers.counter("onc_client_retransmissions"));
    assert!(bytes("server_received") >= CALL);
    assert!(bytes("server_sent") >= REPLY && bytes("client_received") >= REPLY);
}

#[tokio::test]
async fn repeats_of_datagrams_and_what_the_cache_makes_of_them() {
    let numbers = Numbers::default();
    let _recording = numbers.record();

    // A server that hears only the second time.
    let deaf = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let client: TestV1Client =
        Client::builder().udp().connect_to(deaf.local_addr().expect("bound")).await.expect("a socket");
    let calling = tokio::spawn(client.add(1, 2));
    let mut room = [0; 1024];
    deaf.recv_from(&mut room).await.expect("received");
    let (_, caller) = deaf.recv_from(&mut room).await.expect("received again");
    let xid = u32::from_be_bytes(room[..4].try_into().expect("four bytes"));
    let reply = [onc_runtime::rpc::success_header(xid).as_slice(), &3_i32.to_be_bytes()].concat();
    deaf.send_to(&reply, caller).await.expect("sent");
    assert_eq!(calling.await.expect("ran").expect("answered"), 3);
    assert!(numbers.counter("onc_client_retransmissions") >= 1);

    // A client that says everything twice.
    let (address, _) = serve(builder().max_duplicate_bytes(100)).await;
    let socket = raw(address).await;
    let outcome = |outcome: &str| numbers.counter(&format!("onc_server_duplicates{{outcome={outcome}}}"));
    for _ in 0..2 {
        socket.send(&datagram::<Add>(1, (2, 3))).await.expect("sent");
        socket.recv(&mut room).await.expect("a reply");
    }
    assert_eq!((outcome("answered"), outcome("running")), (1, 0));
    for _ in 0..2 {
        socket.send(&datagram::<Wait>(2, 7_u32)).await.expect("sent");
    }
    numbers.until("the repeat is dropped", |_| outcome("running") == 1).await;
    assert_eq!((outcome("answered"), outcome("too_large"), outcome("full")), (1, 0, 0));
}

#[tokio::test]
async fn connections_that_are_refused() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let (_, handle) = serve(builder().max_connections(1)).await;
    let refused = |reason: &str| numbers.counter(&format!("onc_server_connections_refused{{reason={reason}}}"));
    let (_near, far) = memory::pair();
    handle.serve_stream(far, Peer::local(None)).expect("served");
    assert_eq!(numbers.counter("onc_server_connections_accepted{netid=local}"), 1);
    let (_other, far) = memory::pair();
    assert_eq!(handle.serve_stream(far, Peer::local(None)), Err(ServeError::Connections { max: 1 }));
    assert_eq!(refused("connections"), 1);

    let (_, handle) = serve(builder().max_connections_per_peer(0)).await;
    let stranger = Peer::ip(onc_runtime::rpc::Netid::Tcp, "192.0.2.1:1000".parse().expect("an address"));
    let (_near, far) = memory::pair();
    handle.serve_stream(far, stranger).expect_err("refused");
    assert_eq!(refused("connections_of_peer"), 1);

    handle.stop();
    let (_near, far) = memory::pair();
    assert_eq!(handle.serve_stream(far, Peer::local(None)), Err(ServeError::Stopping));
    assert_eq!(refused("stopping"), 1);
    assert_eq!(numbers.counter("onc_server_connections_accepted{netid=tcp}"), 0);
}

#[tokio::test]
async fn connections_that_are_lost_and_made_again() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("bound");
    let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
    let (mut stream, _) = listener.accept().await.expect("connected");
    let calling = tokio::spawn(client.add(1, 1).idempotent());
    replies(&mut stream, 1).await;
    drop(stream);
    let (mut stream, _) = listener.accept().await.expect("connected again");
    replies(&mut stream, 1).await;
    assert_eq!(numbers.counter("onc_client_connections_lost"), 1);
    assert_eq!(numbers.counter("onc_client_reconnects{outcome=connected}"), 1);
    assert_eq!(numbers.counter("onc_client_connections_opened{netid=tcp}"), 2);
    drop((stream, listener));
    let reconnects = "onc_client_reconnects{outcome=failed}";
    numbers.until("nobody is there any more", |numbers| numbers.counter(reconnects) > 0).await;
    assert_eq!(numbers.counter("onc_client_connections_lost"), 2);
    calling.abort();
}

#[tokio::test]
async fn calls_of_what_is_not_served() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let (address, _) = serve(builder()).await;
    let socket = raw(address).await;
    let mut room = [0; 1024];
    let mut call = async |program: u32, version: u32, change: fn(&mut Vec<u8>)| {
        let mut message = Vec::new();
        let template = CallTemplate::new(program, version, &Credential::None).expect("short");
        template.put_unmarked(&mut message, 1, 1);
        change(&mut message);
        socket.send(&message).await.expect("sent");
        socket.recv(&mut room).await.expect("a reply");
    };
    let rejected = |status: &str| numbers.counter(&format!("onc_server_rejected{{status={status}}}"));
    call(0x2000_0042, 7, |_| {}).await;
    assert_eq!(rejected("PROG_MISMATCH"), 1);
    call(0x2000_0043, 1, |_| {}).await;
    assert_eq!(rejected("PROG_UNAVAIL"), 1);
    // RFC 5531 §9: behind xid and message type comes the version of RPC.
    call(0x2000_0042, 1, |message| message[11] = 3).await;
    assert_eq!(rejected("RPC_MISMATCH"), 1);
    // The credential's length, of more than the 400 bytes that there may be.
    call(0x2000_0042, 1, |message| message[30] = 2).await;
    assert_eq!(rejected("AUTH_ERROR"), 1);
}

#[tokio::test]
async fn entries_of_the_port_mapper() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    let mapper = Daemon::embedded().bind("127.0.0.1:0").await.expect("bound");
    let registrar = Registrar::new().mapper(mapper.local_addr().expect("bound")).policy(Policy::Require);
    let builder = Server::builder().add(TestV1Server::new(Tester::new())).registrar(registrar);
    let server = builder.bind("127.0.0.1:0").await.expect("registered");
    let entry =
        |netid: &str| numbers.gauge(&format!("onc_server_registered{{program=536870978,version=1,netid={netid}}}"));
    assert_eq!((entry("tcp"), entry("udp"), entry("tcp6")), (Some(1.0), Some(1.0), None));
    server.run_until(std::future::ready(())).await.expect("stopped");
    assert_eq!((entry("tcp"), entry("udp")), (Some(0.0), Some(0.0)));
}

/// The names in the table of the module's documentation.
fn documented() -> BTreeSet<String> {
    let names = include_str!("../src/observe/mod.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `onc_").filter(|rest| !rest.starts_with("rpc")));
    names.map(|rest| format!("onc_{}", rest.split('`').next().expect("a name"))).collect()
}

#[test]
fn what_is_documented_is_described_and_nothing_else() {
    let numbers = Numbers::default();
    let _recording = numbers.record();
    observe::describe_metrics();
    assert_eq!(numbers.described(), documented());
}
