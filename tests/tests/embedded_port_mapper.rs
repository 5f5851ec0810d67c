//! The embedded port mapper, in the place of the system's: rpcinfo, libtirpc's programs and ours all use it.

use std::path::Path;
use std::time::Duration;

use onc_runtime::portmap::Daemon;
use onc_tests::c_programs::CPrograms;
use onc_tests::missing::{leave_out, need_programs};
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, Running, command};
use onc_tests::rpcbind;
use tokio::runtime::{Builder, Runtime};

const EVERYTHING_PROG: u32 = 0x2000_0e77;

/// A port mapper at the well-known port of all addresses, served by threads of its own.
struct Embedded {
    _mapper: Daemon,
    _runtime: Runtime,
}

impl Embedded {
    /// `None` where the system's own is at that port.
    fn start() -> Option<Self> {
        if rpcbind::answers() {
            leave_out("a port mapper runs here, at the port that this test needs");
            return None;
        }
        if let Err(missing) = need_programs(&["rpcinfo"]) {
            leave_out(&missing);
            return None;
        }
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a tokio runtime");
        let mapper = runtime.block_on(Daemon::embedded().bind("[::]:111")).expect("port 111");
        Some(Self { _mapper: mapper, _runtime: runtime })
    }
}

/// What `rpcinfo` shows, its blanks made single.
fn rpcinfo(arguments: &[&str]) -> Vec<String> {
    let mut run = command("rpcinfo");
    run.args(arguments);
    let output = Finished::output_of(run);
    output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[track_caller]
fn lists(shown: &[String], line: &str) {
    assert!(shown.iter().any(|other| other.starts_with(line)), "no `{line}` in {shown:#?}");
}

#[test]
fn rpcinfo_lists_the_mapper_itself() {
    inside(|| {
        let Some(_mapper) = Embedded::start() else { return };
        let shown = rpcinfo(&["-p", "127.0.0.1"]);
        assert_eq!(shown[0], "program vers proto port service");
        for version in [2, 3, 4] {
            for protocol in ["tcp", "udp"] {
                lists(&shown, &format!("100000 {version} {protocol} 111 portmapper"));
            }
        }
        for netid in ["tcp", "udp"] {
            for version in ["2", "3", "4"] {
                let answer = rpcinfo(&["-T", netid, "127.0.0.1", "100000", version]);
                assert_eq!(answer, [format!("program 100000 version {version} ready and waiting")]);
            }
        }
    });
}

#[test]
fn a_rust_server_is_listed_and_called_through_it() {
    inside(|| {
        let Some(_mapper) = Embedded::start() else { return };
        registers_and_is_called(env!("CARGO_BIN_EXE_everything-server").as_ref(), RUST_CLIENT.as_ref(), "Rust");
    });
}

#[test]
fn a_c_server_is_listed_and_called_through_it() {
    inside(|| {
        let Some(c) = CPrograms::build(env!("CARGO_TARGET_TMPDIR")) else { return };
        let Some(_mapper) = Embedded::start() else { return };
        registers_and_is_called(&c.server, &c.client, "C");
    });
}

const RUST_CLIENT: &str = env!("CARGO_BIN_EXE_everything-client");

fn registers_and_is_called(server: &Path, client: &Path, who: &str) {
    let mut running = Running::start(command(server));
    running.wait_for_line("ready");
    let shown = rpcinfo(&["-p", "127.0.0.1"]);
    for version in [1, 2] {
        for protocol in ["tcp", "udp"] {
            lists(&shown, &format!("{EVERYTHING_PROG} {version} {protocol} "));
        }
    }
    // Version 3 of the protocol, which names the netids.
    let shown = rpcinfo(&["127.0.0.1"]);
    for version in [1, 2] {
        for netid in ["tcp", "udp", "tcp6", "udp6"] {
            lists(&shown, &format!("{EVERYTHING_PROG} {version} {netid} "));
        }
    }
    for (netid, host) in [("tcp", "127.0.0.1"), ("udp", "127.0.0.1"), ("tcp6", "::1"), ("udp6", "::1")] {
        let mut call = command(client);
        call.args([host, netid, who]);
        let finished = Finished::run(call, Duration::from_secs(120));
        assert!(finished.status.success(), "{netid}: {}\n{}\n{}", finished.status, finished.stdout, finished.stderr);
    }
    let (status, _) = running.terminate();
    assert!(status.success(), "{status}");
    let shown = rpcinfo(&["-p", "127.0.0.1"]);
    assert!(!shown.iter().any(|line| line.starts_with(&EVERYTHING_PROG.to_string())), "{shown:#?}");
}
