//! One deadline, whatever it is that does not answer.

mod support;

use std::time::Duration;

use onc_runtime::portmap::Resolver;
use onc_runtime::{Client, Error, Phase};
use support::TestV1Client;
use tokio::net::{TcpListener, UdpSocket};

const TIMEOUT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_port_mapper_that_is_silent_over_tcp_and_udp() {
    // Accepted by the kernel, and answered by nobody.
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = tcp.local_addr().expect("bound");
    let _udp = UdpSocket::bind(address).await.expect("the same port");
    let builder = Client::builder().timeout(TIMEOUT).resolver(Resolver::new().with_port(address.port()));
    for builder in [builder.clone(), builder.udp()] {
        let connected: Result<TestV1Client, Error> = builder.connect(address.ip()).await;
        let error = connected.expect_err("nobody answers");
        let Error::Deadline(deadline) = &error else { panic!("{error:?}") };
        assert_eq!((deadline.phase, deadline.after), (Phase::Resolving, TIMEOUT));
        assert!(!error.maybe_executed() && error.to_string().contains("port mapper"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_is_silent() {
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = tcp.local_addr().expect("bound");
    let client: TestV1Client = Client::builder().timeout(TIMEOUT).connect_to(address).await.expect("accepted");
    for error in [
        client.add(1, 1).await.expect_err("nobody answers"),
        client.add(1, 1).timeout(TIMEOUT).await.expect_err("nobody answers"),
    ] {
        let Error::Deadline(deadline) = &error else { panic!("{error:?}") };
        assert_eq!((deadline.phase, deadline.after), (Phase::Reply, TIMEOUT));
        assert!(error.maybe_executed());
    }
}
