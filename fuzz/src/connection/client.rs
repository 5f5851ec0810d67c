//! A client's connection.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::Client;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::harness::{self, MOMENT, Played, connection};
use super::oracle;
use super::script::Script;
use super::service::{Add, Echo, PROGRAM, ServiceClient};

/// The client's limit of a record.
const MAX_RECORD_SIZE: usize = 64 << 10;

/// By then a call has ended that was made without a time limit of its own: 25 s, and what the channel's clock is late.
const LIMIT: Duration = Duration::from_secs(26);

/// A client's connection whose server sends anything, in any pieces, with any pauses, and reads or does not.
///
/// Every call ends within its time; its results are what a reply to it said, and nothing else; the client sends whole records,
/// which are its calls, and refusals of the server's; it takes no memory for what was only announced.
///
/// The first byte is the room in the connection, the others a script. Returns whether a call got its results.
pub fn client_connection(input: &[u8]) -> bool {
    harness::run(play(Script::new(input)))
}

/// A call that was made, and what it came to: its encoded results, or nothing.
struct Made {
    arguments: Vec<u8>,
    task: JoinHandle<Option<Vec<u8>>>,
}

async fn play(mut script: Script<'_>) -> (usize, bool) {
    let room = script.pick(&[64 << 10, 5000, 500, 50, 16, 3, 1]);
    let end = script.byte();
    let (mut server, near) = connection(room);
    let builder = Client::builder().max_record_size(MAX_RECORD_SIZE).max_calls(64).max_unsent(4000);
    let client: ServiceClient = builder.connect_stream(near).expect("a client");
    let mut made = Vec::new();
    while !script.is_empty() && !server.is_at_its_end() && made.len() < 500 {
        step(&mut script, &mut server, &client.0, &mut made).await;
    }
    match end % 3 {
        0 => server.turn().await,
        1 => server.hang_up(),
        _ => server.reads = false,
    }
    sleep(LIMIT).await;
    let answered = check(&server, made).await;
    drop(client);
    // A client that is dropped sends what is to leave without a reply; here there is none.
    sleep(MOMENT).await;
    assert!(server.other_is_gone(), "nobody calls any more, and the connection is closed");
    (server.sent.len() + server.received.len(), answered)
}

async fn step(script: &mut Script<'_>, server: &mut Played, client: &Client, made: &mut Vec<Made>) {
    match script.byte() % 10 {
        0 => {
            let bytes = script.bytes();
            server.send(bytes);
        }
        1 | 2 => made.push(call(script, client, made.len() as u32)),
        3 => {
            let (byte, count) = (script.byte(), script.byte());
            if count == 0 {
                // A call, which nobody serves here.
                let xid = u32::from(byte);
                server.send(&words(&[1 << 31 | 40, xid, 0, 2 | xid >> 7, xid, 1, 1, 0, 0, 0, 0]));
            }
            server.send(&vec![byte; usize::from(count) * 64]);
        }
        4 => {
            let time = script.pick(&[1, 100, 3000, 20_000, 40_000]);
            sleep(Duration::from_millis(time)).await;
        }
        5 => server.turn().await,
        6 => server.reads = !server.reads,
        7 | 8 => {
            if let Some(reply) = reply(script, &server.received) {
                server.send(&reply);
            }
        }
        _ => {
            // A caller that does not wait any longer.
            let at = usize::from(script.byte());
            if let Some(call) = made.get(at) {
                call.task.abort();
            }
        }
    }
}

/// Makes a call whose arguments no other one has.
fn call(script: &mut Script<'_>, client: &Client, count: u32) -> Made {
    let kind = script.byte();
    let timeout = Duration::from_millis(script.pick(&[1, 50, 5000, 60_000]));
    if kind.is_multiple_of(2) {
        let arguments = (count as i32, i32::from(kind));
        let call = client.call::<Add>(arguments);
        let task = tokio::spawn(async move {
            let sum = if kind.is_multiple_of(4) { call.await } else { call.timeout(timeout.min(LIMIT - MOMENT)).await };
            sum.ok().map(|sum| sum.to_be_bytes().to_vec())
        });
        return Made { arguments: words(&[count, u32::from(kind)]), task };
    }
    let payload = Bytes::from([words(&[count]), vec![kind; usize::from(kind) * 32]].concat());
    let arguments = opaque(&payload);
    let call = client.call::<Echo>((payload,));
    let task = tokio::spawn(async move {
        let echoed = if kind % 4 == 1 { call.idempotent().await } else { call.await };
        echoed.ok().map(|echoed| opaque(&echoed))
    });
    Made { arguments, task }
}

/// A reply to one of the calls that were received, right or with something wrong.
fn reply(script: &mut Script<'_>, received: &[u8]) -> Option<Vec<u8>> {
    let mut calls = oracle::records(received, usize::MAX).whole;
    calls.retain(|message| !is_reply(message));
    let call = calls.get(usize::from(script.byte()) % calls.len().max(1))?;
    let (xid, arguments) = (xid(call), &call[40..]);
    let mut message = match script.byte() % 8 {
        0 => oracle::accepted(xid, &[u32::from(script.byte() % 8)]),
        1 => words(&[xid, 1, 1, u32::from(script.byte() % 3), 1, 9]),
        2 => [oracle::accepted(xid, &[0]), arguments.to_vec()].concat(),
        _ if call[20..24] == words(&[1]) => {
            let sum = arguments.as_chunks::<4>().0.iter().fold(0_i32, |sum, word| sum + i32::from_be_bytes(*word));
            [oracle::accepted(xid, &[0]), sum.to_be_bytes().to_vec()].concat()
        }
        _ => [oracle::accepted(xid, &[0]), arguments.to_vec()].concat(),
    };
    let (at, change) = (usize::from(script.byte()), script.byte());
    if change > 127
        && let Some(byte) = message.get_mut(at)
    {
        *byte ^= change;
    }
    // RFC 5531 §11: it may come in fragments.
    let (first, second) = message.split_at(usize::from(script.byte()) % message.len());
    Some(
        [words(&[first.len() as u32]), first.to_vec(), words(&[second.len() as u32 | 1 << 31]), second.to_vec()]
            .concat(),
    )
}

/// Every call has ended, and what it returned was said in a reply to it.
async fn check(server: &Played, made: Vec<Made>) -> bool {
    let received = oracle::records(&server.received, usize::MAX);
    assert!(!received.violated);
    // A call's xid is known by its arguments: no other call has the same.
    let mut xids = HashMap::new();
    let mut refusals = oracle::refusals(&server.sent, MAX_RECORD_SIZE);
    for message in &received.whole {
        if is_reply(message) {
            // Not all of them need be there: a server that does not read is refused no further calls.
            assert!(refusals.any(|refusal| refusal == *message), "a reply that the client does not owe");
            continue;
        }
        let header = words(&[0, 2, PROGRAM, 1]);
        assert_eq!(&message[4..20], &header[..], "the client sends calls of its program");
        assert_eq!(message[24..40], [0; 16], "and AUTH_NONE");
        assert!(xids.insert(message[40..].to_vec(), xid(message)).is_none(), "none of them twice");
    }
    let replies = oracle::records(&server.sent, MAX_RECORD_SIZE).whole;
    let mut answered = false;
    for call in made {
        assert!(call.task.is_finished(), "a call has not ended in its time");
        // It was aborted, or failed.
        let Ok(Some(results)) = call.task.await else { continue };
        // One that was not read may have been answered by chance.
        let to = |reply: &[u8]| xids.get(&call.arguments).is_none_or(|xid| reply[..4] == words(&[*xid]));
        let status_and_results = [words(&[0]), results].concat();
        let said =
            |reply: &Vec<u8>| to(reply) && reply[4..12] == words(&[1, 0]) && reply[12..].ends_with(&status_and_results);
        assert!(replies.iter().filter(|reply| reply.len() >= 24).any(said), "results that nobody sent");
        answered = true;
    }
    answered
}

fn is_reply(message: &[u8]) -> bool {
    message[4..8] == words(&[1])
}

fn xid(message: &[u8]) -> u32 {
    u32::from_be_bytes(*message.first_chunk().expect("a message has an xid"))
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn opaque(bytes: &[u8]) -> Vec<u8> {
    let mut encoded = words(&[bytes.len() as u32]);
    encoded.extend_from_slice(bytes);
    encoded.resize(encoded.len().next_multiple_of(4), 0);
    encoded
}
