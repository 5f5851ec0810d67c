//! Server, client and port mapper: what is registered, what is found, and what the user is told when it is not.

use std::net::SocketAddr;

use onc_runtime::portmap::Policy;
use onc_runtime::service::{Handling, IncomingCall, Program};
use onc_runtime::{Client, Error, Interface, ResolveError, Server};
use onc_tests::everything::generated::{
    EVERYTHING_PROG, EverythingV1Client, EverythingV1Server, EverythingV2Client, EverythingV2Server,
};
use onc_tests::everything::service::{Compute, Echo};
use onc_tests::missing::{find_program, leave_out};
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, Running, command, poll};
use onc_tests::rpcbind::{self, Rpcbind};
use tokio::runtime::{Builder, Runtime};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    runtime().block_on(future)
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a tokio runtime")
}

/// A program of no procedures, to be registered beside the other.
struct OtherServer;

const OTHER_PROG: u32 = 0x2000_0e78;

impl Program for OtherServer {
    fn interface(&self) -> &'static Interface {
        const {
            &Interface {
                program: OTHER_PROG,
                version: 1,
                program_name: "OTHER_PROG",
                version_name: "OTHER_V1",
                procedures: &[],
            }
        }
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        call.procedure_unavailable()
    }
}

/// Inside, without any port mapper; not where the system's own runs.
fn without_port_mapper(body: impl FnOnce()) {
    if rpcbind::answers() {
        leave_out("a port mapper runs here, and this test needs that none does");
        return;
    }
    body();
}

/// The entries of the port mapper for a program, as `rpcinfo -p` shows them: version, protocol, port.
fn entries(program: u32) -> Vec<(u32, String, u16)> {
    let mut list = command("rpcinfo");
    list.args(["-p", "127.0.0.1"]);
    let mut entries: Vec<(u32, String, u16)> = Finished::output_of(list)
        .lines()
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let [number, version, protocol, port, ..] = columns.as_slice() else { return None };
            (number.parse() == Ok(program))
                .then(|| (version.parse().expect("a version"), (*protocol).to_owned(), port.parse().expect("a port")))
        })
        .collect();
    entries.sort();
    entries
}

fn everything_server() -> (Running, u16) {
    let mut server = Running::start(command(env!("CARGO_BIN_EXE_everything-server")));
    let address: SocketAddr = server.wait_for_line("ready ").parse().expect("an address");
    (server, address.port())
}

#[test]
fn both_versions_are_registered_and_taken_out_again() {
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        // Somebody else's entries, which have to stay as long as its runtime runs.
        let others = runtime();
        let other = others.block_on(async {
            let builder = Server::builder().registration(Policy::Require).add(OtherServer);
            builder.bind("127.0.0.1:0").await.expect("another server")
        });
        let (server, port) = everything_server();
        let expected: Vec<(u32, String, u16)> =
            [(1, "tcp"), (1, "udp"), (2, "tcp"), (2, "udp")].map(|(v, p)| (v, p.to_owned(), port)).to_vec();
        assert_eq!(entries(EVERYTHING_PROG), expected);
        let (status, _) = server.terminate();
        assert!(status.success(), "{status}");
        assert_eq!(entries(EVERYTHING_PROG), []);
        assert_eq!(entries(OTHER_PROG).len(), 2, "the other server's entries stay");
        drop((other, others));
        assert_eq!(entries(OTHER_PROG), [], "its runtime has ended");
    });
}

#[test]
fn rpcinfo_reaches_each_version_over_each_netid() {
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        let (_server, _) = everything_server();
        for (netid, host) in [("tcp", "127.0.0.1"), ("udp", "127.0.0.1"), ("tcp6", "::1"), ("udp6", "::1")] {
            for version in ["1", "2"] {
                let mut ask = command("rpcinfo");
                ask.args(["-T", netid, host, &EVERYTHING_PROG.to_string(), version]);
                let answer = Finished::output_of(ask);
                assert_eq!(
                    answer,
                    format!("program {EVERYTHING_PROG} version {version} ready and waiting\n"),
                    "{netid}"
                );
            }
            // Without a version rpcinfo finds out which there are, from PROG_MISMATCH of version 0.
            let mut ask = command("rpcinfo");
            ask.args(["-T", netid, host, &EVERYTHING_PROG.to_string()]);
            let answer = Finished::output_of(ask);
            assert!(answer.contains("version 1 ready") && answer.contains("version 2 ready"), "{netid}: {answer}");
        }
    });
}

#[test]
fn a_server_that_is_started_again_takes_its_place() {
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        let (first, old) = everything_server();
        // Killed: its entries stay in rpcbind.
        drop(first);
        assert_eq!(entries(EVERYTHING_PROG).len(), 4);
        let (_second, port) = everything_server();
        assert!(entries(EVERYTHING_PROG).iter().all(|(_, _, at)| *at == port && port != old));
        block_on(async {
            let client = EverythingV1Client::connect("127.0.0.1").await.expect("the second server");
            assert_eq!(client.echo_int(7).await.expect("an answer"), 7);
        });
    });
}

#[test]
fn a_program_that_is_not_registered() {
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        block_on(async {
            let error = EverythingV1Client::connect("127.0.0.1").await.expect_err("nobody serves it");
            let text = error.to_string();
            let Error::Resolve(error) = error else { panic!("{error:?}") };
            assert!(
                matches!(*error, ResolveError::NotRegistered { program: EVERYTHING_PROG, version: 1, .. }),
                "{error:?}"
            );
            for part in ["127.0.0.1", &EVERYTHING_PROG.to_string(), "version 1", "tcp", "rpcinfo -p 127.0.0.1"] {
                assert!(text.contains(part), "{part} in: {text}");
            }
        });
    });
}

#[test]
fn a_version_that_is_not_registered() {
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        block_on(async {
            let builder = Server::builder().registration(Policy::Require).add(EverythingV1Server::new(Echo));
            let server = builder.bind("0.0.0.0:0").await.expect("a server");
            let serving = tokio::spawn(server.run());
            for builder in [Client::builder().tcp(), Client::builder().udp()] {
                let error =
                    builder.connect::<EverythingV2Client>("127.0.0.1").await.expect_err("there is only version 1");
                let text = error.to_string();
                let Error::Resolve(error) = error else { panic!("{error:?}") };
                let ResolveError::VersionNotRegistered { versions, version: 2, .. } = &*error else {
                    panic!("{error:?}")
                };
                assert_eq!(versions, &[1]);
                assert!(text.contains("version 2") && text.contains("it has 1"), "{text}");
            }
            serving.abort();
        });
    });
}

#[test]
fn no_port_mapper_for_a_client() {
    inside(|| {
        without_port_mapper(|| {
            block_on(async {
                for builder in [Client::builder().tcp(), Client::builder().udp()] {
                    let error = builder.connect::<EverythingV1Client>("127.0.0.1").await.expect_err("no port mapper");
                    let text = error.to_string();
                    let Error::Resolve(error) = error else { panic!("{error:?}") };
                    assert!(matches!(&*error, ResolveError::NoPortMapper { .. }), "{error:?}");
                    // Where it looked, and what to do.
                    for part in ["127.0.0.1:111", "rpcbind", "connect_to"] {
                        assert!(text.contains(part), "{part} in: {text}");
                    }
                }
            });
        });
    });
}

#[test]
fn no_port_mapper_for_a_server() {
    inside(|| {
        without_port_mapper(|| {
            block_on(async {
                let builder = || Server::builder().add(EverythingV1Server::new(Echo));
                let error =
                    builder().registration(Policy::Require).bind("127.0.0.1:0").await.expect_err("no port mapper");
                let text = error.to_string();
                for part in ["/run/rpcbind.sock", "127.0.0.1:111", "rpcbind"] {
                    assert!(text.contains(part), "{part} in: {text}");
                }
                // By default a server serves those who know its address.
                let server = builder().bind("127.0.0.1:0").await.expect("a server without a port mapper");
                let address = server.local_addr().expect("bound");
                let serving = tokio::spawn(server.run());
                let client = EverythingV1Client::connect_to(address).await.expect("a connection");
                assert_eq!(client.echo_int(7).await.expect("an answer"), 7);
                serving.abort();
            });
        });
    });
}

#[test]
fn a_port_mapper_that_comes_later_is_told() {
    inside(|| {
        without_port_mapper(|| {
            if find_program("rpcbind").is_none() {
                leave_out("rpcbind not installed (on Debian and Ubuntu, tests/run installs it)");
                return;
            }
            block_on(async {
                let builder = Server::builder().add(EverythingV2Server::new(Compute::default()));
                let server = builder.bind("0.0.0.0:0").await.expect("a server without a port mapper");
                let serving = tokio::spawn(server.run());
                let Some(rpcbind) = Rpcbind::start() else { return };
                let found = poll(|| (entries(EVERYTHING_PROG).len() == 2).then_some(()));
                assert!(found.is_some(), "the server is not registered");
                // And again, when it has lost its memory.
                rpcbind.kill();
                let Some(_rpcbind) = Rpcbind::start() else { return };
                let found = poll(|| (entries(EVERYTHING_PROG).len() == 2).then_some(()));
                assert!(found.is_some(), "the server is not registered again");
                serving.abort();
            });
        });
    });
}

#[test]
fn a_server_that_comes_back_on_another_port_is_found_again() {
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        let (server, _) = everything_server();
        block_on(async {
            let client = EverythingV1Client::connect("127.0.0.1").await.expect("a server");
            assert_eq!(client.echo_int(1).await.expect("an answer"), 1);
            let (status, _) = server.terminate();
            assert!(status.success());
            let (_server, _) = everything_server();
            assert_eq!(client.echo_int(2).idempotent().await.expect("an answer of the new server"), 2);
        });
    });
}
