//! UDP: calls that come twice, addresses, refusals.

mod support;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::server::ServerBuilder;
use onc_runtime::{Client, Context, Error, Fault, Server};
use support::wire::datagram;
use support::{Add, Echo, TestV1, TestV1Client, TestV1Server, Tester, Wait};
use tokio::net::UdpSocket;
use tokio::sync::Notify;

/// Counts what is added; waits where it is told to.
#[derive(Default)]
struct Counter {
    sum: AtomicI32,
    begun: Notify,
    go_on: Notify,
}

impl TestV1 for Counter {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        Ok(self.sum.fetch_add(a + b, Ordering::Relaxed) + a + b)
    }

    async fn echo(&self, cx: &Context, _data: Bytes) -> Result<Bytes, Fault> {
        self.sum.fetch_add(1, Ordering::Relaxed);
        Ok(cx.local_addr().map_or(String::new(), |address| address.to_string()).into())
    }

    async fn wait(&self, _cx: &Context, ticket: u32) -> Result<u32, Fault> {
        self.begun.notify_one();
        self.go_on.notified().await;
        Ok(self.sum.fetch_add(ticket as i32, Ordering::Relaxed) as u32 + ticket)
    }
}

async fn serve(set_up: impl FnOnce(ServerBuilder) -> ServerBuilder, address: &str) -> (Arc<Counter>, SocketAddr) {
    let counter = Arc::new(Counter::default());
    let builder = Server::builder().add(TestV1Server(Arc::clone(&counter))).registration(Policy::Off).tcp(false);
    let server = set_up(builder).bind(address).await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    (counter, address)
}

/// A client that sends what it is told.
struct Raw(UdpSocket);

impl Raw {
    async fn new(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("bound");
        socket.connect(server).await.expect("connected");
        Self(socket)
    }

    async fn send(&self, message: &[u8]) {
        self.0.send(message).await.expect("sent");
    }

    /// The next reply: its xid, and its last word.
    async fn receive(&self) -> (u32, u32) {
        let mut room = [0; 1024];
        let length = self.0.recv(&mut room).await.expect("received");
        let word = |at: usize| u32::from_be_bytes(room[at..at + 4].try_into().expect("four bytes"));
        (word(0), word(length - 4))
    }
}

#[tokio::test]
async fn a_repeat_gets_the_first_reply_and_is_not_executed() {
    let (counter, address) = serve(|builder| builder, "127.0.0.1:0").await;
    let raw = Raw::new(address).await;
    let call = datagram::<Add>(7, (2, 3));
    for _ in 0..3 {
        raw.send(&call).await;
        assert_eq!(raw.receive().await, (7, 5));
    }
    assert_eq!(counter.sum.load(Ordering::Relaxed), 5);
    // The same xid with other arguments is another call, and so is the same call of another client.
    raw.send(&datagram::<Add>(7, (2, 4))).await;
    assert_eq!(raw.receive().await, (7, 11));
    let other = Raw::new(address).await;
    other.send(&call).await;
    assert_eq!(other.receive().await, (7, 16));
}

#[tokio::test]
async fn a_repeat_of_a_call_that_runs_is_dropped() {
    let (counter, address) = serve(|builder| builder, "127.0.0.1:0").await;
    let raw = Raw::new(address).await;
    let call = datagram::<Wait>(8, 5_u32);
    raw.send(&call).await;
    counter.begun.notified().await;
    for _ in 0..3 {
        raw.send(&call).await;
    }
    // When this is answered the repeats have been read: one socket is read in order.
    raw.send(&datagram::<Add>(9, (1, 0))).await;
    assert_eq!(raw.receive().await, (9, 1));
    counter.go_on.notify_one();
    assert_eq!(raw.receive().await, (8, 6));
    raw.send(&call).await;
    assert_eq!(raw.receive().await, (8, 6));
    assert_eq!(counter.sum.load(Ordering::Relaxed), 6);
}

#[tokio::test]
async fn idempotent_procedures_and_servers_without_a_cache_execute_repeats() {
    let (counter, address) = serve(|builder| builder, "127.0.0.1:0").await;
    let raw = Raw::new(address).await;
    for _ in 0..3 {
        raw.send(&datagram::<Echo>(7, Bytes::new())).await;
        raw.receive().await;
    }
    assert_eq!(counter.sum.load(Ordering::Relaxed), 3);

    let (counter, address) = serve(|builder| builder.max_duplicates(0), "127.0.0.1:0").await;
    let raw = Raw::new(address).await;
    for sum in [5, 10, 15] {
        raw.send(&datagram::<Add>(7, (2, 3))).await;
        assert_eq!(raw.receive().await, (7, sum));
    }
    assert_eq!(counter.sum.load(Ordering::Relaxed), 15);
}

/// Passes datagrams on both ways between one client and a server: loses every third and sends every fourth twice.
async fn bad_network(server: SocketAddr) -> SocketAddr {
    let near = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("bound");
    let far = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("bound");
    far.connect(server).await.expect("connected");
    let address = near.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut out, mut back) = ([0; 2048], [0; 2048]);
        let mut client = None;
        for count in 1_u32.. {
            let copies = if count.is_multiple_of(3) { 0 } else { 1 + usize::from(count.is_multiple_of(4)) };
            tokio::select! {
                received = near.recv_from(&mut out) => {
                    let (length, from) = received.expect("received");
                    client = Some(from);
                    for _ in 0..copies {
                        far.send(&out[..length]).await.expect("sent");
                    }
                }
                received = far.recv(&mut back) => {
                    let length = received.expect("received");
                    for _ in 0..copies {
                        near.send_to(&back[..length], client.expect("it called")).await.expect("sent");
                    }
                }
            }
        }
    });
    address
}

/// The clock is paused: it jumps to the next repeat whenever nothing else is to be done, often before the reply was read.
#[tokio::test(start_paused = true)]
async fn every_call_is_executed_once_over_a_network_that_loses_and_duplicates() {
    const CALLS: i32 = 200;
    let (counter, address) = serve(|builder| builder, "127.0.0.1:0").await;
    let address = bad_network(address).await;
    let client: TestV1Client =
        Client::builder().udp().timeout(Duration::from_secs(1 << 20)).connect_to(address).await.expect("started");
    let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(client.add(1, 0))).collect();
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.expect("ran").expect("answered"));
    }
    results.sort_unstable();
    assert_eq!(results, (1..=CALLS).collect::<Vec<_>>());
    assert_eq!(counter.sum.load(Ordering::Relaxed), CALLS);
}

#[tokio::test]
async fn a_server_on_all_addresses_answers_from_the_one_that_was_called() {
    for wildcard in ["0.0.0.0:0", "[::]:0"] {
        let (_, address) = serve(|builder| builder, wildcard).await;
        for host in [Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2)] {
            // The client's socket is connected: the kernel drops a reply from any other address.
            let called = SocketAddr::from((host, address.port()));
            let client: TestV1Client = Client::builder().udp().connect_to(called).await.expect("started");
            let seen = client.echo(Bytes::new()).await.expect("answered");
            let seen: SocketAddr = std::str::from_utf8(&seen).expect("text").parse().expect("an address");
            assert_eq!(seen.ip().to_canonical(), IpAddr::V4(host), "bound to {wildcard}");
            assert_eq!(seen.port(), address.port());
        }
    }
}

#[tokio::test]
async fn a_reply_from_another_address_is_not_taken() {
    let server = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let stranger = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    let client: TestV1Client = Client::builder().udp().connect_to(address).await.expect("started");
    let call = tokio::spawn(client.add(2, 3));
    let mut room = [0; 1024];
    let (_, from) = server.recv_from(&mut room).await.expect("received");
    let reply = |sum: u32| {
        let xid = u32::from_be_bytes(room[..4].try_into().expect("four bytes"));
        [onc_runtime::rpc::success_header(xid).as_slice(), &sum.to_be_bytes()].concat()
    };
    stranger.send_to(&reply(666), from).await.expect("sent");
    server.send_to(&reply(5), from).await.expect("sent");
    assert_eq!(call.await.expect("ran").expect("answered"), 5);
}

#[tokio::test]
async fn a_port_that_nobody_has_fails_at_once_and_names_the_address() {
    let address = UdpSocket::bind("127.0.0.1:0").await.expect("bound").local_addr().expect("bound");
    let client: TestV1Client = Client::builder().udp().connect_to(address).await.expect("started");
    for _ in 0..2 {
        match client.add(1, 1).idempotent().timeout(Duration::from_secs(60)).await {
            Err(Error::Connect(error)) => {
                assert_eq!(error.address, address.to_string());
                assert_eq!(error.source.kind(), std::io::ErrorKind::ConnectionRefused);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_comes_back_is_found_by_what_may_be_repeated() {
    let start = |port: u16| async move {
        let server = Server::builder()
            .add(TestV1Server::new(Tester::new()))
            .registration(Policy::Off)
            .tcp(false)
            .bind(("127.0.0.1", port))
            .await
            .expect("bound");
        let (address, handle) = (server.local_addr().expect("bound"), server.handle());
        (address, handle, tokio::spawn(server.run()))
    };
    let (address, handle, running) = start(0).await;
    let client: TestV1Client = Client::builder().udp().connect_to(address).await.expect("started");
    assert_eq!(client.add(1, 1).await.expect("answered"), 2);
    handle.stop();
    running.await.expect("ran").expect("stopped");
    match client.add(1, 1).await {
        Err(Error::Lost(lost)) => assert!(lost.sent, "it had worked before: nobody knows what became of this call"),
        other => panic!("{other:?}"),
    }
    let waiting = tokio::spawn(client.add(2, 2).idempotent());
    let (..) = start(address.port()).await;
    assert_eq!(waiting.await.expect("ran").expect("answered"), 4);
}

#[tokio::test]
async fn a_large_payload_is_one_datagram_and_let_go_with_the_reply() {
    let server = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let client: TestV1Client =
        Client::builder().udp().connect_to(server.local_addr().expect("bound")).await.expect("started");
    let payload = Bytes::from(vec![0xa5; 20_000]);
    let mut room = vec![0; 64 << 10];
    // One alone, and two at once.
    for count in [1, 2] {
        let calls = (0..count).map(|_| tokio::spawn(client.echo(payload.clone()))).collect::<Vec<_>>();
        for _ in 0..count {
            let (length, from) = server.recv_from(&mut room).await.expect("received");
            let xid = u32::from_be_bytes(room[..4].try_into().expect("four bytes"));
            assert!(room[..length] == datagram::<Echo>(xid, payload.clone()), "{length} bytes");
            assert!(!payload.is_unique(), "it may have to be sent again");
            let reply = [onc_runtime::rpc::success_header(xid).as_slice(), &[0; 4]].concat();
            server.send_to(&reply, from).await.expect("sent");
        }
        for call in calls {
            assert!(call.await.expect("ran").expect("answered").is_empty());
        }
        assert!(payload.is_unique());
    }
}
