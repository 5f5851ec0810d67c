//! Floods, garbage and slow peers against `onc portmap`: its memory stays bounded, and others are answered meanwhile.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use onc_tests::missing::leave_out;
use onc_tests::onc::inside;
use onc_tests::onc_portmap::OncPortmap;
use onc_tests::process::{Finished, PATIENCE, command};
use onc_tests::rpcbind::{self, SOCKET};
use onc_tests::wire::{Answer, CallMessage, Item, mark, parse_reply, receive_record, record, send_record};

const PORT_MAPPER: u32 = 100_000;
const PROGRAM: u32 = 0x2000_0047;

// Procedures.
const SET: u32 = 1;
const GETADDR: u32 = 3;
const DUMP: u32 = 4;
const GETADDRLIST: u32 = 11;
const GETSTAT: u32 = 12;

const LOOPBACK: &str = "127.0.0.1:111";

/// Addresses of this host that are not its loopback: who calls from there counts as another host. Each is one's own source
/// when it is called.
const STRANGERS: [&str; 2] = ["192.0.2.1:111", "192.0.2.2:111"];

/// What a debug build may take beyond what it has when it starts, for all that the tests here do to it: 256 KiB to read into,
/// the entries, their list, and what each connection may cost.
const KIB_OF_ENTRIES: usize = 12 << 10;
const KIB_OF_CONNECTION: usize = 16 + 64 + 32;

/// Runs the body with a port mapper of these options, where nobody else has its port.
fn with_mapper(options: &[&str], body: impl FnOnce(&OncPortmap)) {
    if rpcbind::answers() {
        leave_out("a port mapper runs here, at the port that this test needs");
        return;
    }
    for stranger in STRANGERS {
        let mut add = command("ip");
        let ip = stranger.trim_end_matches(":111");
        add.args(["address", "add", &format!("{ip}/32"), "dev", "lo"]);
        let _ = Finished::run(add, PATIENCE);
    }
    body(&OncPortmap::start(options));
}

/// The most memory that it has had, in KiB.
fn peak(mapper: &OncPortmap) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", mapper.id())).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Since `before`, its memory has not grown beyond the bound, both in KiB.
#[track_caller]
fn assert_bounded(mapper: &OncPortmap, before: usize, bound: usize) {
    let after = peak(mapper);
    println!("memory: {before} KiB, then {after} KiB at most");
    assert!(after < before + bound, "{after} KiB, and {before} before");
}

fn rpcb(version: u32, netid: &str, address: &str) -> Item {
    Item::new().uint(PROGRAM).uint(version).opaque(netid.as_bytes()).opaque(address.as_bytes()).opaque(b"")
}

fn call(procedure: u32, arguments: Item) -> CallMessage {
    CallMessage::new(PORT_MAPPER, 4, procedure, arguments)
}

fn tcp(to: &str) -> TcpStream {
    let stream = TcpStream::connect(to).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

fn unix() -> UnixStream {
    let stream = UnixStream::connect(SOCKET).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

fn udp(to: &str) -> UdpSocket {
    let address: SocketAddr = to.parse().expect("an address");
    // The address that is called is the caller's own, too.
    let socket = UdpSocket::bind((address.ip(), 0)).expect("a port");
    socket.connect(address).expect("a route");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    socket
}

fn ask(stream: &mut (impl io::Read + io::Write), call: &CallMessage) -> Answer {
    send_record(stream, &call.bytes()).expect("sent");
    let reply = receive_record(stream).expect("a reply").expect("a reply, not an end");
    let (xid, answer) = parse_reply(&reply).expect("a reply");
    assert_eq!(xid, call.xid);
    answer
}

fn ask_udp(socket: &UdpSocket, call: &CallMessage) -> (usize, Answer) {
    let mut reply = [0; 16 << 10];
    socket.send(&call.bytes()).expect("sent");
    let length = socket.recv(&mut reply).expect("a reply");
    let (xid, answer) = parse_reply(&reply[..length]).expect("a reply");
    assert_eq!(xid, call.xid);
    (length, answer)
}

/// Every kind of caller is answered.
#[track_caller]
fn assert_serves() {
    // What everybody may ask, of the port mapper itself.
    let arguments = || Item::new().uint(PORT_MAPPER).uint(4).opaque(b"").opaque(b"").opaque(b"");
    let getaddr = call(GETADDR, arguments());
    let is_address = |answer: Answer| matches!(answer, Answer::Success(results) if results.len() > 4);
    assert!(is_address(ask(&mut unix(), &getaddr)), "over its socket");
    for address in [LOOPBACK, STRANGERS[1]] {
        assert!(is_address(ask(&mut tcp(address), &getaddr)), "over TCP at {address}");
        assert!(is_address(ask_udp(&udp(address), &getaddr).1), "over UDP at {address}");
    }
}

fn yes() -> Answer {
    Answer::Success(Item::new().uint(1).bytes())
}

fn no() -> Answer {
    Answer::Success(Item::new().uint(0).bytes())
}

/// Numbers that are the same in each run, and look like any.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_be_bytes()[3]).collect()
    }
}

#[test]
fn a_flood_of_set() {
    inside(|| {
        with_mapper(&[], |mapper| {
            let before = peak(mapper);
            let unknown = flood(&mut tcp(LOOPBACK), 20_000);
            assert_eq!(unknown, 1024, "entries of one owner");
            // There is room left for root, until there is none for anybody.
            let root = flood(&mut unix(), 20_000);
            // Version 2 knows two transports, the others five. What is there already counts as made.
            let own = 2 + 5 + 5;
            assert_eq!(root, 8192 - own, "entries in all");
            assert_eq!(ask(&mut unix(), &call(SET, rpcb(30_000, "tcp", "0.0.0.0.8.1"))), no());
            let Answer::Success(list) = ask(&mut unix(), &call(DUMP, Item::new())) else { panic!("no list") };
            assert!(list.len() > 8000 * 128, "all of them: {}", list.len());
            assert_serves();
            assert_bounded(mapper, before, KIB_OF_ENTRIES);
        });
    });
}

/// Makes so many entries with the longest address that there may be. How many were made.
fn flood(stream: &mut (impl io::Read + io::Write), count: u32) -> u32 {
    let mut made = 0;
    for first in (0..count).step_by(100) {
        let set = |version: u32| record(&call(SET, rpcb(version, "tcp", &format!("{version:0128}"))).bytes());
        let calls: Vec<u8> = (first..first + 100).flat_map(set).collect();
        stream.write_all(&calls).expect("sent");
        for _ in 0..100 {
            let reply = receive_record(stream).expect("a reply").expect("no end");
            made += u32::from(parse_reply(&reply).expect("a reply").1 == yes());
        }
    }
    made
}

#[test]
fn garbage() {
    inside(|| {
        with_mapper(&["--indirect=any"], |mapper| {
            let before = peak(mapper);
            let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
            let datagrams = udp(LOOPBACK);
            for _ in 0..4000 {
                let length = noise.next() as usize % 1400;
                let _ = datagrams.send(&noise.bytes(length));
                // And with a header that is right.
                let procedure = noise.next() as u32 % 14;
                let length = noise.next() as usize % 200;
                let arguments = Item::new().raw(&noise.bytes(length));
                let mut call = call(procedure, arguments);
                call.version = 2 + noise.next() as u32 % 3;
                let _ = datagrams.send(&call.bytes());
            }
            for turn in 0..400 {
                let lies = match turn % 4 {
                    0 => noise.bytes(8 << 10),
                    // Two gigabytes are promised.
                    1 => [mark((1 << 31) - 1, turn % 8 < 4).to_vec(), noise.bytes(1 << 10)].concat(),
                    // Fragments without end that have nothing in them.
                    2 => mark(0, false).repeat(4 << 10),
                    // A netid of four gigabytes.
                    _ => record(&call(SET, Item::new().uint(1).uint(1).uint(u32::MAX)).bytes()),
                };
                let mut stream = tcp(LOOPBACK);
                // It may be closed before all is sent.
                let _ = stream.write_all(&lies);
                let mut local = unix();
                let _ = local.write_all(&lies);
                if turn % 4 == 3 {
                    let reply = receive_record(&mut stream).expect("a reply").expect("no end");
                    assert_eq!(parse_reply(&reply).expect("a reply").1, Answer::GarbageArguments);
                } else {
                    // It ends, by us or by it; whatever it says before is of no interest.
                    let _ = stream.shutdown(Shutdown::Write);
                    let mut rest = Vec::new();
                    match stream.read_to_end(&mut rest) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("it hangs"),
                        _ => {}
                    }
                }
            }
            assert_serves();
            assert_bounded(mapper, before, KIB_OF_ENTRIES);
        });
    });
}

#[test]
fn slow_peers() {
    const LOCAL: usize = 200;
    const GREEDY: usize = 60;
    inside(|| {
        with_mapper(&[], |mapper| {
            let address = format!("{:0128}", 7);
            for version in 0..1000 {
                assert_eq!(ask(&mut unix(), &call(SET, rpcb(version, "tcp", &address))), yes());
            }
            let before = peak(mapper);
            let most = 16 << 10;
            let unfinished = [mark(most, true).to_vec(), vec![0; most - 1]].concat();
            let begin = |mut stream: TcpStream| {
                stream.write_all(&unfinished).expect("room in the socket");
                stream
            };
            // As many as one other host may have, and more: those are closed.
            let strangers: Vec<TcpStream> =
                (0..100).map(|_| TcpStream::connect(STRANGERS[0]).expect("accepted")).collect();
            let mut kept = Vec::new();
            let mut closed = 0;
            for mut stream in strangers {
                stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
                let null = call(0, Item::new());
                // A connection that is refused may be gone before we write.
                let answer = send_record(&mut stream, &null.bytes()).and_then(|()| receive_record(&mut stream));
                match answer {
                    Ok(Some(_)) => kept.push(begin(stream)),
                    Ok(None) => closed += 1,
                    Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                        closed += 1;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!((kept.len(), closed), (64, 36));
            let local: Vec<TcpStream> = (0..LOCAL).map(|_| begin(tcp(LOOPBACK))).collect();
            // Who asks for long lists, and takes none of them.
            let greedy: Vec<TcpStream> = (0..GREEDY)
                .map(|_| {
                    let mut stream = tcp(LOOPBACK);
                    stream.set_nonblocking(true).expect("it can be");
                    let calls = record(&call(DUMP, Item::new()).bytes()).repeat(5000);
                    match stream.write(&calls) {
                        Ok(_) => stream,
                        Err(error) => panic!("{error}"),
                    }
                })
                .collect();
            assert_serves();
            assert_bounded(mapper, before, KIB_OF_ENTRIES + (64 + LOCAL + GREEDY) * KIB_OF_CONNECTION);
            drop((kept, local, greedy));
            assert_serves();
        });
    });
}

#[test]
fn who_calls_too_often_is_not_answered_over_udp_and_waits_over_tcp() {
    inside(|| {
        const RATE: u32 = 50;
        with_mapper(&["--calls-per-second", &RATE.to_string()], |_| {
            let getaddr = call(GETADDR, rpcb(1, "", ""));
            let begun = Instant::now();
            let socket = udp(STRANGERS[0]);
            // Also what is answered without looking at the entries: procedure 0, and what there is not.
            let mixed = [
                getaddr.clone(),
                call(0, Item::new()),
                CallMessage::new(PORT_MAPPER, 9, GETADDR, Item::new()),
                CallMessage::new(PROGRAM, 1, 0, Item::new()),
            ];
            for call in mixed.iter().cycle().take(160) {
                socket.send(&call.bytes()).expect("sent");
            }
            // What is answered to another host is answered after all that.
            let other = udp(STRANGERS[1]);
            let _ = ask_udp(&other, &getaddr);
            socket.set_nonblocking(true).expect("it can be");
            let mut reply = [0; 100];
            let answered = (0..).take_while(|_| socket.recv(&mut reply).is_ok()).count();
            let allowed =
                |begun: Instant| RATE as usize + (begun.elapsed().as_secs_f64() * f64::from(RATE)) as usize + 1;
            assert!((RATE as usize..=allowed(begun)).contains(&answered), "{answered}, of {} allowed", allowed(begun));

            // The other host has had one call of its second.
            let begun = Instant::now();
            let mut stream = tcp(STRANGERS[1]);
            stream.write_all(&record(&getaddr.bytes()).repeat(2 * RATE as usize)).expect("sent");
            for _ in 0..2 * RATE {
                assert!(receive_record(&mut stream).expect("a reply").is_some());
            }
            assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
            // This host is not counted.
            let begun = Instant::now();
            let mut local = tcp(LOOPBACK);
            for _ in 0..4 * RATE {
                let _ = ask(&mut local, &getaddr);
            }
            println!("{} calls from this host in {:?}", 4 * RATE, begun.elapsed());
        });
    });
}

#[test]
fn nothing_that_a_stranger_asks_over_udp_has_an_answer_more_than_three_times_as_long() {
    inside(|| {
        with_mapper(&["--indirect=any"], |_| {
            let mut root = unix();
            let longest = format!("{:0128}", 7);
            for netid in ["tcp", "udp", "sctp", "dccp", "rdma", "tcp6", "udp6", "local"] {
                assert_eq!(ask(&mut root, &call(SET, rpcb(1, netid, &longest))), yes());
                assert_eq!(ask(&mut root, &call(SET, rpcb(2, netid, "0.0.0.0.8.1"))), yes());
            }
            let stranger = udp(STRANGERS[0]);
            let mapping = |version: u32| Item::new().uint(PROGRAM).uint(version).uint(6).uint(0);
            let mut answered = 0;
            for version in [2, 3, 4] {
                for procedure in 0..14 {
                    let arguments = [
                        Item::new(),
                        mapping(1),
                        rpcb(1, "", ""),
                        rpcb(2, "", ""),
                        rpcb(7, "udp6", ""),
                        Item::new().opaque(b"/"),
                        Item::new().opaque(b"::1.0.1"),
                        Item::new().uint(16).opaque(&[2, 0, 0, 1, 127, 0, 0, 1]),
                    ];
                    for arguments in arguments {
                        let mut call = CallMessage::new(PORT_MAPPER, version, procedure, arguments);
                        // Those that hand on are silent here, where nobody is at any address.
                        if (version, procedure) == (4, 5) || procedure == 5 {
                            continue;
                        }
                        call.xid = answered;
                        let (length, answer) = ask_udp(&stranger, &call);
                        assert!(length <= 3 * call.bytes().len(), "{call:?}: {length} bytes, {answer:?}");
                        answered += 1;
                    }
                }
            }
            // Refused, and had over TCP.
            for (procedure, few) in [(DUMP, 1000), (GETSTAT, 100)] {
                assert_eq!(ask_udp(&stranger, &call(procedure, Item::new())).1, Answer::AuthError(5));
                let Answer::Success(list) = ask(&mut tcp(STRANGERS[0]), &call(procedure, Item::new())) else {
                    panic!("{procedure}: refused over TCP")
                };
                assert!(list.len() > few);
            }
            // What fits of an ordinary server's addresses is given.
            let list = call(GETADDRLIST, rpcb(2, "", ""));
            let Answer::Success(some) = ask_udp(&stranger, &list).1 else { panic!("no addresses") };
            let Answer::Success(all) = ask(&mut tcp(STRANGERS[0]), &list) else { panic!("no addresses") };
            assert!(some.len() > 2 * 40 && some.len() < all.len(), "{} and {}", some.len(), all.len());
            assert_eq!(some[..some.len() - 4], all[..some.len() - 4]);
        });
        // Who wants it otherwise says so.
        with_mapper(&["--lists-over-udp"], |_| {
            assert!(matches!(ask_udp(&udp(STRANGERS[0]), &call(DUMP, Item::new())).1, Answer::Success(_)));
        });
    });
}
