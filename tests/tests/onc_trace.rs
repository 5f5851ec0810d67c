//! `onc trace` beside tshark: what both make of a real capture of the loopback interface.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use onc_tests::cargo::{build, workspace};
use onc_tests::missing::{leave_out, need_programs};
use onc_tests::namespace::inside;
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
use serde_json::Value;

/// What is compared of a message: its time within the minute, whether it is a reply, and of a call what is called.
type Message = (String, bool, Option<(u64, u64, u64)>);

/// Messages by xid.
type Messages = BTreeMap<u64, Vec<Message>>;

#[test]
fn the_same_as_tshark_sees() {
    inside(|| {
        if let Err(missing) = need_programs(&["dumpcap", "tshark"]) {
            leave_out(&missing);
            return;
        }
        let onc = build(&["-p", "onc-tools", "--bin", "onc"]);
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trace-{}.pcapng", std::process::id()));
        let mut capturing = command("sh");
        capturing.arg("-c").arg("exec dumpcap -i lo -B 64 -w \"$0\" 2>&1").arg(&file);
        let mut capturing = Running::start(capturing);
        capturing.wait_for_line("File: ");

        let mut mapper = command(&onc);
        mapper.arg("portmap");
        let mut mapper = Running::start(mapper);
        mapper.wait_for_line("serving tcp ");
        let mut server = Running::start(command(env!("CARGO_BIN_EXE_everything-server")));
        let address = server.wait_for_line("ready ");
        let port = address.rsplit(':').next().expect("a port");
        for netid in ["tcp", "udp"] {
            let mut client = command(env!("CARGO_BIN_EXE_everything-client"));
            client.args(["127.0.0.1", netid, "Rust"]);
            let _ = Finished::output_of(client);
        }
        let trace = || {
            let mut trace = command(&onc);
            trace.arg("trace").arg(&file).arg(workspace().join("tests/x/everything.x")).arg("--json");
            // The file may end within a packet, as long as it is being written.
            let lines = Finished::run(trace, PATIENCE).stdout;
            lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
        };
        // The last call of all is the second client's.
        let there = poll(|| {
            let objects = trace();
            let last = |transport: &str| {
                let is = |one: &&Value| one["procedure_name"] == "RECALL" && one["transport"] == transport;
                objects.iter().any(|one| is(&one) && one["success"] == true)
            };
            (last("tcp") && last("udp")).then_some(())
        });
        assert!(there.is_some(), "the last call is never captured");
        capturing.signal("INT");
        assert!(poll(|| capturing.ended()).is_some_and(|status| status.success()));

        let objects = trace();
        let (ours, theirs) = (ours(&objects), theirs(&file, port));
        std::fs::remove_file(&file).expect("removed");
        // Where a client's port is known as another protocol's, tshark follows that.
        assert!(theirs.len() > 100, "a call of each procedure over one transport at least");
        // On a slow machine a datagram may be sent again: for us one call, for tshark two.
        let repeated: Vec<u64> =
            objects.iter().filter(|one| one["repeats"] != 0).filter_map(|one| one["xid"].as_u64()).collect();
        for (xid, messages) in theirs.iter().filter(|(xid, _)| !repeated.contains(xid)) {
            assert_eq!(ours.get(xid), Some(messages), "xid {xid:#x}");
        }
        assert!(ours.len() > 200, "a call of each procedure over each transport");
        let summary = objects.last().expect("a summary");
        for nothing in ["unanswered", "malformed", "undecodable", "incomplete", "gaps"] {
            assert_eq!(summary[nothing], 0, "{nothing}: {summary}");
        }
    });
}

fn ours(objects: &[Value]) -> Messages {
    let mut messages = Messages::new();
    for one in objects.iter().filter(|object| object["kind"] == "exchange") {
        let number = |name: &str| one[name].as_u64().expect(name);
        // Of 2026-01-01T00:00:12.345678Z the last part.
        let time = |name: &str| one[name].as_str().map(|time| time[17..26].to_owned());
        let all = messages.entry(number("xid")).or_default();
        if let Some(time) = time("time") {
            all.push((time, false, Some((number("program"), number("version"), number("procedure")))));
        }
        if let Some(time) = time("reply_time") {
            all.push((time, true, None));
        }
    }
    sorted(messages)
}

fn theirs(file: &Path, port: &str) -> Messages {
    let mut tshark: Command = command("tshark");
    tshark.arg("-r").arg(file).args(["-o", "rpc.dissect_unknown_programs:TRUE", "-Y", "rpc", "-T", "fields"]);
    tshark.args(["-d", &format!("tcp.port=={port},rpc"), "-d", &format!("udp.port=={port},rpc")]);
    for field in ["frame.time_epoch", "rpc.xid", "rpc.msgtyp", "rpc.program", "rpc.programversion", "rpc.procedure"] {
        tshark.args(["-e", field]);
    }
    let mut messages = Messages::new();
    for line in Finished::output_of(tshark).lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [time, xid, kind, program, version, procedure] = fields[..] else { panic!("{line}") };
        assert!(!xid.contains(','), "each client waits for each reply, so that no packet has two messages: {line}");
        let (seconds, rest) = time.split_once('.').expect("a time");
        let seconds = seconds.parse::<u64>().expect("seconds") % 60;
        // What a field says may be there twice, from the header and worked out.
        let number = |field: &str| field.split(',').next().and_then(|one| one.parse().ok()).expect("a number");
        let is_reply = number(kind) == 1;
        let called = (!is_reply).then(|| (number(program), number(version), number(procedure)));
        let xid = u64::from_str_radix(xid.trim_start_matches("0x"), 16).expect("an xid");
        messages.entry(xid).or_default().push((format!("{seconds:02}.{}", &rest[..6]), is_reply, called));
    }
    sorted(messages)
}

fn sorted(mut messages: Messages) -> Messages {
    messages.values_mut().for_each(|all| all.sort());
    messages
}
