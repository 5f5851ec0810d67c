//! What peers promise costs a server nothing: measured from outside, on a process of its own.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use onc_tests::missing::leave_out;
use onc_tests::process::{Finished, PATIENCE, Running, command, poll};
use onc_tests::vitals::Vitals;
use onc_tests::wire::{Answer, CallMessage, Item, mark, parse_reply, receive_record, record, send_record};

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
    let mut command = with_descriptors(env!("CARGO_BIN_EXE_everything-server"));
    command.arg("127.0.0.1:0");
    let mut server = Running::start(command);
    let address = server.wait_for_line("ready ").parse().expect("an address");
    (server, address)
}

/// Lets a program have as many descriptors as the tests need, or else as many as the system allows.
const DESCRIPTORS: &str = "ulimit -n 12000 2>/dev/null || ulimit -n \"$(ulimit -H -n)\"; ";

/// A command that may have so many descriptors.
fn with_descriptors(program: &str) -> Command {
    let mut shell = command("sh");
    shell.arg("-c").arg(format!("{DESCRIPTORS} exec \"$@\"")).args(["sh", program]);
    shell
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

/// A server's memory for each of ten thousand connections, or as many as this system allows, which have promised a record and
/// sent so many bytes of it.
#[track_caller]
fn memory_of_each_connection(bytes: usize) -> Option<usize> {
    let (server, address) = server();
    let Some(before) = Vitals::of(server.id()) else {
        leave_out("this system does not say what a process takes");
        return None;
    };
    let mut limit = command("sh");
    limit.arg("-c").arg(format!("{DESCRIPTORS} ulimit -n"));
    let limit: usize = Finished::output_of(limit).trim().parse().expect("a number");
    let connections = (limit - 100).min(10_000);
    let mut crowd = with_descriptors(env!("CARGO_BIN_EXE_crowd"));
    crowd.args([address.to_string(), connections.to_string(), bytes.to_string()]);
    let mut crowd = Running::start(crowd);
    assert_eq!(crowd.wait_for_line("ready "), connections.to_string());

    let ping = CallMessage::new(EVERYTHING_PROG, 1, 0, Item::new());
    assert_eq!(ask(&mut stream(address), &ping), Answer::Success(vec![]), "it serves one more");
    let crowded = Vitals::of(server.id()).expect("of a process that runs");
    assert!(crowded.descriptors >= connections, "they are all open");
    let each = peak_memory(&server).expect("as before").saturating_sub(before.memory) / connections;
    println!("{connections} connections, {bytes} bytes of a record: {each} bytes of memory each");

    drop(crowd);
    let closed = poll(|| (Vitals::of(server.id())?.descriptors <= before.descriptors).then_some(()));
    assert!(closed.is_some(), "connections stay open that are gone");
    assert_eq!(ask(&mut stream(address), &ping), Answer::Success(vec![]));
    Some(each)
}

#[test]
fn ten_thousand_silent_connections() {
    if let Some(each) = memory_of_each_connection(0) {
        assert!(each < 4 << 10, "{each}");
    }
}

#[test]
fn ten_thousand_connections_in_the_middle_of_a_record() {
    if let Some(each) = memory_of_each_connection(200) {
        assert!(each < 8 << 10, "{each}");
    }
}

#[test]
fn a_peer_that_never_reads() {
    const ECHO_BLOB: u32 = 20;
    const BLOB: usize = 32 << 10;
    const CALLS: usize = 8192;
    let (server, address) = server();
    let Some(before) = peak_memory(&server) else {
        leave_out("this system does not say how much memory a process has had");
        return;
    };
    let message = CallMessage::new(EVERYTHING_PROG, 1, ECHO_BLOB, Item::new().opaque(&vec![7; BLOB]));
    let record = record(&message.bytes());
    let mut peer = stream(address);
    // Where it stops for so long it is not read from any more. On a slow machine that may be earlier, and no harm done.
    peer.set_write_timeout(Some(Duration::from_secs(2))).expect("a time limit");
    let mut sent = 0;
    let stopped = 'sending: loop {
        if sent == CALLS * record.len() {
            break None;
        }
        let mut rest = &record[sent % record.len()..];
        while !rest.is_empty() {
            match peer.write(rest) {
                Ok(written) => {
                    sent += written;
                    rest = &rest[written..];
                }
                Err(error) => break 'sending Some(error.kind()),
            }
        }
    };
    let stopped = stopped.unwrap_or_else(|| panic!("{sent} bytes of calls were taken from a peer that reads no reply"));
    assert!(matches!(stopped, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{stopped}");
    let ping = CallMessage::new(EVERYTHING_PROG, 1, 0, Item::new());
    assert_eq!(ask(&mut stream(address), &ping), Answer::Success(vec![]), "others are served");
    let after = peak_memory(&server).expect("as before");
    println!("{sent} bytes of calls were taken, {} bytes of memory", after - before);
    assert!(after - before < 16 << 20, "{} bytes were allocated", after - before);

    // When it reads at last, all that was sent whole is answered.
    peer.shutdown(Shutdown::Write).expect("an end");
    let mut answered = 0;
    while answered < sent / record.len() {
        let reply = receive_record(&mut peer).expect("a reply").expect("a reply, not an end");
        let (xid, answer) = parse_reply(&reply).expect("a reply");
        assert!(xid == message.xid && matches!(answer, Answer::Success(_)));
        answered += 1;
    }
}
