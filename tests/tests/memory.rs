//! What peers promise costs a server nothing: measured from outside, on a process of its own.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};

use onc_tests::missing::leave_out;
use onc_tests::process::{PATIENCE, Running, command};
use onc_tests::wire::{Answer, CallMessage, Item, mark, parse_reply, receive_record, send_record};

const EVERYTHING_PROG: u32 = 0x2000_0e77;
const ECHO_HYPERS: u32 = 22;

/// The server's default limit of a record.
const LARGEST_RECORD: usize = 4 << 20;

/// The most memory that a process has had, in bytes (Linux).
fn peak_memory(process: &Running) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<usize>().ok()? * 1024)
}

fn server() -> (Running, SocketAddr) {
    let mut command = command(env!("CARGO_BIN_EXE_everything-server"));
    command.arg("127.0.0.1:0");
    let mut server = Running::start(command);
    let address = server.wait_for_line("ready ").parse().expect("an address");
    (server, address)
}

fn stream(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

fn ask(stream: &mut TcpStream, call: &CallMessage) -> Answer {
    send_record(stream, &call.bytes()).expect("a call sent");
    let reply = receive_record(stream).expect("a reply").expect("a reply, not an end");
    let (xid, answer) = parse_reply(&reply).expect("a reply");
    assert_eq!(xid, call.xid);
    answer
}

#[test]
fn promised_records_are_not_allocated() {
    const CONNECTIONS: usize = 256;
    let (server, address) = server();
    let Some(before) = peak_memory(&server) else {
        leave_out("this system does not say how much memory a process has had");
        return;
    };
    let ping = CallMessage::new(EVERYTHING_PROG, 1, 0, Item::new());
    let streams: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| {
            let mut stream = stream(address);
            // An answer first: then the server has the connection, and reads what follows.
            assert_eq!(ask(&mut stream, &ping), Answer::Success(vec![]));
            stream.write_all(&mark(LARGEST_RECORD, true)).expect("a mark sent");
            stream.write_all(&[0; 64]).expect("a few bytes sent");
            stream
        })
        .collect();
    // By the time that it answers another one it has read them all.
    for _ in 0..CONNECTIONS {
        assert_eq!(ask(&mut stream(address), &ping), Answer::Success(vec![]));
    }
    let after = peak_memory(&server).expect("the memory of a process that runs");
    let promised = CONNECTIONS * LARGEST_RECORD;
    assert!(after - before < promised / 16, "{} of {promised} promised bytes were allocated", after - before);
    drop(streams);
}

#[test]
fn promised_items_are_not_allocated() {
    let (server, address) = server();
    let Some(before) = peak_memory(&server) else {
        leave_out("this system does not say how much memory a process has had");
        return;
    };
    let mut stream = stream(address);
    // Each of these numbers would be 8 bytes.
    for count in [1 << 20, 1 << 28, u32::MAX] {
        let call = CallMessage::new(EVERYTHING_PROG, 1, ECHO_HYPERS, Item::new().uint(count).hyper(1));
        assert_eq!(ask(&mut stream, &call), Answer::GarbageArguments);
    }
    let after = peak_memory(&server).expect("the memory of a process that runs");
    assert!(after - before < 4 << 20, "{} bytes were allocated", after - before);
}
