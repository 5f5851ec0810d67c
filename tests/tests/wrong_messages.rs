//! What a server answers to messages that no honest client sends: byte by byte, over TCP and over UDP.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};

use onc_runtime::rpc::AuthFlavour;
use onc_runtime::{Context, Fault, Server};
use onc_tests::everything::generated::{EVERYTHING_PROG, EverythingV1, EverythingV1Server, EverythingV2Server};
use onc_tests::everything::service::{Compute, Echo};
use onc_tests::ledger::Ledger;
use onc_tests::ledger::generated::{LEDGER_PROG, LedgerV1Server};
use onc_tests::process::PATIENCE;
use onc_tests::server_under_test::ServerUnderTest;
use onc_tests::wire::{
    AUTH_NONE, AUTH_SYS, Answer, CallMessage, Item, auth_sys, fragments, mark, parse_reply, receive_record, record,
    send_record,
};

/// Numbers of procedures in everything.x.
mod procedure {
    pub(crate) const ECHO_SHORT: u32 = 4;
    pub(crate) const ECHO_INT: u32 = 6;
    pub(crate) const ECHO_BOOL: u32 = 14;
    pub(crate) const ECHO_COLOUR: u32 = 15;
    pub(crate) const ECHO_STRING: u32 = 18;
    pub(crate) const ECHO_LABEL: u32 = 19;
    pub(crate) const ECHO_BLOB: u32 = 20;
    pub(crate) const ECHO_SMALL_BLOB: u32 = 21;
    pub(crate) const ECHO_HYPERS: u32 = 22;
    pub(crate) const ECHO_SHORTS: u32 = 23;
    pub(crate) const ECHO_HOPS: u32 = 29;
    pub(crate) const ECHO_TREE: u32 = 30;
    pub(crate) const ECHO_BY_ENUM: u32 = 38;
    pub(crate) const ECHO_BY_UNSIGNED: u32 = 41;
    pub(crate) const ECHO_BY_BOOL: u32 = 42;
    /// Of version 2.
    pub(crate) const SUBTRACT: u32 = 2;
    pub(crate) const REPEAT: u32 = 3;
}

use procedure::*;

const AUTH_BADCRED: u32 = 1;
const AUTH_REJECTEDCRED: u32 = 2;
const AUTH_BADVERF: u32 = 3;
const AUTH_TOOWEAK: u32 = 5;

/// The record limit of the server of these tests.
const LIMIT: usize = 64 * 1024;

fn server() -> ServerUnderTest {
    ServerUnderTest::start(
        Server::builder()
            .max_record_size(LIMIT)
            .add(EverythingV1Server::new(Echo))
            .add(EverythingV2Server::new(Compute::default())),
    )
}

fn call(procedure: u32, arguments: Item) -> CallMessage {
    CallMessage::new(EVERYTHING_PROG, 1, procedure, arguments)
}

fn ping() -> CallMessage {
    call(0, Item::new()).with_xid(0xffff_0000)
}

fn stream(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

fn socket(to: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(to).expect("an address");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    socket
}

fn receive_datagram(socket: &UdpSocket) -> Vec<u8> {
    let mut datagram = vec![0; 1 << 16];
    let length = socket.recv(&mut datagram).expect("a datagram");
    datagram.truncate(length);
    datagram
}

/// The server's answer to this message over TCP and over UDP, which has to be the same; and the server goes on.
#[track_caller]
fn answers(message: &CallMessage, expected: &Answer) {
    server_answers(&server(), message.xid, &message.bytes(), expected);
}

/// The same of a certain server, and of a message that need not be whole.
#[track_caller]
fn server_answers(server: &ServerUnderTest, xid: u32, message: &[u8], expected: &Answer) {
    let mut stream = stream(server.address());
    send_record(&mut stream, message).expect("a call sent");
    let reply = receive_record(&mut stream).expect("a reply").expect("a reply, not an end");
    assert_eq!(parse_reply(&reply), Ok((xid, expected.clone())), "over TCP");
    // Whatever that server answers to it.
    send_record(&mut stream, &ping().bytes()).expect("a call sent");
    let reply = receive_record(&mut stream).expect("a reply").expect("a reply, not an end");
    assert!(matches!(parse_reply(&reply), Ok((answered, _)) if answered == ping().xid), "the connection goes on");

    let socket = socket(server.address());
    socket.send(message).expect("a call sent");
    assert_eq!(parse_reply(&receive_datagram(&socket)), Ok((xid, expected.clone())), "over UDP");
}

/// The message is not answered: over TCP the connection is closed, over UDP only the next call is answered.
#[track_caller]
fn is_not_answered(message: &[u8]) {
    let server = server();
    let mut stream = stream(server.address());
    send_record(&mut stream, message).expect("a message sent");
    assert_eq!(receive_record(&mut stream).expect("an end"), None, "over TCP");

    let socket = socket(server.address());
    socket.send(message).expect("a message sent");
    socket.send(&ping().bytes()).expect("a call sent");
    let reply = receive_datagram(&socket);
    assert_eq!(parse_reply(&reply), Ok((ping().xid, Answer::Success(vec![]))), "over UDP");
    still_serves(&server);
}

#[track_caller]
fn still_serves(server: &ServerUnderTest) {
    let mut stream = stream(server.address());
    send_record(&mut stream, &ping().bytes()).expect("a call sent");
    let reply = receive_record(&mut stream).expect("a reply").expect("a reply, not an end");
    assert_eq!(parse_reply(&reply), Ok((ping().xid, Answer::Success(vec![]))));
}

/// The connection is closed after these bytes, and the server serves others.
#[track_caller]
fn closes_after(bytes: &[u8]) {
    let server = server();
    let mut stream = stream(server.address());
    // The server may close before all is written.
    let _ = stream.write_all(bytes);
    assert_eq!(receive_record(&mut stream).expect("an end"), None);
    still_serves(&server);
}

#[test]
fn a_good_call_is_answered() {
    answers(&call(ECHO_INT, Item::new().int(-7)), &Answer::Success(Item::new().int(-7).bytes()));
}

#[test]
fn another_rpc_version() {
    for rpc_version in [0, 1, 3, u32::MAX] {
        let message = CallMessage { rpc_version, ..call(ECHO_INT, Item::new().int(1)) };
        answers(&message, &Answer::RpcMismatch(2, 2));
        // What comes behind the version has a shape that only that version knows.
        server_answers(&server(), message.xid, &message.bytes()[..12], &Answer::RpcMismatch(2, 2));
    }
}

#[test]
fn an_unknown_program() {
    for program in [0, 100_003, EVERYTHING_PROG + 1] {
        answers(&CallMessage { program, ..ping() }, &Answer::ProgramUnavailable);
    }
}

#[test]
fn an_unknown_version() {
    for version in [0, 3, u32::MAX] {
        // Procedure 0, too: it is how clients find out which versions there are.
        for procedure in [0, ECHO_INT] {
            answers(&CallMessage { version, procedure, ..ping() }, &Answer::ProgramMismatch(1, 2));
        }
    }
}

#[test]
fn each_program_has_versions_of_its_own() {
    let server = ServerUnderTest::start(
        Server::builder().add(EverythingV2Server::new(Compute::default())).add(LedgerV1Server::new(Ledger::default())),
    );
    let version = |program, version| CallMessage { version, ..CallMessage::new(program, 1, 0, Item::new()) };
    for (message, expected) in [
        (version(EVERYTHING_PROG, 2), Answer::Success(vec![])),
        (version(EVERYTHING_PROG, 1), Answer::ProgramMismatch(2, 2)),
        (version(EVERYTHING_PROG, 3), Answer::ProgramMismatch(2, 2)),
        (version(LEDGER_PROG, 1), Answer::Success(vec![])),
        (version(LEDGER_PROG, 2), Answer::ProgramMismatch(1, 1)),
        (version(LEDGER_PROG + 1, 1), Answer::ProgramUnavailable),
    ] {
        server_answers(&server, message.xid, &message.bytes(), &expected);
    }
}

#[test]
fn an_unknown_procedure() {
    for procedure in [46, 99, u32::MAX] {
        answers(&call(procedure, Item::new().int(1)), &Answer::ProcedureUnavailable);
    }
    // Version 2 has fewer.
    answers(&CallMessage { version: 2, ..call(17, Item::new()) }, &Answer::ProcedureUnavailable);
}

#[test]
fn procedure_0_succeeds_always() {
    answers(&call(0, Item::new()), &Answer::Success(vec![]));
    answers(&CallMessage { version: 2, ..call(0, Item::new()) }, &Answer::Success(vec![]));
    // Old clients send bytes after the arguments that it does not have.
    answers(&call(0, Item::new().int(7)), &Answer::Success(vec![]));
    // Whoever asks, by a flavour that is taken or not.
    for flavour in [AUTH_SYS, 2, 6, 4711] {
        let message = CallMessage { credential: (flavour, vec![1, 2, 3, 4]), ..call(0, Item::new()) };
        answers(&message, &Answer::Success(vec![]));
    }
}

#[test]
fn credentials_that_are_too_long() {
    for flavour in [AUTH_NONE, AUTH_SYS] {
        for length in [401, 404, 1000] {
            let message = CallMessage { credential: (flavour, vec![0; length]), ..ping() };
            answers(&message, &Answer::AuthError(AUTH_BADCRED));
        }
    }
}

#[test]
fn verifiers_that_are_too_long() {
    for length in [401, 404, 1000] {
        let message = CallMessage { verifier: (AUTH_NONE, vec![0; length]), ..ping() };
        answers(&message, &Answer::AuthError(AUTH_BADVERF));
    }
}

#[test]
fn flavours_that_are_not_accepted() {
    // AUTH_SHORT that the server has not given, AUTH_DH, RPCSEC_GSS, and what nobody has defined.
    for flavour in [2, 3, 6, 4711, u32::MAX] {
        let message = CallMessage { credential: (flavour, vec![1, 2, 3, 4]), ..call(ECHO_INT, Item::new().int(1)) };
        answers(&message, &Answer::AuthError(AUTH_REJECTEDCRED));
    }
}

#[test]
fn a_flavour_that_one_program_takes_and_another_does_not() {
    let server = ServerUnderTest::start(
        Server::builder()
            .add(EverythingV1Server::new(Echo))
            .add_with_flavours(EverythingV2Server::new(Compute::default()), [AuthFlavour::SYS]),
    );
    let subtract = CallMessage { version: 2, ..call(SUBTRACT, Item::new().int(44).int(2)) };
    let named = CallMessage { credential: (AUTH_SYS, auth_sys(b"host", 1, 2, &[])), ..subtract.clone() };
    for (message, expected) in [
        (call(ECHO_INT, Item::new().int(1)), Answer::Success(Item::new().int(1).bytes())),
        (CallMessage { version: 2, ..call(0, Item::new()) }, Answer::Success(vec![])),
        (subtract, Answer::AuthError(AUTH_TOOWEAK)),
        (named, Answer::Success(Item::new().int(42).bytes())),
    ] {
        server_answers(&server, message.xid, &message.bytes(), &expected);
    }
}

#[test]
fn auth_sys_within_its_limits() {
    for body in [auth_sys(b"", 0, 0, &[]), auth_sys(&[b'm'; 255], u32::MAX, 7, &[9; 16])] {
        let message = CallMessage { credential: (AUTH_SYS, body), ..call(ECHO_INT, Item::new().int(1)) };
        answers(&message, &Answer::Success(Item::new().int(1).bytes()));
    }
}

#[test]
fn auth_sys_that_does_not_parse() {
    let good = auth_sys(b"host", 1, 2, &[3, 4]);
    let bodies = [
        vec![],
        good[..good.len() - 4].to_vec(),
        [good.clone(), vec![0; 4]].concat(),
        auth_sys(&[b'm'; 256], 1, 2, &[]),
        auth_sys(b"host", 1, 2, &[3; 17]),
        // A name that is longer than the credential.
        Item::new().uint(0).uint(u32::MAX).bytes(),
    ];
    for body in bodies {
        let message = CallMessage { credential: (AUTH_SYS, body), ..call(ECHO_INT, Item::new().int(1)) };
        answers(&message, &Answer::AuthError(AUTH_BADCRED));
    }
}

/// Arguments that do not decode.
#[track_caller]
fn are_garbage(procedure: u32, arguments: Item) {
    answers(&call(procedure, arguments), &Answer::GarbageArguments);
}

#[test]
fn arguments_cut_short() {
    are_garbage(ECHO_INT, Item::new());
    are_garbage(ECHO_INT, Item::new().raw(&[0, 0, 0]));
    are_garbage(ECHO_BLOB, Item::new().uint(5).raw(&[1, 2, 3, 4, 5]));
    are_garbage(ECHO_HOPS, Item::new().uint(1));
}

#[test]
fn arguments_that_are_too_long() {
    are_garbage(ECHO_INT, Item::new().int(1).int(2));
    are_garbage(ECHO_LABEL, Item::new().opaque(b"abc").raw(&[0]));
}

#[test]
fn lengths_beyond_the_message() {
    // The last three are where a length and its padding overflow 32 bits.
    for length in [9, 0x7fff_ffff, 0x8000_0000, u32::MAX - 2, u32::MAX - 1, u32::MAX] {
        for procedure in [ECHO_BLOB, ECHO_STRING, ECHO_HYPERS] {
            are_garbage(procedure, Item::new().uint(length).raw(&[0; 8]));
        }
    }
}

#[test]
fn lengths_beyond_the_bound() {
    are_garbage(ECHO_LABEL, Item::new().opaque(&[b'a'; 256]));
    are_garbage(ECHO_SMALL_BLOB, Item::new().opaque(&[7; 8]));
    are_garbage(ECHO_SHORTS, Item::new().uint(9).raw(&[0; 36]));
}

#[test]
fn bools_that_are_neither() {
    for value in [2, -1, i32::MIN] {
        are_garbage(ECHO_BOOL, Item::new().int(value));
        are_garbage(ECHO_BY_BOOL, Item::new().int(value).opaque(b"text"));
        // Whether a list goes on.
        are_garbage(ECHO_HOPS, Item::new().int(value).int(1).int(0));
    }
}

#[test]
fn enums_and_discriminants_that_are_not_declared() {
    are_garbage(ECHO_COLOUR, Item::new().int(3));
    are_garbage(ECHO_COLOUR, Item::new().int(-1));
    are_garbage(ECHO_BY_ENUM, Item::new().int(3).int(0));
    are_garbage(ECHO_BY_UNSIGNED, Item::new().int(2));
}

#[test]
fn integers_that_do_not_fit() {
    are_garbage(ECHO_SHORT, Item::new().int(32768));
    are_garbage(ECHO_SHORT, Item::new().int(i32::MIN));
}

#[test]
fn text_that_is_not_utf_8() {
    are_garbage(ECHO_STRING, Item::new().opaque(b"\xff\xfe"));
    are_garbage(ECHO_LABEL, Item::new().opaque(b"caf\xe9"));
}

#[test]
fn padding_that_is_not_zero() {
    are_garbage(ECHO_LABEL, Item::new().uint(1).raw(b"a\0\0\x01"));
    are_garbage(ECHO_BLOB, Item::new().uint(3).raw(b"abc\xff"));
}

#[test]
fn trees_that_are_too_deep() {
    // 4000 levels to the left: each is a pointer that is there; after them no key comes.
    let tree = (0..4000).fold(Item::new(), |tree, _| tree.uint(1));
    are_garbage(ECHO_TREE, tree);
}

#[test]
fn a_handler_that_panics() {
    struct Panics;
    impl EverythingV1 for Panics {
        async fn echo_int(&self, _cx: &Context, value: i32) -> Result<i32, Fault> {
            for _ in 0..value {
                tokio::task::yield_now().await;
            }
            panic!("on purpose")
        }
    }
    let server = ServerUnderTest::start(Server::builder().add(EverythingV1Server::new(Panics)));
    let mut stream = stream(server.address());
    let socket = socket(server.address());
    // At once, and after it has gone on in a task of its own.
    for turns in [0, 0, 1, 10] {
        let message = call(ECHO_INT, Item::new().int(turns)).with_xid(turns as u32);
        send_record(&mut stream, &message.bytes()).expect("a call sent");
        let reply = receive_record(&mut stream).expect("a reply").expect("a reply, not an end");
        assert_eq!(parse_reply(&reply), Ok((message.xid, Answer::SystemError)));
        socket.send(&message.bytes()).expect("a call sent");
        assert_eq!(parse_reply(&receive_datagram(&socket)), Ok((message.xid, Answer::SystemError)));
    }
    still_serves(&server);
}

#[test]
fn messages_that_are_no_calls() {
    // A reply, to a server that has called nobody; and a type that there is not.
    for message_type in [1, 2, u32::MAX] {
        is_not_answered(&CallMessage { message_type, ..ping() }.with_xid(1).bytes());
    }
}

#[test]
fn headers_that_are_cut_short() {
    let message = call(0, Item::new()).with_xid(1).bytes();
    for length in [1, 3, 4, 7, 8, 11, 12, 20, 23] {
        is_not_answered(&message[..length]);
    }
}

#[test]
fn credentials_that_are_cut_short() {
    let message = CallMessage { credential: (AUTH_SYS, auth_sys(b"host", 1, 2, &[])), ..ping() };
    let bytes = message.bytes();
    let verifier = bytes.len() - 8;
    for (length, status) in
        [(24, AUTH_BADCRED), (28, AUTH_BADCRED), (verifier - 1, AUTH_BADCRED), (verifier, AUTH_BADVERF)]
    {
        server_answers(&server(), message.xid, &bytes[..length], &Answer::AuthError(status));
    }
}

#[test]
fn a_record_in_several_fragments() {
    let server = server();
    let text = "fragments ".repeat(50);
    let message = call(ECHO_STRING, Item::new().opaque(text.as_bytes()));
    let mut stream = stream(server.address());
    for count in [1, 2, 3, 16, message.bytes().len()] {
        stream.write_all(&fragments(&message.bytes(), count)).expect("a call sent");
        let reply = receive_record(&mut stream).expect("a reply").expect("a reply, not an end");
        let expected = Answer::Success(Item::new().opaque(text.as_bytes()).bytes());
        assert_eq!(parse_reply(&reply), Ok((message.xid, expected)), "{count} fragments");
    }
}

#[test]
fn a_record_byte_by_byte() {
    let server = server();
    let mut stream = stream(server.address());
    stream.set_nodelay(true).expect("no delay");
    let message = call(ECHO_LABEL, Item::new().opaque(b"slowly"));
    for byte in fragments(&message.bytes(), 3) {
        stream.write_all(&[byte]).expect("a byte sent");
    }
    let reply = receive_record(&mut stream).expect("a reply").expect("a reply, not an end");
    let expected = Answer::Success(Item::new().opaque(b"slowly").bytes());
    assert_eq!(parse_reply(&reply), Ok((message.xid, expected)));
}

#[test]
fn a_record_at_the_limit_and_one_above() {
    let server = server();
    let overhead = call(ECHO_BLOB, Item::new().opaque(&[])).bytes().len();
    let message = call(ECHO_BLOB, Item::new().opaque(&vec![7; LIMIT - overhead]));
    assert_eq!(message.bytes().len(), LIMIT);
    let mut stream = stream(server.address());
    send_record(&mut stream, &message.bytes()).expect("a call sent");
    let reply = receive_record(&mut stream).expect("a reply").expect("a reply, not an end");
    assert!(matches!(parse_reply(&reply), Ok((_, Answer::Success(_)))));

    closes_after(&record(&call(ECHO_BLOB, Item::new().opaque(&vec![7; LIMIT - overhead + 4])).bytes()));
}

#[test]
fn a_datagram_above_the_limit() {
    let server = ServerUnderTest::start(Server::builder().max_record_size(1000).add(EverythingV1Server::new(Echo)));
    let overhead = call(ECHO_BLOB, Item::new().opaque(&[])).bytes().len();
    let socket = socket(server.address());
    socket.send(&call(ECHO_BLOB, Item::new().opaque(&vec![7; 1004 - overhead])).bytes()).expect("a call sent");
    let fits = call(ECHO_BLOB, Item::new().opaque(&vec![7; 1000 - overhead])).with_xid(7);
    socket.send(&fits.bytes()).expect("a call sent");
    let reply = receive_datagram(&socket);
    assert!(matches!(parse_reply(&reply), Ok((7, Answer::Success(_)))), "only what fits is answered");
}

#[test]
fn a_reply_above_the_limit() {
    let server = ServerUnderTest::start(
        Server::builder().max_record_size(1000).add(EverythingV2Server::new(Compute::default())),
    );
    let answers = |times, expected: &Answer| {
        let arguments = Item::new().opaque(&[b'x'; 100]).uint(times).opaque(b"end");
        let message = CallMessage { version: 2, ..call(REPEAT, arguments) };
        server_answers(&server, message.xid, &message.bytes(), expected);
    };
    answers(10, &Answer::SystemError);
    let text = [[b'x'; 900].as_slice(), b"end"].concat();
    answers(9, &Answer::Success(Item::new().opaque(&text).bytes()));
}

#[test]
fn a_mark_that_promises_too_much() {
    for length in [LIMIT + 1, 1 << 30, 0x7fff_ffff] {
        for last in [true, false] {
            closes_after(&mark(length, last));
        }
    }
}

#[test]
fn fragments_that_add_up_to_too_much() {
    let mut bytes = Vec::new();
    for _ in 0..3 {
        bytes.extend_from_slice(&mark(LIMIT / 2, false));
        bytes.resize(bytes.len() + LIMIT / 2, 0);
    }
    closes_after(&bytes);
}

#[test]
fn empty_fragments_without_end() {
    let server = server();
    let mut stream = stream(server.address());
    let empty = mark(0, false).repeat(1024);
    // 64 MiB of them would be taken for good.
    let closed = (0..16 * 1024).find_map(|_| stream.write_all(&empty).err());
    let closed = closed.expect("a connection that is closed").kind();
    assert!(matches!(closed, io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset), "{closed}");
    still_serves(&server);
}

#[test]
fn an_empty_record_is_no_message() {
    closes_after(&mark(0, true));
}

#[test]
fn an_end_in_the_middle_of_a_record() {
    let server = server();
    let message = fragments(&call(ECHO_INT, Item::new().int(1)).bytes(), 2);
    for length in 1..message.len() {
        let mut stream = stream(server.address());
        stream.write_all(&message[..length]).expect("a part of a call sent");
        drop(stream);
    }
    still_serves(&server);
}
