//! How many questions a second a port mapper answers, beside rpcbind in the same run. Not run unless asked for:
//! `ONC_LOAD= cargo test -p onc-tests --test portmap_load -- --nocapture`; `ONC_LOAD=Unix` runs the rows of that name. The port
//! mapper is built as it is released.
//!
//! Who asks does as little as possible, so that it is the port mapper that has to work: calls are encoded beforehand, and
//! replies counted without being decoded.
#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use onc_tests::cargo::build;
use onc_tests::missing::leave_out;
use onc_tests::namespace::inside;
use onc_tests::process::{PATIENCE, Running, command};
use onc_tests::rpcbind::{self, Rpcbind};
use onc_tests::wire::{Answer, CallMessage, Item, parse_reply, receive_record, record};

const PROGRAM: u32 = 0x2000_0044;

// Procedures of version 4.
const SET: u32 = 1;
const GETADDR: u32 = 3;
const DUMP: u32 = 4;

/// Entries that there are beside the port mapper's own.
const ENTRIES: u32 = 100;

/// How long each is asked in a round, and how many rounds there are: the two take turns.
const TIME: Duration = Duration::from_millis(300);
const ROUNDS: usize = 15;

/// Connections, and questions in flight on each.
const CONNECTIONS: usize = 4;
const IN_FLIGHT: usize = 8;

/// A port mapper, and its doors.
struct Peer {
    address: SocketAddr,
    socket: PathBuf,
    process: u32,
}

/// How it is asked.
#[derive(Clone, Copy, Debug)]
enum Door {
    Tcp,
    Udp,
    Unix,
}

/// Both kinds of streams.
trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// What came of asking for a while.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    answers_a_second: f64,
    /// Of the port mapper's processor time.
    microseconds_an_answer: f64,
}

#[test]
fn beside_rpcbind() {
    if env::var_os("ONC_LOAD").is_none() {
        return;
    }
    // Before the clock of a test runs.
    let _ = onc();
    inside(|| {
        let Some(real) = Rpcbind::start() else { return };
        let Some(theirs) = real.id() else {
            leave_out("a port mapper runs here, and this test needs two of its own");
            return;
        };
        let mut run = onc();
        run.args(["portmap", "--listen", "127.0.0.1:1111", "--socket", "/run/onc.sock"]);
        let mut ours = Running::start(run);
        ours.wait_for_line("serving ");
        let peers =
            [(111, rpcbind::SOCKET, theirs), (1111, "/run/onc.sock", ours.id())].map(|(port, socket, process)| Peer {
                address: (Ipv4Addr::LOCALHOST, port).into(),
                socket: socket.into(),
                process,
            });
        for peer in &peers {
            let mut stream = peer.stream(Door::Unix);
            for version in 1..=ENTRIES {
                stream.write_all(&record(&call(SET, &rpcb(version, "0.0.0.0.8.1")))).expect("sent");
                let reply = receive_record(&mut stream).expect("a reply").expect("no end");
                assert_eq!(parse_reply(&reply).expect("a reply").1, Answer::Success(vec![0, 0, 0, 1]));
            }
            stream.write_all(&record(&call(DUMP, &Item::new()))).expect("sent");
            let list = receive_record(&mut stream).expect("a reply").expect("no end");
            assert!(list.len() > ENTRIES as usize * 52, "all of them are listed: {}", list.len());
        }
        println!("| | rpcbind | `onc portmap` | ratio | rpcbind, processor | `onc portmap`, processor |");
        println!("|---|---:|---:|---:|---:|---:|");
        let getaddr = call(GETADDR, &rpcb(ENTRIES, "127.0.0.1.0.111"));
        let dump = call(DUMP, &Item::new());
        for door in [Door::Tcp, Door::Udp, Door::Unix] {
            compare(&format!("GETADDR, {door:?}"), &peers, &|peer| rate(peer, door, &getaddr));
        }
        for door in [Door::Tcp, Door::Unix] {
            let what = format!("GETADDR, {door:?}, a connection for each");
            compare(&what, &peers, &|peer| lone_rate(peer, door, &getaddr));
        }
        for door in [Door::Tcp, Door::Udp, Door::Unix] {
            compare(&format!("DUMP of {ENTRIES}, {door:?}"), &peers, &|peer| rate(peer, door, &dump));
        }
    });
}

/// The program, as it is released.
fn onc() -> Command {
    command(build(&["--release", "-p", "onc-tools", "--bin", "onc"]))
}

/// Prints the medians of the rounds; the ratio is the median of each round's own, whose two parts have met the same noise.
fn compare(what: &str, peers: &[Peer; 2], rate: &dyn Fn(&Peer) -> Measured) {
    if env::var("ONC_LOAD").is_ok_and(|rows| !what.contains(&rows)) {
        return;
    }
    let mut rounds = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (rounds, peer) in rounds.iter_mut().zip(peers) {
            rounds.push(rate(peer));
        }
    }
    let [theirs, ours] = &rounds;
    let rates = |rounds: &[Measured]| median(rounds.iter().map(|one| one.answers_a_second));
    let times = |rounds: &[Measured]| median(rounds.iter().map(|one| one.microseconds_an_answer));
    println!(
        "| {what} | {:.0}/s | {:.0}/s | {:.2} | {:.1} µs | {:.1} µs |",
        rates(theirs),
        rates(ours),
        median(theirs.iter().zip(ours).map(|(theirs, ours)| ours.answers_a_second / theirs.answers_a_second)),
        times(theirs),
        times(ours)
    );
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rpcb(version: u32, address: &str) -> Item {
    Item::new().uint(PROGRAM).uint(version).opaque(b"tcp").opaque(address.as_bytes()).opaque(b"")
}

fn call(procedure: u32, arguments: &Item) -> Vec<u8> {
    CallMessage::new(100_000, 4, procedure, arguments.clone()).bytes()
}

/// Questions in flight on each of several connections.
fn rate(peer: &Peer, door: Door, call: &[u8]) -> Measured {
    peer.measured(|until| match door {
        Door::Udp => datagrams(peer.address, call, until),
        _ => burst(&mut peer.stream(door), call, until),
    })
}

/// Each over a connection of its own, as libtirpc's programs ask.
fn lone_rate(peer: &Peer, door: Door, call: &[u8]) -> Measured {
    let record = record(call);
    peer.measured(|until| {
        let mut answers = 0;
        while Instant::now() < until {
            let mut stream = peer.stream(door);
            stream.write_all(&record).expect("sent");
            let _ = receive_record(&mut stream).expect("a reply").expect("no end");
            answers += 1;
        }
        answers
    })
}

/// Asks over a stream until that time. How many answers came.
fn burst(stream: &mut Box<dyn Stream + Send>, call: &[u8], until: Instant) -> usize {
    let calls = record(call).repeat(IN_FLIGHT);
    let mut buffer = vec![0; 256 << 10];
    let mut answers = 0;
    while Instant::now() < until {
        stream.write_all(&calls).expect("sent");
        // Each reply is of the same length, which the first one's mark says.
        let mut received = stream.read(&mut buffer).expect("replies");
        while received < 4 {
            received += stream.read(&mut buffer[received..]).expect("replies");
        }
        let mark: [u8; 4] = buffer[..4].try_into().expect("four bytes");
        assert!(mark[0] & 0x80 != 0, "a reply in fragments");
        let length = 4 + (u32::from_be_bytes(mark) & 0x7fff_ffff) as usize;
        while received < IN_FLIGHT * length {
            let more = stream.read(&mut buffer).expect("replies");
            assert!(more > 0, "closed");
            received += more;
        }
        answers += IN_FLIGHT;
    }
    answers
}

/// Asks over UDP until that time. How many answers came.
fn datagrams(to: SocketAddr, call: &[u8], until: Instant) -> usize {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    socket.connect(to).expect("a route");
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a time limit");
    let mut buffer = vec![0; 64 << 10];
    let mut answers = 0;
    while Instant::now() < until {
        for _ in 0..IN_FLIGHT {
            socket.send(call).expect("sent");
        }
        for _ in 0..IN_FLIGHT {
            match socket.recv(&mut buffer) {
                Ok(_) => answers += 1,
                // Some were lost.
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    answers
}

impl Peer {
    fn stream(&self, door: Door) -> Box<dyn Stream + Send> {
        match door {
            Door::Unix => Box::new(unix(&self.socket)),
            _ => {
                let stream = TcpStream::connect(self.address).expect("connected");
                stream.set_nodelay(true).expect("it can be");
                stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
                Box::new(stream)
            }
        }
    }

    /// Runs `ask` on several threads, each until the time is over.
    fn measured(&self, ask: impl Fn(Instant) -> usize + Sync) -> Measured {
        let (begun, worked) = (Instant::now(), self.processor_time());
        let until = begun + TIME;
        let answers: usize = thread::scope(|scope| {
            let askers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(|| ask(until))).collect();
            askers.into_iter().map(|asker| asker.join().expect("it ends")).sum()
        });
        let (took, worked) = (begun.elapsed(), self.processor_time() - worked);
        Measured {
            answers_a_second: answers as f64 / took.as_secs_f64(),
            microseconds_an_answer: worked * 1e6 / answers as f64,
        }
    }

    /// What its process has used, in seconds.
    fn processor_time(&self) -> f64 {
        let text = fs::read_to_string(format!("/proc/{}/schedstat", self.process)).expect("its times");
        let nanoseconds: f64 = text.split_whitespace().next().expect("the first").parse().expect("a number");
        nanoseconds / 1e9
    }
}

/// Many connections a second may fill the backlog.
fn unix(path: &Path) -> UnixStream {
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
                return stream;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}
