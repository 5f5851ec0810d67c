//! Credentials: AUTH_SYS, and a flavour that sets up a session, signs, checks and seals, on both sides.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use bytes::Bytes;
use onc_runtime::rpc::{
    Admission, AuthFlavour, AuthStatus, AuthSys, ClientFlavour, Credential, FlavourError, Identity, OpaqueAuth,
    Presented, Protection, Recovery, ServerFlavour,
};
use onc_runtime::service::Flavours;
use onc_runtime::{Client, Context, Error, Fault, Refusal, Server};
use support::serving::serving;
use support::{TestV1, TestV1Client, TestV1Server};

/// A flavour of these tests: not safe, but all the moving parts of one that is.
const TOY: AuthFlavour = AuthFlavour(0x2000_0007);

/// Who calls, according to the toy.
#[derive(Debug)]
struct ToyUser(u32);

fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(7, |sum, byte| sum.rotate_left(5) ^ u32::from(*byte))
}

fn turn(bytes: &mut [u8]) {
    bytes.iter_mut().for_each(|byte| *byte ^= 0x5a);
}

/// The client's side: asks for a session number, signs the header with its sum, turns arguments over.
#[derive(Clone, Debug, Default)]
struct ToyClient {
    session: Arc<AtomicU32>,
    established: Arc<AtomicUsize>,
}

impl ClientFlavour for ToyClient {
    fn establish(&self, reply: Option<&[u8]>) -> Result<Option<Bytes>, FlavourError> {
        let Some(results) = reply else {
            self.session.store(0, Ordering::Relaxed);
            return Ok(Some(Bytes::new()));
        };
        let session = results.first_chunk().map(|word| u32::from_be_bytes(*word));
        self.session.store(session.ok_or_else(|| FlavourError::new("no session"))?, Ordering::Relaxed);
        self.established.fetch_add(1, Ordering::Relaxed);
        Ok(None)
    }

    fn sign(&self, out: &mut Vec<u8>, start: usize) -> Result<u64, FlavourError> {
        let session = self.session.load(Ordering::Relaxed);
        OpaqueAuth { flavour: TOY, body: &session.to_be_bytes() }.put(out);
        let signature = sum(&out[start..]);
        OpaqueAuth { flavour: TOY, body: &signature.to_be_bytes() }.put(out);
        Ok(u64::from(session))
    }

    fn check(&self, call: u64, verifier: OpaqueAuth<'_>) -> Result<(), FlavourError> {
        let expected = (call as u32 + 1).to_be_bytes();
        if call == 0 || verifier.body == expected { Ok(()) } else { Err(FlavourError::new("another server answers")) }
    }

    fn refused(&self, _call: u64, status: AuthStatus) -> Recovery {
        if status == AuthStatus::GssContextProblem { Recovery::Establish } else { Recovery::Fail }
    }

    fn seals(&self, call: u64) -> bool {
        call != 0
    }

    fn seal(&self, _call: u64, out: &mut Vec<u8>, start: usize) -> Result<(), FlavourError> {
        turn(&mut out[start..]);
        Ok(())
    }

    fn open(&self, _call: u64, results: Bytes) -> Result<Bytes, FlavourError> {
        let mut results = results.to_vec();
        turn(&mut results);
        Ok(results.into())
    }
}

/// The server's side. Knows one session at a time.
#[derive(Debug)]
struct ToyServer(Arc<AtomicU32>);

#[derive(Debug)]
struct ToyProtection([u8; 4], bool);

impl ServerFlavour for ToyServer {
    fn admit(&self, call: &Presented<'_>) -> Admission {
        let session = call.credential.body.first_chunk().map_or(u32::MAX, |word| u32::from_be_bytes(*word));
        if call.verifier.body != sum(call.signed).to_be_bytes() {
            return Admission::Refuse(AuthStatus::RejectedVerifier);
        }
        let protection = Arc::new(ToyProtection((session.wrapping_add(1)).to_be_bytes(), session != 0));
        let known = self.0.load(Ordering::Relaxed);
        if session == 0 && call.procedure == 0 {
            return Admission::Answer { results: Bytes::copy_from_slice(&known.to_be_bytes()), protection };
        }
        if session != known {
            return Admission::Refuse(AuthStatus::GssContextProblem);
        }
        Admission::Accept { identity: Identity::new(ToyUser(session)), protection }
    }
}

impl Protection for ToyProtection {
    fn verifier(&self) -> OpaqueAuth<'_> {
        OpaqueAuth { flavour: TOY, body: &self.0 }
    }

    fn seals(&self) -> bool {
        self.1
    }

    fn open(&self, arguments: Bytes) -> Result<Bytes, FlavourError> {
        let mut arguments = arguments.to_vec();
        turn(&mut arguments);
        Ok(arguments.into())
    }

    fn seal(&self, out: &mut Vec<u8>, start: usize) -> Result<(), FlavourError> {
        turn(&mut out[start..]);
        Ok(())
    }
}

/// Tells who calls.
struct WhoAmI;

impl TestV1 for WhoAmI {
    async fn add(&self, cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        let user = cx.identity().and_then(|identity| identity.downcast_ref::<ToyUser>());
        Ok(a + b + user.map_or(0, |user| user.0 as i32))
    }

    async fn echo(&self, cx: &Context, data: Bytes) -> Result<Bytes, Fault> {
        let Some(auth) = cx.auth_sys() else { return Err(Fault::Auth(AuthStatus::TooWeak)) };
        assert!(data.is_empty() && cx.peer().is_local());
        Ok(Bytes::from(format!("{} {} {:?} {}", auth.uid, auth.gid, auth.gids, auth.machine_name)))
    }

    async fn wait(&self, _cx: &Context, ticket: u32) -> Result<u32, Fault> {
        Ok(ticket)
    }
}

async fn serve(flavours: impl Into<Flavours>) -> TestV1Client {
    Client::builder().connect_to(listen(flavours).await).await.expect("connected")
}

async fn listen(flavours: impl Into<Flavours>) -> std::net::SocketAddr {
    serving(Server::builder().add_with_flavours(TestV1Server::new(WhoAmI), flavours)).await.address
}

fn status(outcome: Result<impl std::fmt::Debug, Error>) -> AuthStatus {
    match outcome {
        Err(Error::Refused(Refusal::Auth(status))) => status,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn auth_sys_tells_the_handler_who_calls() {
    let client = serve(Flavours::default()).await;
    let nobody = client.echo(Bytes::new()).await;
    assert_eq!(status(nobody), AuthStatus::TooWeak, "a handler can answer an auth error");
    let sys = AuthSys { stamp: 1, machine_name: "here".into(), uid: 500, gid: 100, gids: (0..16).collect() };
    let client = TestV1Client(client.0.with_credential(Credential::Sys(sys)).expect("fits"));
    let told = client.echo(Bytes::new()).await.expect("answered");
    assert_eq!(told, "500 100 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] here");
}

#[tokio::test]
async fn a_program_says_which_flavours_it_takes() {
    let client = serve([AuthFlavour::SYS]).await;
    assert_eq!(status(client.add(1, 1).await), AuthStatus::TooWeak);
    client.null().await.expect("procedure 0 needs no credential");
    let malformed = Credential::Opaque { flavour: AuthFlavour::SYS, body: Bytes::from_static(b"no") };
    let client = TestV1Client(client.0.with_credential(malformed).expect("fits"));
    assert_eq!(status(client.add(1, 1).await), AuthStatus::BadCredential);
    let unknown = Credential::Opaque { flavour: AuthFlavour(77), body: Bytes::new() };
    let client = TestV1Client(client.0.with_credential(unknown).expect("fits"));
    assert_eq!(status(client.add(1, 1).await), AuthStatus::RejectedCredential);
}

#[tokio::test]
async fn a_flavour_sets_up_a_session_signs_checks_and_seals() {
    let session = Arc::new(AtomicU32::new(30));
    let client = serve(Flavours::default().and(TOY, ToyServer(Arc::clone(&session)))).await;
    assert_eq!(client.add(5, 7).await.expect("AUTH_NONE is taken too"), 12);

    let flavour = ToyClient::default();
    let signed = TestV1Client(client.0.with_flavour(flavour.clone()));
    assert_eq!(signed.add(5, 7).await.expect("answered"), 42, "the handler knows who calls");
    assert_eq!(signed.add(1, 1).await.expect("answered"), 32);
    assert_eq!(flavour.established.load(Ordering::Relaxed), 1);

    session.store(40, Ordering::Relaxed);
    assert_eq!(signed.add(1, 1).await.expect("set up again when the server has forgotten it"), 42);
    assert_eq!(flavour.established.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn calls_of_a_builders_flavour_go_through_layers_first_and_keep_its_limits() {
    let session = Arc::new(AtomicU32::new(30));
    let address = listen(Flavours::from([]).and(TOY, ToyServer(Arc::clone(&session)))).await;

    let flavour = ToyClient::default();
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let count = move |call: onc_runtime::client::Request| {
        counter.fetch_add(1, Ordering::Relaxed);
        async { Ok(call) }
    };
    let builder = Client::builder().flavour(flavour.clone()).intercept(count).max_record_size(256);
    let client: TestV1Client = builder.connect_to(address).await.expect("connected");
    assert_eq!(client.add(5, 7).await.expect("answered"), 42);
    assert_eq!(client.add(5, 8).await.expect("answered"), 43);
    assert_eq!(seen.load(Ordering::Relaxed), 2, "what sets the session up is the flavour's own");
    assert_eq!(flavour.established.load(Ordering::Relaxed), 1);
    let large = client.echo(vec![0; 256].into()).await;
    assert!(matches!(large, Err(Error::Arguments(_))), "{large:?}");
}

#[tokio::test]
async fn a_session_that_failed_for_many_is_set_up_again_once() {
    let session = Arc::new(AtomicU32::new(30));
    let client = serve(Flavours::default().and(TOY, ToyServer(Arc::clone(&session)))).await;
    let flavour = ToyClient::default();
    let signed = TestV1Client(client.0.with_flavour(flavour.clone()));
    for generation in 1..4 {
        session.store(generation, Ordering::Relaxed);
        let calls: Vec<_> = (0..16).map(|at| tokio::spawn(signed.add(at, 0))).collect();
        for (at, call) in calls.into_iter().enumerate() {
            let sum = call.await.expect("ran").expect("answered");
            assert_eq!(sum, at as i32 + generation as i32);
        }
        assert_eq!(flavour.established.load(Ordering::Relaxed), generation as usize);
    }
}

#[tokio::test]
async fn a_reply_that_another_server_made_is_not_believed() {
    #[derive(Debug)]
    struct Impostor;

    impl ServerFlavour for Impostor {
        fn admit(&self, _call: &Presented<'_>) -> Admission {
            Admission::Answer {
                results: Bytes::from_static(&[0, 0, 0, 9]),
                protection: Arc::new(ToyProtection(*b"fake", false)),
            }
        }
    }

    let client = serve(Flavours::default().and(TOY, Impostor)).await;
    let signed = TestV1Client(client.0.with_flavour(ToyClient::default()));
    let outcome = signed.add(1, 1).await;
    assert!(matches!(&outcome, Err(Error::Auth(_))), "{outcome:?}");
    assert!(outcome.expect_err("refused").to_string().contains("another server"));
}
