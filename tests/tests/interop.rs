//! C and Rust, client and server, through the real rpcbind: every procedure, TCP and UDP, IPv4 and IPv6.

use std::path::Path;
use std::time::Duration;

use onc_tests::c_programs::CPrograms;
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, Running, command};
use onc_tests::rpcbind::Rpcbind;

const RUST_SERVER: &str = env!("CARGO_BIN_EXE_everything-server");
const RUST_CLIENT: &str = env!("CARGO_BIN_EXE_everything-client");

/// Every netid over which rpcbind is asked, and the host to ask.
const NETIDS: [(&str, &str); 4] = [("tcp", "127.0.0.1"), ("udp", "127.0.0.1"), ("tcp6", "::1"), ("udp6", "::1")];

/// Both sides are rpcgen's: what the other tests rest on.
#[test]
fn c_client_calls_c_server() {
    inside(|| {
        let Some((_rpcbind, c)) = peers() else { return };
        call_all(&c.server, &c.client, "C");
    });
}

#[test]
fn c_client_calls_rust_server() {
    inside(|| {
        let Some((_rpcbind, c)) = peers() else { return };
        call_all(RUST_SERVER.as_ref(), &c.client, "Rust");
    });
}

#[test]
fn rust_client_calls_c_server() {
    inside(|| {
        let Some((_rpcbind, c)) = peers() else { return };
        call_all(&c.server, RUST_CLIENT.as_ref(), "C");
    });
}

#[test]
fn rust_client_calls_rust_server() {
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        call_all(RUST_SERVER.as_ref(), RUST_CLIENT.as_ref(), "Rust");
    });
}

fn peers() -> Option<(Rpcbind, CPrograms)> {
    let c = CPrograms::build(env!("CARGO_TARGET_TMPDIR"))?;
    Some((Rpcbind::start()?, c))
}

/// Starts the server, calls it with the client over each netid, stops it, and sees it gone from the port mapper.
fn call_all(server: &Path, client: &Path, who: &str) {
    let mut running = Running::start(command(server));
    running.wait_for_line("ready");
    for (netid, host) in NETIDS {
        let mut call = command(client);
        call.args([host, netid, who]);
        let finished = Finished::run(call, Duration::from_secs(120));
        assert!(
            finished.status.success() && finished.stdout.ends_with("all ok\n"),
            "{netid}: {}\n{}\n{}",
            finished.status,
            finished.stdout,
            finished.stderr
        );
    }
    let (status, _) = running.terminate();
    assert!(status.success(), "the server ended with {status}");
}
