//! Captures, as seeds.

#[path = "../../../onc-tools/tests/support/capture.rs"]
mod capture;

use std::net::SocketAddr;

use onc_runtime::rpc::{AcceptStatus, AuthSys, CallTemplate, OpaqueAuth, put_accepted, record_mark};

use self::capture::{Capture, Flag, Format, LINKS, Link, RAW, tcp, tcp_with_ack, udp};
use super::Seed;

/// The program of kinds.x.
const PROGRAM: u32 = 0x2000_0123;

/// Every format with every link, and what goes wrong on a network.
pub(super) fn captures() -> Vec<Seed> {
    let names = ["ethernet", "vlan", "raw", "loopback", "openbsd", "cooked", "cooked2"];
    let formats = [("micro", Format::Micro), ("nano", Format::Nano), ("ng", Format::Ng), ("ng-odd", Format::NgOdd)];
    let mut seeds = Vec::new();
    for (link, name) in LINKS.iter().zip(names) {
        for (of, format) in formats {
            seeds.push(seed(format!("{name}-{of}"), ordinary(format, link)));
        }
    }
    seeds.push(seed("disorder".into(), disorder()));
    seeds.push(seed("cut".into(), cut()));
    seeds.push(seed("gaps".into(), gaps()));
    seeds.push(seed("datagrams".into(), datagrams()));
    seeds
}

fn seed(name: String, capture: Vec<u8>) -> Seed {
    ("capture", name, [&[40], &capture[..]].concat())
}

fn client() -> SocketAddr {
    ([192, 0, 2, 1], 50_000).into()
}

fn server() -> SocketAddr {
    ([192, 0, 2, 2], 700).into()
}

fn add(xid: u32) -> Vec<u8> {
    let user = AuthSys { uid: 1000, gid: 100, ..AuthSys::default() };
    let mut message = Vec::new();
    CallTemplate::new(PROGRAM, 1, &user.into()).expect("a short credential").put_unmarked(&mut message, xid, 1);
    message.extend([0, 0, 0, 2, 0, 0, 0, 40]);
    message
}

fn sum(xid: u32) -> Vec<u8> {
    let mut message = Vec::new();
    put_accepted(&mut message, xid, OpaqueAuth::NONE, AcceptStatus::Success);
    message.extend([0, 0, 0, 42]);
    message
}

fn marked(message: &[u8]) -> Vec<u8> {
    [&record_mark(message.len())[..], message].concat()
}

fn capture_of(format: Format, link: &Link, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut capture = Capture::new(format, link.number);
    for (at, packet) in (4_000_000..).zip(packets) {
        capture.ip_packet(at, link, packet);
    }
    capture.bytes
}

/// A call and its reply over TCP.
fn ordinary(format: Format, link: &Link) -> Vec<u8> {
    let packets = [
        tcp(client(), server(), 10, Flag::Syn, &[]),
        tcp(client(), server(), 11, Flag::None, &marked(&add(1))),
        tcp(server(), client(), 5, Flag::None, &marked(&sum(1))),
    ];
    capture_of(format, link, &packets)
}

/// Segments that come out of order, twice, overlapping and in the middle of a record mark; two fragments.
fn disorder() -> Vec<u8> {
    let call = add(1);
    let (start, rest) = call.split_at(20);
    let mut first = record_mark(start.len());
    first[0] &= 0x7f;
    let stream = [&first[..], start, &marked(rest), &marked(&add(2))].concat();
    let segment = |from: usize, to: usize| tcp(client(), server(), 11 + from as u32, Flag::None, &stream[from..to]);
    let all = stream.len();
    let packets = [
        tcp(client(), server(), 10, Flag::Syn, &[]),
        segment(30, 60),
        segment(0, 2),
        segment(50, all),
        segment(2, 40),
        segment(2, 40),
        tcp(server(), client(), 5, Flag::None, &marked(&sum(2))),
        tcp(client(), server(), 11 + all as u32, Flag::Fin, &[]),
    ];
    capture_of(Format::Micro, &RAW, &packets)
}

/// Of each packet the first bytes.
fn cut() -> Vec<u8> {
    let mut capture = Capture::new(Format::Ng, RAW.number);
    let call = marked(&add(1));
    for (at, (packet, length)) in [
        (tcp(client(), server(), 10, Flag::Syn, &[]), 60),
        (tcp(client(), server(), 11, Flag::None, &call), 96),
        (tcp(client(), server(), 11 + call.len() as u32, Flag::None, &marked(&add(2))), 50),
        (udp(client(), server(), &add(3)), 30),
    ]
    .iter()
    .enumerate()
    {
        capture.cut_packet(4_000_000 + at as u32, packet, *length);
    }
    capture.bytes
}

/// Bytes that are missing, and acknowledged.
fn gaps() -> Vec<u8> {
    let call = marked(&add(1));
    let packets = [
        tcp(client(), server(), 11, Flag::None, &call),
        tcp(client(), server(), 11 + 3 * call.len() as u32, Flag::None, &marked(&add(2))),
        tcp_with_ack(server(), client(), 5, Some(11 + 4 * call.len() as u32), Flag::None, &marked(&sum(2))),
        tcp(client(), server(), 0xffff_ff00, Flag::None, &call),
    ];
    capture_of(Format::Nano, &RAW, &packets)
}

/// Calls that come again, a reply from elsewhere, and datagrams that are no messages.
fn datagrams() -> Vec<u8> {
    let elsewhere = SocketAddr::from(([192, 0, 2, 3], 700));
    let packets = [
        udp(client(), server(), &add(1)),
        udp(client(), server(), &add(1)),
        udp(elsewhere, client(), &sum(1)),
        udp(server(), client(), &sum(1)),
        udp(client(), server(), &[1; 24]),
        udp(client(), server(), &add(2)[..30]),
    ];
    capture_of(Format::Ng, &RAW, &packets)
}
