//! Limits of calls and replies: what is beyond them waits, and is not lost.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::server::{ServerBuilder, ServerHandle};
use onc_runtime::transport::{Peer, memory};
use onc_runtime::{Client, Context, Fault, Server};
use support::wire::{datagram, record, replies};
use support::{Add, Echo, TestV1, TestV1Client, TestV1Server, Wait};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::sync::Semaphore;

/// Counts the calls that run, and those that have begun.
#[derive(Default)]
struct Gauge {
    begun: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
    gate: Gate,
}

struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl TestV1 for Gauge {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Ok(a + b)
    }

    async fn echo(&self, _cx: &Context, data: Bytes) -> Result<Bytes, Fault> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Ok(data)
    }

    async fn wait(&self, _cx: &Context, ticket: u32) -> Result<u32, Fault> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(running, Ordering::Relaxed);
        self.gate.0.acquire().await.map_err(Fault::system)?.forget();
        self.running.fetch_sub(1, Ordering::Relaxed);
        Ok(ticket)
    }
}

fn start(set_up: impl FnOnce(ServerBuilder) -> ServerBuilder) -> (Arc<Gauge>, impl Future<Output = ServerHandle>) {
    let gauge = Arc::new(Gauge::default());
    let builder = set_up(Server::builder().add(TestV1Server(Arc::clone(&gauge))).registration(Policy::Off));
    let started = async move {
        let server = builder.build().await.expect("set up");
        let handle = server.handle();
        tokio::spawn(server.run());
        handle
    };
    (gauge, started)
}

fn connect(server: &ServerHandle) -> DuplexStream {
    let (near, far) = memory::pair();
    server.serve_stream(far, Peer::local(None)).expect("served");
    near
}

/// Lets everything happen that can. The runtime has one thread and nothing waits for a socket.
async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_burst_runs_no_more_calls_than_its_connection_may() {
    const CALLS: u32 = 500;
    let (gauge, started) = start(|builder| builder.max_calls_per_connection(10));
    let mut stream = connect(&started.await);
    let burst: Vec<u8> = (0..CALLS).flat_map(|xid| record::<Wait>(xid, xid)).collect();
    stream.write_all(&burst).await.expect("written");
    settle().await;
    assert_eq!(gauge.begun.load(Ordering::Relaxed), 10);
    gauge.gate.0.add_permits(CALLS as usize);
    let mut xids = replies(&mut stream, CALLS as usize).await;
    xids.sort_unstable();
    assert_eq!(xids, (0..CALLS).collect::<Vec<_>>());
    assert_eq!(gauge.most.load(Ordering::Relaxed), 10);
}

#[tokio::test]
async fn all_connections_together_run_no_more_calls_than_the_server_may() {
    const CALLS: u32 = 20;
    let (gauge, started) = start(|builder| builder.max_calls(4));
    let server = started.await;
    let mut streams: Vec<DuplexStream> = (0..5).map(|_| connect(&server)).collect();
    let burst: Vec<u8> = (0..CALLS).flat_map(|xid| record::<Wait>(xid, xid)).collect();
    for stream in &mut streams {
        stream.write_all(&burst).await.expect("written");
    }
    settle().await;
    assert_eq!(gauge.begun.load(Ordering::Relaxed), 4);
    // One connection goes away while it waits: its room is the others'.
    drop(streams.pop());
    gauge.gate.0.add_permits(1000);
    for stream in &mut streams {
        assert_eq!(replies(stream, CALLS as usize).await.len(), CALLS as usize);
    }
    assert_eq!(gauge.most.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn room_that_one_does_not_need_goes_to_the_next() {
    let (gauge, started) = start(|builder| builder.max_calls(1));
    let server = started.await;
    let mut streams: Vec<DuplexStream> = (0..3).map(|_| connect(&server)).collect();
    streams[0].write_all(&record::<Wait>(0, 0_u32)).await.expect("written");
    settle().await;
    // These are answered at once when they are looked at: they take no room for long.
    for stream in &mut streams[1..] {
        stream.write_all(&record::<Add>(1, (1, 1))).await.expect("written");
    }
    settle().await;
    assert_eq!(gauge.begun.load(Ordering::Relaxed), 1);
    gauge.gate.0.add_permits(1);
    for (at, stream) in streams.iter_mut().enumerate() {
        assert_eq!(replies(stream, 1).await, [u32::from(at > 0)]);
    }
}

#[tokio::test]
async fn datagrams_count_too() {
    let (gauge, started) = {
        let gauge = Arc::new(Gauge::default());
        let builder = Server::builder().add(TestV1Server(Arc::clone(&gauge))).registration(Policy::Off).max_calls(3);
        (gauge, builder.bind("127.0.0.1:0").await.expect("bound"))
    };
    let address = started.local_addr().expect("bound");
    tokio::spawn(started.run());
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    socket.connect(address).await.expect("connected");
    for xid in 0..20 {
        socket.send(&datagram::<Wait>(xid, xid)).await.expect("sent");
    }
    gauge.gate.0.add_permits(20);
    let mut room = [0; 100];
    for _ in 0..20 {
        socket.recv(&mut room).await.expect("received");
    }
    let most = gauge.most.load(Ordering::Relaxed);
    assert!((1..=3).contains(&most), "{most}");
}

#[tokio::test]
async fn room_that_a_datagram_does_not_need_goes_to_the_next() {
    let gauge = Arc::new(Gauge::default());
    let builder = Server::builder().add(TestV1Server(Arc::clone(&gauge))).registration(Policy::Off).max_calls(1);
    let server = builder.bind("127.0.0.1:0").await.expect("bound");
    let (handle, address) = (server.handle(), server.local_addr().expect("bound"));
    tokio::spawn(server.run());
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    socket.connect(address).await.expect("connected");
    socket.send(&datagram::<Wait>(0, 0_u32)).await.expect("sent");
    while gauge.begun.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    // These are answered at once when they are looked at: they take no room for long.
    socket.send(&datagram::<Add>(1, (1, 1))).await.expect("sent");
    settle().await;
    let mut stream = connect(&handle);
    stream.write_all(&record::<Add>(2, (1, 1))).await.expect("written");
    settle().await;
    assert_eq!(gauge.begun.load(Ordering::Relaxed), 1);
    gauge.gate.0.add_permits(1);
    for _ in 0..2 {
        socket.recv(&mut [0; 100]).await.expect("received");
    }
    assert_eq!(replies(&mut stream, 1).await, [2]);
}

#[tokio::test]
async fn a_peer_that_does_not_read_has_few_calls_executed() {
    const CALLS: u32 = 1000;
    const SIZE: usize = 4000;
    let (gauge, started) = start(|builder| builder.max_unsent(64 << 10));
    let stream = connect(&started.await);
    let (mut reading, mut writing) = tokio::io::split(stream);
    let writer = tokio::spawn(async move {
        for xid in 0..CALLS {
            writing.write_all(&record::<Echo>(xid, Bytes::from(vec![0; SIZE]))).await.expect("written");
        }
        writing
    });
    settle().await;
    // What the pipe holds, what may be unsent, and one more.
    let begun = gauge.begun.load(Ordering::Relaxed);
    assert!((16..=2 * (64 << 10) / SIZE + 2).contains(&begun), "{begun}");
    assert!(!writer.is_finished(), "the peer is made to wait");
    let xids = replies(&mut reading, CALLS as usize).await;
    assert_eq!(xids, (0..CALLS).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_burst_of_calls_with_large_replies_is_held_back_too() {
    const CALLS: u32 = 900;
    let (gauge, started) = start(|builder| builder.max_unsent(1000));
    let mut stream = connect(&started.await);
    // A large reply leaves little room in the pipe.
    stream.write_all(&record::<Echo>(CALLS, Bytes::from(vec![0; 60_000]))).await.expect("written");
    settle().await;
    // All of these are read at once.
    let burst: Vec<u8> = (0..CALLS).flat_map(|xid| record::<Echo>(xid, Bytes::from_static(&[0; 16]))).collect();
    assert!(burst.len() < 64 << 10);
    stream.write_all(&burst).await.expect("written");
    settle().await;
    let begun = gauge.begun.load(Ordering::Relaxed);
    assert!((20..200).contains(&begun), "{begun}");
    let mut xids = replies(&mut stream, CALLS as usize + 1).await;
    xids.rotate_left(1);
    assert_eq!(xids, (0..=CALLS).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_client_that_closes_its_side_gets_what_it_had_asked_for() {
    let (gauge, started) = start(|builder| builder.max_calls_per_connection(2));
    let mut stream = connect(&started.await);
    let burst: Vec<u8> = (0..10).flat_map(|xid| record::<Wait>(xid, xid)).collect();
    stream.write_all(&burst).await.expect("written");
    stream.shutdown().await.expect("closed");
    settle().await;
    gauge.gate.0.add_permits(10);
    assert_eq!(replies(&mut stream, 100).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_call_is_lost_at_the_limits_on_several_threads() {
    let (gauge, started) = start(|builder| builder.max_calls(3).max_calls_per_connection(2));
    let server = started.await;
    gauge.gate.0.add_permits(1_000_000);
    let clients = (0..8).map(|_| {
        let client: TestV1Client = Client::builder().connect_stream(connect(&server)).expect("started");
        tokio::spawn(async move {
            for round in 0..50 {
                let calls: Vec<_> = (0..20).map(|at| tokio::spawn(client.wait(round * 100 + at))).collect();
                for (at, call) in (0..).zip(calls) {
                    assert_eq!(call.await.expect("ran").expect("answered"), round * 100 + at);
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("ran");
    }
    assert_eq!(gauge.begun.load(Ordering::Relaxed), 8 * 50 * 20);
}
