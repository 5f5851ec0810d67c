//! A server's connection.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use onc_runtime::Server;
use onc_runtime::portmap::Policy;
use onc_runtime::rpc::{AuthSys, Netid};
use onc_runtime::server::ServerHandle;
use onc_runtime::transport::Peer;
use onc_runtime::xdr;
use tokio::time::sleep;

use super::harness::{self, MOMENT, Played, connection};
use super::oracle;
use super::script::Script;
use super::service::{LONGEST_WAIT, PROGRAM, Service, VERSIONS};

/// After so much silence a server closes any connection.
const SILENCE: Duration = Duration::from_secs(400);

/// Before so much time has passed no connection is closed for want of bytes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server's connection that is sent anything, in any pieces, with any pauses, by a peer that reads or does not.
///
/// It answers every call once, as the RFC says, and nothing else; it closes what is no RPC, what stalls and what has ended; it
/// takes no memory for what was only announced; and its server serves others afterwards.
///
/// The first three bytes are the settings and how it ends, the others a script. Returns whether a call was answered.
pub fn server_connection(input: &[u8]) -> bool {
    harness::run(play(Script::new(input)))
}

/// What differs from one run to the next.
#[derive(Debug)]
struct Settings {
    room: usize,
    max_record_size: usize,
    remembers: bool,
    both_ways: bool,
}

async fn play(mut script: Script<'_>) -> (usize, bool) {
    let room = script.pick(&[64 << 10, 5000, 500, 50, 16, 3, 1]);
    let (flags, end) = (script.byte(), script.byte());
    let settings = Settings {
        room,
        max_record_size: if flags & 1 == 0 { 4 << 20 } else { 4 << 10 },
        remembers: flags & 2 != 0,
        both_ways: flags & 4 != 0,
    };
    let mut builder = Server::builder()
        .registration(Policy::Off)
        .max_record_size(settings.max_record_size)
        .duplicates_over_tcp(settings.remembers)
        .callbacks(settings.both_ways);
    if flags & 8 != 0 {
        builder = builder.max_calls_per_connection(2);
    }
    if flags & 16 != 0 {
        builder = builder.max_unsent(100);
    }
    if flags & 32 != 0 {
        builder = builder.max_calls(3);
    }
    for interface in VERSIONS {
        builder = builder.add(Service::new(interface));
    }
    let server = builder.build().await.expect("a server without sockets");
    let handle = server.handle();
    let serving = tokio::spawn(server.run());

    let (mut peer, served) = connection(settings.room);
    handle.serve_stream(served, peer_of(&settings)).expect("served");
    let mut calls = 0;
    while !script.is_empty() && !peer.is_at_its_end() {
        step(&mut script, &mut peer, &mut calls).await;
    }
    let patient = peer.elapsed() < PATIENCE;
    let limit = SILENCE + LONGEST_WAIT * calls;
    let complete = match end % 3 {
        0 => peer.finish(limit).await && patient,
        1 => {
            // The peer neither sends nor reads any more.
            sleep(limit).await;
            false
        }
        _ => {
            peer.hang_up();
            sleep(MOMENT + LONGEST_WAIT * calls).await;
            false
        }
    };
    sleep(MOMENT).await;
    assert!(peer.other_is_gone(), "the connection is closed");

    let crossed = peer.sent.len() + peer.received.len();
    let answered = check(&peer, &settings, complete);
    serves_others(&handle).await;
    handle.stop();
    let stopped = serving.await.expect("it does not panic").expect("it has no sockets");
    assert_eq!((stopped.cut, stopped.connections), (0, 0));
    (crossed, answered)
}

fn peer_of(settings: &Settings) -> Peer {
    if settings.remembers {
        // The cache knows calls by their address too.
        Peer::ip(Netid::Tcp, ([192, 0, 2, 7], 700).into())
    } else {
        Peer::local(None)
    }
}

async fn step(script: &mut Script<'_>, peer: &mut Played, calls: &mut u32) {
    match script.byte() % 8 {
        0 => {
            let bytes = script.bytes();
            peer.send(bytes);
        }
        1 | 2 => {
            *calls += 1;
            let call = call(script, *calls);
            peer.send(&call);
        }
        3 => {
            let (byte, count) = (script.byte(), script.byte());
            peer.send(&vec![byte; usize::from(count) * 64]);
        }
        4 => {
            let (flags, high, low) = (script.byte(), script.byte(), script.byte());
            peer.send(&[flags & 0x80, 0, high & 0x1f, low]);
        }
        5 => {
            let time = script.pick(&[1, 100, 3000, 20_000, 40_000, 400_000]);
            sleep(Duration::from_millis(time)).await;
        }
        6 => peer.turn().await,
        _ => peer.reads = !peer.reads,
    }
}

/// A record with a call that has no fault, or one that the RFC has an answer for.
fn call(script: &mut Script<'_>, count: u32) -> Vec<u8> {
    // Some are sent twice.
    let xid = if script.byte().is_multiple_of(4) { 1 } else { count };
    let program = script.pick(&[PROGRAM, PROGRAM, PROGRAM, PROGRAM + 1]);
    let version = script.pick(&[1, 1, 3, 2]);
    let procedure = u32::from(script.byte() % 6);
    let mut message = words(&[xid, 0, 2, program, version, procedure]);
    let sys = || xdr::to_vec(&AuthSys { uid: 7, ..AuthSys::default() }).expect("within the bounds");
    let (flavour, body) = match script.byte() % 4 {
        0 | 1 => (0, Vec::new()),
        2 => (1, sys()),
        _ => (u32::from(script.byte()), script.bytes().to_vec()),
    };
    put_opaque(&mut message, flavour, &body);
    put_opaque(&mut message, 0, &[]);
    match procedure {
        1 => message.extend(words(&[count, u32::from(script.byte())])),
        2 => {
            let payload = vec![script.byte(); usize::from(script.byte()) * 32 + 1];
            message.extend(words(&[payload.len() as u32]));
            message.extend(&payload);
            message.resize(message.len().next_multiple_of(4), 0);
        }
        3 => message.extend(words(&[u32::from(script.byte()) * 20])),
        _ => {}
    }
    // RFC 5531 §11: the record may be cut into fragments anywhere.
    let (first, second) = message.split_at(usize::from(script.byte()) * 2 % message.len());
    let mark = |fragment: &[u8], last: u32| words(&[fragment.len() as u32 | last]);
    match first {
        [] => [mark(second, 1 << 31), second.to_vec()].concat(),
        _ => [mark(first, 0), first.to_vec(), mark(second, 1 << 31), second.to_vec()].concat(),
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn put_opaque(message: &mut Vec<u8>, flavour: u32, body: &[u8]) {
    message.extend(words(&[flavour, body.len() as u32]));
    message.extend_from_slice(body);
    message.resize(message.len().next_multiple_of(4), 0);
}

/// Compares what was received with what is owed; `complete`: nothing of it may be missing.
fn check(peer: &Played, settings: &Settings, complete: bool) -> bool {
    let owed = oracle::owed(&peer.sent, settings.max_record_size, settings.both_ways);
    let received = oracle::records(&peer.received, usize::MAX);
    let complete = complete && !owed.violated;
    assert!(!received.violated && (!received.unfinished || !complete), "replies are whole records");
    let mut counts: HashMap<&[u8], Counts> = HashMap::new();
    for reply in &received.whole {
        counts.entry(reply).or_default().received += 1;
    }
    // A call that comes again while it is executed gets no second reply from a server that remembers calls.
    let mut known = HashSet::new();
    for (reply, call) in &owed.replies {
        let counts = counts.entry(reply).or_default();
        counts.most += 1;
        counts.least += usize::from(known.insert(call) || !settings.remembers);
    }
    for (reply, Counts { received, least, most }) in counts {
        assert!(received <= most, "{received} replies where {most} are owed: {reply:02x?}");
        assert!(received >= least || !complete, "{received} replies where {least} are owed: {reply:02x?}");
    }
    !received.whole.is_empty()
}

/// How often a reply came, and how often it has to.
#[derive(Default)]
struct Counts {
    received: usize,
    least: usize,
    most: usize,
}

/// The server answers another connection.
async fn serves_others(handle: &ServerHandle) {
    let (mut peer, served) = connection(4096);
    handle.serve_stream(served, Peer::local(None)).expect("served");
    let ping = words(&[(1 << 31) | 40, 7, 0, 2, PROGRAM, 1, 0, 0, 0, 0, 0]);
    peer.send(&ping);
    assert!(peer.finish(SILENCE).await, "it is taken");
    assert_eq!(oracle::records(&peer.received, usize::MAX).whole, [oracle::accepted(7, &[0])]);
    sleep(MOMENT).await;
    assert!(peer.other_is_gone(), "the connection is closed");
}
