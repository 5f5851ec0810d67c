//! Calls whose reply nobody waits for, over every transport.

mod support;

use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Context, Error, Fault, Limit, Server};
use support::{TestV1, TestV1Client, TestV1Server};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Tells of every call of `wait`.
struct Telling(UnboundedSender<u32>);

impl TestV1 for Telling {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        Ok(a + b)
    }

    async fn echo(&self, _cx: &Context, data: Bytes) -> Result<Bytes, Fault> {
        Ok(data)
    }

    async fn wait(&self, _cx: &Context, ticket: u32) -> Result<u32, Fault> {
        self.0.send(ticket).map_err(Fault::system)?;
        Ok(ticket)
    }
}

fn program() -> (TestV1Server<Telling>, UnboundedReceiver<u32>) {
    let (tell, told) = unbounded_channel();
    (TestV1Server(Arc::new(Telling(tell))), told)
}

async fn serve() -> (std::net::SocketAddr, UnboundedReceiver<u32>) {
    let (program, told) = program();
    let server = Server::builder().add(program).registration(Policy::Off).bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    (address, told)
}

#[tokio::test]
async fn a_batch_arrives_in_order_before_the_call_that_closes_it() {
    let (address, mut told) = serve().await;
    let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
    for ticket in 0..1000 {
        client.wait(ticket).one_way().await.expect("queued");
    }
    assert_eq!(client.add(1, 2).await.expect("answered"), 3);
    for ticket in 0..1000 {
        assert_eq!(told.try_recv(), Ok(ticket));
    }
}

#[tokio::test]
async fn datagrams_middleware_and_services_in_this_process_take_them_too() {
    let (address, mut told) = serve().await;
    let udp: TestV1Client = Client::builder().udp().connect_to(address).await.expect("started");
    udp.wait(7).one_way().await.expect("queued");
    assert_eq!(told.recv().await, Some(7));

    let (program, mut told) = program();
    let here = TestV1Client(Client::in_process(program));
    here.wait(8).one_way().await.expect("queued");
    assert_eq!(told.recv().await, Some(8));
}

#[tokio::test]
async fn a_call_that_is_waited_for_no_time_at_all_is_sent_too() {
    let (address, mut told) = serve().await;
    for (ticket, builder) in [Client::builder().tcp(), Client::builder().udp()].into_iter().enumerate() {
        let client: TestV1Client = builder.connect_to(address).await.expect("connected");
        let ticket = ticket as u32;
        match client.wait(ticket).timeout(Duration::ZERO).await {
            Ok(answer) => assert_eq!(answer, ticket),
            Err(error) => assert!(matches!(error, Error::Deadline(_)) && error.maybe_executed(), "{error:?}"),
        }
        assert_eq!(told.recv().await, Some(ticket));
    }
}

// The time is over before anything but the call itself has run.
#[tokio::test(start_paused = true)]
async fn a_datagram_that_is_waited_for_no_time_at_all_is_sent_by_whoever_runs_next() {
    let (address, mut told) = serve().await;
    let client: TestV1Client = Client::builder().udp().connect_to(address).await.expect("started");
    let error = client.wait(7).timeout(Duration::ZERO).await.expect_err("no time");
    assert!(matches!(error, Error::Deadline(_)) && error.maybe_executed(), "{error:?}");
    assert_eq!(told.recv().await, Some(7));
}

/// Neither task of the channel runs between the call and its end.
#[tokio::test]
async fn a_call_that_is_dropped_as_soon_as_it_is_queued_is_sent_once() {
    let (address, mut told) = serve().await;
    for (ticket, builder) in [Client::builder().tcp(), Client::builder().udp()].into_iter().enumerate() {
        let client: TestV1Client = builder.connect_to(address).await.expect("connected");
        let ticket = ticket as u32;
        let mut call = Box::pin(client.wait(ticket));
        poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await.then_some(()).expect("not answered yet");
        drop(call);
        assert_eq!(told.recv().await, Some(ticket));
        assert_eq!(client.add(1, 1).await.expect("answered"), 2);
        assert!(told.try_recv().is_err(), "it was executed twice");
    }
}

#[tokio::test]
async fn what_was_queued_leaves_although_its_client_is_gone() {
    let (address, mut told) = serve().await;
    let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
    for ticket in 0..100 {
        client.wait(ticket).one_way().await.expect("queued");
    }
    drop(client);
    for ticket in 0..100 {
        assert_eq!(told.recv().await, Some(ticket));
    }
}

#[tokio::test]
async fn a_server_that_takes_nothing_makes_the_queue_full() {
    let (near, _far) = tokio::io::duplex(1000);
    let client: TestV1Client = Client::builder().max_unsent(10_000).connect_stream(near).expect("started");
    let data = Bytes::from(vec![0; 1000]);
    let mut queued = 0;
    let error = loop {
        match client.echo(data.clone()).one_way().await {
            Ok(()) => queued += 1,
            Err(error) => break error,
        }
        tokio::task::yield_now().await;
    };
    assert!(matches!(error, Error::Limit(Limit::Unsent { max: 10_000 })), "{error}");
    assert!((10..=30).contains(&queued), "{queued}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_batch_is_no_reason_to_hang() {
    let (near, far) = tokio::io::duplex(100);
    let client: TestV1Client = Client::builder().connect_stream(near).expect("started");
    for _ in 0..10 {
        client.echo(Bytes::from(vec![0; 1000])).one_way().await.expect("queued");
    }
    drop(client);
    // Nobody reads: the connection is closed all the same when the time is over.
    let begun = tokio::time::Instant::now();
    let (mut reading, _writing) = tokio::io::split(far);
    tokio::time::sleep(Duration::from_secs(30)).await;
    let mut rest = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut reading, &mut rest).await.expect("closed");
    assert_eq!(rest.len(), 100);
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
}
