//! `onc info`, beside the real rpcbind.

#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use onc_tests::onc::{inside, onc};
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
use onc_tests::rpcbind::Rpcbind;
use onc_tests::terminal::at_terminal;
use serde_json::Value;

const PROGRAM: u64 = 536_874_615;

fn info(arguments: &[&str]) -> Finished {
    Finished::run(onc(&[&["info"], arguments].concat()), PATIENCE)
}

fn server() -> Running {
    let mut server = Running::start(command(env!("CARGO_BIN_EXE_everything-server")));
    server.wait_for_line("ready ");
    server
}

/// The entries of a program.
fn entries(array: &Value, program: u64) -> Vec<&Value> {
    array.as_array().expect("an array").iter().filter(|entry| entry["program"] == program).collect()
}

#[test]
fn entries_have_names_owners_addresses_and_answers() {
    inside(|| {
        let Some(_mapper) = Rpcbind::start() else { return };
        let mut server = server();
        for host in [&[][..], &["localhost"], &["127.0.0.1:111"], &["unix:/run/rpcbind.sock"]] {
            let shown = info(host);
            assert!(shown.status.success() && shown.stderr.is_empty(), "{shown:?}");
            let lines: Vec<&str> = shown.stdout.lines().collect();
            let title = ["PROGRAM", "NAME", "VERSION", "NETID", "ADDRESS", "OWNER", "ANSWERS", "IN"];
            assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), title);
            let row = |start: &[&str]| {
                let is = |line: &&&str| line.split_whitespace().collect::<Vec<_>>().starts_with(start);
                let line = lines.iter().find(is).unwrap_or_else(|| panic!("{start:?}: {}", shown.stdout));
                line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
            };
            let mapper = row(&["100000", "portmapper", "4", "tcp", "0.0.0.0.0.111", "superuser"]);
            assert!(mapper[6].ends_with('s') && mapper[6].as_bytes()[0].is_ascii_digit(), "a time: {mapper:?}");
            let socket = row(&["100000", "portmapper", "3", "local", "/run/rpcbind.sock", "superuser"]);
            assert!(socket[6].ends_with('s'), "{socket:?}");
            let own = row(&["536874615", "-", "2", "udp"]);
            assert!(own[4].starts_with("0.0.0.0.") && own[6].ends_with('s'), "{own:?}");
            assert!(!shown.stdout.contains('\u{1b}'), "no colours");
        }
        let json = |arguments: &[&str]| -> Value {
            let shown = info(arguments);
            assert!(shown.status.success(), "{shown:?}");
            serde_json::from_str(&shown.stdout).expect("JSON")
        };
        let array = json(&["--json"]);
        let mapper = entries(&array, 100_000);
        assert_eq!(mapper.len(), 12, "{array}");
        assert!(mapper.iter().all(|entry| entry["name"] == "portmapper" && entry["owner"] == "superuser"));
        let own = entries(&array, PROGRAM);
        assert_eq!(own.len(), 8);
        for entry in own {
            assert_eq!(
                (&entry["answers"], &entry["problem"], &entry["name"]),
                (&true.into(), &Value::Null, &Value::Null)
            );
            assert!(entry["milliseconds"].as_f64().is_some_and(|time| time > 0.0), "{entry}");
        }
        // From another host's point of view, its Unix sockets are not there.
        let mut outside = command("ip");
        outside.args(["address", "add", "192.0.2.1/32", "dev", "lo"]);
        let _ = Finished::output_of(outside);
        let array = json(&["192.0.2.1", "--json"]);
        let local = array.as_array().expect("an array").iter().find(|entry| entry["netid"] == "local");
        assert_eq!(local.expect("an entry")["answers"], Value::Null);
        // A server that was killed leaves its entries.
        server.signal("KILL");
        poll(|| server.ended()).expect("it is dead");
        let array = json(&["--json", "localhost"]);
        for entry in entries(&array, PROGRAM) {
            let seen = (entry["answers"].as_bool(), entry["problem"].as_str());
            // Over IPv6 it cannot be tried on a host that was asked over IPv4.
            assert!(matches!(seen, (Some(false), Some("nobody is there")) | (None, None)), "{entry}");
        }
        assert!(info(&[]).stdout.contains("nobody is there"));
    });
}

/// The command, with its standard output to be read here.
struct Shown {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Shown {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, output }
    }

    /// The next line; there is one.
    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.output.read_line(&mut line).expect("read"), 0, "it has ended");
        line
    }

    /// Lines until one is that, with what stood before it.
    fn until(&mut self, is: impl Fn(&str) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            if is(&line) {
                return lines;
            }
            lines.push(line);
        }
    }

    fn signal(&self, name: &str) {
        let mut kill = command("sh");
        kill.arg("-c").arg(format!("kill -s {name} {}", self.child.id()));
        let _ = Finished::output_of(kill);
    }

    /// Its exit status, and what it said on standard error.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.output);
        let mut said = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("read");
        (self.child.wait().expect("waited for").code(), said)
    }
}

#[test]
fn watching_goes_on_until_an_interrupt() {
    inside(|| {
        let Some(mapper) = Rpcbind::start() else { return };
        let mut watch = Shown::start(onc(&["info", "--watch=1"]));
        let is_title = |line: &str| line.trim_start().starts_with("PROGRAM");
        let has = |lines: &[String]| lines.iter().any(|line| line.trim_start().starts_with("536874615"));
        watch.until(is_title);
        assert!(!has(&watch.until(is_title)));
        let server = server();
        while !has(&watch.until(is_title)) {}
        drop(server);
        // Its entries are still there, and it is not.
        watch.until(|line| line.contains("nobody is there"));
        if mapper.is_own() {
            // Neither does it end with the port mapper, and it comes back with it.
            mapper.kill();
            poll(|| (!onc_tests::rpcbind::answers()).then_some(())).expect("it has gone");
            let mapper = Rpcbind::start().expect("it has started before");
            let again = |lines: &[String]| !has(lines) && lines.iter().any(|line| line.contains("portmapper"));
            while !again(&watch.until(is_title)) {}
            drop(mapper);
        }
        watch.signal("INT");
        let (status, _) = watch.end();
        assert_eq!(status, Some(0));
    });
}

#[test]
fn whoever_has_read_enough_ends_it() {
    inside(|| {
        let Some(_mapper) = Rpcbind::start() else { return };
        let mut watch = Shown::start(onc(&["info", "--json", "--watch=1"]));
        assert_eq!(watch.line(), "[\n");
        assert_eq!(watch.end(), (Some(0), String::new()));
    });
}

#[test]
fn colours_are_for_terminals() {
    inside(|| {
        let Some(_mapper) = Rpcbind::start() else { return };
        drop(server());
        let line = format!("'{}' info", onc(&[]).get_program().display());
        let Some(_) = at_terminal(&line) else { return };
        let shown = |no_color: &str| {
            let mut command = at_terminal(&line).expect("it was possible before");
            command.env("NO_COLOR", no_color);
            Finished::output_of(command)
        };
        // A server that is killed leaves its entries, and they are red.
        assert!(shown("").contains("\u{1b}[31mnobody is there"), "{}", shown(""));
        assert!(shown("1").contains("nobody is there") && !shown("1").contains('\u{1b}'));
    });
}
