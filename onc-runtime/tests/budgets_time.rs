//! Limits of time, with a clock that jumps to the next thing that is waited for.

mod support;

use std::sync::Arc;
use std::time::Duration;

use onc_runtime::portmap::Policy;
use onc_runtime::server::{ServerBuilder, Stopped};
use onc_runtime::transport::{Peer, memory};
use onc_runtime::{Client, Server};
use support::wire::{record, replies};
use support::{Add, Echo, TestV1Client, TestV1Server, Tester, Wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

struct Running {
    tester: Arc<Tester>,
    handle: onc_runtime::server::ServerHandle,
    ended: JoinHandle<std::io::Result<Stopped>>,
}

async fn start(set_up: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Running {
    let tester = Arc::new(Tester::new());
    let builder = Server::builder().add(TestV1Server(Arc::clone(&tester))).registration(Policy::Off);
    let server = set_up(builder).build().await.expect("set up");
    Running { tester, handle: server.handle(), ended: tokio::spawn(server.run()) }
}

impl Running {
    fn connect(&self) -> DuplexStream {
        let (near, far) = memory::pair();
        self.handle.serve_stream(far, Peer::local(None)).expect("served");
        near
    }
}

/// How many seconds pass until the server closes the connection.
async fn seconds_until_closed(stream: &mut DuplexStream) -> u64 {
    let start = Instant::now();
    let mut rest = Vec::new();
    // It may be cut off in the middle of something.
    let _ = stream.read_to_end(&mut rest).await;
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_six_minutes() {
    let server = start(|builder| builder).await;
    let mut stream = server.connect();
    stream.write_all(&record::<Add>(1, (1, 1))).await.expect("written");
    assert_eq!(replies(&mut stream, 1).await, [1]);
    let seconds = seconds_until_closed(&mut stream).await;
    assert!((360..=362).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_used_or_whose_call_runs_stays() {
    let server = start(|builder| builder.idle_timeout(Duration::from_secs(10))).await;
    let mut stream = server.connect();
    for xid in 0..20 {
        sleep(Duration::from_secs(9)).await;
        stream.write_all(&record::<Add>(xid, (1, 1))).await.expect("written");
        assert_eq!(replies(&mut stream, 1).await, [xid]);
    }
    stream.write_all(&record::<Wait>(77, 1_u32)).await.expect("written");
    sleep(Duration::from_secs(1000)).await;
    server.tester.gate.add_permits(1);
    assert_eq!(replies(&mut stream, 1).await, [77]);
    let seconds = seconds_until_closed(&mut stream).await;
    assert!((10..=12).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_stops_in_the_middle_is_not_waited_for() {
    for sent in [1, 4, 30] {
        let server = start(|builder| builder).await;
        let mut stream = server.connect();
        stream.write_all(&record::<Add>(1, (1, 1))[..sent]).await.expect("written");
        let seconds = seconds_until_closed(&mut stream).await;
        assert!((35..=37).contains(&seconds), "{sent} bytes: {seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_trickles_in_is_not_waited_for_longer() {
    let server = start(|builder| builder).await;
    let (mut reading, mut writing) = tokio::io::split(server.connect());
    let start = Instant::now();
    let trickle = tokio::spawn(async move {
        for byte in record::<Add>(1, (1, 1)) {
            if writing.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_secs(5)).await;
        }
    });
    let mut rest = Vec::new();
    let _ = reading.read_to_end(&mut rest).await;
    let seconds = start.elapsed().as_secs();
    assert!((35..=37).contains(&seconds), "{seconds}");
    trickle.await.expect("ran");
}

#[tokio::test(start_paused = true)]
async fn a_large_record_may_take_its_time_as_long_as_it_gets_on() {
    let server = start(|builder| builder).await;
    let (mut reading, mut writing) = tokio::io::split(server.connect());
    let call = record::<Echo>(9, bytes::Bytes::from(vec![1; 3 << 20]));
    tokio::spawn(async move {
        for part in call.chunks(512 << 10) {
            writing.write_all(part).await.expect("the connection is there");
            sleep(Duration::from_secs(30)).await;
        }
        writing
    });
    assert_eq!(replies(&mut reading, 1).await, [9]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_no_replies_is_left_in_the_end() {
    let server = start(|builder| builder.max_unsent(1000)).await;
    let stream = server.connect();
    let (reading, mut writing) = tokio::io::split(stream);
    let start = Instant::now();
    let call = record::<Echo>(9, bytes::Bytes::from(vec![1; 10_000]));
    while writing.write_all(&call).await.is_ok() {}
    let seconds = start.elapsed().as_secs();
    assert!((360..=363).contains(&seconds), "{seconds}");
    drop(reading);
}

#[tokio::test(start_paused = true)]
async fn calls_that_do_not_end_are_cut_off_when_the_server_stops_and_counted() {
    let server = start(|builder| builder.stop_timeout(Duration::from_secs(7))).await;
    let client: TestV1Client = Client::builder().connect_stream(server.connect()).expect("started");
    let calls: Vec<_> = (0..3).map(|ticket| tokio::spawn(client.wait(ticket))).collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let start = Instant::now();
    server.handle.stop();
    let stopped = server.ended.await.expect("ran").expect("stopped");
    assert_eq!((stopped.cut, stopped.connections), (3, 1));
    assert_eq!(start.elapsed().as_secs(), 7);
    for call in calls {
        assert!(call.await.expect("ran").is_err());
    }
}
