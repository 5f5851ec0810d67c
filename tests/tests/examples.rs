//! The examples, as a reader of the README runs them.

use std::path::{Path, PathBuf};

use onc_tests::cargo;
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
use onc_tests::rpcbind::{self, Rpcbind};

const CALC_PROG: &str = "536870913";

/// Built before the test goes into its namespaces, where time is limited.
fn example(name: &str) -> PathBuf {
    cargo::build(&["-p", "onc-examples", "--example", name])
}

/// Runs the quickstart: it ends with 0, and has shown all ten steps of both calls.
fn run_quickstart(quickstart: &Path) -> String {
    let output = Finished::output_of(command(quickstart));
    for transport in ["TCP", "UDP"] {
        let call = output.split_once(&format!("add(2, 40) over {transport}")).expect("the call").1;
        let steps: Vec<&str> =
            call.lines().skip(1).take_while(|line| *line != "  = 42").map(|line| line[..4].trim()).collect();
        assert_eq!(steps, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"], "{transport}:\n{output}");
        assert!(call.contains("  = 42"), "{output}");
    }
    assert!(output.ends_with("taken out of the port mapper\n"), "{output}");
    output
}

#[test]
fn quickstart_with_the_systems_port_mapper() {
    let quickstart = example("quickstart");
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        let output = run_quickstart(&quickstart);
        assert!(output.contains("port mapper  the system's\n"), "{output}");
        assert!(!registered(), "the server is still registered");
    });
}

#[test]
fn quickstart_with_its_own_port_mapper() {
    let quickstart = example("quickstart");
    // On the machine as it is, where as a rule there is none; in its namespaces, where there is none for sure.
    if !rpcbind::answers() {
        assert!(run_quickstart(&quickstart).contains("brings its own"));
    }
    inside(|| {
        if !rpcbind::answers() {
            assert!(run_quickstart(&quickstart).contains("brings its own"));
        }
    });
}

#[test]
fn server_and_client_in_two_terminals() {
    let [server, client] = ["calc-server", "calc-client"].map(example);
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        let mut server = Running::start(command(server));
        let port = server.wait_for_line("serving on port ");
        let port = port.split(';').next().expect("a port");
        assert!(registered());
        for target in ["localhost", &format!("localhost:{port}")] {
            let mut call = command(&client);
            call.arg(target);
            assert_eq!(Finished::output_of(call), "2 + 40 = 42\n84 / 2 = Some(42)\n", "{target}");
        }
        // Ctrl-C.
        server.signal("INT");
        let status = poll(|| server.ended()).expect("an end");
        assert!(status.success(), "{status}");
        assert!(!registered(), "the server is still registered");
    });
}

#[test]
fn a_client_without_a_server_says_what_to_do() {
    let client = example("calc-client");
    inside(|| {
        let Some(_rpcbind) = Rpcbind::start() else { return };
        let finished = Finished::run(command(client), PATIENCE);
        assert!(!finished.status.success());
        assert!(finished.stderr.contains("rpcinfo -p localhost"), "{}", finished.stderr);
    });
}

#[test]
fn a_server_calls_its_client_back() {
    let said = Finished::output_of(command(example("callback")));
    assert_eq!(said, "1 told: It rains.\n0 told of sports\n");
}

#[test]
fn programs_without_async() {
    let said = Finished::output_of(command(example("blocking")));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..2], ["2 + 40 = 42", "84 / 2 = Some(42)"], "{said}");
    assert_eq!(lines[2..].len(), 4, "{said}");
    assert_eq!(lines[5], "3 + 0 up to 3 + 99 add up to 5250", "{said}");
}

#[test]
fn calls_within_one_host() {
    let said = Finished::output_of(command(example("local")));
    assert_eq!(said, "yours, by the Unix socket\nin this process\n");
}

#[test]
fn a_service_in_place_of_its_server() {
    let said = Finished::output_of(command(example("mock")));
    assert_eq!(said, "the average of 1, 2 and 6 is Some(3)\nthe average of nothing is None\n");
}

#[test]
fn calls_that_nobody_waits_for() {
    let said = Finished::output_of(command(example("one_way")));
    assert_eq!(said, "1000 lines have arrived\n");
}

#[test]
fn a_call_to_everybody() {
    // The loopback network has a broadcast address on Linux only.
    if !cfg!(target_os = "linux") {
        return;
    }
    let said = Finished::output_of(command(example("broadcast")));
    assert_eq!(said, "127.0.0.1: a journal, to udp\n");
}

#[test]
fn layers_on_both_sides() {
    let said = Finished::output_of(command(example("middleware")));
    // Twice refused by a server that starts, and then answered.
    let again = "client: ADD again: the server failed (SYSTEM_ERR); its log says why\n";
    assert_eq!(said.matches(again).count(), 2, "{said}");
    assert!(said.contains("\n2 + 40 = 42\n"), "{said}");
    // Beyond the limit of time, again and again.
    assert_eq!(said.matches("server: DIVIDE of CALC_PROG from tcp\n").count(), 4, "{said}");
    assert!(said.contains("\n84 / 2: the server failed"), "{said}");
    let stranger = said.lines().last().expect("a line");
    assert!(stranger.starts_with("a stranger: ") && stranger.contains("AUTH_TOOWEAK"), "{said}");
}

#[test]
fn calls_spread_over_machines() {
    let said = Finished::output_of(command(example("balance")));
    let lines: Vec<&str> = said.lines().collect();
    // What each machine has answered: `…: [1, 2, 3] calls`.
    let counts = |line: &str| -> Vec<u32> {
        let list = line.split_once('[').and_then(|(_, rest)| rest.split_once(']')).expect("a list").0;
        list.split(", ").map(|count| count.parse().expect("a number")).collect()
    };
    let (three, two) = (counts(lines[0]), counts(lines[2]));
    assert_eq!(three.iter().sum::<u32>(), 300, "{said}");
    assert!(three.iter().filter(|count| **count > 0).count() > 1, "{said}");
    assert_eq!(lines[1], "one of them has gone: 0 calls more there", "{said}");
    assert_eq!(two.iter().sum::<u32>(), 300 + three[1] + three[2], "{said}");
}

#[test]
fn calls_seen_from_outside() {
    let observed = cargo::build(&["-p", "onc-examples", "--features", "metrics", "--example", "observed"]);
    let said = Finished::output_of(command(observed));
    let (spans, numbers) = said.split_once("\n\n").expect("spans, and then numbers");
    for (kind, peer) in [
        ("client", "server.address=\"127.0.0.1\" server.port="),
        ("server", "network.peer.address=\"127.0.0.1\" network.peer.port="),
    ] {
        let closed: Vec<&str> = spans
            .lines()
            .filter(|line| line.contains(&format!("otel.kind=\"{kind}\"")) && line.contains("time.busy="))
            .collect();
        assert_eq!(closed.len(), 3, "{said}");
        assert!(closed.iter().all(|line| line.contains(peer)), "{said}");
        assert_eq!(
            closed.iter().filter(|line| line.contains("rpc.response.status_code=\"GARBAGE_ARGS\"")).count(),
            1,
            "{said}"
        );
        let calls = |procedure: &str, status: &str| {
            format!(
                "onc_{kind}_calls{{program=\"CALC_PROG\",version=\"1\",procedure=\"{procedure}\",status=\"{status}\"}} 1\n"
            )
        };
        for number in [
            calls("ADD", "SUCCESS"),
            calls("ADD", "GARBAGE_ARGS"),
            calls("DIVIDE", "SUCCESS"),
            format!("onc_{kind}_sent_bytes{{netid=\"tcp\"}} {}\n", if kind == "client" { 104 } else { 60 }),
            format!("onc_{kind}_in_flight{{program=\"CALC_PROG\"}} 0\n"),
        ] {
            assert!(numbers.contains(&number), "{number} in\n{numbers}");
        }
    }
    assert!(
        spans.lines().any(|line| line.contains("rpc.method=\"ADD\"") && line.contains("adding a=2 b=40")),
        "{said}"
    );
}

fn registered() -> bool {
    let mut list = command("rpcinfo");
    list.args(["-p", "127.0.0.1"]);
    Finished::output_of(list).contains(CALC_PROG)
}
