//! The duplicate request cache over TCP, for clients that repeat a call over a new connection from the same port.

mod support;

use std::net::SocketAddr;

use onc_runtime::portmap::Policy;
use onc_runtime::rpc::Netid;
use onc_runtime::server::ServerHandle;
use onc_runtime::transport::{Peer, memory};
use onc_runtime::{Context, Fault, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::wire::{record, replies};
use support::{Add, TestV1, TestV1Server, Wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::Notify;

#[derive(Default)]
struct Counter {
    count: AtomicUsize,
    go_on: Notify,
}

/// Added to anything, it gets no reply.
const SILENT: i32 = -1;

impl TestV1 for Counter {
    async fn add(&self, _cx: &Context, a: i32, _b: i32) -> Result<i32, Fault> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        if a == SILENT { Err(Fault::NoReply) } else { Ok(count as i32) }
    }

    async fn echo(&self, _cx: &Context, data: bytes::Bytes) -> Result<bytes::Bytes, Fault> {
        Ok(data)
    }

    async fn wait(&self, _cx: &Context, _ticket: u32) -> Result<u32, Fault> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        self.go_on.notified().await;
        Ok(count as u32)
    }
}

async fn serve(over_tcp: bool) -> (Arc<Counter>, ServerHandle) {
    let counter = Arc::new(Counter::default());
    let builder = Server::builder().add(TestV1Server(Arc::clone(&counter))).registration(Policy::Off);
    let server = builder.duplicates_over_tcp(over_tcp).build().await.expect("set up");
    let handle = server.handle();
    tokio::spawn(server.run());
    (counter, handle)
}

fn connect(server: &ServerHandle, port: u16) -> DuplexStream {
    let (near, far) = memory::pair();
    server.serve_stream(far, Peer::ip(Netid::Tcp, SocketAddr::from(([192, 0, 2, 1], port)))).expect("served");
    near
}

/// The last word of the next reply.
async fn result(stream: &mut DuplexStream) -> u32 {
    let mut reply = [0; 32];
    stream.read_exact(&mut reply).await.expect("a short reply");
    u32::from_be_bytes(reply[28..].try_into().expect("four bytes"))
}

#[tokio::test]
async fn a_call_repeated_over_a_new_connection_gets_the_first_reply() {
    let (counter, server) = serve(true).await;
    for _ in 0..3 {
        let mut stream = connect(&server, 700);
        stream.write_all(&record::<Add>(7, (1, 1))).await.expect("written");
        assert_eq!(result(&mut stream).await, 0);
    }
    let mut other = connect(&server, 701);
    other.write_all(&record::<Add>(7, (1, 1))).await.expect("written");
    assert_eq!(result(&mut other).await, 1, "another client");
    assert_eq!(counter.count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_call_that_runs_is_not_executed_again_though_its_connection_is_gone() {
    let (counter, server) = serve(true).await;
    let mut first = connect(&server, 700);
    first.write_all(&record::<Wait>(7, 1_u32)).await.expect("written");
    while counter.count.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    drop(first);
    let mut second = connect(&server, 700);
    second.write_all(&record::<Wait>(7, 1_u32)).await.expect("written");
    // Once this is answered the repeat has been looked at.
    second.write_all(&record::<Add>(8, (1, 1))).await.expect("written");
    assert_eq!(replies(&mut second, 1).await, [8]);
    counter.go_on.notify_one();
    // What it came to is there for the next repeat.
    let mut third = connect(&server, 700);
    loop {
        third.write_all(&record::<Wait>(7, 1_u32)).await.expect("written");
        third.write_all(&record::<Add>(9, (1, 1))).await.expect("written");
        if replies(&mut third, 1).await.contains(&7) {
            break;
        }
    }
    assert_eq!(counter.count.load(Ordering::Relaxed), 3, "wait once, add with xid 8 and 9 once each");
}

#[tokio::test]
async fn a_repeat_of_a_call_without_a_reply_gets_none_either() {
    let (counter, server) = serve(true).await;
    let mut stream = connect(&server, 700);
    for _ in 0..2 {
        stream.write_all(&record::<Add>(7, (SILENT, 1))).await.expect("written");
    }
    stream.write_all(&record::<Add>(8, (1, 1))).await.expect("written");
    assert_eq!(result(&mut stream).await, 1, "the first that comes is the reply to the other call");
    assert_eq!(counter.count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn it_is_off_unless_asked_for() {
    let (counter, server) = serve(false).await;
    for count in 0..3 {
        let mut stream = connect(&server, 700);
        stream.write_all(&record::<Add>(7, (1, 1))).await.expect("written");
        assert_eq!(result(&mut stream).await, count);
    }
    assert_eq!(counter.count.load(Ordering::Relaxed), 3);
}
