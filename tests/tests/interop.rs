//! C and Rust, client and server, through the real rpcbind: every procedure, TCP and UDP, IPv4 and IPv6.

use std::path::Path;
use std::time::Duration;

use onc_tests::c_programs::CPrograms;
use onc_tests::cargo;
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
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

/// All but the procedures is rpcgen's, as it is without options: it registers IPv4 only, with the old calls.
#[test]
fn rust_client_calls_the_server_that_rpcgen_writes() {
    let example = cargo::build(&["-p", "onc-examples", "--example", "calc-client"]);
    inside(|| {
        let Some((_rpcbind, c)) = peers() else { return };
        let _server = Running::start(command(&c.calc_server));
        // It does not say when it is ready.
        let ready = poll(|| {
            let mut ask = command("rpcinfo");
            ask.args(["-T", "tcp", "127.0.0.1", "536870913", "1"]);
            Finished::run(ask, PATIENCE).status.success().then_some(())
        });
        assert!(ready.is_some(), "the server is not there");
        let mut client = command(example);
        client.arg("127.0.0.1");
        assert_eq!(Finished::output_of(client), "2 + 40 = 42\n84 / 2 = Some(42)\n");
        called_by_c(&c.calc_client, "tcp");
        called_by_c(&c.calc_client, "udp");
    });
}

#[test]
fn the_stubs_that_rpcgen_writes_call_a_rust_server() {
    let example = cargo::build(&["-p", "onc-examples", "--example", "calc-server"]);
    inside(|| {
        let Some((_rpcbind, c)) = peers() else { return };
        let mut server = Running::start(command(example));
        server.wait_for_line("serving on port ");
        called_by_c(&c.calc_client, "tcp");
        called_by_c(&c.calc_client, "udp");
    });
}

fn called_by_c(client: &Path, netid: &str) {
    let mut client = command(client);
    client.args(["127.0.0.1", netid]);
    assert_eq!(Finished::output_of(client), "2 + 40 = 42\n84 / 2 = 42\n84 / 0 cannot be\n", "{netid}");
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
