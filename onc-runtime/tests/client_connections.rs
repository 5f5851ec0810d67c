//! A client's connection: closed when idle, made again when it is needed, and what becomes of calls when it is lost.

mod support;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Error, Limit, Phase, Server};
use support::clock::Clock;
use support::wire::{answer, call};
use support::{TestV1Client, TestV1Server, Tester};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// How long a connection may be idle here.
const IDLE: Duration = Duration::from_secs(1);

/// A server that does as the test says.
async fn scripted() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_and_made_again() {
    let clock = Clock::new();
    let (listener, address) = scripted().await;
    let client: TestV1Client = Client::builder().idle_timeout(IDLE).connect_to(address).await.expect("connected");
    for sum in 0..4 {
        // The first time it is the connection that was just made; later the call makes one.
        let calling = tokio::spawn(client.add(sum, 0));
        let (mut stream, _) = listener.accept().await.expect("connected");
        let xid = call(&mut stream).await;
        answer(&mut stream, xid, sum).await;
        assert_eq!(calling.await.expect("ran").expect("answered"), sum);
        // A fifth more at most, and what is under way of one.
        clock.pass(IDLE * 7 / 5).await;
        assert_eq!(stream.read(&mut [0; 1]).await.expect("closed by the client"), 0);
    }
}

#[tokio::test]
async fn a_connection_of_ones_own_making_is_made_again_too() {
    let (listener, address) = scripted().await;
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    let open = move || {
        let attempt = count.fetch_add(1, Ordering::Relaxed);
        async move {
            // The first attempt after the loss fails; the call waits for the next one.
            if attempt == 1 { Err(ErrorKind::ConnectionRefused.into()) } else { TcpStream::connect(address).await }
        }
    };
    let client: TestV1Client = Client::builder().connect_with("a tunnel", open).await.expect("connected");
    assert_eq!(client.0.server(), Some("a tunnel"));
    for sum in 0..2 {
        // Repeated if it leaves before the client has seen that the connection is lost.
        let calling = tokio::spawn(client.add(sum, 0).idempotent());
        let (mut stream, _) = listener.accept().await.expect("connected");
        let xid = call(&mut stream).await;
        answer(&mut stream, xid, sum).await;
        assert_eq!(calling.await.expect("ran").expect("answered"), sum);
        // And this is the loss.
        drop(stream);
    }
    assert_eq!(opened.load(Ordering::Relaxed), 3);

    let never = || std::future::pending::<std::io::Result<TcpStream>>();
    let builder = Client::builder().timeout(Duration::from_millis(20));
    let late = builder.connect_with::<TestV1Client, _, _, _>("nowhere", never).await;
    assert!(matches!(&late, Err(Error::Deadline(deadline)) if deadline.phase == Phase::Connecting), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_call_waits_is_not_idle() {
    let clock = Clock::new();
    let (listener, address) = scripted().await;
    let client: TestV1Client = Client::builder().idle_timeout(IDLE).connect_to(address).await.expect("connected");
    let (mut stream, _) = listener.accept().await.expect("connected");
    let calling = tokio::spawn(client.add(1, 1));
    let xid = call(&mut stream).await;
    clock.pass(20 * IDLE).await;
    answer(&mut stream, xid, 2).await;
    assert_eq!(calling.await.expect("ran").expect("answered"), 2);
}

#[tokio::test]
async fn a_call_that_had_left_fails_and_one_that_may_be_repeated_is() {
    let (listener, address) = scripted().await;
    let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
    let (mut stream, _) = listener.accept().await.expect("connected");
    let once = tokio::spawn(client.add(1, 1));
    call(&mut stream).await;
    let again = tokio::spawn(client.add(2, 2).idempotent());
    call(&mut stream).await;
    drop(stream);
    match once.await.expect("ran") {
        Err(Error::Lost(lost)) => assert!(lost.sent),
        other => panic!("{other:?}"),
    }
    let (mut stream, _) = listener.accept().await.expect("connected again");
    let xid = call(&mut stream).await;
    answer(&mut stream, xid, 4).await;
    assert_eq!(again.await.expect("ran").expect("answered"), 4);
}

#[tokio::test]
async fn a_call_that_had_not_left_is_sent_over_the_next_connection() {
    let (listener, address) = scripted().await;
    let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
    let (mut stream, _) = listener.accept().await.expect("connected");
    // More than the kernel's buffers take, so that the rest is still here, in the middle of a record, and what is behind it
    // whole.
    let large = tokio::spawn(client.echo(Bytes::from(vec![1; 32 << 20])));
    stream.read_exact(&mut [0; 1]).await.expect("it has begun");
    let small = tokio::spawn(client.add(1, 1));
    // It is queued when its task has run.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    assert!(matches!(large.await.expect("ran"), Err(Error::Lost(lost)) if lost.sent), "a part of it had left");
    let (mut stream, _) = listener.accept().await.expect("connected again");
    let xid = call(&mut stream).await;
    answer(&mut stream, xid, 2).await;
    assert_eq!(small.await.expect("ran").expect("answered"), 2);
}

/// More than the kernel's buffers take.
const LARGE: usize = 32 << 20;

/// A call so large that it does not leave at once; a part of it has arrived.
async fn large_call(client: &TestV1Client, stream: &mut TcpStream) -> (tokio::task::JoinHandle<()>, u8) {
    let call = client.echo(Bytes::from(vec![1; LARGE]));
    let calling = tokio::spawn(async move { drop(call.await) });
    let mut first = [0];
    stream.read_exact(&mut first).await.expect("it has begun");
    (calling, first[0])
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_leaves_leaves_whole() {
    let (listener, address) = scripted().await;
    let client: TestV1Client =
        Client::builder().max_record_size(LARGE + 100).connect_to(address).await.expect("connected");
    let (mut stream, _) = listener.accept().await.expect("connected");
    let (calling, first) = large_call(&client, &mut stream).await;
    calling.abort();
    assert!(calling.await.expect_err("dropped").is_cancelled());
    let small = tokio::spawn(client.add(1, 1));
    let mut rest = vec![first];
    let whole = 4 + 40 + 4 + LARGE;
    rest.resize(whole, 0);
    stream.read_exact(&mut rest[1..]).await.expect("all of it");
    assert!(rest[48..].iter().all(|byte| *byte == 1));
    let xid = call(&mut stream).await;
    answer(&mut stream, xid, 2).await;
    assert_eq!(small.await.expect("ran").expect("answered"), 2);
}

#[tokio::test]
async fn a_record_that_cannot_be_finished_ends_with_its_connection() {
    let (listener, address) = scripted().await;
    let client: TestV1Client =
        Client::builder().max_record_size(LARGE + 100).connect_to(address).await.expect("connected");
    let (mut stream, _) = listener.accept().await.expect("connected");
    let (calling, _) = large_call(&client, &mut stream).await;
    calling.abort();
    drop(client);
    let mut rest = Vec::new();
    // An end, or a reset: never another record.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < LARGE, "{}", rest.len());
}

#[tokio::test]
async fn a_deadline_holds_while_there_is_no_connection() {
    let (listener, address) = scripted().await;
    let client: TestV1Client =
        Client::builder().timeout(Duration::from_millis(300)).connect_to(address).await.expect("connected");
    drop(listener);
    let begun = std::time::Instant::now();
    for _ in 0..3 {
        match client.add(1, 1).idempotent().await {
            Err(Error::Connect(error)) => assert_eq!(error.address, address.to_string()),
            Err(Error::Deadline(_) | Error::Lost(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(25), "none waited for the default time");
}

/// The arguments of a call of `add`.
async fn summands(stream: &mut TcpStream) -> (i32, i32) {
    let mut record = [0; 52];
    stream.read_exact(&mut record).await.expect("a call");
    let word = |at: usize| i32::from_be_bytes(record[at..at + 4].try_into().expect("four bytes"));
    (word(44), word(48))
}

/// Calls until it is known that there is no connection and none can be made.
async fn until_down(client: &TestV1Client) {
    let given_up = loop {
        match client.add(1, 1).await {
            Err(error) if error.maybe_executed() => {
                assert!(matches!(error, Error::Lost(_) | Error::Deadline(_)), "{error}");
            }
            Err(Error::Deadline(deadline)) => assert_eq!(deadline.phase, Phase::Connecting),
            Err(error) => break error,
            Ok(sum) => panic!("nobody is there: {sum}"),
        }
    };
    assert!(matches!(given_up, Error::Connect(_)), "{given_up}");
}

#[tokio::test]
async fn a_call_that_was_given_up_without_a_connection_is_not_sent_over_the_next_one() {
    let (listener, address) = scripted().await;
    let client: TestV1Client =
        Client::builder().timeout(Duration::from_millis(300)).connect_to(address).await.expect("connected");
    drop(listener);
    // It waits for the next connection longer than the others.
    let patient = tokio::spawn(client.add(7, 7).idempotent().timeout(Duration::from_secs(60)));
    until_down(&client).await;
    // In each way in which a call can be given up.
    let dropped = tokio::time::timeout(Duration::from_millis(1), client.add(2, 2)).await;
    assert!(dropped.is_err(), "nobody is there");
    let timed = client.add(2, 3).timeout(Duration::from_millis(1)).await.expect_err("nobody is there");
    assert!(!timed.maybe_executed(), "{timed}");
    let listener = TcpListener::bind(address).await.expect("the same port");
    let late = tokio::spawn(client.add(3, 3).timeout(Duration::from_secs(60)));
    let (mut stream, _) = listener.accept().await.expect("connected again");
    let mut come = [summands(&mut stream).await, summands(&mut stream).await];
    come.sort_unstable();
    assert_eq!(come, [(3, 3), (7, 7)]);
    drop(stream);
    assert!(matches!(late.await.expect("ran"), Err(Error::Lost(lost)) if lost.sent));
    patient.abort();
}

#[tokio::test]
async fn calls_that_wait_for_a_connection_are_all_sent_over_the_next_one() {
    let (listener, address) = scripted().await;
    let builder = Client::builder().timeout(Duration::from_millis(300)).max_unsent(1000);
    let client: TestV1Client = builder.connect_to(address).await.expect("connected");
    drop(listener);
    until_down(&client).await;
    let payload = Bytes::from(vec![7; 800]);
    let waiting: Vec<_> = (0..20)
        .map(|_| tokio::spawn(client.echo(payload.clone()).idempotent().timeout(Duration::from_secs(60))))
        .collect();
    let server = Server::builder().add(TestV1Server::new(Tester::new())).registration(Policy::Off);
    let server = server.udp(false).bind(address).await.expect("the same port");
    let handle = server.handle();
    let serving = tokio::spawn(server.run());
    for call in waiting {
        assert_eq!(call.await.expect("ran").expect("answered"), payload);
    }
    handle.stop();
    serving.await.expect("ran").expect("an orderly end");
}

#[tokio::test]
async fn calls_beyond_the_limit_fail_at_once() {
    let (_listener, address) = scripted().await;
    let client: TestV1Client = Client::builder().max_calls(3).connect_to(address).await.expect("connected");
    let waiting: Vec<_> = (0..3).map(|ticket| tokio::spawn(client.wait(ticket))).collect();
    tokio::task::yield_now().await;
    let error = client.add(1, 1).await.expect_err("one too many");
    assert!(matches!(error, Error::Limit(Limit::Calls { max: 3 })), "{error}");
    assert!(error.to_string().contains("max_calls"));
    waiting[0].abort();
    while !waiting[0].is_finished() {
        tokio::task::yield_now().await;
    }
    let late = client.add(1, 1).timeout(Duration::from_millis(1)).await;
    assert!(matches!(late, Err(Error::Deadline(_))), "a dropped call makes room: {late:?}");
}

#[tokio::test]
async fn clients_of_a_server_that_restarts_again_and_again_get_all_their_answers() {
    let mut server = Server::builder().add(TestV1Server::new(Tester::new())).registration(Policy::Off);
    server = server.udp(false);
    let bound = server.bind("127.0.0.1:0").await.expect("bound");
    let address = bound.local_addr().expect("bound");
    let (mut handle, mut running) = (bound.handle(), tokio::spawn(bound.run()));
    let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
    let callers: Vec<_> = (0..16)
        .map(|caller| {
            let client = client.clone();
            tokio::spawn(async move {
                for at in 0..300 {
                    let sum = client.add(caller, at).idempotent().await.expect("answered in the end");
                    assert_eq!(sum, caller + at);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for _ in 0..5 {
        // Each time in the middle of something.
        client.add(1, 1).idempotent().await.expect("answered");
        handle.stop();
        running.await.expect("ran").expect("stopped");
        let again = Server::builder().add(TestV1Server::new(Tester::new())).registration(Policy::Off).udp(false);
        let again = again.bind(address).await.expect("the same port");
        handle = again.handle();
        running = tokio::spawn(again.run());
    }
    for caller in callers {
        caller.await.expect("ran");
    }
}
