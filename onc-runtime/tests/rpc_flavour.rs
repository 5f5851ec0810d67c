//! The seam for flavours carries one that does all that RPCSEC_GSS does: a session, a signature and a number for each
//! call, a signature on each reply, sealed arguments and results.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use onc_runtime::rpc::{
    AcceptStatus, Admission, AuthFlavour, AuthStatus, CallHeader, ClientFlavour, FlavourError, Identity, OpaqueAuth,
    Presented, Protection, Recovery, RejectStatus, Reply, ServerFlavour, parse_reply, put_accepted, put_denied,
    put_unsigned_call,
};

const FLAVOUR: AuthFlavour = AuthFlavour(0x3000_0000);

/// In the client's number for a call: it belongs to a session.
const SEALED: u64 = 1 << 32;

/// A signature and cipher as weak as a test may have.
#[derive(Clone, Copy, Debug)]
struct Key(u64);

impl Key {
    fn sign(self, text: &[u8]) -> [u8; 8] {
        let mut hasher = DefaultHasher::new();
        (self.0, text).hash(&mut hasher);
        hasher.finish().to_be_bytes()
    }

    fn check(self, text: &[u8], signature: &[u8]) -> Result<(), FlavourError> {
        if self.sign(text) == signature { Ok(()) } else { Err(FlavourError::new("the signature is wrong")) }
    }

    /// Number, hidden text, signature of both.
    fn seal(self, number: u32, out: &mut Vec<u8>, start: usize) {
        let hidden: Vec<u8> = out.drain(start..).map(|byte| byte ^ 0x55).collect();
        out.extend_from_slice(&number.to_be_bytes());
        out.extend_from_slice(&hidden);
        let signature = self.sign(&out[start..]);
        out.extend_from_slice(&signature);
    }

    fn open(self, number: u32, sealed: &Bytes) -> Result<Bytes, FlavourError> {
        let (text, signature) =
            sealed.split_last_chunk::<8>().ok_or_else(|| FlavourError::new("too short to be sealed"))?;
        self.check(text, signature)?;
        match text.split_first_chunk::<4>() {
            Some((sealed_number, hidden)) if *sealed_number == number.to_be_bytes() => {
                Ok(hidden.iter().map(|byte| byte ^ 0x55).collect())
            }
            _ => Err(FlavourError::new("it belongs to another call")),
        }
    }
}

#[derive(Debug)]
struct Client {
    key: Key,
    session: Mutex<Option<u32>>,
    calls: AtomicU32,
}

impl Client {
    fn new(key: Key) -> Self {
        Self { key, session: Mutex::new(None), calls: AtomicU32::new(0) }
    }
}

impl ClientFlavour for Client {
    fn establish(&self, reply: Option<&[u8]>) -> Result<Option<Bytes>, FlavourError> {
        let mut session = self.session.lock().unwrap();
        let Some(reply) = reply else {
            *session = None;
            return Ok(Some(Bytes::from_static(b"let me in!!!")));
        };
        let granted = reply.try_into().map_err(|_| FlavourError::new("no session was granted"))?;
        *session = Some(u32::from_be_bytes(granted));
        Ok(None)
    }

    fn sign(&self, out: &mut Vec<u8>, start: usize) -> Result<u64, FlavourError> {
        let session = self.session.lock().unwrap().unwrap_or(0);
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let body = [session.to_be_bytes(), call.to_be_bytes()].concat();
        OpaqueAuth { flavour: FLAVOUR, body: &body }.put(out);
        let signature = self.key.sign(&out[start..]);
        OpaqueAuth { flavour: FLAVOUR, body: &signature }.put(out);
        let sealed = if session == 0 { 0 } else { SEALED };
        Ok(sealed | u64::from(call))
    }

    fn check(&self, call: u64, verifier: OpaqueAuth<'_>) -> Result<(), FlavourError> {
        self.key.check(&(call as u32).to_be_bytes(), verifier.body)
    }

    fn refused(&self, _call: u64, status: AuthStatus) -> Recovery {
        if status == AuthStatus::GssContextProblem { Recovery::Establish } else { Recovery::Fail }
    }

    fn seals(&self, call: u64) -> bool {
        call & SEALED != 0
    }

    fn seal(&self, call: u64, out: &mut Vec<u8>, start: usize) -> Result<(), FlavourError> {
        self.key.seal(call as u32, out, start);
        Ok(())
    }

    fn open(&self, call: u64, results: Bytes) -> Result<Bytes, FlavourError> {
        self.key.open(call as u32, &results)
    }
}

#[derive(Debug)]
struct Server {
    key: Key,
    /// Each session's next call.
    sessions: Mutex<HashMap<u32, u32>>,
}

#[derive(Debug)]
struct Call {
    key: Key,
    number: u32,
    verifier: [u8; 8],
    seals: bool,
}

impl ServerFlavour for Server {
    fn admit(&self, call: &Presented<'_>) -> Admission {
        if self.key.check(call.signed, call.verifier.body).is_err() {
            return Admission::Refuse(AuthStatus::GssCredentialProblem);
        }
        let Some((session, number)) = call.credential.body.split_first_chunk::<4>() else {
            return Admission::Refuse(AuthStatus::BadCredential);
        };
        let Ok(number) = number.try_into().map(u32::from_be_bytes) else {
            return Admission::Refuse(AuthStatus::BadCredential);
        };
        let session = u32::from_be_bytes(*session);
        let verifier = self.key.sign(&number.to_be_bytes());
        let protection = Arc::new(Call { key: self.key, number, verifier, seals: session != 0 });
        let mut sessions = self.sessions.lock().unwrap();
        if session == 0 {
            if call.procedure != 0 || call.arguments != b"let me in!!!" {
                return Admission::Refuse(AuthStatus::TooWeak);
            }
            let granted = sessions.len() as u32 + 1;
            sessions.insert(granted, number + 1);
            return Admission::Answer { results: Bytes::copy_from_slice(&granted.to_be_bytes()), protection };
        }
        match sessions.get_mut(&session) {
            None => Admission::Refuse(AuthStatus::GssContextProblem),
            Some(next) if number < *next => Admission::Discard,
            Some(next) => {
                *next = number + 1;
                Admission::Accept { identity: Identity::new(format!("session {session}")), protection }
            }
        }
    }
}

impl Protection for Call {
    fn verifier(&self) -> OpaqueAuth<'_> {
        OpaqueAuth { flavour: FLAVOUR, body: &self.verifier }
    }

    fn seals(&self) -> bool {
        self.seals
    }

    fn open(&self, arguments: Bytes) -> Result<Bytes, FlavourError> {
        self.key.open(self.number, &arguments)
    }

    fn seal(&self, out: &mut Vec<u8>, start: usize) -> Result<(), FlavourError> {
        self.key.seal(self.number, out, start);
        Ok(())
    }
}

/// A server's way with a call of this flavour; the procedure answers its arguments and who called.
fn serve(server: &Server, message: &[u8]) -> Option<Vec<u8>> {
    let (header, _) = CallHeader::parse(message).expect("a call");
    assert_eq!(header.credential.flavour, FLAVOUR);
    let call = header.presented(message);
    let mut reply = Vec::new();
    match server.admit(&call) {
        Admission::Accept { identity, protection } => {
            let arguments = Bytes::copy_from_slice(call.arguments);
            let opened = if protection.seals() { protection.open(arguments) } else { Ok(arguments) };
            let Ok(arguments) = opened else {
                put_accepted(&mut reply, header.xid, protection.verifier(), AcceptStatus::GarbageArguments);
                return Some(reply);
            };
            put_accepted(&mut reply, header.xid, protection.verifier(), AcceptStatus::Success);
            let start = reply.len();
            let who = identity.downcast_ref::<String>().expect("the flavour's own type");
            assert!(identity.downcast_ref::<u32>().is_none());
            reply.extend_from_slice(&[&arguments[..], b" for ", who.as_bytes()].concat());
            if protection.seals() {
                protection.seal(&mut reply, start).expect("it never fails");
            }
        }
        Admission::Answer { results, protection } => {
            put_accepted(&mut reply, header.xid, protection.verifier(), AcceptStatus::Success);
            reply.extend_from_slice(&results);
        }
        Admission::Discard => return None,
        Admission::Refuse(status) => put_denied(&mut reply, header.xid, RejectStatus::AuthError(status)),
        other => panic!("unknown: {other:?}"),
    }
    Some(reply)
}

/// A call as a client sends it, with the flavour's number for it.
fn make_call(client: &Client, procedure: u32, arguments: &[u8]) -> (Vec<u8>, u64) {
    // Behind something else in the buffer, as calls are that leave together.
    let mut out = b"an earlier call".to_vec();
    let start = out.len();
    put_unsigned_call(&mut out, 7, 0x2000_0001, 1, procedure);
    let call = client.sign(&mut out, start).expect("it never fails");
    let arguments_start = out.len();
    out.extend_from_slice(arguments);
    if client.seals(call) {
        client.seal(call, &mut out, arguments_start).expect("it never fails");
    }
    (out.split_off(start), call)
}

/// The results in a reply, or what was wrong with it.
fn results(client: &Client, call: u64, reply: &[u8]) -> Result<Bytes, String> {
    let (xid, reply_header, offset) = parse_reply(reply).expect("a reply");
    assert_eq!(xid, 7);
    match reply_header {
        Reply::Accepted { verifier, status } => {
            client.check(call, verifier).map_err(|error| error.to_string())?;
            if status != AcceptStatus::Success {
                return Err(status.to_string());
            }
            let results = Bytes::copy_from_slice(&reply[offset..]);
            if client.seals(call) { client.open(call, results).map_err(|error| error.to_string()) } else { Ok(results) }
        }
        Reply::Denied(RejectStatus::AuthError(status)) => Err(format!("{status}; {:?}", client.refused(call, status))),
        Reply::Denied(status) => Err(status.to_string()),
    }
}

fn establish(client: &Client, server: &Server) -> Result<(), String> {
    let mut step = client.establish(None).map_err(|error| error.to_string())?;
    while let Some(arguments) = step {
        let (message, call) = make_call(client, 0, &arguments);
        let reply = serve(server, &message).expect("an answer");
        step = client.establish(Some(&results(client, call, &reply)?)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn pair() -> (Client, Server) {
    let key = Key(42);
    (Client::new(key), Server { key, sessions: Mutex::default() })
}

fn connected() -> (Client, Server) {
    let (client, server) = pair();
    establish(&client, &server).expect("the keys agree");
    (client, server)
}

#[test]
fn calls_are_made_within_a_session() {
    let (client, server) = connected();
    for text in ["one", "two"] {
        let (message, call) = make_call(&client, 1, text.as_bytes());
        assert!(!message.windows(3).any(|part| part == text.as_bytes()), "the arguments are sealed");
        let reply = serve(&server, &message).expect("a reply");
        assert_eq!(results(&client, call, &reply), Ok(format!("{text} for session 1").into()));
    }
}

#[test]
fn a_changed_header_is_refused() {
    let (client, server) = connected();
    for at in [3, 15, 19, 23, 35] {
        let (mut message, call) = make_call(&client, 1, b"x");
        message[at] ^= 1;
        let mut reply = serve(&server, &message).expect("a reply");
        reply[..4].copy_from_slice(&7_u32.to_be_bytes());
        let error = results(&client, call, &reply).expect_err("a changed header");
        assert!(error.contains("RPCSEC_GSS_CREDPROBLEM") && error.ends_with("Fail"), "byte {at}: {error}");
    }
}

#[test]
fn changed_arguments_are_garbage() {
    let (client, server) = connected();
    let (mut message, call) = make_call(&client, 1, b"pay 1");
    let last = message.len() - 9;
    message[last] ^= 8;
    let error = results(&client, call, &serve(&server, &message).expect("a reply")).expect_err("changed arguments");
    assert!(error.contains("GARBAGE_ARGS"), "{error}");
}

#[test]
fn a_replayed_call_gets_no_reply() {
    let (client, server) = connected();
    let (message, _) = make_call(&client, 1, b"x");
    assert!(serve(&server, &message).is_some());
    assert!(serve(&server, &message).is_none());
}

#[test]
fn a_reply_to_another_call_is_not_believed() {
    let (client, server) = connected();
    let (first, first_call) = make_call(&client, 1, b"first");
    let (second, second_call) = make_call(&client, 1, b"second");
    let first_reply = serve(&server, &first).expect("a reply");
    let second_reply = serve(&server, &second).expect("a reply");
    assert!(results(&client, first_call, &second_reply).expect_err("another's").contains("signature is wrong"));
    assert!(results(&client, second_call, &second_reply).is_ok());
    assert!(results(&client, first_call, &first_reply).is_ok());
}

#[test]
fn a_server_that_has_forgotten_the_session_gets_a_new_one() {
    let (client, server) = connected();
    server.sessions.lock().unwrap().clear();
    let (message, call) = make_call(&client, 1, b"x");
    let error = results(&client, call, &serve(&server, &message).expect("a reply")).expect_err("no session");
    assert!(error.contains("RPCSEC_GSS_CTXPROBLEM") && error.ends_with("Establish"), "{error}");
    establish(&client, &server).expect("the keys agree");
    let (message, call) = make_call(&client, 1, b"x");
    assert_eq!(results(&client, call, &serve(&server, &message).expect("a reply")), Ok("x for session 1".into()));
}

#[test]
fn there_is_no_session_with_a_wrong_key() {
    let (_, server) = pair();
    let client = Client::new(Key(43));
    assert!(establish(&client, &server).expect_err("another key").contains("RPCSEC_GSS_CREDPROBLEM"));
}
