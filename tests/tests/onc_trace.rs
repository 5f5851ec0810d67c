//! `onc trace` beside tshark: what both make of a real capture of the loopback interface, and of what goes wrong on networks.

#[allow(dead_code, reason = "onc's own tests use the rest")]
#[path = "../../onc-tools/tests/support/capture.rs"]
mod capture;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use onc_runtime::rpc::{AuthSys, CallTemplate, put_success, record_mark};
use onc_tests::missing::{leave_out, need_programs};
use onc_tests::onc::{everything_x, inside, onc};
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
use serde_json::Value;

use crate::capture::{Capture, ETHERNET, Flag, Format, tcp, udp};

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
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trace-{}.pcapng", std::process::id()));
        let mut capturing = command("sh");
        capturing.arg("-c").arg("exec dumpcap -i lo -B 64 -w \"$0\" 2>&1").arg(&file);
        let mut capturing = Running::start(capturing);
        capturing.wait_for_line("File: ");

        let mut mapper = Running::start(onc(&["portmap"]));
        mapper.wait_for_line("serving tcp ");
        let mut server = Running::start(command(env!("CARGO_BIN_EXE_everything-server")));
        let address = server.wait_for_line("ready ");
        let port = address.rsplit(':').next().expect("a port");
        for netid in ["tcp", "udp"] {
            let mut client = command(env!("CARGO_BIN_EXE_everything-client"));
            client.args(["127.0.0.1", netid, "Rust"]);
            let _ = Finished::output_of(client);
        }
        // The file may end within a packet, as long as it is being written.
        let trace = || objects(&Finished::run(trace(&file), PATIENCE).stdout);
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

/// `onc trace` of a capture.
fn trace(file: &Path) -> Command {
    let mut trace = onc(&["trace"]);
    trace.arg(file).args([&everything_x(), "--json"]);
    trace
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
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

const CLIENT: ([u8; 4], u16) = ([192, 0, 2, 1], 50_000);
const SERVER: ([u8; 4], u16) = ([192, 0, 2, 2], 7000);

fn call(xid: u32) -> Vec<u8> {
    let mut message = Vec::new();
    let user = AuthSys { machine_name: "client".into(), gids: vec![1, 2, 3], ..AuthSys::default() };
    CallTemplate::new(536_874_615, 2, &user.into()).expect("short").put_unmarked(&mut message, xid, 4);
    // SUM of some numbers.
    message.extend([&20_u32.to_be_bytes()[..], &[7; 160]].concat());
    message
}

fn reply(xid: u32) -> Vec<u8> {
    let mut message = Vec::new();
    put_success(&mut message, xid);
    message.extend([7; 8]);
    message
}

/// A message in fragments of so many bytes.
fn fragments(message: &[u8], length: usize) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut pieces = message.chunks(length).peekable();
    while let Some(piece) = pieces.next() {
        let mut mark = record_mark(piece.len());
        if pieces.peek().is_some() {
            mark[0] &= 0x7f;
        }
        stream.extend(mark);
        stream.extend(piece);
    }
    stream
}

/// Packets of a capture, and how many bytes of each were captured.
type Packets = Vec<(Vec<u8>, usize)>;

fn whole(packets: impl IntoIterator<Item = Vec<u8>>) -> Packets {
    packets.into_iter().map(|packet| (packet, usize::MAX)).collect()
}

/// A connection that the client makes, with these parts of its stream.
fn connection(parts: &[(usize, &[u8])]) -> Vec<Vec<u8>> {
    let (client, server) = (SocketAddr::from(CLIENT), SocketAddr::from(SERVER));
    let mut packets = vec![
        tcp(client, server, 100, Flag::Syn, &[]),
        capture::tcp_with_ack(server, client, 900, Some(101), Flag::Syn, &[]),
    ];
    for (at, bytes) in parts {
        packets.push(capture::tcp_with_ack(client, server, 101 + *at as u32, Some(901), Flag::None, bytes));
    }
    packets
}

fn from_server(at: usize, bytes: &[u8]) -> Vec<u8> {
    capture::tcp_with_ack(SERVER.into(), CLIENT.into(), 901 + at as u32, Some(101), Flag::None, bytes)
}

/// The messages without their times: of one in several packets, each has another.
fn timeless(mut messages: Messages) -> Messages {
    messages.values_mut().flatten().for_each(|(time, ..)| time.clear());
    sorted(messages)
}

/// What both see in a capture, and our summary. They see the same.
#[track_caller]
fn both(name: &str, packets: Packets) -> Value {
    let mut made = Capture::new(Format::Ng, ETHERNET.number);
    for (at, (packet, length)) in packets.iter().enumerate() {
        let framed = [&(ETHERNET.header)(true)[..], packet].concat();
        made.cut_packet(1000 + at as u32, &framed, *length);
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.pcapng", std::process::id()));
    std::fs::write(&file, &made.bytes).expect("written");
    let lines = Finished::output_of(trace(&file));
    let objects = objects(&lines);
    let (ours, theirs) = (timeless(ours(&objects)), timeless(theirs(&file, &SERVER.1.to_string())));
    std::fs::remove_file(&file).expect("removed");
    assert_eq!(ours, theirs, "{name}: {lines}");
    assert!(!ours.is_empty(), "{name}");
    objects.last().expect("a summary").clone()
}

#[test]
fn what_goes_wrong_on_networks_is_seen_as_tshark_sees_it() {
    if let Err(missing) = need_programs(&["tshark"]) {
        leave_out(&missing);
        return;
    }
    // Records in fragments, in any segments. Those that begin with less than a header tshark takes for something else.
    let stream = [fragments(&call(1), 50), fragments(&call(2), 90)].concat();
    let first = fragments(&call(1), 50).len();
    for length in [1460, 100, 70] {
        let cuts = |range: std::ops::Range<usize>| range.step_by(length).collect::<Vec<_>>();
        // No segment has the end of two records.
        let parts: Vec<(usize, &[u8])> = cuts(0..first)
            .into_iter()
            .map(|at| (at, &stream[at..first.min(at + length)]))
            .chain(cuts(first..stream.len()).into_iter().map(|at| (at, &stream[at..stream.len().min(at + length)])))
            .collect();
        let mut packets = connection(&parts);
        let replies = [fragments(&reply(1), 9), fragments(&reply(2), 100)];
        packets.push(from_server(0, &replies[0]));
        packets.push(from_server(replies[0].len(), &replies[1]));
        let summary = both(&format!("fragments-of-{length}"), whole(packets));
        let counted = (&summary["calls"], &summary["replies"], &summary["unanswered"], &summary["malformed"]);
        assert_eq!(counted, (&2.into(), &2.into(), &0.into(), &0.into()), "{summary}");
    }

    // Segments that come twice, and in another order.
    let (one, two) = (fragments(&call(3), 1000), fragments(&call(4), 1000));
    let end = one.len();
    let parts = [
        (0, &one[..80]),
        (0, &one[..80]),
        (120, &one[120..]),
        (80, &one[80..120]),
        (80, &one[80..120]),
        (end + 90, &two[90..]),
        (end, &two[..90]),
        (end, &two[..90]),
    ];
    let mut packets = connection(&parts);
    packets.push(from_server(0, &fragments(&reply(3), 100)));
    packets.push(from_server(0, &fragments(&reply(3), 100)));
    let summary = both("disorder", whole(packets));
    let counted = (&summary["calls"], &summary["replies"], &summary["unanswered"], &summary["gaps"]);
    assert_eq!(counted, (&2.into(), &1.into(), &1.into(), &0.into()), "{summary}");
    assert!(summary["retransmissions"].as_u64().is_some_and(|count| count >= 4), "{summary}");

    // Datagrams.
    let packets = whole([
        udp(CLIENT.into(), SERVER.into(), &call(5)),
        udp(SERVER.into(), CLIENT.into(), &reply(5)),
        udp(CLIENT.into(), SERVER.into(), &call(6)),
    ]);
    let summary = both("datagrams", packets);
    assert_eq!((&summary["calls"], &summary["unanswered"]), (&2.into(), &1.into()), "{summary}");

    // Of each packet the first bytes: all of the headers, and not of the arguments.
    let (one, two) = (fragments(&call(7), 1000), fragments(&call(8), 1000));
    let mut packets: Packets = whole(connection(&[]));
    let segments = connection(&[(0, &one), (one.len(), &two)]).split_off(2);
    packets.extend(segments.into_iter().map(|packet| (packet, 160)));
    packets.push((from_server(0, &fragments(&reply(7), 100)), usize::MAX));
    packets.push((udp(CLIENT.into(), SERVER.into(), &call(9)), 150));
    let summary = both("cut", packets);
    assert_eq!((&summary["calls"], &summary["replies"]), (&3.into(), &1.into()), "{summary}");
    assert_eq!((&summary["malformed"], &summary["undecodable"]), (&0.into(), &0.into()), "{summary}");
}

fn theirs(file: &Path, port: &str) -> Messages {
    let mut tshark: Command = command("tshark");
    // As it comes, without what somebody has set for himself.
    tshark
        .env("LC_ALL", "C")
        .env("WIRESHARK_CONFIG_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-configuration"));
    tshark.arg("-r").arg(file).args(["-o", "rpc.dissect_unknown_programs:TRUE", "-Y", "rpc.msgtyp", "-T", "fields"]);
    tshark.args(["-o", "tcp.reassemble_out_of_order:TRUE"]);
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
        let number = |field: &str| {
            field.split(',').next().and_then(|one| one.parse().ok()).unwrap_or_else(|| panic!("{line:?}"))
        };
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
