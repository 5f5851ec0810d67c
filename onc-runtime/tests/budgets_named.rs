//! Every limit: its default is what its setter's documentation says, and what it does tells the setter's name.
//!
//! Alone in its file: it reads what is told to `tracing`, some of which is told once.

mod support;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::client::{ClientBuilder, Stub};
use onc_runtime::portmap::Policy;
use onc_runtime::rpc::Netid;
use onc_runtime::server::{ServerBuilder, ServerHandle};
use onc_runtime::service::{Handling, IncomingCall, Program};
use onc_runtime::transport::{Peer, memory};
use onc_runtime::xdr::Plain;
use onc_runtime::{Client, Interface, Procedure, ProcedureInfo, Server, Xdr};
use support::seen::Seen;
use support::wire::{datagram, record};
use support::{Echo, TestV1Client, TestV1Server, Tester, Wait};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{sleep, timeout};

/// A limit, and how to reach it.
struct Budget {
    setter: &'static str,
    /// As the setter's documentation says it.
    default: &'static str,
    /// As the builder shows it.
    value: &'static str,
    reach: Option<fn() -> Reached>,
}

/// What a limit that was reached says; none: the log says it.
type Reached = Pin<Box<dyn Future<Output = Option<String>>>>;

macro_rules! budget {
    ($setter:ident, $default:literal, $value:literal, $reach:expr) => {
        Budget {
            setter: stringify!($setter),
            default: $default,
            value: $value,
            reach: Some(|| Box::pin(async { $reach().await.into() })),
        }
    };
    // What it does nobody is told of: it forgets the oldest.
    ($setter:ident, $default:literal, $value:literal) => {
        Budget { setter: stringify!($setter), default: $default, value: $value, reach: None }
    };
}

/// A node of a value without an end.
#[derive(Debug, Xdr)]
struct Node {
    below: Option<Box<Node>>,
    number: i32,
}

impl Node {
    fn deep(depth: u32) -> Self {
        let below = depth.checked_sub(1).map(|rest| Box::new(Self::deep(rest)));
        Self { below, number: 7 }
    }
}

/// Takes a value of any depth, and gives one.
#[derive(Debug)]
struct Deepen;

static DEEP: Interface = Interface {
    program: support::INTERFACE.program,
    version: 1,
    program_name: "DEEP_PROG",
    version_name: "DEEP_V1",
    procedures: &[ProcedureInfo { number: 1, name: "DEEPEN", idempotent: true }],
};

impl Procedure for Deepen {
    type Arguments = (Node,);
    type Results = Node;
    type ArgumentsShape = (Plain,);
    type ResultsShape = Plain;
    const INTERFACE: &'static Interface = &DEEP;
    const NUMBER: u32 = 1;
    const NAME: &'static str = "DEEPEN";
}

/// Answers with as many nodes as it is asked for.
struct Deep;

impl Program for Deep {
    fn interface(&self) -> &'static Interface {
        &DEEP
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        let service = std::sync::Arc::new(());
        call.handle::<Deepen, _, _, _>(
            &service,
            |call, (node,)| async move { (call, Ok(Node::deep(node.number as u32))) },
        )
    }
}

async fn serve(builder: ServerBuilder) -> ServerHandle {
    let server = builder.registration(Policy::Off).build().await.expect("set up");
    let handle = server.handle();
    tokio::spawn(server.run());
    handle
}

fn tester() -> ServerBuilder {
    Server::builder().add(TestV1Server::new(Tester::new()))
}

fn connect(server: &ServerHandle) -> DuplexStream {
    let (near, far) = memory::pair();
    server.serve_stream(far, Peer::local(None)).expect("served");
    near
}

/// Writes to a server, and lets it do what it does then.
async fn write(builder: ServerBuilder, bytes: Vec<u8>) {
    let mut stream = connect(&serve(builder).await);
    // It may be closed before all is written.
    let _ = stream.write_all(&bytes).await;
    sleep(Duration::from_secs(1)).await;
}

async fn logged<T>(done: impl Future<Output = T>) -> Option<String> {
    done.await;
    None
}

async fn bound(builder: ServerBuilder) -> SocketAddr {
    let server = builder.registration(Policy::Off).bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    address
}

fn waits(calls: u32) -> Vec<u8> {
    (0..calls).flat_map(|xid| record::<Wait>(xid, xid)).collect()
}

/// Calls that run at once.
async fn stream_and_datagram(builder: ServerBuilder) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let address = bound(builder).await;
    for xid in 0..3 {
        socket.send_to(&datagram::<Wait>(xid, xid), address).await.expect("sent");
    }
}

fn deep(depth: u32) -> Vec<u8> {
    record::<Deepen>(1, Node::deep(depth))
}

fn servers() -> Vec<Budget> {
    vec![
        budget!(max_record_size, "4 MiB", "max_record_size: 4194304", async || {
            logged(write(tester().max_record_size(100), record::<Echo>(1, Bytes::from(vec![0; 200])))).await
        }),
        budget!(max_depth, "128", "depth: 128", async || {
            logged(write(Server::builder().add(Deep).max_depth(3), deep(7))).await
        }),
        budget!(max_decoded_size, "64 MiB", "memory: 67108864", async || {
            logged(write(Server::builder().add(Deep).max_decoded_size(20), deep(7))).await
        }),
        budget!(max_calls, "16384", "}, max_calls: 16384", async || {
            logged(write(tester().max_calls(1), waits(3))).await
        }),
        budget!(max_calls_per_connection, "1024", "max_calls: 1024, max_unsent", async || {
            logged(write(tester().max_calls_per_connection(1), waits(3))).await
        }),
        budget!(max_unsent, "4 MiB", "max_unsent: 4194304", async || {
            let calls = (0..30).flat_map(|xid| record::<Echo>(xid, Bytes::from(vec![0; 10_000]))).collect();
            logged(timeout(Duration::from_secs(1), write(tester().max_unsent(1000), calls))).await
        }),
        budget!(max_connections, "16384", "connections: 16384", async || {
            let server = serve(tester().max_connections(1)).await;
            let _one = connect(&server);
            let full = server.serve_stream(memory::pair().1, Peer::local(None)).expect_err("the second");
            Some(full.to_string())
        }),
        budget!(max_connections_per_peer, "1024", "connections_of_peer: 1024", async || {
            let server = serve(tester().max_connections_per_peer(0)).await;
            let peer = Peer::ip(Netid::Tcp, SocketAddr::from(([192, 0, 2, 1], 1000)));
            let full = server.serve_stream(memory::pair().1, peer).expect_err("the first");
            Some(full.to_string())
        }),
        budget!(idle_timeout, "6 min", "idle: 360s", async || {
            let _stream = connect(&serve(tester()).await);
            logged(sleep(Duration::from_secs(363))).await
        }),
        budget!(record_timeout, "35 s", "record: 35s", async || {
            let mut stream = connect(&serve(tester()).await);
            stream.write_all(&[0x80]).await.expect("written");
            logged(sleep(Duration::from_secs(38))).await
        }),
        budget!(stop_timeout, "10 s", "stop_timeout: 10s", async || {
            let server = serve(tester()).await;
            connect(&server).write_all(&waits(1)).await.expect("written");
            sleep(Duration::from_secs(1)).await;
            server.stop();
            logged(sleep(Duration::from_secs(11))).await
        }),
        budget!(max_duplicates, "8192", "entries: 8192", async || {
            logged(stream_and_datagram(tester().max_duplicates(1))).await
        }),
        budget!(max_duplicate_bytes, "16 MiB", "bytes: 16777216"),
        budget!(duplicate_age, "120 s", "age: 120s"),
    ]
}

/// A client over a stream, and what is at its other end.
fn dialled<S: Stub>(builder: ClientBuilder) -> (S, DuplexStream) {
    let (near, far) = memory::pair();
    (builder.connect_stream(near).expect("started"), far)
}

/// What becomes of a call of [`Deepen`] by a client that takes less.
async fn deep_reply(builder: ClientBuilder) -> Option<String> {
    let stream = connect(&serve(Server::builder().add(Deep)).await);
    let TestV1Client(client) = builder.connect_stream(stream).expect("started");
    let node = Node { below: None, number: 7 };
    Some(client.call::<Deepen>((node,)).await.expect_err("too much").to_string())
}

fn clients() -> Vec<Budget> {
    vec![
        budget!(max_record_size, "64 MiB", "max_record_size: 67108864", async || {
            let (client, _far) = dialled::<TestV1Client>(Client::builder().max_record_size(100));
            Some(client.echo(Bytes::from(vec![0; 200])).await.expect_err("too large").to_string())
        }),
        budget!(max_depth, "128", "depth: 128", async || deep_reply(Client::builder().max_depth(3)).await),
        budget!(max_decoded_size, "64 MiB", "memory: 67108864", async || {
            deep_reply(Client::builder().max_decoded_size(20)).await
        }),
        budget!(max_calls, "65536", "max_calls: 65536", async || {
            let (client, _far) = dialled::<TestV1Client>(Client::builder().max_calls(1));
            let (_, second) = tokio::join!(client.wait(1).timeout(Duration::from_secs(1)), client.wait(2));
            Some(second.expect_err("one too many").to_string())
        }),
        budget!(max_unsent, "64 MiB", "max_unsent: 67108864", async || {
            let (client, _far) = dialled::<TestV1Client>(Client::builder().max_unsent(1000));
            let large = client.echo(Bytes::from(vec![0; 1 << 20])).timeout(Duration::from_secs(1));
            let (_, second) = tokio::join!(large, client.wait(2));
            Some(second.expect_err("nobody reads").to_string())
        }),
        budget!(timeout, "25 s", "timeout: 25s", async || {
            let (client, _far) = dialled::<TestV1Client>(Client::builder());
            Some(client.add(1, 1).await.expect_err("nobody answers").to_string())
        }),
        budget!(idle_timeout, "5 min", "idle_timeout: 300s", async || {
            let open = || async {
                let (near, far) = memory::pair();
                tokio::spawn(async move {
                    let _kept = far;
                    std::future::pending::<()>().await;
                });
                Ok(near)
            };
            let _client: TestV1Client = Client::builder().connect_with("nobody", open).await.expect("connected");
            logged(sleep(Duration::from_secs(361))).await
        }),
    ]
}

/// The setters of limits in a builder's source, each with its documentation.
fn setters(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut documentation = String::new();
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            documentation.push_str(text);
        } else if let Some(rest) = line.strip_prefix("pub fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            let is_limit = name.starts_with("max_") || name.ends_with("timeout") || name.ends_with("_age");
            if is_limit && rest.contains("mut self") {
                found.push((name.to_owned(), std::mem::take(&mut documentation)));
            }
            documentation.clear();
        } else if !line.starts_with('#') {
            documentation.clear();
        }
    }
    found
}

fn assert_documented(budgets: &[Budget], source: &str, shown: &str) {
    let setters = setters(source);
    let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let there = names(setters.iter().map(|(name, _)| &**name).collect());
    assert_eq!(there, names(budgets.iter().map(|budget| budget.setter).collect()), "each limit has its line here");
    for Budget { setter, default, value, .. } in budgets {
        let (_, documentation) = setters.iter().find(|(name, _)| name == setter).expect("found before");
        let says = format!("Default: {default}");
        let rest = documentation.split_once(&says).unwrap_or_else(|| panic!("{setter}: {documentation}")).1;
        assert!(rest.starts_with(['.', ',', ':']), "{setter}: {documentation}");
        assert!(shown.contains(value), "{setter}: {value} in {shown}");
    }
}

#[test]
fn every_default_is_what_its_setter_says() {
    let server = format!("{:?}", Server::builder());
    assert_documented(&servers(), include_str!("../src/server/builder.rs"), &server);
    let client = format!("{:?}", Client::builder());
    assert_documented(&clients(), include_str!("../src/client/builder.rs"), &client);
}

#[tokio::test(start_paused = true)]
async fn every_limit_that_is_reached_names_its_setter() {
    for Budget { setter, reach, .. } in servers().into_iter().chain(clients()) {
        let Some(reach) = reach else { continue };
        let seen = Seen::default();
        let _seeing = seen.see();
        let name = format!("`{setter}`");
        if let Some(text) = reach().await {
            assert!(text.contains(&name), "{setter}: {text}");
            continue;
        }
        // What is in sockets comes when it comes; the clock jumps meanwhile.
        let told = async {
            while seen.events(&name).is_empty() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let told = timeout(Duration::from_secs(60), told).await;
        assert!(told.is_ok(), "{setter}: {:?}", seen.events("onc::"));
    }
}

#[tokio::test]
async fn connections_that_wait_to_be_accepted_are_told_of_once() {
    let seen = Seen::default();
    let _seeing = seen.see();
    let address = bound(tester().max_connections(1)).await;
    for _ in 0..3 {
        // The next one comes while this one is there.
        let mut stream = TcpStream::connect(address).await.expect("in the backlog");
        let _next = TcpStream::connect(address).await.expect("in the backlog");
        stream.write_all(&record::<support::Add>(1, (1, 1))).await.expect("written");
        assert_eq!(support::wire::replies(&mut stream, 1).await, [1]);
    }
    let told = seen.events("`max_connections`");
    assert!(matches!(&told[..], [once] if once.starts_with("onc::server ")), "{told:?}");
}
