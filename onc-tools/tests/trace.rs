//! `onc trace`, with captures made here.

#[path = "support/capture.rs"]
mod capture;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

use onc_runtime::portmap::ProgramNames;
use onc_runtime::rpc::{AcceptStatus, AuthSys, CallTemplate, Credential, OpaqueAuth, put_accepted, record_mark};
use onc_tools::dynamic::{encode_arguments, find_procedure};
use onc_tools::trace::{CaptureError, Dictionary, Event, Packet, Printer, Sink, Tracer, read};
use serde_json::{Value, json};
use xdrgen::model::Model;

use crate::capture::{Capture, ETHERNET, Flag, Format, LINKS, RAW, tcp, tcp_with_ack, udp};

const KINDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/x/kinds.x");
const PROGRAM: u32 = 0x2000_0123;

/// When the first packet is seen, in milliseconds.
const BEGIN: u32 = 1;

fn v4(port: u16) -> SocketAddr {
    ([192, 0, 2, u8::from(port > 1000)], port).into()
}

fn v6(port: u16) -> SocketAddr {
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], port).into()
}

/// A call of ADD in version 1, with an AUTH_SYS credential.
fn add(xid: u32, a: i32, b: i32) -> Vec<u8> {
    let user = Credential::Sys(AuthSys { uid: 1000, gid: 100, ..AuthSys::default() });
    let mut message = Vec::new();
    CallTemplate::new(PROGRAM, 1, &user).expect("short").put_unmarked(&mut message, xid, 1);
    message.extend([a.to_be_bytes(), b.to_be_bytes()].concat());
    message
}

fn reply(xid: u32, status: AcceptStatus, results: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    put_accepted(&mut message, xid, OpaqueAuth::NONE, status);
    message.extend(results);
    message
}

fn sum(xid: u32, sum: i32) -> Vec<u8> {
    reply(xid, AcceptStatus::Success, &sum.to_be_bytes())
}

fn marked(message: &[u8]) -> Vec<u8> {
    [&record_mark(message.len())[..], message].concat()
}

fn onc(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onc"));
    command.arg("trace").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // What is not read is lost.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("waited for")
}

fn text(arguments: &[&str], input: &[u8]) -> String {
    let output = onc(arguments, input);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The objects that are printed, the summary last.
fn objects(input: &[u8]) -> Vec<Value> {
    text(&["-", KINDS, "--json"], input).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A connection, as packets of raw IP.
struct Connection {
    capture: Capture,
    client: SocketAddr,
    server: SocketAddr,
    sequences: [u32; 2],
    now: u32,
}

impl Connection {
    fn open() -> Self {
        let mut connection = Self {
            capture: Capture::new(Format::Micro, RAW.number),
            client: v4(50_000),
            server: v4(1000),
            sequences: [u32::MAX - 50, 7000],
            now: BEGIN,
        };
        connection.send(0, Flag::Syn, &[]);
        connection.send(1, Flag::Syn, &[]);
        connection
    }

    /// The next segment of the client (0) or the server (1), which is not captured yet.
    fn segment(&mut self, side: usize, flag: Flag, payload: &[u8]) -> Vec<u8> {
        let (from, to) = if side == 0 { (self.client, self.server) } else { (self.server, self.client) };
        let sequence = self.sequences[side];
        let length = payload.len() as u32 + u32::from(flag != Flag::None);
        self.sequences[side] = sequence.wrapping_add(length);
        tcp_with_ack(from, to, sequence, Some(self.sequences[1 - side]), flag, payload)
    }

    fn capture(&mut self, packet: &[u8]) {
        self.capture.packet(self.now, packet);
        self.now += 1;
    }

    fn send(&mut self, side: usize, flag: Flag, payload: &[u8]) {
        let segment = self.segment(side, flag, payload);
        self.capture(&segment);
    }
}

#[test]
fn calls_are_found_behind_every_link_over_every_transport() {
    for link in LINKS {
        for (client, server) in [(v4(50_000), v4(700)), (v6(50_000), v6(700))] {
            let mut capture = Capture::new(Format::Micro, link.number);
            for (at, packet) in [
                tcp(client, server, 10, Flag::Syn, &[]),
                tcp(client, server, 11, Flag::None, &marked(&add(7, 1, 2))),
                tcp(server, client, 95, Flag::None, &marked(&sum(7, 3))),
                udp(client, server, &add(8, 4, 5)),
                udp(server, client, &sum(8, 9)),
            ]
            .iter()
            .enumerate()
            {
                capture.ip_packet(BEGIN + at as u32, &link, packet);
            }
            let objects = objects(&capture.bytes);
            assert_eq!(objects.len(), 3, "{}: {objects:?}", link.number);
            for (object, (transport, xid, arguments, results)) in
                objects.iter().zip([("tcp", 7, json!({"a": 1, "b": 2}), 3), ("udp", 8, json!({"a": 4, "b": 5}), 9)])
            {
                assert_eq!(object["transport"], transport);
                assert_eq!(object["caller"], client.to_string());
                assert_eq!(object["server"], server.to_string());
                assert_eq!(object["xid"], xid);
                assert_eq!(object["procedure_name"], "ADD");
                assert_eq!((&object["arguments"], &object["results"]), (&arguments, &json!(results)));
            }
        }
    }
}

#[test]
fn every_format_tells_the_same() {
    let all = [Format::Micro, Format::Nano, Format::Ng, Format::NgOdd].map(|format| {
        let mut capture = Capture::new(format, ETHERNET.number);
        // Times that all of them can tell exactly.
        for (seconds, packet) in
            [udp(v4(5000), v4(700), &add(8, 4, 5)), udp(v4(700), v4(5000), &sum(8, 9))].iter().enumerate()
        {
            capture.ip_packet(34_402_000 * 100 + 1000 * seconds as u32, &ETHERNET, packet);
        }
        objects(&capture.bytes)
    });
    assert_eq!(all[0][0]["time"], "1970-02-09T19:36:40.000000Z");
    assert_eq!(all[0][0]["seconds"], 1.0);
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
}

#[test]
fn text_is_for_people() {
    let mut connection = Connection::open();
    let calls = [marked(&add(1, 2, 40)), marked(&add(2, i32::MAX, 1)), marked(&add(3, 0, 0))].concat();
    connection.send(0, Flag::None, &calls);
    connection.send(1, Flag::None, &marked(&reply(2, AcceptStatus::GarbageArguments, &[])));
    connection.send(1, Flag::None, &marked(&sum(1, 42)));
    connection.send(1, Flag::None, &marked(&sum(99, 0)));
    assert_eq!(
        text(&["-", KINDS], &connection.capture.bytes),
        "00:00:00.003000 tcp 192.0.2.1:50000 > 192.0.2.0:1000 KINDS_PROG 1 ADD xid 0x00000002 1.0ms: the server cannot decode \
         the arguments (GARBAGE_ARGS)\n\
         \x20   arguments {\"a\":2147483647,\"b\":1}\n\
         00:00:00.003000 tcp 192.0.2.1:50000 > 192.0.2.0:1000 KINDS_PROG 1 ADD xid 0x00000001 2.0ms: success\n\
         \x20   arguments {\"a\":2,\"b\":40}\n\
         \x20   results 42\n\
         00:00:00.006000 tcp 192.0.2.1:50000 > 192.0.2.0:1000 reply without its call, xid 0x00000063: success\n\
         00:00:00.003000 tcp 192.0.2.1:50000 > 192.0.2.0:1000 KINDS_PROG 1 ADD xid 0x00000003: no reply\n\
         \x20   arguments {\"a\":0,\"b\":0}\n\
         6 packets: 3 calls, 3 replies, 1 calls without reply, 1 replies without call, 0 malformed messages\n"
    );
    let without = text(&["-"], &connection.capture.bytes);
    assert!(without.contains(&format!("{PROGRAM} 1 procedure 1 xid 0x00000001 2.0ms: success")), "{without}");
}

#[test]
fn what_tcp_does_to_a_message_makes_no_difference() {
    let mut connection = Connection::open();
    let (call, answer) = (marked(&add(7, 20, 22)), marked(&sum(7, 42)));
    let parts: Vec<Vec<u8>> = call.chunks(10).map(|part| connection.segment(0, Flag::None, part)).collect();
    // Backwards, and some of them twice.
    for at in (0..parts.len()).rev().chain([3, 0]) {
        connection.capture(&parts[at]);
    }
    connection.send(1, Flag::Fin, &answer);
    connection.send(0, Flag::Fin, &[]);
    let objects = objects(&connection.capture.bytes);
    assert_eq!((&objects[0]["arguments"], &objects[0]["results"]), (&json!({"a": 20, "b": 22}), &json!(42)));
    let summary = &objects[1];
    assert_eq!((&summary["calls"], &summary["retransmissions"], &summary["gaps"]), (&json!(1), &json!(2), &json!(0)));
}

#[test]
fn after_a_gap_it_goes_on() {
    let mut connection = Connection::open();
    connection.send(0, Flag::None, &marked(&add(1, 1, 1)));
    // Not captured.
    connection.segment(0, Flag::None, &[marked(&add(2, 2, 2)), marked(&add(3, 3, 3))].concat());
    connection.send(0, Flag::None, &marked(&add(4, 4, 4)));
    for xid in 1..=4 {
        connection.send(1, Flag::None, &marked(&sum(xid, 0)));
    }
    let objects = objects(&connection.capture.bytes);
    let kinds: Vec<&str> = objects.iter().filter_map(|object| object["kind"].as_str()).collect();
    // That it is missing is known when the server has it.
    assert_eq!(kinds, ["gap", "exchange", "exchange", "exchange", "exchange", "summary"]);
    assert_eq!(objects[0]["bytes"], 2 * marked(&add(0, 0, 0)).len());
    assert_eq!(objects[4]["arguments"], json!({"a": 4, "b": 4}));
    let summary = &objects[5];
    assert_eq!((&summary["calls"], &summary["unasked"], &summary["malformed"]), (&json!(2), &json!(2), &json!(0)));
}

#[test]
fn packets_that_were_captured_in_part_keep_the_order() {
    let mut connection = Connection::open();
    for xid in 1..=3 {
        let call = connection.segment(0, Flag::None, &marked(&add(xid, 1, 1)));
        // All but the arguments.
        connection.capture.cut_packet(BEGIN, &call, call.len() - 8);
        let answer = connection.segment(1, Flag::None, &marked(&sum(xid, 2)));
        connection.capture(&answer);
    }
    let objects = objects(&connection.capture.bytes);
    let exchanges: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "exchange").collect();
    assert_eq!(exchanges.len(), 3, "{objects:#?}");
    for exchange in exchanges {
        assert_eq!(exchange["arguments_problem"], "not captured whole");
        assert_eq!(exchange["results"], 2);
        assert_eq!(exchange["call_bytes"], add(0, 0, 0).len());
    }
}

#[test]
fn malformed_messages_are_counted() {
    let mut connection = Connection::open();
    connection.send(0, Flag::None, &marked(&add(1, 1, 1)));
    connection.send(0, Flag::None, &marked(&[9; 40]));
    let mut bad_credential = add(2, 1, 1);
    bad_credential[28..32].copy_from_slice(&500_u32.to_be_bytes());
    connection.send(0, Flag::None, &marked(&bad_credential));
    let mut arguments_too_long = add(3, 1, 1);
    arguments_too_long.extend([0; 4]);
    connection.send(0, Flag::None, &marked(&arguments_too_long));
    connection.send(1, Flag::None, &marked(&reply(3, AcceptStatus::Success, &[1, 2])));
    connection.send(0, Flag::None, &[0xff; 100]);
    let printed = text(&["-", KINDS], &connection.capture.bytes);
    for part in [
        "malformed: 151587081 is not a type of message",
        "malformed: a record mark that promises 2147483647 bytes",
        "    arguments {\"a\":1,\"b\":1}\n    arguments do not decode: 4 bytes too many",
        "    results do not decode: 4 bytes are needed and 2 are left",
        "2 calls, 1 replies, 1 calls without reply, 0 replies without call, 3 malformed messages",
        "2 arguments or results that do not decode",
    ] {
        assert!(printed.contains(part), "{part} is missing:\n{printed}");
    }
}

#[test]
fn other_traffic_is_no_rpc() {
    let mut connection = Connection::open();
    connection.send(0, Flag::None, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
    connection.send(1, Flag::None, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let dns = udp(
        v4(5300),
        v4(53),
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01",
    );
    connection.capture(&dns);
    let objects = objects(&connection.capture.bytes);
    assert_eq!(objects.len(), 1, "{objects:?}");
    assert_eq!(objects[0]["malformed"], 0);
}

#[test]
fn fragments_of_ip_are_put_together() {
    let (client, server) = (v4(5000), v4(700));
    let names = json!({"c": "RED", "b": false, "f": 0, "d": 0, "h": 0, "s": 0, "u": 0, "t": "0000000000",
        "o": "ab".repeat(5000), "names": [], "fixed": [{"x": 0, "y": 0}, {"x": 0, "y": 0}], "list": [],
        "deep": {"value": 0}, "one": {"kind": "GREEN"}, "two": {"kind": "GREEN"}, "sc": {"d": -1, "minus": true}});
    let model = model();
    let procedure = find_procedure(&model, "ECHO", None, None).expect("there").procedure;
    let mut message = Vec::new();
    CallTemplate::new(PROGRAM, 1, &Credential::None).expect("short").put_unmarked(&mut message, 5, 2);
    message.extend(encode_arguments(&model, procedure, &names).expect("fits"));
    let whole = udp(client, server, &message);
    let (header, body) = whole.split_at(20);
    let mut capture = Capture::new(Format::Ng, RAW.number);
    let count = body.chunks(1480).count();
    // The last first.
    for (at, part) in body.chunks(1480).enumerate().collect::<Vec<_>>().into_iter().rev() {
        let mut fragment = [header, part].concat();
        let more = if at + 1 == count { 0 } else { 0x2000 };
        fragment[2..4].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
        fragment[4..6].copy_from_slice(&77_u16.to_be_bytes());
        fragment[6..8].copy_from_slice(&(more | (at * 1480 / 8) as u16).to_be_bytes());
        capture.packet(BEGIN, &fragment);
    }
    let objects = objects(&capture.bytes);
    assert_eq!(objects.len(), 2, "{objects:?}");
    assert_eq!(objects[0]["arguments"]["o"], "ab".repeat(5000));
    let (short, full) = (text(&["-", KINDS], &capture.bytes), text(&["-", KINDS, "--full"], &capture.bytes));
    assert!(short.len() < 1000 && short.contains("… (10"), "{short}");
    assert!(full.contains(&"ab".repeat(5000)));
}

#[test]
fn packets_are_shown_as_they_come() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onc"));
    let mut child =
        command.args(["trace", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut written = 0;
    let mut capture = Capture::new(Format::Micro, RAW.number);
    for xid in 0..5 {
        capture.packet(BEGIN, &udp(v4(5000), v4(700), &add(xid, 0, 0)));
        capture.packet(BEGIN, &udp(v4(700), v4(5000), &sum(xid, 0)));
        // In two pieces, the first of which ends within the last packet's header.
        let middle = capture.bytes.len() - 70;
        for end in [middle, capture.bytes.len()] {
            input.write_all(&capture.bytes[written..end]).expect("written");
            written = end;
        }
        let line = lines.next().expect("a line").expect("text");
        assert!(line.contains(&format!("xid {xid:#010x}")), "{line}");
    }
    drop(input);
    let summary = lines.next().expect("a line").expect("text");
    assert!(summary.starts_with("10 packets: 5 calls, 5 replies"), "{summary}");
    assert!(child.wait().expect("waited for").success());
}

#[test]
fn what_is_no_capture_is_refused() {
    let mut capture = Capture::new(Format::Micro, RAW.number);
    capture.packet(BEGIN, &udp(v4(5000), v4(700), &add(1, 0, 0)));
    let cut = &capture.bytes[..capture.bytes.len() - 1];
    let huge = [&capture.bytes[..24], &[0; 8], &[0xff, 0xff, 0xff, 0x7f], &[0; 100]].concat();
    for (input, says) in [
        (&b""[..], "it is empty"),
        (b"neither this nor that, and longer than a header", "neither pcap nor pcapng"),
        (&capture.bytes[..10], "within a packet"),
        (cut, "within a packet"),
        (&huge, "within a packet"),
    ] {
        let output = onc(&["-"], input);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.starts_with("onc: standard input: ") && told.contains(says), "{told}");
    }
    assert_eq!(onc(&["no-such-file.pcap"], b"").status.code(), Some(2));
    assert_eq!(onc(&["no-such-file.x"], b"").status.code(), Some(2));
}

#[test]
fn what_a_peer_sends_does_not_reach_the_terminal_as_it_is() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("terminal-{}.x", std::process::id()));
    std::fs::write(&path, "program P { version V { string S(string) = 1; } = 1; } = 0x20000123;").expect("written");
    let mut message = Vec::new();
    CallTemplate::new(PROGRAM, 1, &Credential::None).expect("short").put_unmarked(&mut message, 5, 1);
    let evil = "\u{1b}[2J\u{9b}2J\u{7f}...";
    message.extend((evil.len() as u32).to_be_bytes());
    message.extend(evil.as_bytes());
    message.resize(message.len().next_multiple_of(4), 0);
    let mut capture = Capture::new(Format::Micro, RAW.number);
    capture.packet(BEGIN, &udp(v4(5000), v4(700), &message));
    let printed = text(&["-", path.to_str().expect("UTF-8")], &capture.bytes);
    std::fs::remove_file(path).expect("removed");
    assert!(printed.contains("[2J"), "{printed}");
    assert!(printed.chars().all(|c| c == '\n' || !c.is_control()), "{printed:?}");
}

fn model() -> Model {
    xdrgen::load(&xdrgen::configure(), KINDS.as_ref()).expect("a good file")
}

/// Everything that `onc trace` does with packets, in this process.
struct Whole {
    tracer: Tracer,
    printers: [Printer; 2],
    events: Vec<Event>,
    text: String,
}

impl Whole {
    fn new() -> Self {
        let printer = || Printer::new(Dictionary::new(vec![model()], ProgramNames::parse("")));
        Self {
            tracer: Tracer::new(),
            printers: [printer(), printer().json(true)],
            events: Vec::new(),
            text: String::new(),
        }
    }

    /// How many exchanges there were.
    fn run(&mut self, capture: &[u8]) -> u64 {
        self.tracer = Tracer::new();
        // Damage is expected.
        let _ = read(capture, self);
        self.tracer.finish(&mut self.events);
        self.print();
        self.tracer.counts().calls
    }

    fn print(&mut self) {
        self.text.clear();
        for event in self.events.drain(..) {
            for printer in &mut self.printers {
                printer.event(&event, &mut self.text);
            }
        }
    }
}

impl Sink for Whole {
    type Error = CaptureError;

    fn packet(&mut self, packet: &Packet<'_>) -> Result<(), CaptureError> {
        self.tracer.packet(packet, &mut self.events);
        self.print();
        Ok(())
    }

    fn caught_up(&mut self) -> Result<(), CaptureError> {
        Ok(())
    }
}

/// A capture with a bit of everything.
fn rich(format: Format, link: &capture::Link) -> Vec<u8> {
    let mut capture = Capture::new(format, link.number);
    let (client, server) = (v4(50_000), v4(700));
    let call = marked(&add(1, 2, 3));
    for (at, packet) in [
        tcp(client, server, 10, Flag::Syn, &[]),
        tcp(client, server, 11, Flag::None, &call[..50]),
        tcp(client, server, 91, Flag::None, &call),
        tcp(client, server, 61, Flag::None, &call[50..]),
        tcp(server, client, 5, Flag::None, &marked(&sum(1, 5))),
        tcp(
            server,
            client,
            500,
            Flag::None,
            &marked(&reply(1, AcceptStatus::ProgramMismatch { low: 1, high: 2 }, &[])),
        ),
        tcp(client, server, 300, Flag::Fin, &[]),
        udp(v6(5000), v6(700), &add(8, 4, 5)),
        udp(v6(700), v6(5000), &sum(8, 9)),
        udp(v6(700), v6(5000), &[1; 60]),
    ]
    .iter()
    .enumerate()
    {
        capture.ip_packet(4_000_000 + at as u32, link, packet);
    }
    capture.bytes
}

#[test]
fn no_capture_does_harm() {
    let mut whole = Whole::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        // xorshift
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 16) as usize % below
    };
    let (rounds, step) = if cfg!(debug_assertions) { (40, 13) } else { (20_000, 1) };
    for format in [Format::Micro, Format::Nano, Format::Ng, Format::NgOdd] {
        for link in LINKS {
            let good = rich(format, &link);
            assert_eq!(whole.run(&good), 3, "{format:?} {}", link.number);
            for length in (0..good.len()).step_by(step) {
                whole.run(&good[..length]);
            }
            for _ in 0..rounds {
                let mut bad = good.clone();
                for _ in 0..1 + next(8) {
                    let at = next(bad.len());
                    match next(4) {
                        0 => bad[at] = next(256) as u8,
                        1 => bad[at] ^= 1 << next(8),
                        2 => bad[at] = [0, 0xff, 0x7f, 0x80][next(4)],
                        _ => {
                            bad.remove(at);
                        }
                    }
                }
                whole.run(&bad);
            }
        }
    }
}
