//! Calls both ways on one connection.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::rpc::{AcceptStatus, OpaqueAuth, RejectStatus, Reply, parse_reply, record_mark, success_header};
use onc_runtime::server::{ServerBuilder, ServerHandle, Stopped};
use onc_runtime::transport::{Peer, memory};
use onc_runtime::{Client, Context, Error, Fault, Server};
use support::wire::{record, replies};
use support::{Add, TestV1, TestV1Client, TestV1Server, Tester};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

/// Has everything that it is asked done by the caller.
#[derive(Default)]
struct Delegating {
    last: Mutex<Option<TestV1Client>>,
}

impl Delegating {
    fn caller(&self, cx: &Context) -> Result<TestV1Client, Fault> {
        let caller: TestV1Client = cx.client().ok_or(Fault::ProcedureUnavailable)?;
        *self.last.lock().expect("not poisoned") = Some(caller.clone());
        Ok(caller)
    }
}

impl TestV1 for Delegating {
    async fn add(&self, cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        self.caller(cx)?.add(a, b).await.map_err(Fault::system)
    }

    async fn echo(&self, cx: &Context, data: Bytes) -> Result<Bytes, Fault> {
        self.caller(cx)?.echo(data).await.map_err(Fault::system)
    }

    async fn wait(&self, cx: &Context, ticket: u32) -> Result<u32, Fault> {
        self.caller(cx)?.wait(ticket).await.map_err(Fault::system)
    }
}

struct Running {
    service: Arc<Delegating>,
    address: std::net::SocketAddr,
    handle: ServerHandle,
    ended: JoinHandle<std::io::Result<Stopped>>,
}

async fn serve(set_up: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Running {
    let service = Arc::new(Delegating::default());
    let builder = Server::builder().add(TestV1Server(Arc::clone(&service))).registration(Policy::Off);
    let server = set_up(builder).bind("127.0.0.1:0").await.expect("bound");
    Running {
        service,
        address: server.local_addr().expect("bound"),
        handle: server.handle(),
        ended: tokio::spawn(server.run()),
    }
}

async fn connect(address: std::net::SocketAddr) -> (Arc<Tester>, TestV1Client) {
    let tester = Arc::new(Tester::new());
    let client = Client::builder().serve(TestV1Server(Arc::clone(&tester))).connect_to(address).await;
    (tester, client.expect("connected"))
}

#[tokio::test]
async fn a_handler_calls_the_client_over_the_connection_that_its_call_came_by() {
    let server = serve(|builder| builder.callbacks(true)).await;
    let (_, client) = connect(server.address).await;
    assert_eq!(client.add(2, 40).await.expect("there and back"), 42);
    for length in [0, 5, 100_000, 2_000_000] {
        let data = Bytes::from(vec![3; length]);
        assert_eq!(client.echo(data.clone()).await.expect("there and back"), data);
    }

    let (near, far) = memory::pair();
    server.handle.serve_stream(far, Peer::local(None)).expect("served");
    let client: TestV1Client =
        Client::builder().serve(TestV1Server::new(Tester::new())).connect_stream(near).expect("started");
    assert_eq!(client.add(1, 1).await.expect("there and back"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn many_calls_go_both_ways_at_once() {
    let server = serve(|builder| builder.callbacks(true)).await;
    let clients = [connect(server.address).await.1, connect(server.address).await.1];
    let callers: Vec<_> = (0..32)
        .map(|caller| {
            let client = clients[caller as usize % 2].clone();
            tokio::spawn(async move {
                for at in 0..100 {
                    assert_eq!(client.add(caller, at).await.expect("there and back"), caller + at);
                    if at % 20 == 0 {
                        let data = Bytes::from(vec![at as u8; 50_000]);
                        assert_eq!(client.echo(data.clone()).await.expect("there and back"), data);
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("ran");
    }
}

#[tokio::test]
async fn a_server_calls_when_it_likes_until_the_connection_is_gone() {
    let server = serve(|builder| builder.callbacks(true)).await;
    let (tester, client) = connect(server.address).await;
    assert_eq!(client.add(1, 1).await.expect("there and back"), 2);
    let kept = server.service.last.lock().expect("not poisoned").clone().expect("a way back");
    // Nothing is called from the client's side meanwhile.
    assert_eq!(kept.add(20, 22).await.expect("answered"), 42);
    let waiting = tokio::spawn(kept.wait(1));
    tester.begun.notified().await;
    drop(client);
    match waiting.await.expect("ran") {
        Err(Error::Lost(lost)) => assert!(lost.sent),
        other => panic!("{other:?}"),
    }
    assert!(kept.add(1, 1).await.is_err());
}

#[tokio::test]
async fn there_is_no_way_back_unless_it_is_allowed() {
    let server = serve(|builder| builder).await;
    let (_, client) = connect(server.address).await;
    let refused = client.add(1, 1).await.expect_err("not allowed");
    assert!(matches!(refused, Error::Refused(onc_runtime::Refusal::ProcedureUnavailable)), "{refused:?}");

    let server = serve(|builder| builder.callbacks(true)).await;
    let udp: TestV1Client = Client::builder().udp().connect_to(server.address).await.expect("started");
    let refused = udp.add(1, 1).await.expect_err("a datagram has no connection");
    assert!(matches!(refused, Error::Refused(onc_runtime::Refusal::ProcedureUnavailable)), "{refused:?}");
}

#[tokio::test]
async fn a_stopping_server_still_gets_the_replies_that_its_handlers_wait_for() {
    let server = serve(|builder| builder.callbacks(true)).await;
    let (tester, client) = connect(server.address).await;
    let call = tokio::spawn(client.wait(9));
    tester.begun.notified().await;
    server.handle.stop();
    tester.gate.add_permits(1);
    assert_eq!(call.await.expect("ran").expect("answered"), 9);
    assert_eq!(server.ended.await.expect("ran").expect("stopped"), Stopped::default());
}

#[tokio::test]
async fn programs_are_served_again_over_the_next_connection() {
    let server = serve(|builder| builder.callbacks(true)).await;
    let (_, client) = connect(server.address).await;
    assert_eq!(client.add(1, 1).await.expect("there and back"), 2);
    server.handle.stop();
    server.ended.await.expect("ran").expect("stopped");
    let service = Arc::new(Delegating::default());
    let again = Server::builder().add(TestV1Server(service)).registration(Policy::Off).callbacks(true);
    tokio::spawn(again.bind(server.address).await.expect("the same port").run());
    let sum = client.add(2, 3).idempotent().timeout(Duration::from_secs(60)).await;
    assert_eq!(sum.expect("there and back"), 5);
}

/// The clock jumps to the next thing that is waited for.
#[tokio::test(start_paused = true)]
async fn a_connection_whose_way_back_is_kept_is_not_idle() {
    let service = Arc::new(Delegating::default());
    let server = Server::builder().add(TestV1Server(Arc::clone(&service))).registration(Policy::Off).callbacks(true);
    let server = server.build().await.expect("set up");
    let handle = server.handle();
    let running = tokio::spawn(server.run());
    let (near, far) = memory::pair();
    handle.serve_stream(far, Peer::local(None)).expect("served");
    let tester = Arc::new(Tester::new());
    let builder = Client::builder().serve(TestV1Server(tester));
    let client: TestV1Client = builder.connect_stream(near).expect("connected");
    assert_eq!(client.add(1, 1).await.expect("there and back"), 2);

    tokio::time::sleep(Duration::from_secs(3600)).await;
    let kept = service.last.lock().expect("not poisoned").take().expect("a way back");
    assert_eq!(kept.add(20, 22).await.expect("the connection is still there"), 42);

    drop(kept);
    tokio::time::sleep(Duration::from_secs(370)).await;
    let lost = client.add(1, 1).await;
    assert!(matches!(lost, Err(Error::Lost(_) | Error::Closed)), "nobody has kept it: {lost:?}");
    handle.stop();
    running.await.expect("ran").expect("stopped");
}

#[tokio::test]
async fn a_client_that_serves_nothing_says_so() {
    let (near, mut far) = memory::pair();
    let client: TestV1Client = Client::builder().connect_stream(near).expect("started");
    // While a call of its own is under way, and its reply comes right behind.
    let calling = tokio::spawn(client.add(2, 40));
    let mut call = [0; 52];
    far.read_exact(&mut call).await.expect("a call");
    let mut sent = record::<Add>(77, (1_i32, 1_i32));
    let mut in_another_version = record::<Add>(78, (1_i32, 1_i32));
    in_another_version[15] = 3;
    sent.append(&mut in_another_version);
    sent.extend(record_mark(28));
    sent.extend(&call[4..8]);
    sent.extend(success_header(0)[4..].iter().chain(&42_i32.to_be_bytes()));
    far.write_all(&sent).await.expect("written");
    assert_eq!(calling.await.expect("ran").expect("answered"), 42);

    let mut reply = [0; 28];
    far.read_exact(&mut reply).await.expect("a reply");
    let expected = Reply::Accepted { verifier: OpaqueAuth::NONE, status: AcceptStatus::ProgramUnavailable };
    assert_eq!(parse_reply(&reply[4..]).expect("a reply"), (77, expected, 24));
    far.read_exact(&mut reply).await.expect("a reply");
    let expected = Reply::Denied(RejectStatus::RpcMismatch { low: 2, high: 2 });
    assert_eq!(parse_reply(&reply[4..]).expect("a reply"), (78, expected, 24));
}

#[tokio::test]
async fn a_server_that_calls_without_end_and_takes_no_refusals_costs_no_memory() {
    const CALLS: u32 = 20_000;
    let (near, far) = memory::pair();
    let client: TestV1Client = Client::builder().connect_stream(near).expect("started");
    let (mut reading, mut writing) = tokio::io::split(far);
    for xid in 0..CALLS {
        writing.write_all(&record::<Add>(xid, (1_i32, 1_i32))).await.expect("it reads on");
    }
    drop(client);
    // What the pipe holds and what it keeps, at 28 bytes each.
    let refused = replies(&mut reading, CALLS as usize).await.len();
    assert!((1000..6000).contains(&refused), "{refused}");
}
