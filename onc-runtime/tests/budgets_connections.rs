//! Limits of connections, and what the system refuses.

mod support;

use std::net::SocketAddr;

use onc_runtime::Server;
use onc_runtime::portmap::Policy;
use onc_runtime::rpc::Netid;
use onc_runtime::server::{ServeError, ServerBuilder};
use onc_runtime::transport::{Peer, Sockets, memory};
use support::wire::{record, replies};
use support::{Add, TestV1Server, Tester};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn builder() -> ServerBuilder {
    Server::builder().add(TestV1Server::new(Tester::new())).registration(Policy::Off)
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_others_end() {
    let server = builder().max_connections(2).bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(TcpStream::connect(address).await.expect("connected, if only to the backlog"));
    }
    for stream in &mut streams {
        stream.write_all(&record::<Add>(1, (1, 1))).await.expect("written");
    }
    let mut third = streams.pop().expect("three");
    for stream in &mut streams {
        assert_eq!(replies(stream, 1).await, [1]);
    }
    let mut room = [0; 1];
    assert_eq!(third.try_read(&mut room).expect_err("no reply yet").kind(), std::io::ErrorKind::WouldBlock);
    drop(streams);
    assert_eq!(replies(&mut third, 1).await, [1]);
}

#[tokio::test]
async fn listeners_that_nobody_connects_to_take_no_place() {
    let mut sockets = Sockets::new();
    let second = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = second.local_addr().expect("bound");
    sockets.add_tcp(second).expect("added");
    let server = builder().max_connections(1).listen(sockets).bind("127.0.0.1:0").await.expect("bound");
    let first = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    for address in [address, first, address] {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(&record::<Add>(1, (1, 1))).await.expect("written");
        assert_eq!(replies(&mut stream, 1).await, [1]);
    }
}

#[tokio::test]
async fn streams_beyond_the_limits_are_refused_with_the_name_of_the_setter() {
    let server = builder().max_connections(3).max_connections_per_peer(1).build().await.expect("set up");
    let handle = server.handle();
    tokio::spawn(server.run());
    let peer = |host: u8| Peer::ip(Netid::Tcp, SocketAddr::from(([192, 0, 2, host], 1000)));
    let (_one, far) = memory::pair();
    handle.serve_stream(far, peer(1)).expect("the first");
    let (mut second, far) = memory::pair();
    let refused = handle.serve_stream(far, peer(1)).expect_err("the second of that host");
    assert_eq!(refused, ServeError::ConnectionsOfPeer { max: 1 });
    assert!(refused.to_string().contains("max_connections_per_peer"));
    assert_eq!(handle.connections(), 1);
    assert_eq!(second.read(&mut [0; 1]).await.expect("closed"), 0);

    let (two, far) = memory::pair();
    handle.serve_stream(far, peer(2)).expect("another host");
    let (_three, far) = memory::pair();
    handle.serve_stream(far, peer(3)).expect("another host");
    let refused = handle.serve_stream(memory::pair().1, peer(4)).expect_err("the fourth");
    assert_eq!(refused, ServeError::Connections { max: 3 });
    assert!(refused.to_string().contains("max_connections"));

    assert_eq!(handle.connections(), 3);
    // A place comes free when the connection's task has seen the end.
    drop(two);
    let (stream, far) = memory::pair();
    let mut far = Some(far);
    while handle.serve_stream(far.take().expect("a stream"), peer(2)).is_err() {
        tokio::task::yield_now().await;
        far = Some(memory::pair().1);
    }
    assert_eq!(handle.connections(), 3);
    drop(stream);
}

/// Runs this test binary again with few descriptors.
#[cfg(unix)]
#[tokio::test]
async fn a_server_without_descriptors_serves_on_when_there_are_some_again() {
    use std::process::Command;

    use onc_runtime::Client;
    use support::TestV1Client;

    if std::env::var_os("ONC_TEST_FEW_DESCRIPTORS").is_none() {
        let script = "ulimit -n 40; exec \"$0\" --exact --nocapture \
                      a_server_without_descriptors_serves_on_when_there_are_some_again";
        let output = Command::new("sh")
            .args(["-c", script])
            .arg(std::env::current_exe().expect("a path"))
            .env("ONC_TEST_FEW_DESCRIPTORS", "1")
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("out of descriptors"), "{said}");
        return;
    }
    let server = builder().bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
    assert_eq!(client.add(1, 1).await.expect("answered"), 2);
    // Both ends of each connection are in this process.
    let mut streams = Vec::new();
    let error = loop {
        match TcpStream::connect(address).await {
            Ok(stream) => streams.push(stream),
            Err(error) => break error,
        }
    };
    println!("out of descriptors: {error}");
    assert_eq!(client.add(1, 2).await.expect("answered"), 3);
    // The server sees that there are none either: it tries to accept what is in its backlog.
    let mut last = streams.pop().expect("several");
    last.write_all(&record::<Add>(5, (1, 1))).await.expect("written");
    streams.clear();
    assert_eq!(replies(&mut last, 1).await, [5]);
    let other: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
    assert_eq!(other.add(2, 2).await.expect("answered"), 4);
}
