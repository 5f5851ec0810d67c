//! One call to many servers.

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::Policy;
use onc_runtime::{Client, Error, Refusal, Server};
use support::{Add, TestV1Server, Tester};
use tokio::net::UdpSocket;

async fn serve() -> SocketAddr {
    let server = Server::builder().add(TestV1Server::new(Tester::new())).registration(Policy::Off).tcp(false);
    let server = server.bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    address
}

/// Hands a call on to several servers, and their replies back, each twice and from an address of its own: a network that
/// broadcasts.
async fn network(servers: Vec<SocketAddr>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let address = socket.local_addr().expect("bound");
    tokio::spawn(async move {
        let mut hosts = Vec::new();
        for _ in &servers {
            hosts.push(UdpSocket::bind("127.0.0.1:0").await.expect("bound"));
        }
        let mut room = [0; 2048];
        loop {
            let (length, caller) = socket.recv_from(&mut room).await.expect("received");
            for (host, server) in hosts.iter().zip(&servers) {
                host.send_to(&room[..length], server).await.expect("sent");
                let mut reply = [0; 2048];
                let (length, _) = host.recv_from(&mut reply).await.expect("received");
                for _ in 0..2 {
                    host.send_to(&reply[..length], caller).await.expect("sent");
                }
            }
        }
    });
    address
}

#[tokio::test]
async fn each_server_answers_once() {
    let servers = vec![serve().await, serve().await, serve().await];
    let everybody = network(servers).await;
    let broadcast = Client::broadcast::<Add>(everybody, (2, 40)).timeout(Duration::from_millis(300));
    let mut replies = broadcast.send().await.expect("sent");
    let mut heard = Vec::new();
    while let Some((from, sum)) = replies.next().await {
        assert_eq!(sum.expect("results"), 42);
        assert!(!heard.contains(&from), "{from} twice");
        heard.push(from);
    }
    assert_eq!(heard.len(), 3);
}

#[tokio::test]
async fn the_call_is_sent_again_while_replies_are_awaited() {
    let server = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    let broadcast = Client::broadcast::<Add>(address, (2, 40)).first_wait(Duration::from_millis(20));
    let mut replies = broadcast.send().await.expect("sent");
    let waiting = tokio::spawn(async move { replies.next().await });
    let (mut first, mut second) = ([0; 100], [0; 100]);
    server.recv_from(&mut first).await.expect("received");
    let (length, from) = server.recv_from(&mut second).await.expect("received again");
    assert_eq!(first, second);
    assert_eq!(length, 48);
    // What is no reply to it is not taken for one.
    server.send_to(&second[..length], from).await.expect("sent");
    server.send_to(b"nonsense", from).await.expect("sent");
    let xid = u32::from_be_bytes(second[..4].try_into().expect("an xid"));
    let reply = [onc_runtime::rpc::success_header(xid).as_slice(), &42_i32.to_be_bytes()].concat();
    server.send_to(&reply, from).await.expect("sent");
    let (from, sum) = waiting.await.expect("ran").expect("a reply");
    assert_eq!((from, sum.expect("results")), (address, 42));
}

#[tokio::test]
async fn a_single_server_answers_and_the_time_passes() {
    let address = serve().await;
    let broadcast = Client::broadcast::<Add>(address, (2, 40)).timeout(Duration::from_millis(200));
    let mut replies = broadcast.send().await.expect("sent");
    let (from, sum) = replies.next().await.expect("a reply");
    assert_eq!((from, sum.expect("results")), (address, 42));
    assert!(replies.next().await.is_none());
}

#[tokio::test]
async fn refusals_are_replies_too_and_the_number_of_replies_is_limited() {
    let address = serve().await;
    let broadcast = Client::broadcast::<Add>(address, (i32::MAX, 1)).timeout(Duration::from_secs(600)).max_replies(1);
    let mut replies = broadcast.send().await.expect("sent");
    let (_, refused) = replies.next().await.expect("a reply");
    assert!(matches!(refused, Err(Error::Refused(Refusal::GarbageArguments))), "{refused:?}");
    assert!(replies.next().await.is_none(), "without waiting ten minutes");
}
