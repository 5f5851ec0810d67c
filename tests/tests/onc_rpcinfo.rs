//! `onc` called as `rpcinfo`, beside the real one: each option, the same output and the same exit status.

#![cfg(unix)]

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::thread;

use onc_tests::missing::{find_program, leave_out, need_programs};
use onc_tests::onc::{inside, onc};
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
use onc_tests::rpcbind::{self, Rpcbind};

/// A port mapper and a server of versions 1 and 2 of a program, or nothing, which has been said then.
fn world() -> Option<(Rpcbind, Running)> {
    if let Err(missing) = need_programs(&["rpcinfo"]) {
        leave_out(&missing);
        return None;
    }
    let mapper = Rpcbind::start()?;
    let mut server = Running::start(command(env!("CARGO_BIN_EXE_everything-server")));
    server.wait_for_line("ready ");
    Some((mapper, server))
}

/// The program of everything.x.
const PROGRAM: &str = "536874615";

/// What is seen of a command: whether it succeeded, standard output, standard error.
#[derive(Debug, PartialEq)]
struct Seen(Option<i32>, String, String);

/// The command `onc`, called by the other name.
fn ours() -> Command {
    let mut ours = onc(&[]);
    ours.arg0("rpcinfo");
    ours
}

/// What is seen of the real one and of ours, called with the same arguments.
fn both(line: &str) -> [Seen; 2] {
    [command("rpcinfo"), ours()].map(|mut command| {
        command.args(line.split_whitespace()).env("LC_ALL", "C");
        let Finished { status, stdout, stderr } = Finished::run(command, PATIENCE);
        Seen(status.code(), stdout, stderr)
    })
}

#[track_caller]
fn same(line: &str) {
    let [real, ours] = both(line);
    assert_eq!(ours, real, "rpcinfo {line}");
}

/// The same but for the words on standard error.
#[track_caller]
fn same_but_for_words(line: &str, words: &str) {
    let [real, ours] = both(line);
    assert_eq!((ours.0, &ours.1), (real.0, &real.1), "rpcinfo {line}");
    assert!(real.2 != ours.2 && ours.2.contains(words), "rpcinfo {line}: {}", ours.2);
}

#[test]
fn lists_are_the_same() {
    inside(|| {
        let Some((_mapper, _server)) = world() else { return };
        for host in ["", "localhost", "127.0.0.1", "::1"] {
            for option in ["", "-p", "-s"] {
                let [real, _] = both(&format!("{option} {host}"));
                assert!(real.1.contains(PROGRAM), "{real:?}");
                same(&format!("{option} {host}"));
            }
        }
        // A netid alone changes nothing.
        same("-T tcp");
        same("-T udp localhost");
        for program in [PROGRAM, "100000", "portmapper"] {
            for version in 1..=4 {
                same(&format!("-l localhost {program} {version}"));
                same(&format!("-l ::1 {program} {version}"));
            }
        }
        same("-l localhost 999999 1");
    });
}

#[test]
fn whether_a_program_answers_is_told_in_the_same_words() {
    inside(|| {
        let Some((_mapper, _server)) = world() else { return };
        for how in ["-t", "-u", "-T tcp", "-T udp"] {
            for what in [PROGRAM, "100000", "portmapper", "portmapper 2", "100000 9", "999999", "999999 1"] {
                same(&format!("{how} localhost {what}"));
            }
            for version in [1, 2, 9] {
                same(&format!("{how} localhost {PROGRAM} {version}"));
            }
        }
        for how in ["-t", "-u", "-T tcp6", "-T udp6"] {
            same(&format!("{how} ::1 {PROGRAM}"));
            same(&format!("{how} ::1 {PROGRAM} 2"));
        }
        same("-T local localhost 100000");
        same("-T local localhost 100000 3");
        for how in ["-t", "-u"] {
            same(&format!("-n 111 {how} localhost 100000"));
            same(&format!("-n 111 {how} localhost 100000 2"));
        }
        for (netid, address) in [("tcp", "127.0.0.1"), ("udp", "127.0.0.1"), ("tcp6", "::1"), ("udp6", "::1")] {
            same(&format!("-a {address}.0.111 -T {netid} 100000"));
            same(&format!("-T {netid} -a {address}.0.111 100000 2"));
            same(&format!("-T {netid} -a {address}.0.111 100000 9"));
        }
        for (netid, address) in [("tcp", "127.0.0.1"), ("udp", "127.0.0.1"), ("tcp6", "::1")] {
            // Nobody is there.
            same(&format!("-T {netid} -a {address}.0.1 100000 2"));
        }
    });
}

#[test]
fn statistics_are_the_same() {
    inside(|| {
        let Some((_mapper, _server)) = world() else { return };
        for line in ["-T tcp localhost 100000", "-T udp localhost 999999 1", "-p localhost", "-l localhost 100000 4"] {
            let _ = both(line);
        }
        let [real, ours] = both("-m");
        assert!(real.1.contains("RPCB_GETADDR (version 4) call statistics"), "{}", real.1);
        // Who asks is counted, too: in the last row of numbers, at its end.
        let counted = |seen: &Seen| {
            let (before, after) = seen.1.split_once("GETLIST GETSTAT \n").expect("the last row");
            let (row, rest) = after.split_once('\n').expect("a row");
            let (others, own) = row.trim_end().rsplit_once(' ').expect("numbers");
            (format!("{before}{others}{rest}"), own.parse::<u32>().expect("a number"))
        };
        let ((real, before), (ours, after)) = (counted(&real), counted(&ours));
        assert_eq!(ours, real);
        assert_eq!(after, before + 1);
    });
}

#[test]
fn entries_are_taken_out() {
    inside(|| {
        let Some((_mapper, _server)) = world() else { return };
        let versions = || {
            let mut list = command("rpcinfo");
            list.arg("127.0.0.1");
            let list = Finished::output_of(list);
            let entries = list.lines().filter(|line| line.contains(PROGRAM));
            let words = entries.map(|line| line.split_whitespace().skip(1).take(2).collect::<Vec<_>>().join(" "));
            words.collect::<Vec<_>>()
        };
        assert_eq!(versions().len(), 8, "{:?}", versions());
        // The second finds nothing any more, which is no failure either.
        same(&format!("-d {PROGRAM} 2"));
        same("-d 999999 1");
        assert_eq!(versions(), ["1 tcp6", "1 udp6", "1 tcp", "1 udp"]);
        let ours = |line: &str| {
            let mut ours = ours();
            ours.args(line.split_whitespace());
            Finished::run(ours, PATIENCE)
        };
        assert!(ours(&format!("-d -T udp {PROGRAM} 1")).status.success());
        assert_eq!(versions(), ["1 tcp6", "1 udp6", "1 tcp"]);
        assert!(ours(&format!("-T tcp6 -d {PROGRAM} 1")).status.success());
        assert_eq!(versions(), ["1 udp6", "1 tcp"]);
        assert!(ours(&format!("-d {PROGRAM} 1")).status.success());
        assert_eq!(versions(), [""; 0]);
    });
}

#[test]
fn what_differs_is_wanted() {
    inside(|| {
        let Some((_mapper, _server)) = world() else { return };
        // A wrong call is explained in other words.
        for line in ["-z", "-p -s", "localhost extra", "-b 100000", "-d 100000", "-l localhost 100000"] {
            same_but_for_words(line, "");
        }
        same_but_for_words("-a 127.0.0.1.0.111 100000", "-T <NETID>");
        same_but_for_words("-T nosuch localhost 100000", "known are tcp, tcp6");
        same_but_for_words("-t localhost 100000 two", "\"two\" is no version number");
        same_but_for_words("-t localhost 100000 2 3", "HOST PROGRAM [VERSION]");
        same_but_for_words("-t localhost no-such-program", "no program's number");
        same_but_for_words("-T tcp -a rubbish 100000 2", "`rubbish` is not a universal address");
        // A host that there is not: rpcinfo has "unknown error" for it, or "unknown host".
        for line in ["", "-p", "-s"] {
            same_but_for_words(&format!("{line} no-such-host.invalid"), "no-such-host.invalid\" has no address");
        }
        same_but_for_words("-T tcp no-such-host.invalid 100000", "no-such-host.invalid\" has no address");
        // A port is used, where rpcinfo asks the port mapper all the same.
        for how in ["-t", "-u"] {
            let [real, ours] = both(&format!("-n 1 {how} localhost 100000 2"));
            assert_eq!((real.0, ours.0), (Some(0), Some(1)), "{ours:?}");
            assert!(ours.2.contains("Connection refused"), "{ours:?}");
        }
        // That nobody is there is noticed over UDP and IPv6, too.
        same_but_for_words("-T udp6 -a ::1.0.1 100000 2", "Connection refused");
        // Program numbers may be hexadecimal.
        let [real, ours] = both("-t localhost 0x186a0 2");
        assert_eq!((real.0, ours.0), (Some(1), Some(0)));
        assert_eq!(ours.1, "program 100000 version 2 ready and waiting\n");
    });
}

#[test]
fn a_broadcast_finds_the_same() {
    inside(|| {
        if let Err(missing) = need_programs(&["rpcinfo"]) {
            leave_out(&missing);
            return;
        }
        let Some(program) = find_program("rpcbind") else {
            leave_out("rpcbind not installed (on Debian and Ubuntu, tests/run installs it)");
            return;
        };
        if rpcbind::answers() {
            leave_out("a port mapper runs here, and this test needs one of its own");
            return;
        }
        let ip = |line: &str| {
            let mut ip = command("ip");
            ip.args(line.split_whitespace());
            Finished::run(ip, PATIENCE).status.success()
        };
        // Two networks, of which one has no default route.
        let networks = ip("link add onc0 type veth peer name onc1")
            && ip("address add 10.77.0.1/24 broadcast + dev onc0")
            && ip("address add 10.78.0.1/24 broadcast + dev onc1")
            && ip("link set onc0 up")
            && ip("link set onc1 up");
        if !networks {
            leave_out("no pair of network interfaces may be made here");
            return;
        }
        let mut foreground = command(program);
        // Calls are handed on.
        foreground.args(["-f", "-r"]);
        let mut mapper = Running::start(foreground);
        if poll(|| rpcbind::answers().then_some(true).or(mapper.ended().map(|_| false))) != Some(true) {
            leave_out("rpcbind does not start here; it needs root or a range of user ids");
            return;
        }
        let [real, ours] = [command("rpcinfo"), ours()]
            .map(|mut command| {
                command.args(["-b", "100000", "4"]);
                thread::spawn(move || Finished::run(command, PATIENCE))
            })
            .map(|running| running.join().expect("it ran"));
        assert_eq!((ours.status.code(), real.status.code()), (Some(0), Some(0)), "{ours:?} {real:?}");
        // The real one tells each as often as it answers, and by name where it has one.
        let addresses = |seen: &Finished| {
            let addresses = seen.stdout.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned());
            let mut addresses: Vec<String> = addresses.collect();
            addresses.sort();
            addresses
        };
        let mut expected = addresses(&real);
        expected.dedup();
        assert!(!expected.is_empty(), "{real:?}");
        assert_eq!(addresses(&ours), expected);
    });
}
