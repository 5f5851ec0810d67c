//! Our servers and clients with the real rpcbind: as root and not, by each of its doors, through the end of either side.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use onc_runtime::portmap::{Mapper, Policy, Resolver};
use onc_runtime::{Client, Server};
use onc_tests::everything::generated::{EVERYTHING_PROG, EverythingV1Client, EverythingV1Server};
use onc_tests::everything::service::Echo;
use onc_tests::missing::{leave_out, need_programs};
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, Running, command, poll};
use onc_tests::rpcbind::{self, Rpcbind};
use onc_tests::users::{NOBODY, as_user, for_everybody};
use tokio::runtime::Builder;

/// An address of this host that is not its loopback.
const OUTSIDE: &str = "192.0.2.1";

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a tokio runtime").block_on(future)
}

/// A rpcbind of the test's own.
fn own_rpcbind() -> Option<Rpcbind> {
    if let Err(missing) = need_programs(&["setpriv"]) {
        leave_out(&missing);
        return None;
    }
    let rpcbind = Rpcbind::start()?;
    if !rpcbind.is_own() {
        leave_out("a port mapper runs here, and this test has to kill it");
        return None;
    }
    Some(rpcbind)
}

/// The server of everything, as this user.
fn server(user: Option<&str>) -> Running {
    // Copied once: what runs cannot be written to.
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| for_everybody(env!("CARGO_BIN_EXE_everything-server")));
    let mut running = Running::start(as_user(user, &*PROGRAM));
    running.wait_for_line("ready ");
    running
}

/// Version, netid, address and owner of its entries, as rpcbind lists them.
fn entries() -> Vec<(u32, String, String, String)> {
    let list = block_on(async {
        let address = SocketAddr::from(([127, 0, 0, 1], 111));
        Mapper::tcp(address).await.expect("rpcbind").entries().await.expect("a list")
    });
    let ours = list.into_iter().filter(|entry| entry.prog == EVERYTHING_PROG);
    ours.map(|entry| (entry.vers, entry.netid, entry.address, entry.owner)).collect()
}

#[track_caller]
fn are_owned_by(owner: &str) {
    let entries = entries();
    assert_eq!(entries.len(), 8, "two versions over four transports: {entries:?}");
    assert!(entries.iter().all(|(_, _, _, its)| its == owner), "{owner}: {entries:?}");
}

#[test]
fn entries_belong_to_the_servers_user_by_each_door() {
    inside(|| {
        let Some(_rpcbind) = own_rpcbind() else { return };
        for (user, signal, by_socket, by_tcp) in
            [(None, "TERM", "superuser", "superuser"), (Some(NOBODY), "INT", NOBODY, "unknown")]
        {
            let by = |owner| {
                let mut running = server(user);
                are_owned_by(owner);
                running.signal(signal);
                let status = poll(|| running.ended()).expect("it ends");
                assert!(status.success(), "{status}");
                assert_eq!(entries(), [], "what it has made it removes");
            };
            by(by_socket);
            // A newer rpcbind has an abstract socket as well, which cannot be hidden.
            if std::fs::read_to_string("/proc/net/unix").is_ok_and(|list| list.contains("@/run/rpcbind.sock")) {
                continue;
            }
            std::fs::rename(rpcbind::SOCKET, "/run/hidden.sock").expect("hidden");
            by(by_tcp);
            std::fs::rename("/run/hidden.sock", rpcbind::SOCKET).expect("shown");
        }
    });
}

#[test]
fn killed_on_either_side_all_is_well_again() {
    inside(|| {
        let Some(mut rpcbind) = own_rpcbind() else { return };
        for (user, owner) in [(None, "superuser"), (Some(NOBODY), NOBODY)] {
            let mut running = server(user);
            are_owned_by(owner);
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a tokio runtime");
            let clients = runtime.block_on(async {
                let connect = async |builder: onc_runtime::client::ClientBuilder| {
                    builder.connect::<EverythingV1Client>("127.0.0.1").await.expect("connected")
                };
                [connect(Client::builder().tcp()).await, connect(Client::builder().udp()).await]
            });
            for turn in 0..3 {
                rpcbind.kill();
                let Some(again) = own_rpcbind() else { return };
                rpcbind = again;
                poll(|| (entries().len() == 8).then_some(())).expect("it registers again");
                are_owned_by(owner);

                // Its entries stay behind, and name ports at which nobody is.
                drop(running);
                assert_eq!(entries().len(), 8);
                running = server(user);
                are_owned_by(owner);
                for client in &clients {
                    let answer = runtime.block_on(async { client.echo_int(turn).idempotent().await });
                    assert_eq!(answer.expect("answered by the next server"), turn);
                }
            }
            let (status, _) = running.terminate();
            assert!(status.success(), "{status}");
            assert_eq!(entries(), []);
        }
    });
}

#[test]
fn servers_are_found_wherever_they_are_bound() {
    inside(|| {
        let mut outside = command("ip");
        outside.args(["address", "add", &format!("{OUTSIDE}/32"), "dev", "lo"]);
        let _ = Finished::run(outside, Duration::from_secs(10));
        let Some(_rpcbind) = own_rpcbind() else { return };
        let socket = "/run/everything.sock";
        for (bound, netids, hosts) in [
            ("0.0.0.0:0", &["tcp", "udp", "local"][..], &["127.0.0.1", OUTSIDE][..]),
            ("[::]:0", &["tcp6", "udp6", "tcp", "udp", "local"], &["127.0.0.1", OUTSIDE, "::1"]),
            ("127.0.0.1:0", &["tcp", "udp", "local"], &["127.0.0.1"]),
            ("[::1]:0", &["tcp6", "udp6", "local"], &["::1"]),
            ("192.0.2.1:0", &["tcp", "udp", "local"], &["127.0.0.1", OUTSIDE]),
        ] {
            block_on(async {
                let builder = Server::builder().add(EverythingV1Server::new(Echo)).registration(Policy::Require);
                let server = builder.listen_unix(socket).bind(bound).await.expect("bound");
                let handle = server.handle();
                let serving = tokio::spawn(server.run());
                let mut mapper = Mapper::unix(rpcbind::SOCKET).await.expect("rpcbind");
                let entries = mapper.entries().await.expect("a list");
                let mut found: Vec<&str> =
                    entries.iter().filter(|entry| entry.prog == EVERYTHING_PROG).map(|entry| &*entry.netid).collect();
                let mut expected = netids.to_vec();
                found.sort_unstable();
                expected.sort_unstable();
                assert_eq!(found, expected, "{bound}");

                let resolver = Resolver::new().with_cache_age(Duration::ZERO);
                let builders = [Client::builder().tcp(), Client::builder().udp()].map(|b| b.resolver(resolver.clone()));
                for (host, builder) in hosts.iter().flat_map(|host| builders.clone().map(|builder| (host, builder))) {
                    let client: EverythingV1Client = builder
                        .connect(*host)
                        .await
                        .unwrap_or_else(|error| panic!("bound to {bound}, asked for at {host}: {error}"));
                    assert_eq!(client.echo_int(7).await.expect("answered"), 7, "{bound} at {host}");
                }
                let client = EverythingV1Client::connect(format!("unix:{socket}")).await.expect("connected");
                assert_eq!(client.echo_int(8).await.expect("answered"), 8);
                handle.stop();
                serving.await.expect("ran").expect("stopped");
                let left = mapper.entries().await.expect("a list");
                assert!(left.iter().all(|entry| entry.prog != EVERYTHING_PROG), "{left:?}");
            });
        }
    });
}
