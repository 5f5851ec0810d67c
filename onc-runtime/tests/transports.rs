//! One server on several transports, and clients by each.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use onc_runtime::portmap::Policy;
use onc_runtime::rpc::Netid;
use onc_runtime::server::{ServerBuilder, ServerHandle, Stopped};
use onc_runtime::transport::{Peer, Sockets, memory};
use onc_runtime::{Client, Context, Fault, Server};
use support::{TestV1, TestV1Client, TestV1Server};
use tokio::task::JoinHandle;

/// Says who calls.
struct WhoCalls;

impl TestV1 for WhoCalls {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        Ok(a + b)
    }

    async fn echo(&self, cx: &Context, _data: Bytes) -> Result<Bytes, Fault> {
        let peer = cx.peer();
        let port = peer.address().map(|address| address.port());
        Ok(format!("{} {:?} {}", peer.netid(), peer.uid(), port.unwrap_or_default()).into())
    }

    async fn wait(&self, _cx: &Context, ticket: u32) -> Result<u32, Fault> {
        Ok(ticket)
    }
}

fn builder() -> ServerBuilder {
    Server::builder().add(TestV1Server(Arc::new(WhoCalls))).registration(Policy::Off)
}

fn start(server: Server) -> (ServerHandle, JoinHandle<std::io::Result<Stopped>>) {
    (server.handle(), tokio::spawn(server.run()))
}

/// Who the server says calls.
async fn who(client: &TestV1Client) -> String {
    let answer = client.echo(Bytes::new()).await.expect("answered");
    String::from_utf8(answer.to_vec()).expect("text")
}

#[tokio::test]
async fn several_addresses_and_a_pipe_at_once() {
    let mut sockets = Sockets::new();
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    sockets.bind_tcp(loopback).expect("bound");
    sockets.bind_udp(loopback).expect("bound");
    let extra_tcp = sockets.local_addr().expect("bound");
    let bound = std::net::TcpListener::bind(loopback).expect("bound");
    let handed_in = bound.local_addr().expect("bound");
    sockets.add_tcp(bound).expect("set up");
    let udp = std::net::UdpSocket::bind(loopback).expect("bound");
    let handed_in_udp = udp.local_addr().expect("bound");
    sockets.add_udp(udp).expect("set up");

    let server = builder().listen(sockets).bind("127.0.0.1:0").await.expect("bound");
    let main = server.local_addr().expect("bound");
    assert!(![extra_tcp, handed_in].contains(&main), "what `bind` bound comes first");
    let (handle, running) = start(server);
    for address in [main, extra_tcp, handed_in] {
        let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
        assert!(who(&client).await.starts_with("tcp None"), "{address}");
    }
    for address in [main, handed_in_udp] {
        let client: TestV1Client = Client::builder().udp().connect_to(address).await.expect("connected");
        assert!(who(&client).await.starts_with("udp None"), "{address}");
    }
    let (near, far) = memory::pair();
    handle.serve_stream(far, Peer::local(Some(77))).expect("served");
    let client: TestV1Client = Client::builder().connect_stream(near).expect("started");
    assert_eq!(who(&client).await, "local Some(77) 0");
    handle.stop();
    assert_eq!(running.await.expect("ran").expect("stopped").cut, 0);
    assert!(handle.serve_stream(memory::pair().0, Peer::local(None)).is_err(), "it has stopped");
}

#[tokio::test]
async fn a_wildcard_of_ipv6_takes_both_families() {
    let server = builder().bind("[::]:0").await.expect("bound");
    let port = server.local_addr().expect("bound").port();
    let netids: Vec<Netid> = server.addresses().iter().map(|(netid, _)| *netid).collect();
    assert_eq!(netids, [Netid::Tcp6, Netid::Udp6, Netid::Tcp, Netid::Udp]);
    let (..) = start(server);
    for (address, tcp, udp) in [("127.0.0.1", "tcp", "udp"), ("::1", "tcp6", "udp6")] {
        let address = SocketAddr::new(address.parse().expect("an address"), port);
        let client: TestV1Client = Client::builder().connect_to(address).await.expect("connected");
        assert_eq!(who(&client).await.split(' ').next(), Some(tcp));
        let client: TestV1Client = Client::builder().udp().connect_to(address).await.expect("connected");
        assert_eq!(who(&client).await.split(' ').next(), Some(udp));
    }
}

#[tokio::test]
async fn a_scope_leads_to_the_interface() {
    // The loopback interface has the index 1 on Linux; elsewhere the scope of ::1 is ignored.
    let server = builder().bind("[::1%1]:0").await;
    let Ok(server) = server else {
        eprintln!("left out: this system takes no scope here");
        return;
    };
    let port = server.local_addr().expect("bound").port();
    let (..) = start(server);
    let client: TestV1Client = Client::builder().connect(format!("[::1%1]:{port}")).await.expect("connected");
    assert!(who(&client).await.starts_with("tcp6"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_reserved_port_is_used_on_request() {
    let server = builder().bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    let (..) = start(server);
    let connected: Result<TestV1Client, _> = Client::builder().reserved_port(true).connect_to(address).await;
    match connected {
        Ok(tcp) => {
            let udp = Client::builder().reserved_port(true).udp().connect_to(address).await.expect("started");
            for client in [tcp, udp] {
                let said = who(&client).await;
                let port: u16 = said.rsplit(' ').next().expect("a port").parse().expect("a number");
                assert!((512..1024).contains(&port), "{port}");
            }
        }
        Err(error) => {
            // Not root: then the error says so.
            assert!(error.to_string().contains("CAP_NET_BIND_SERVICE"), "{error}");
            eprintln!("left out: only root may bind ports below 1024");
        }
    }
}

/// Runs this test binary again as systemd would start a service.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn sockets_are_handed_over_by_systemd() {
    use std::os::fd::OwnedFd;
    use std::process::Command;

    if std::env::var_os("ONC_TEST_HANDED_OVER").is_some() {
        let sockets = Sockets::from_systemd().expect("handed over");
        let server = builder().listen(sockets).build().await.expect("set up");
        // Until the parent kills it.
        server.run().await.expect("ran");
        return;
    }
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("bound");
    let name = std::env::temp_dir().join(format!("onc-systemd-{}.sock", std::process::id()));
    let unix = std::os::unix::net::UnixListener::bind(&name).expect("bound");
    let (tcp_address, udp_address) = (tcp.local_addr().expect("bound"), udp.local_addr().expect("bound"));
    // The shell gives the sockets the numbers from 3 on, as systemd does.
    let script = "exec 3<&0 4<&1 5<&2 0</dev/null 1>/dev/null 2>/dev/null
        export LISTEN_PID=$$ LISTEN_FDS=3
        exec \"$0\" --exact sockets_are_handed_over_by_systemd";
    let mut child = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().expect("a path"))
        .env("ONC_TEST_HANDED_OVER", "1")
        .stdin(OwnedFd::from(tcp))
        .stdout(OwnedFd::from(udp))
        .stderr(OwnedFd::from(unix))
        .spawn()
        .expect("a shell");
    let targets = [tcp_address.to_string(), format!("unix:{}", name.display())];
    for target in targets {
        let client: TestV1Client = Client::builder().connect(target).await.expect("connected");
        assert_eq!(client.add(1, 2).await.expect("answered"), 3);
    }
    let client: TestV1Client = Client::builder().udp().connect_to(udp_address).await.expect("connected");
    assert_eq!(client.add(1, 2).await.expect("answered"), 3);
    child.kill().expect("killed");
    child.wait().expect("ended");
    std::fs::remove_file(&name).expect("a file that was bound elsewhere is left alone");
}
