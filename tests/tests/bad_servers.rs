//! What a caller sees of servers that misbehave: scripted peers, over TCP and over UDP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use onc_runtime::{Client, Error, Phase, Refusal};
use onc_tests::everything::generated::EverythingV1Client;
use onc_tests::process::PATIENCE;
use onc_tests::wire::{Item, mark, receive_record, record, send_record, success, xid_of};

/// A server that accepts one connection and does what it is told with it.
struct Script {
    address: SocketAddr,
    thread: JoinHandle<()>,
}

impl Script {
    fn tcp(body: impl FnOnce(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
            body(stream);
        });
        Self { address, thread }
    }

    fn udp(body: impl FnOnce(UdpSocket) + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("an address");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        Self { address, thread: thread::spawn(move || body(socket)) }
    }

    /// Waits for the script's end, while the client goes on.
    async fn finish(self) {
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        joined.expect("a thread").expect("a script that runs through");
    }
}

fn next_call(stream: &mut TcpStream) -> Vec<u8> {
    receive_record(stream).expect("a call").expect("a call, not an end")
}

fn next_datagram(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut datagram = vec![0; 1 << 16];
    let (length, peer) = socket.recv_from(&mut datagram).expect("a call");
    datagram.truncate(length);
    (datagram, peer)
}

/// Waits until the peer has closed the connection.
fn until_closed(stream: &mut TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

async fn client(address: SocketAddr) -> EverythingV1Client {
    Client::builder().timeout(PATIENCE).connect_to(address).await.expect("a connection")
}

async fn udp_client(address: SocketAddr) -> EverythingV1Client {
    Client::builder().udp().timeout(PATIENCE).connect_to(address).await.expect("a client")
}

/// What one call of `echo_int(1)` came to.
async fn echo(address: SocketAddr) -> Result<i32, Error> {
    client(address).await.echo_int(1).await
}

#[tokio::test]
async fn a_peer_that_closes_in_the_middle_of_a_reply() {
    // In the middle of the mark, just after it, in the middle of the body.
    for length in [2, 4, 20] {
        let script = Script::tcp(move |mut stream| {
            let xid = xid_of(&next_call(&mut stream));
            let reply = record(&success(xid, Item::new().int(1)));
            stream.write_all(&reply[..length]).expect("a part of a reply");
        });
        let error = echo(script.address).await.expect_err("half a reply");
        let Error::Lost(lost) = &error else { panic!("{error:?}") };
        assert!(lost.sent && error.maybe_executed(), "{error:?}");
        assert!(error.to_string().contains("may have executed"), "{error}");
        script.finish().await;
    }
}

#[tokio::test]
async fn a_peer_that_closes_without_an_answer() {
    let script = Script::tcp(|mut stream| drop(next_call(&mut stream)));
    let error = echo(script.address).await.expect_err("no reply");
    assert!(matches!(&error, Error::Lost(lost) if lost.sent), "{error:?}");
    script.finish().await;
}

/// The call fails with an error that says that the server sent nonsense, long before its deadline.
async fn is_garbage(garbage: &[u8]) {
    let bytes = garbage.to_vec();
    let script = Script::tcp(move |mut stream| {
        next_call(&mut stream);
        stream.write_all(&bytes).expect("garbage");
        until_closed(&mut stream);
    });
    // Less time than the script takes to give up.
    let calling = client(script.address).await.echo_int(1).timeout(PATIENCE / 2);
    let error = calling.await.expect_err("no reply");
    assert!(matches!(error, Error::Lost(_) | Error::Reply(_)), "{garbage:x?}: {error:?}");
    assert!(error.maybe_executed(), "{error:?}");
    script.finish().await;
}

#[tokio::test]
async fn another_protocol_in_place_of_a_record() {
    is_garbage(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
}

#[tokio::test]
async fn a_mark_beyond_the_limit() {
    is_garbage(&[0xff; 64]).await;
}

#[tokio::test]
async fn a_record_that_is_no_message() {
    is_garbage(&record(b"what?")).await;
}

#[tokio::test]
async fn an_empty_record() {
    is_garbage(&record(&[])).await;
}

#[tokio::test]
async fn a_reply_that_is_none() {
    // The right transaction id, and then: no reply, an unknown status, an end.
    let bodies = [
        Item::new().uint(1).uint(2),
        Item::new().uint(1).uint(0).uint(0).uint(0).uint(99),
        Item::new().uint(1).uint(0).uint(0).uint(500),
        Item::new().uint(1),
    ];
    for body in bodies {
        let script = Script::tcp(move |mut stream| {
            let xid = xid_of(&next_call(&mut stream));
            send_record(&mut stream, &Item::new().uint(xid).raw(&body.bytes()).bytes()).expect("a message");
            until_closed(&mut stream);
        });
        let error = echo(script.address).await.expect_err("no reply");
        assert!(matches!(error, Error::Reply(_) | Error::Lost(_)), "{error:?}");
        script.finish().await;
    }
}

#[tokio::test]
async fn replies_to_calls_that_nobody_made() {
    let script = Script::tcp(|mut stream| {
        let xid = xid_of(&next_call(&mut stream));
        for (xid, value) in [(xid.wrapping_add(1), 2), (!xid, 3), (xid, 1), (xid, 4)] {
            send_record(&mut stream, &success(xid, Item::new().int(value))).expect("a reply");
        }
        let xid = xid_of(&next_call(&mut stream));
        send_record(&mut stream, &success(xid, Item::new().int(5))).expect("a reply");
    });
    let client = client(script.address).await;
    assert_eq!(client.echo_int(1).await.expect("the reply of that call"), 1);
    assert_eq!(client.echo_int(5).await.expect("the reply of that call, not the repeated one"), 5);
    script.finish().await;
}

#[tokio::test]
async fn replies_in_another_order() {
    let script = Script::tcp(|mut stream| {
        let calls: Vec<Vec<u8>> = (0..3).map(|_| next_call(&mut stream)).collect();
        for call in calls.iter().rev() {
            let value = call.last_chunk::<4>().expect("an argument");
            send_record(&mut stream, &success(xid_of(call), Item::new().raw(value))).expect("a reply");
        }
    });
    let client = client(script.address).await;
    let (a, b, c) = tokio::join!(client.echo_int(1), client.echo_int(2), client.echo_int(3));
    assert_eq!([a, b, c].map(|result| result.expect("a reply")), [1, 2, 3]);
    script.finish().await;
}

#[tokio::test]
async fn a_reply_that_comes_too_late() {
    let script = Script::tcp(|mut stream| {
        let first = xid_of(&next_call(&mut stream));
        // The second call is made when the first one has been given up.
        let second = xid_of(&next_call(&mut stream));
        for (xid, value) in [(first, 1), (second, 2)] {
            send_record(&mut stream, &success(xid, Item::new().int(value))).expect("a reply");
        }
    });
    let client = client(script.address).await;
    let error = client.echo_int(1).timeout(Duration::from_millis(1)).await.expect_err("no reply in time");
    assert!(matches!(error, Error::Deadline(deadline) if deadline.phase == Phase::Reply), "{error:?}");
    assert!(error.to_string().contains("`timeout`"), "{error}");
    assert_eq!(client.echo_int(2).await.expect("the reply of the second call"), 2);
    script.finish().await;
}

#[tokio::test]
async fn every_refusal_is_told() {
    let accepted = |status: u32| Item::new().uint(1).uint(0).uint(0).uint(0).uint(status);
    let denied = |status: u32| Item::new().uint(1).uint(1).uint(status);
    let refusals = [
        (accepted(1), Refusal::ProgramUnavailable, "PROG_UNAVAIL"),
        (accepted(2).uint(3).uint(5), Refusal::ProgramMismatch { low: 3, high: 5 }, "versions 3 to 5"),
        (accepted(3), Refusal::ProcedureUnavailable, "PROC_UNAVAIL"),
        (accepted(4), Refusal::GarbageArguments, "GARBAGE_ARGS"),
        (accepted(5), Refusal::SystemError, "SYSTEM_ERR"),
        (denied(0).uint(3).uint(4), Refusal::RpcMismatch { low: 3, high: 4 }, "versions 3 to 4"),
    ];
    for (reply, expected, words) in refusals {
        let script = Script::tcp(move |mut stream| {
            let xid = xid_of(&next_call(&mut stream));
            send_record(&mut stream, &Item::new().uint(xid).raw(&reply.bytes()).bytes()).expect("a reply");
        });
        let error = echo(script.address).await.expect_err("a refusal");
        assert!(matches!(error, Error::Refused(refusal) if refusal == expected), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        script.finish().await;
    }
}

#[tokio::test]
async fn results_that_do_not_decode() {
    for results in [Item::new(), Item::new().raw(&[0, 0]), Item::new().int(1).int(2)] {
        let script = Script::tcp(move |mut stream| {
            let xid = xid_of(&next_call(&mut stream));
            send_record(&mut stream, &success(xid, results)).expect("a reply");
            // The connection is not to blame: the next call goes over it.
            let xid = xid_of(&next_call(&mut stream));
            send_record(&mut stream, &success(xid, Item::new().int(7))).expect("a reply");
        });
        let client = client(script.address).await;
        let error = client.echo_int(1).await.expect_err("results of another type");
        assert!(matches!(error, Error::Results(_)), "{error:?}");
        assert_eq!(client.echo_int(7).await.expect("a good reply"), 7);
        script.finish().await;
    }
}

#[tokio::test]
async fn a_length_that_promises_too_much() {
    let script = Script::tcp(|mut stream| {
        let xid = xid_of(&next_call(&mut stream));
        send_record(&mut stream, &success(xid, Item::new().uint(u32::MAX).int(1))).expect("a reply");
        until_closed(&mut stream);
    });
    let error = client(script.address).await.echo_hypers(vec![1]).await.expect_err("no four billion numbers");
    assert!(matches!(error, Error::Results(_)), "{error:?}");
    script.finish().await;
}

#[tokio::test]
async fn a_reply_in_fragments() {
    let script = Script::tcp(|mut stream| {
        let xid = xid_of(&next_call(&mut stream));
        let reply = success(xid, Item::new().int(1));
        stream.write_all(&mark(0, false)).expect("an empty fragment");
        stream.write_all(&onc_tests::wire::fragments(&reply, reply.len())).expect("a reply");
    });
    assert_eq!(echo(script.address).await.expect("a reply"), 1);
    script.finish().await;
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = EverythingV1Client::connect_to(address).await.expect_err("nobody is there");
    assert!(matches!(error, Error::Connect(_)), "{error:?}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn a_lost_datagram_is_sent_again_with_the_same_xid() {
    let script = Script::udp(|socket| {
        let (first, _) = next_datagram(&socket);
        let (second, peer) = next_datagram(&socket);
        assert_eq!(first, second);
        socket.send_to(&success(xid_of(&second), Item::new().int(1)), peer).expect("a reply");
    });
    assert_eq!(udp_client(script.address).await.echo_int(1).await.expect("a reply"), 1);
    script.finish().await;
}

#[tokio::test]
async fn datagrams_from_elsewhere_are_ignored() {
    let script = Script::udp(|socket| {
        let (call, peer) = next_datagram(&socket);
        let other = UdpSocket::bind("127.0.0.1:0").expect("another port");
        other.send_to(&success(xid_of(&call), Item::new().int(666)), peer).expect("a forged reply");
        socket.send_to(&success(xid_of(&call), Item::new().int(1)), peer).expect("a reply");
    });
    assert_eq!(udp_client(script.address).await.echo_int(1).await.expect("a reply"), 1);
    script.finish().await;
}

#[tokio::test]
async fn garbage_datagrams_are_ignored() {
    let script = Script::udp(|socket| {
        let (call, peer) = next_datagram(&socket);
        let xid = xid_of(&call);
        for garbage in [vec![], vec![1], vec![0xff; 1000], success(xid.wrapping_add(1), Item::new().int(2))] {
            socket.send_to(&garbage, peer).expect("garbage");
        }
        socket.send_to(&success(xid, Item::new().int(1)), peer).expect("a reply");
    });
    assert_eq!(udp_client(script.address).await.echo_int(1).await.expect("a reply"), 1);
    script.finish().await;
}

#[tokio::test]
async fn a_datagram_socket_that_nobody_has() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address");
    drop(socket);
    let client = udp_client(address).await;
    // The system may tell at once, or never.
    let error = client.echo_int(1).timeout(Duration::from_millis(500)).await.expect_err("nobody is there");
    assert!(matches!(error, Error::Lost(_) | Error::Deadline(_) | Error::Connect(_)), "{error:?}");
}
