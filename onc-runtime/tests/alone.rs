//! A call that is the only one in flight is sent and read by its caller, not by the connection's task: what changes hands
//! there must not get lost.

mod support;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use onc_runtime::{Client, Server};
use support::serving::serving;
use support::{TestV1Client, TestV1Server, Tester};

async fn served(udp: bool) -> (Arc<Tester>, TestV1Client) {
    let tester = Arc::new(Tester::new());
    let address = serving(Server::builder().add(TestV1Server(Arc::clone(&tester)))).await.address;
    let builder = if udp { Client::builder().udp() } else { Client::builder() };
    let client: TestV1Client = builder.connect_to(address).await.expect("connected");
    // The first call has the connection's task keep the time; from then on a lone call goes by itself.
    for at in 0..10 {
        assert_eq!(client.add(at, 1).await.expect("answered"), at + 1);
    }
    (tester, client)
}

#[tokio::test]
async fn a_second_call_takes_over() {
    for udp in [false, true] {
        let (tester, client) = served(udp).await;
        for ticket in 0..20 {
            let slow = tokio::spawn(client.wait(ticket));
            tester.begun.notified().await;
            assert_eq!(client.add(1, 1).await.expect("answered while the other waits"), 2);
            tester.gate.add_permits(1);
            assert_eq!(slow.await.expect("ran").expect("answered"), ticket);
            assert_eq!(client.add(2, 2).await.expect("answered"), 4);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_come_and_go_on_two_threads() {
    let (_, client) = served(false).await;
    let callers = (0..3).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            for at in 0..3000 {
                assert_eq!(client.add(caller, at).await.expect("answered"), caller + at);
                if at % (caller + 2) == 0 {
                    tokio::task::yield_now().await;
                }
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("ran");
    }
}

/// Replies to many calls at once, fetched on two threads, and some of them by nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_nobody_fetches_is_in_nobodys_way() {
    for udp in [false, true] {
        let (_, client) = served(udp).await;
        let callers = (0..40).map(|caller| {
            let client = client.clone();
            tokio::spawn(async move {
                for at in 0..100 {
                    if (at + caller) % 3 == 0 {
                        let mut dropped = pin!(client.add(at, 7));
                        // Polled once it is sent, dropped before or after its reply has come.
                        let poll = dropped.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                        assert!(poll.is_pending());
                        for _ in 0..at % 4 {
                            tokio::task::yield_now().await;
                        }
                        continue;
                    }
                    assert_eq!(client.add(caller, at).await.expect("answered"), caller + at);
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.expect("ran");
        }
    }
}

#[tokio::test]
async fn a_lone_call_that_is_dropped_leaves_the_connection_to_others() {
    for udp in [false, true] {
        let (tester, client) = served(udp).await;
        for ticket in 0..20 {
            {
                let mut dropped = pin!(client.wait(ticket));
                assert!(dropped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                tester.begun.notified().await;
            }
            tester.gate.add_permits(1);
            // Its late reply comes in between.
            assert_eq!(client.add(20, 22).await.expect("answered"), 42);
        }
    }
}

#[tokio::test]
async fn a_lone_call_that_nobody_polls_holds_no_other_up() {
    let (tester, client) = served(false).await;
    let mut stalled = pin!(client.wait(1));
    assert!(stalled.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    tester.begun.notified().await;
    tester.gate.add_permits(1);
    for at in 0..10 {
        assert_eq!(client.add(at, 1).await.expect("answered"), at + 1);
    }
    assert_eq!(stalled.await.expect("its reply was kept"), 1);
}
