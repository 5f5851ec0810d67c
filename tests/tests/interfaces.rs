//! Transports by their names, and interfaces by theirs: netids, scopes of IPv6, broadcast addresses.
#![cfg(unix)]

use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::{Daemon, Policy, Resolver};
use onc_runtime::rpc::Netid;
use onc_runtime::server::ServerHandle;
use onc_runtime::transport::broadcast_address;
use onc_runtime::{Client, Error, ResolveError, Server};
use onc_tests::everything::generated::{EverythingV1Client, EverythingV1Server, everything_v1};
use onc_tests::everything::service::Echo;
use onc_tests::missing::leave_out;
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, command};
use onc_tests::rpcbind::Rpcbind;
use tokio::runtime::Builder;
use tokio::task::JoinHandle;

/// The socket of a server, in a folder of the test's own.
const SOCKET: &str = "/run/everything.sock";

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().expect("a tokio runtime").block_on(future)
}

/// An interface of a network of its own; false: none can be made here.
fn interface() -> bool {
    let ip = |line: &str| {
        let mut ip = command("ip");
        ip.args(line.split_whitespace());
        Finished::run(ip, Duration::from_secs(10)).status.success()
    };
    // Where all tests share one machine, the one before has left it.
    let _ = ip("link delete onc0");
    let made = ip("link add onc0 type veth peer name onc1")
        && ip("address add 192.0.2.1/24 broadcast + dev onc0")
        && ip("address add fe80::7/64 dev onc0 nodad")
        && ip("link set onc1 up")
        && ip("link set onc0 up");
    if !made {
        leave_out("no interface can be made here");
    }
    made
}

type Serving = (ServerHandle, JoinHandle<()>);

fn start(server: Server) -> Serving {
    let handle = server.handle();
    let serving = tokio::spawn(async {
        server.run().await.expect("stopped");
    });
    (handle, serving)
}

async fn stop((handle, serving): Serving) {
    handle.stop();
    serving.await.expect("ran");
}

#[test]
fn a_client_calls_over_the_transport_whose_name_it_is_told() {
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        block_on(async {
            let builder = Server::builder().add(EverythingV1Server::new(Echo)).registration(Policy::Require);
            let serving = start(builder.listen_unix(SOCKET).bind("[::]:0").await.expect("bound"));
            for (netid, host) in
                [("tcp", "127.0.0.1"), ("tcp6", "::1"), ("udp", "127.0.0.1"), ("udp6", "::1"), ("local", "localhost")]
            {
                let builder = Client::builder().netid(netid.parse().expect("a netid"));
                let client: EverythingV1Client =
                    builder.connect(host).await.unwrap_or_else(|error| panic!("{netid}: {error}"));
                assert_eq!(client.echo_int(7).await.unwrap_or_else(|error| panic!("{netid}: {error}")), 7);
            }
            let wrong = async |netid, target: &str| {
                let outcome = Client::builder().netid(netid).connect::<EverythingV1Client>(target).await;
                outcome.expect_err("another transport").to_string()
            };
            for (netid, target, expected) in [
                (Netid::Tcp6, "127.0.0.1", "no connection to 127.0.0.1: it has no address of IPv6, which tcp6 is for"),
                (Netid::Udp, "[::1]:111", "no connection to [::1]:111: it has no address of IPv4, which udp is for"),
                (Netid::Sctp, "localhost", "no connection to localhost: it is not reached by sctp"),
                (Netid::Local, "192.0.2.77", "no connection to 192.0.2.77: the Unix sockets of another host"),
                (Netid::Local, "127.0.0.1:7", "no connection to 127.0.0.1:7: it is not reached by local"),
            ] {
                let said = wrong(netid, target).await;
                assert!(said.starts_with(expected), "{said}");
            }
            stop(serving).await;
            let gone = Client::builder().netid(Netid::Local).connect::<EverythingV1Client>("localhost").await;
            let Err(Error::Resolve(error)) = gone else { panic!("{gone:?}") };
            assert!(matches!(&*error, ResolveError::NotRegistered { netid: "local", .. }), "{error}");
        });
    });
}

#[test]
fn a_link_local_address_is_meant_on_an_interface() {
    inside(|| {
        if !interface() {
            return;
        }
        block_on(async {
            // Not rpcbind, which asks the domain name system who calls, and waits.
            let Ok(_mapper) = Daemon::embedded().bind("[::]:111").await else {
                return leave_out("a port mapper runs here");
            };
            let builder = Server::builder().add(EverythingV1Server::new(Echo)).registration(Policy::Require);
            let server = builder.bind("[fe80::7%onc0]:0").await.expect("bound");
            let SocketAddr::V6(bound) = server.local_addr().expect("bound") else { panic!("IPv6") };
            assert_ne!(bound.scope_id(), 0);
            let serving = start(server);
            let port = bound.port();
            for target in [format!("[fe80::7%onc0]:{port}"), "fe80::7%onc0".into(), "[fe80::7%onc0]".into()] {
                for builder in [Client::builder().tcp(), Client::builder().udp()] {
                    let builder = builder.resolver(Resolver::new().with_cache_age(Duration::ZERO));
                    let client: EverythingV1Client =
                        builder.connect(&target).await.unwrap_or_else(|error| panic!("{target}: {error}"));
                    assert_eq!(client.echo_int(7).await.unwrap_or_else(|error| panic!("{target}: {error}")), 7);
                }
            }
            stop(serving).await;
        });
    });
}

#[test]
fn a_call_goes_to_everybody_on_the_network_of_an_interface() {
    inside(|| {
        let unknown = broadcast_address("onc0").expect_err("it is not there yet");
        assert!(unknown.to_string().starts_with("the interface \"onc0\" has no broadcast address"), "{unknown}");
        if !interface() {
            return;
        }
        let broadcast = broadcast_address("onc0").expect("an address");
        assert_eq!(broadcast.octets(), [192, 0, 2, 255]);
        let none = broadcast_address("lo").expect_err("the loopback interface has none");
        assert!(none.to_string().ends_with("those that have one: onc0"), "{none}");
        block_on(async {
            let builder = Server::builder().add(EverythingV1Server::new(Echo)).registration(Policy::Off);
            let server = builder.bind("0.0.0.0:0").await.expect("bound");
            let everybody = (broadcast, server.local_addr().expect("bound").port()).into();
            let serving = start(server);
            let call = Client::broadcast::<everything_v1::EchoInt>(everybody, (7,)).max_replies(1);
            let mut replies = call.send().await.expect("sent");
            let (from, result) = replies.next().await.expect("a reply");
            assert_eq!((from.ip(), result.expect("answered")), ([192, 0, 2, 1].into(), 7));
            stop(serving).await;
        });
    });
}
