//! One deadline over all that a call has to wait for: the port mapper, the connection and the reply. The clock stands still
//! but for what the test lets pass.
#![cfg(target_os = "linux")]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::Resolver;
use onc_runtime::rpc::UniversalAddress;
use onc_runtime::{Client, Error, Phase};
use support::TestV1Client;
use support::clock::Clock;
use support::wire::{answer, call, calls};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;

/// The default.
const WHOLE: Duration = Duration::from_secs(25);

/// What a call may have that is to have less.
const LESS: Duration = Duration::from_secs(20);

/// How late each of the three is.
const LATE: Duration = Duration::from_secs(6);

/// A call may be given up so much later.
const COARSE: Duration = Duration::from_millis(200);

/// A port mapper that answers when it is told to.
struct SlowMapper(TcpListener);

impl SlowMapper {
    async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.expect("bound"))
    }

    fn resolver(&self) -> Resolver {
        Resolver::new().with_port(self.0.local_addr().expect("bound").port())
    }

    /// Somebody asks.
    async fn question(&self) -> (TcpStream, u32) {
        let (mut stream, _) = self.0.accept().await.expect("a client");
        let xid = call(&mut stream).await;
        (stream, xid)
    }

    /// Tells the address, and waits until that was read.
    async fn tell(&self, (mut stream, xid): (TcpStream, u32), address: SocketAddr) {
        answer(&mut stream, xid, UniversalAddress::from(address).to_string()).await;
        assert_eq!(stream.read(&mut [0; 1]).await.expect("closed"), 0, "nothing more is asked");
    }
}

/// A server at which no connection is established before it accepts the one that has come first.
struct Crowded {
    listener: TcpListener,
    address: SocketAddr,
    first: TcpStream,
}

impl Crowded {
    async fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("bound");
        // The queue of Linux holds one more than it is told.
        let listener = socket.listen(0).expect("listening");
        let address = listener.local_addr().expect("bound");
        let first = TcpStream::connect(address).await.expect("room for one");
        Self { listener, address, first }
    }

    /// The second connection, once the first is out of its way.
    async fn accept(&self) -> TcpStream {
        let (_, from) = self.listener.accept().await.expect("the first");
        assert_eq!(from, self.first.local_addr().expect("connected"));
        self.listener.accept().await.expect("the second").0
    }
}

fn assert_late(error: &Error, after: Duration, phase: Phase) {
    let Error::Deadline(deadline) = error else { panic!("{error:?}") };
    assert_eq!((deadline.after, deadline.phase), (after, phase), "{error}");
    assert_eq!(error.maybe_executed(), phase == Phase::Reply);
}

#[tokio::test(start_paused = true)]
async fn connecting_has_one_for_the_port_mapper_and_the_connection() {
    let clock = Clock::new();
    for phase in [Phase::Resolving, Phase::Connecting] {
        let (mapper, server) = (SlowMapper::new().await, Crowded::new().await);
        let begun = Instant::now();
        let connecting =
            tokio::spawn(Client::builder().resolver(mapper.resolver()).connect::<TestV1Client>("127.0.0.1"));
        let question = mapper.question().await;
        clock.pass(LATE).await;
        let mut kept = Some(question);
        if phase == Phase::Connecting {
            mapper.tell(kept.take().expect("asked"), server.address).await;
        }
        let outcome = clock.until(connecting, WHOLE + 2 * COARSE).await;
        let took = begun.elapsed();
        assert_late(&outcome.expect_err("too late"), WHOLE, phase);
        assert!((WHOLE..=WHOLE + COARSE).contains(&took), "{took:?}");
    }
}

/// What two calls come to that have to connect again, and after how long: one with the default time and one with less. The port
/// mapper, the connection and the reply are all late, and `stuck` never comes.
async fn calls_that_connect_again(stuck: Option<Phase>) -> [(Result<i32, Error>, Duration); 2] {
    let clock = Clock::new();
    let mapper = SlowMapper::new().await;
    let before = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let connecting = tokio::spawn(Client::builder().resolver(mapper.resolver()).connect::<TestV1Client>("127.0.0.1"));
    mapper.tell(mapper.question().await, before.local_addr().expect("bound")).await;
    let client = connecting.await.expect("ran").expect("connected");
    let (mut stream, _) = before.accept().await.expect("connected");
    let calling = tokio::spawn(client.add(1, 1));
    let xid = call(&mut stream).await;
    answer(&mut stream, xid, 2).await;
    assert_eq!(calling.await.expect("ran").expect("answered"), 2);
    drop((stream, before));

    let begun = Instant::now();
    let ended = move |outcome| (outcome, begun.elapsed());
    // Repeated if they leave before it is seen that the connection is lost.
    let (long, short) = (client.add(20, 22).idempotent(), client.add(20, 22).idempotent().timeout(LESS));
    let long = tokio::spawn(async move { ended(long.await) });
    let short = tokio::spawn(async move { ended(short.await) });
    let server = Crowded::new().await;
    let question = mapper.question().await;
    clock.pass(LATE).await;
    let mut kept = (None, None);
    if stuck == Some(Phase::Resolving) {
        kept.0 = Some(question);
    } else {
        mapper.tell(question, server.address).await;
        clock.pass(LATE).await;
        if stuck != Some(Phase::Connecting) {
            let mut stream = server.accept().await;
            let xids = calls(&mut stream, 2).await;
            clock.pass(LATE).await;
            if stuck.is_none() {
                for xid in xids {
                    answer(&mut stream, xid, 42).await;
                }
                return [long.await.expect("ran"), short.await.expect("ran")];
            }
            kept.1 = Some(stream);
        }
    }
    let (short, long) = (clock.until(short, LESS).await, clock.until(long, WHOLE).await);
    drop(kept);
    [long, short]
}

#[tokio::test(start_paused = true)]
async fn a_call_that_connects_again_has_one_for_all_three() {
    for stuck in [Phase::Resolving, Phase::Connecting, Phase::Reply] {
        let outcomes = calls_that_connect_again(Some(stuck)).await;
        for ((outcome, took), after) in outcomes.into_iter().zip([WHOLE, LESS]) {
            assert_late(&outcome.expect_err("too late"), after, stuck);
            assert!((after..=after + COARSE).contains(&took), "{stuck:?}: {took:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_late_in_all_three_as_long_as_it_is_in_time_as_a_whole() {
    for (outcome, took) in calls_that_connect_again(None).await {
        assert_eq!(outcome.expect("in time"), 42);
        assert!((3 * LATE..LESS).contains(&took), "{took:?}");
    }
}
