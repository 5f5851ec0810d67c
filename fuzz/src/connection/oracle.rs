//! What the RFC owes to a stream of bytes, worked out a second time and as simply as it can be.

use onc_runtime::rpc::AuthSysView;

use super::service::{ADD, ECHO, FAIL, PROGRAM, VERSIONS, WAIT};

/// So many fragments of a record may be empty.
const MAX_EMPTY_FRAGMENTS: usize = 16;

/// RFC 5531 §8.2: the largest body of a credential.
const MAX_AUTH_BODY: usize = 400;

/// The records of a stream.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The whole ones.
    pub(super) whole: Vec<Vec<u8>>,
    /// There is the beginning of another one.
    pub(super) unfinished: bool,
    /// Behind them comes what is beyond a limit.
    pub(super) violated: bool,
}

/// What a server owes.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// The replies, in the order of their calls, and the calls.
    pub(super) replies: Vec<(Vec<u8>, Vec<u8>)>,
    /// Behind these calls comes what is no call, and closes the connection.
    pub(super) violated: bool,
}

/// What a server owes to one record.
enum Due {
    Reply(Vec<u8>),
    Nothing,
    Close,
}

/// Takes a stream apart.
pub(super) fn records(mut stream: &[u8], max_record_size: usize) -> Records {
    let mut records = Records::default();
    let (mut record, mut begun, mut empty) = (Vec::new(), false, 0);
    // RFC 5531 §11.
    while let Some((mark, rest)) = stream.split_first_chunk() {
        let mark = u32::from_be_bytes(*mark);
        let (last, length) = (mark >> 31 == 1, (mark & 0x7fff_ffff) as usize);
        empty += usize::from(!last && length == 0);
        if record.len() + length > max_record_size || empty > MAX_EMPTY_FRAGMENTS {
            records.violated = true;
            return records;
        }
        begun = true;
        let Some((fragment, behind)) = rest.split_at_checked(length) else { break };
        record.extend_from_slice(fragment);
        stream = behind;
        if last {
            records.whole.push(std::mem::take(&mut record));
            (begun, empty) = (false, 0);
        }
    }
    records.unfinished = begun || !stream.is_empty();
    records
}

/// What a server of the program owes to a stream. With `both_ways`, replies are taken too.
pub(super) fn owed(stream: &[u8], max_record_size: usize, both_ways: bool) -> Owed {
    let records = records(stream, max_record_size);
    let mut owed = Owed { replies: Vec::new(), violated: records.violated };
    for message in records.whole {
        match due(&message, both_ways) {
            Due::Reply(reply) => owed.replies.push((reply, message)),
            Due::Nothing => {}
            Due::Close => {
                owed.violated = true;
                break;
            }
        }
    }
    owed
}

/// What one who serves nothing owes to the calls of a stream, in their order.
pub(super) fn refusals(stream: &[u8], max_record_size: usize) -> impl Iterator<Item = Vec<u8>> {
    records(stream, max_record_size).whole.into_iter().filter_map(|mut message| {
        // To one who serves nothing, every program is another one.
        if let Some(program) = message.get_mut(12..16) {
            program.copy_from_slice(&(!PROGRAM).to_be_bytes());
        }
        if let Due::Reply(refusal) = due(&message, true) { Some(refusal) } else { None }
    })
}

/// RFC 5531 §9.
fn due(message: &[u8], both_ways: bool) -> Due {
    let mut rest = message;
    let (Some(xid), Some(message_type)) = (word(&mut rest), word(&mut rest)) else { return Due::Close };
    match message_type {
        0 => {}
        1 if both_ways => return Due::Nothing,
        _ => return Due::Close,
    }
    let Some(rpc_version) = word(&mut rest) else { return Due::Close };
    if rpc_version != 2 {
        return Due::Reply(denied(xid, &[0, 2, 2]));
    }
    let (Some(program), Some(version), Some(procedure)) = (word(&mut rest), word(&mut rest), word(&mut rest)) else {
        return Due::Close;
    };
    let Some((flavour, body)) = authentication(&mut rest) else { return Due::Reply(auth_error(xid, 1)) };
    if authentication(&mut rest).is_none() {
        return Due::Reply(auth_error(xid, 3));
    }
    Due::Reply(match () {
        () if program != PROGRAM => accepted(xid, &[1]),
        () if VERSIONS.iter().all(|interface| interface.version != version) => accepted(xid, &[2, 1, 3]),
        () if procedure == 0 => accepted(xid, &[0]),
        () if flavour == 1 && AuthSysView::parse(body).is_err() => auth_error(xid, 1),
        () if flavour > 1 => auth_error(xid, 2),
        () => result(xid, procedure, rest),
    })
}

/// What the procedure makes of its arguments.
fn result(xid: u32, procedure: u32, arguments: &[u8]) -> Vec<u8> {
    let mut rest = arguments;
    let results = match procedure {
        ADD => match (word(&mut rest), word(&mut rest)) {
            (Some(a), Some(b)) if rest.is_empty() => Some(a.wrapping_add(b).to_be_bytes().to_vec()),
            _ => None,
        },
        ECHO => opaque(&mut rest).filter(|_| rest.is_empty()).map(|_| arguments.to_vec()),
        WAIT => word(&mut rest).filter(|_| rest.is_empty()).map(|_| arguments.to_vec()),
        FAIL => return accepted(xid, &[5]),
        _ => return accepted(xid, &[3]),
    };
    results.map_or_else(|| accepted(xid, &[4]), |results| [accepted(xid, &[0]), results].concat())
}

fn word(rest: &mut &[u8]) -> Option<u32> {
    let (first, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(u32::from_be_bytes(*first))
}

/// RFC 4506 §4.10: a length, the bytes, zeros up to a multiple of four.
fn opaque<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = word(rest)? as usize;
    let (bytes, behind) = rest.split_at_checked(length)?;
    let (padding, behind) = behind.split_at_checked(length.wrapping_neg() % 4)?;
    *rest = behind;
    padding.iter().all(|byte| *byte == 0).then_some(bytes)
}

fn authentication<'a>(rest: &mut &'a [u8]) -> Option<(u32, &'a [u8])> {
    let flavour = word(rest)?;
    let body = opaque(rest)?;
    (body.len() <= MAX_AUTH_BODY).then_some((flavour, body))
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// An accepted reply with a verifier of `AUTH_NONE`.
pub(super) fn accepted(xid: u32, status: &[u32]) -> Vec<u8> {
    words(&[&[xid, 1, 0, 0, 0], status].concat())
}

fn denied(xid: u32, status: &[u32]) -> Vec<u8> {
    words(&[&[xid, 1, 1], status].concat())
}

fn auth_error(xid: u32, status: u32) -> Vec<u8> {
    denied(xid, &[1, status])
}
