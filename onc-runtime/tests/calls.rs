//! Calls between a client and a server of this crate, over sockets, in memory and in process.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::client::{Request, Stub};
use onc_runtime::portmap::Policy;
use onc_runtime::server::{ServerHandle, Stopped};
use onc_runtime::{Client, Error, Phase, Refusal, Server};
use support::serving::{Serving, serving};
use support::{TestV1Client, TestV1Server, Tester};
use tokio::task::JoinHandle;

/// A server and its implementation.
async fn serve() -> (Arc<Tester>, SocketAddr, ServerHandle, JoinHandle<Stopped>) {
    let tester = Arc::new(Tester::new());
    let Serving { address, handle, running } = serving(Server::builder().add(TestV1Server(Arc::clone(&tester)))).await;
    (tester, address, handle, running)
}

async fn tcp(address: SocketAddr) -> TestV1Client {
    Client::builder().connect_to(address).await.expect("connected")
}

async fn udp(address: SocketAddr) -> TestV1Client {
    Client::builder().udp().connect_to(address).await.expect("connected")
}

#[tokio::test]
async fn a_call_is_answered_over_tcp_and_udp() {
    let (_, address, ..) = serve().await;
    for client in [tcp(address).await, udp(address).await] {
        client.null().await.expect("procedure 0 is answered");
        assert_eq!(client.add(2, 40).await.expect("answered"), 42);
        assert_eq!(client.add(2, 40).timeout(Duration::from_secs(60)).await.expect("answered"), 42);
        for length in [0, 1, 3, 100, 5000, 60_000] {
            let data = Bytes::from(vec![0xa5; length]);
            assert_eq!(client.echo(data.clone()).await.expect("answered"), data);
        }
    }
    let large = Bytes::from((0..3_000_000_u32).map(|at| at as u8).collect::<Vec<_>>());
    assert_eq!(tcp(address).await.echo(large.clone()).await.expect("answered"), large);
}

#[tokio::test]
async fn calls_of_one_connection_run_at_the_same_time() {
    let (tester, address, ..) = serve().await;
    for client in [tcp(address).await, udp(address).await] {
        let waiting: Vec<_> = (0..100_u32).map(|ticket| tokio::spawn(client.wait(ticket))).collect();
        // The quick call overtakes those that wait.
        assert_eq!(client.add(1, 1).await.expect("answered"), 2);
        tester.gate.add_permits(100);
        for (ticket, call) in waiting.into_iter().enumerate() {
            assert_eq!(call.await.expect("ran").expect("answered"), ticket as u32);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_on_two_threads() {
    let (_, address, ..) = serve().await;
    let client = tcp(address).await;
    let callers = (0..64).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            for at in 0..200 {
                assert_eq!(client.add(caller, at).await.expect("answered"), caller + at);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("ran");
    }
}

#[tokio::test]
async fn refusals_arrive_as_what_they_are() {
    let (_, address, ..) = serve().await;
    for client in
        [tcp(address).await, udp(address).await, TestV1Client(Client::in_process(TestV1Server::new(Tester::new())))]
    {
        let overflow = client.add(i32::MAX, 1).await;
        assert!(matches!(overflow, Err(Error::Refused(Refusal::GarbageArguments))), "{overflow:?}");
        let panicked = client.add(i32::MIN, 0).await;
        assert!(matches!(panicked, Err(Error::Refused(Refusal::SystemError))), "{panicked:?}");
        assert_eq!(client.add(1, 1).await.expect("the server lives"), 2);
    }
}

#[tokio::test]
async fn a_deadline_passes_and_a_dropped_call_is_forgotten() {
    let (tester, address, handle, _) = serve().await;
    let client = tcp(address).await;
    let late = client.wait(1).timeout(Duration::from_millis(20)).await;
    let Err(Error::Deadline(deadline)) = late else { panic!("{late:?}") };
    assert_eq!(deadline.phase, Phase::Reply);

    tester.begun.notified().await;

    let dropped = tokio::spawn(client.wait(2));
    tester.begun.notified().await;
    assert_eq!(handle.calls(), 2, "the first one runs on, although nobody waits");
    assert_eq!(client.0.server(), Some(&*address.to_string()));
    dropped.abort();
    tester.gate.add_permits(2);
    assert_eq!(client.add(20, 22).await.expect("late replies are ignored"), 42);
}

#[tokio::test]
async fn a_stopping_server_answers_what_it_has_begun() {
    let (tester, address, handle, running) = serve().await;
    let client = tcp(address).await;
    let call = tokio::spawn(client.wait(7));
    tester.begun.notified().await;
    handle.stop();
    tester.gate.add_permits(1);
    assert_eq!(call.await.expect("ran").expect("answered"), 7);
    assert_eq!(running.await.expect("ran").cut, 0);
    let closed = client.add(1, 1).timeout(Duration::from_millis(300)).await;
    assert!(closed.is_err(), "{closed:?}");
}

#[tokio::test]
async fn any_stream_carries_calls() {
    let (near, far) = tokio::io::duplex(64);
    let (_, address, ..) = serve().await;
    let mut there = tokio::net::TcpStream::connect(address).await.expect("connected");
    let mut far = far;
    tokio::spawn(async move { tokio::io::copy_bidirectional(&mut far, &mut there).await });
    let client: TestV1Client = Client::builder().connect_stream(near).expect("started");
    let data = Bytes::from(vec![1; 100_000]);
    assert_eq!(client.echo(data.clone()).await.expect("answered"), data);
}

#[tokio::test]
async fn a_server_that_comes_back_is_found_again() {
    let (_, address, handle, running) = serve().await;
    let client = tcp(address).await;
    assert_eq!(client.add(1, 2).await.expect("answered"), 3);
    handle.stop();
    running.await.expect("stopped");
    let again = Server::builder()
        .add(TestV1Server::new(Tester::new()))
        .registration(Policy::Off)
        .bind(address)
        .await
        .expect("the same port");
    tokio::spawn(again.run());
    // Sent into the closed connection or over the new one: what never left is sent again.
    let mut answered = client.add(2, 3).await;
    if matches!(&answered, Err(Error::Lost(lost)) if lost.sent) {
        answered = client.add(2, 3).await;
    }
    assert_eq!(answered.expect("answered"), 5);
}

/// The limit holds for the record, its header of 40 bytes and the length of the data included, however the call is made.
#[tokio::test]
async fn a_call_of_the_largest_size_is_sent_and_one_that_is_longer_is_not() {
    let (_, address, ..) = serve().await;
    let longest = 1000;
    let client: TestV1Client = Client::builder().max_record_size(longest).connect_to(address).await.expect("connected");
    let data = |record: usize| Bytes::from(vec![7; record - 44]);
    assert_eq!(client.echo(data(longest)).await.expect("it fits"), data(longest));
    client.echo(data(longest)).one_way().await.expect("it fits");

    let raw = Request::new(TestV1Client::INTERFACE, 2, Bytes::from(vec![0; longest]));
    for refused in [
        client.echo(data(longest + 4)).await.map(drop),
        client.echo(data(longest + 4)).one_way().await,
        client.client().call_raw(raw).await.map(drop),
    ] {
        let Err(Error::Arguments(error)) = refused else { panic!("{refused:?}") };
        let (told, most) = (error.to_string(), format!("at most {longest} are sent; `max_record_size` raises it"));
        assert!(told.contains(&most), "{told}");
    }
}
