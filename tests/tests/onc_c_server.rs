//! `onc` beside a server in C: what somebody with an old service and its `.x` file does.

#![cfg(unix)]

use std::path::Path;
use std::process::Stdio;

use onc_tests::c_programs::CPrograms;
use onc_tests::cargo::workspace;
use onc_tests::onc::{everything_x, inside, onc};
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
use onc_tests::rpcbind::{self, Rpcbind};
use serde_json::{Value, json};

fn run(arguments: &[&str]) -> Finished {
    Finished::run(onc(arguments), PATIENCE)
}

fn value(arguments: &[&str]) -> Value {
    let finished = run(arguments);
    assert!(finished.status.success(), "{arguments:?}: {finished:?}");
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

/// Calls a procedure of everything.x.
fn call(target: &str, more: &[&str]) -> Value {
    value(&[&["call", target, &everything_x()], more].concat())
}

#[test]
fn every_kind_of_target_leads_to_a_server_in_c() {
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        let Some(c) = CPrograms::build(env!("CARGO_TARGET_TMPDIR")) else { return };
        let mut server = command(&c.server);
        server.stderr(Stdio::null());
        let mut server = Running::start(server);
        server.wait_for_line("ready");

        // By its host, over every transport.
        for (target, more) in
            [("127.0.0.1", &[][..]), ("127.0.0.1", &["--udp"]), ("::1", &[]), ("::1", &["--udp"]), ("localhost", &[])]
        {
            let answer = |line: &[&str]| call(target, &[line, more].concat());
            assert_eq!(answer(&["WHO"]), json!("C"), "{target} {more:?}");
            assert_eq!(answer(&["SUBTRACT", "[44,2]"]), json!(42));
            assert_eq!(answer(&["SUM", "[1,\"9007199254740993\"]"]), json!(9_007_199_254_740_994_u64));
            assert_eq!(answer(&["REPEAT", r#"{"first":"gr\u00fc","times":2,"last":"!"}"#]), json!("grügrü!"));
        }
        // Every procedure of version 1 answers with what it was sent: here with what the template says.
        let listed = run(&["list", &everything_x()]).stdout;
        let mut tried = 0;
        for line in listed.lines().skip_while(|line| !line.contains("EVERYTHING_V1")).skip(1) {
            let Some(number) = line.strip_prefix(' ').and_then(|line| line.split_whitespace().next()) else { break };
            let template = call("-", &[number, "--vers", "1", "--template"]);
            assert_eq!(call("127.0.0.1", &[number, &template.to_string(), "--vers", "1"]), template, "{line}");
            tried += 1;
        }
        assert_eq!(tried, 45);

        // By its addresses, of which the port mapper tells.
        let entries = value(&["info", "--json"]);
        let entry = |netid: &str| {
            let is = |one: &&Value| one["program"] == 536_874_615 && one["netid"] == netid && one["version"] == 2;
            entries.as_array().expect("an array").iter().find(is).unwrap_or_else(|| panic!("{netid}: {entries}"))
        };
        for (netid, host, more) in
            [("tcp", "127.0.0.1", &[][..]), ("udp", "127.0.0.1", &["--udp"]), ("tcp6", "::1", &[])]
        {
            let entry = entry(netid);
            assert_eq!(entry["answers"], true, "{entry}");
            let address = entry["address"].as_str().expect("an address");
            let (rest, low) = address.rsplit_once('.').expect("a universal address");
            let (_, high) = rest.rsplit_once('.').expect("a universal address");
            let port = high.parse::<u16>().expect("a byte") << 8 | low.parse::<u16>().expect("a byte");
            let socket = if netid == "tcp6" { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
            for target in [socket, format!("{host}.{high}.{low}")] {
                assert_eq!(call(&target, &[&["WHO"], more].concat()), json!("C"), "{target}");
                let ping = ["ping", &target, "536874615", "-T", netid];
                // Without a netid it is TCP, over what the address is of.
                let ways = if netid.starts_with("tcp") { &[5, 3][..] } else { &[5] };
                for words in ways {
                    let answered = run(&ping[..*words]);
                    assert!(answered.status.success() && answered.stdout.lines().count() == 2, "{answered:?}");
                }
            }
        }
        for netid in ["tcp", "udp", "tcp6", "udp6"] {
            let host = if netid.ends_with('6') { "::1" } else { "127.0.0.1" };
            let answered = run(&["ping", host, "536874615", "2", "--netid", netid]);
            assert!(answered.status.success(), "{answered:?}");
        }
        for (host, netid) in [("127.0.0.1", "tcp"), ("::1", "tcp6"), ("localhost", "tcp")] {
            let answered = run(&["ping", host, "536874615"]);
            let lines = answered.stdout.lines().filter(|line| line.contains(&format!(" {netid}")));
            assert!(answered.status.success() && lines.count() == 2, "{answered:?}");
        }

        // The port mapper is a server as any other, at its Unix socket.
        let portmap_x = workspace().join("onc-runtime/src/portmap/portmap.x");
        let socket = format!("unix:{}", rpcbind::SOCKET);
        let dump = ["call", &socket, portmap_x.to_str().expect("UTF-8"), "DUMP", "--vers", "4"];
        assert!(value(&dump).to_string().contains("536874615"));
        let answered = run(&["ping", &socket, "portmapper"]);
        assert!(answered.status.success(), "{answered:?}");
        let answered = run(&["ping", "localhost", "portmapper", "-T", "local"]);
        assert_eq!(answered.stdout.lines().count(), 2, "versions 3 and 4: {answered:?}");

        gone(server, &c.server);
    });
}

/// The server goes, and its entries stay.
fn gone(mut server: Running, program: &Path) {
    server.signal("KILL");
    poll(|| server.ended()).unwrap_or_else(|| panic!("{} is dead", program.display()));
    let file = everything_x();
    for more in [&[][..], &["--udp", "--timeout", "1"]] {
        let finished = run(&[&["call", "127.0.0.1", &file, "WHO"], more].concat());
        assert_eq!(finished.status.code(), Some(1), "{finished:?}");
        assert!(finished.stdout.is_empty() && finished.stderr.starts_with("onc: "), "{finished:?}");
    }
    let finished = run(&["ping", "127.0.0.1", "536874615", "2"]);
    assert_eq!(finished.status.code(), Some(1));
    assert!(finished.stdout.contains("nobody is there"), "{finished:?}");
}
