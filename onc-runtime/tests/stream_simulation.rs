//! A client and a server on a simulated stream and a simulated clock: calls and replies are cut at every byte, delayed, and
//! broken off at every byte.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::server::ServerHandle;
use onc_runtime::transport::Peer;
use onc_runtime::{Client, Context, Error, Fault, Server};
use proptest::prelude::*;
use support::simulated::{Breach, Observer, Pieces, Simulated, Way, connection};
use support::wire::{record, replies};
use support::{Add, Echo, TestV1, TestV1Client, TestV1Server, Wait};
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

/// Counts what it executes. `wait` takes so many milliseconds.
#[derive(Default)]
struct Counting {
    executed: AtomicU32,
}

impl Counting {
    fn count(&self) {
        self.executed.fetch_add(1, Ordering::Relaxed);
    }
}

impl TestV1 for Counting {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        self.count();
        Ok(a + b)
    }

    async fn echo(&self, _cx: &Context, data: Bytes) -> Result<Bytes, Fault> {
        self.count();
        Ok(data)
    }

    async fn wait(&self, _cx: &Context, ticket: u32) -> Result<u32, Fault> {
        self.count();
        sleep(Duration::from_millis(ticket.into())).await;
        Ok(ticket)
    }
}

/// A server that runs, and what it has executed.
struct Running {
    service: Arc<Counting>,
    handle: ServerHandle,
}

impl Running {
    async fn start() -> Self {
        let service = Arc::<Counting>::default();
        let builder = Server::builder().add(TestV1Server(Arc::clone(&service))).registration(Policy::Off);
        let server = builder.build().await.expect("set up");
        let handle = server.handle();
        tokio::spawn(server.run());
        Self { service, handle }
    }

    /// A connection to it: the near end.
    fn connect(&self, there: impl Into<Way>, back: impl Into<Way>) -> (Simulated, Observer) {
        let (near, far, observer) = connection(there, back);
        self.handle.serve_stream(far, Peer::local(None)).expect("served");
        (near, observer)
    }

    fn client(&self, there: impl Into<Way>, back: impl Into<Way>) -> (TestV1Client, Observer) {
        let (near, observer) = self.connect(there, back);
        (Client::builder().connect_stream(near).expect("started"), observer)
    }

    /// How many calls have been executed since it was last asked.
    fn executed(&self) -> u32 {
        self.service.executed.swap(0, Ordering::Relaxed)
    }
}

/// Waits until both ends are gone.
async fn gone(observer: &Observer) {
    for _ in 0..1000 {
        if observer.dropped() == (true, true) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the ends (near, far) are gone: {:?}", observer.dropped());
}

/// The length of an encoded call of `add`, and of its reply, with their marks.
const CALL: usize = 52;
const REPLY: usize = 32;

#[tokio::test(start_paused = true)]
async fn a_call_cut_at_every_byte_and_its_reply_cut_at_every_byte() {
    let server = Running::start().await;
    for there in 1..=CALL {
        for back in 1..=REPLY {
            let (client, observer) = server.client(Pieces::CutAt(there), Pieces::CutAt(back));
            let (a, b) = (there as i32, -(back as i32));
            assert_eq!(client.add(a, b).await.expect("answered"), a + b);
            assert_eq!(observer.written(), (CALL, REPLY));
            assert_eq!(server.executed(), 1);
        }
    }
}

/// Calls that are begun together: one with a large payload, which is written by reference, and one whose reply comes last.
async fn burst(client: &TestV1Client, payload: &Bytes) {
    let (sum, echoed, waited, null) =
        tokio::join!(client.add(1, 2), client.echo(payload.clone()), client.wait(20), client.null());
    assert_eq!(sum.expect("answered"), 3);
    assert_eq!(echoed.expect("answered"), *payload);
    assert_eq!(waited.expect("answered"), 20);
    null.expect("answered");
}

#[tokio::test(start_paused = true)]
async fn a_burst_cut_at_every_byte_of_both_ways() {
    let server = Running::start().await;
    let payload = Bytes::from((0..4099).map(|at| at as u8).collect::<Vec<_>>());
    let (client, observer) = server.client(Way::default(), Way::default());
    burst(&client, &payload).await;
    let (there, back) = observer.written();
    assert!(there > payload.len() + 3 * 44 && back > payload.len() + 3 * 28, "{there} {back}");
    assert_eq!(server.executed(), 3);
    for at in 1..there.max(back) {
        let (client, _) = server.client(Pieces::CutAt(at), Pieces::CutAt(at));
        burst(&client, &payload).await;
        assert_eq!(server.executed(), 3, "cut at {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn byte_by_byte_with_time_between() {
    let server = Running::start().await;
    for length in 1..=5 {
        let way = || Way { pieces: Pieces::Each(length), delay: Duration::from_millis(30), ..Way::default() };
        let (client, _) = server.client(way(), way());
        for at in 0..10 {
            burst(&client, &Bytes::from(vec![at; 300])).await;
        }
        assert_eq!(server.executed(), 30);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_and_replies_cross() {
    let server = Running::start().await;
    // A call a millisecond, and half a second until the reply: some five hundred are on their way at any time.
    let way = || Way { pieces: Pieces::Each(60), delay: Duration::from_millis(250), ..Way::default() };
    let (client, _) = server.client(way(), way());
    let calls: Vec<_> = (0..2000).map(|at| tokio::spawn(client.add(at, 1))).collect();
    for (at, call) in (0..).zip(calls) {
        assert_eq!(call.await.expect("ran").expect("answered"), at + 1);
    }
    assert_eq!(server.executed(), 2000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_and_any_delays(
        seeds in (1_u64.., 1_u64..),
        most in (1_usize..3000, 1_usize..3000),
        delay in 0_u64..400,
        pause in 0_u64..3,
        sizes in prop::collection::vec(0_usize..6000, 1..20),
    ) {
        let way = |seed, most| Way {
            pieces: Pieces::Random { seed, most },
            delay: Duration::from_millis(delay),
            pause: Duration::from_millis(pause),
            breaks_off: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let server = Running::start().await;
            // A small piece each millisecond is slow: the default time limit is not what is tested here.
            let (near, _) = server.connect(way(seeds.0, most.0), way(seeds.1, most.1));
            let builder = Client::builder().timeout(Duration::from_secs(3600));
            let client: TestV1Client = builder.connect_stream(near).expect("started");
            let calls: Vec<_> = sizes
                .iter()
                .enumerate()
                .map(|(at, size)| {
                    let (client, payload) = (client.clone(), Bytes::from(vec![at as u8; *size]));
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(at as u64 * 7)).await;
                        let (echoed, waited) = tokio::join!(client.echo(payload.clone()), client.wait(at as u32 * 11));
                        assert_eq!(echoed.expect("answered"), payload);
                        assert_eq!(waited.expect("answered"), at as u32 * 11);
                    })
                })
                .collect();
            let count = calls.len() as u32;
            for call in calls {
                call.await.expect("every call is answered as it was asked");
            }
            assert_eq!(server.executed(), 2 * count);
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_breaks_off_at_any_byte_fails_its_call() {
    let server = Running::start().await;
    for breach in [Breach::End, Breach::Reset] {
        for at in 0..REPLY {
            let back = Way { breaks_off: Some((at, breach)), ..Way::default() };
            let (client, observer) = server.client(Way::default(), back);
            match client.add(1, 1).await {
                Err(Error::Lost(lost)) => assert!(lost.sent, "it was executed"),
                other => panic!("{at} bytes of the reply came: {other:?}"),
            }
            assert_eq!(server.executed(), 1);
            assert!(client.add(1, 1).await.is_err(), "nothing is read behind half a record");
            gone(&observer).await;
            assert_eq!(server.executed(), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_breaks_off_at_any_byte_is_not_executed() {
    let server = Running::start().await;
    for breach in [Breach::End, Breach::Reset] {
        for at in 0..CALL {
            let there = Way { breaks_off: Some((at, breach)), ..Way::default() };
            let (client, observer) = server.client(there, Way::default());
            match client.add(1, 1).await {
                Err(Error::Lost(lost)) => assert_eq!(lost.sent, at > 0, "{at} bytes had left"),
                other => panic!("{at} bytes of the call left: {other:?}"),
            }
            gone(&observer).await;
            assert_eq!(server.executed(), 0, "{at} bytes are no call");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_inside_a_record_closes_the_connection_and_answers_what_came_before() {
    let server = Running::start().await;
    let whole = record::<Wait>(1, 5_u32);
    let half = record::<Add>(2, (1, 1));
    for at in 1..half.len() {
        let (mut near, observer) = server.connect(Pieces::AsWritten, Pieces::AsWritten);
        near.write_all(&[&whole, &half[..at]].concat()).await.expect("written");
        near.shutdown().await.expect("shut down");
        assert_eq!(replies(&mut near, usize::MAX).await, [1], "until the server closes");
        drop(near);
        gone(&observer).await;
        assert_eq!(server.executed(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_stalls_at_any_byte_closes_the_connection() {
    let server = Running::start().await;
    let call = record::<Echo>(1, Bytes::from_static(b"seven b"));
    let mut stalled = Vec::new();
    for at in 1..call.len() {
        let (mut near, observer) = server.connect(Pieces::Each(7), Pieces::AsWritten);
        near.write_all(&call[..at]).await.expect("written");
        stalled.push((near, observer));
    }
    // The time for a record is 35 s, and it is looked at once a second.
    sleep(Duration::from_secs(34)).await;
    assert!(stalled.iter().all(|(_, observer)| observer.dropped() == (false, false)));
    sleep(Duration::from_secs(4)).await;
    assert!(stalled.iter().all(|(_, observer)| observer.dropped() == (false, true)));
    assert_eq!(server.executed(), 0);
}
