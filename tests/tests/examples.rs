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

fn registered() -> bool {
    let mut list = command("rpcinfo");
    list.args(["-p", "127.0.0.1"]);
    Finished::output_of(list).contains(CALC_PROG)
}
