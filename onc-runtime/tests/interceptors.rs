//! Interceptors on both sides, and what they see.

mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::client::{BoxError, ClientInterceptor, Request};
use onc_runtime::portmap::Policy;
use onc_runtime::rpc::{AuthStatus, AuthSys, Credential};
use onc_runtime::server::ServerBuilder;
use onc_runtime::service::{Intercepted, ServerInterceptor};
use onc_runtime::{Client, Context, Error, Fault, Refusal, Server};
use support::wire::{datagram, replies};
use support::{Add, INTERFACE, TestV1, TestV1Client, TestV1Server};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::Semaphore;

/// Counts its calls, and says who calls.
#[derive(Default)]
struct Counter {
    calls: AtomicUsize,
}

impl TestV1 for Counter {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(a + b)
    }

    async fn echo(&self, _cx: &Context, _data: Bytes) -> Result<Bytes, Fault> {
        Err(Fault::NoReply)
    }

    async fn wait(&self, cx: &Context, _ticket: u32) -> Result<u32, Fault> {
        cx.auth_sys().map(|caller| caller.uid).ok_or(Fault::SystemError)
    }
}

async fn serve(set_up: impl FnOnce(ServerBuilder) -> ServerBuilder) -> (Arc<Counter>, SocketAddr) {
    let counter = Arc::new(Counter::default());
    let builder = Server::builder().add(TestV1Server(Arc::clone(&counter))).registration(Policy::Off);
    let server = set_up(builder).bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    (counter, address)
}

async fn connect(address: SocketAddr) -> TestV1Client {
    Client::builder().connect_to(address).await.expect("connected")
}

fn user(uid: u32) -> Credential {
    Credential::Sys(AuthSys { uid, machine_name: "here".into(), ..AuthSys::default() })
}

fn is_auth_error(outcome: &Result<i32, Error>, status: AuthStatus) -> bool {
    matches!(outcome, Err(Error::Refused(Refusal::Auth(refused))) if *refused == status)
}

/// Notes what it sees, and goes on as it is told.
#[derive(Clone)]
struct Noting {
    name: &'static str,
    notes: Arc<Mutex<Vec<String>>>,
    outcome: Result<(), Fault>,
}

impl Noting {
    fn new(name: &'static str, outcome: Result<(), Fault>) -> Self {
        Self { name, notes: Arc::default(), outcome }
    }

    fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().expect("not poisoned"))
    }
}

impl ServerInterceptor for Noting {
    async fn intercept(&self, call: &Context) -> Result<(), Fault> {
        let note = format!(
            "{}: {} {} {} {} as {:?} from {}",
            self.name,
            call.program(),
            call.interface().program_name,
            call.version(),
            call.procedure_name(),
            call.auth_sys().map(|caller| caller.uid),
            call.peer().address().map_or("nowhere".into(), |address| address.ip().to_string()),
        );
        self.notes.lock().expect("not poisoned").push(note);
        self.outcome
    }
}

#[tokio::test]
async fn the_servers_sees_what_is_called_by_whom_and_lets_it_pass() {
    let noting = Noting::new("one", Ok(()));
    let (counter, address) = serve(|builder| builder.intercept(noting.clone())).await;
    let client = connect(address).await;
    assert_eq!(client.add(1, 2).await.expect("answered"), 3);
    assert_eq!(noting.notes(), ["one: 536870978 TEST_PROG 1 ADD as None from 127.0.0.1"]);
    let client = TestV1Client(client.0.with_credential(user(7)).expect("short"));
    assert_eq!(client.wait(1).await.expect("answered"), 7);
    assert_eq!(noting.notes(), ["one: 536870978 TEST_PROG 1 WAIT as Some(7) from 127.0.0.1"]);
    // RFC 5531 §12.1: everybody may ask who is there.
    client.null().await.expect("answered");
    assert_eq!(noting.notes(), [""; 0]);
    assert_eq!(counter.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_call_that_is_refused_has_no_handler() {
    let stern = Noting::new("stern", Err(Fault::Auth(AuthStatus::TooWeak)));
    let (counter, address) = serve(|builder| builder.intercept(stern)).await;
    let client = connect(address).await;
    let refused = client.add(1, 2).await;
    assert!(is_auth_error(&refused, AuthStatus::TooWeak), "{refused:?}");
    assert_eq!(counter.calls.load(Ordering::Relaxed), 0);

    // Not even what is wrong with its arguments is said to one who may not call.
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let mut garbage = datagram::<Add>(1, (1, 2));
    garbage.truncate(garbage.len() - 4);
    socket.send_to(&garbage, address).await.expect("sent");
    let mut room = [0; 64];
    let length = socket.recv(&mut room).await.expect("a reply");
    // RFC 5531 §9: MSG_DENIED, AUTH_ERROR, AUTH_TOOWEAK.
    let denied: Vec<u8> = [1_u32, 1, 1, 1, 5].into_iter().flat_map(u32::to_be_bytes).collect();
    assert_eq!(room[..length], denied);
}

#[tokio::test]
async fn of_several_the_first_is_asked_first() {
    let (outer, inner) = (Noting::new("outer", Ok(())), Noting::new("inner", Err(Fault::SystemError)));
    let notes = Arc::clone(&outer.notes);
    let inner = Noting { notes: Arc::clone(&notes), ..inner };
    let (_, address) = serve(|builder| builder.intercept(outer.clone()).intercept(inner)).await;
    let refused = connect(address).await.add(1, 2).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::SystemError))), "{refused:?}");
    let names: Vec<String> = outer.notes().iter().map(|note| note.split(':').next().expect("a name").into()).collect();
    assert_eq!(names, ["outer", "inner"]);
}

#[tokio::test]
async fn one_that_waits_holds_up_its_own_call_only() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let waits = move |call: Context| {
        let gate = Arc::clone(&held);
        async move {
            if call.procedure_name() == "ADD" {
                gate.acquire().await.map_err(Fault::system)?.forget();
            }
            Ok(())
        }
    };
    let (counter, address) = serve(|builder| builder.intercept(waits)).await;
    let client = TestV1Client(connect(address).await.0.with_credential(user(9)).expect("short"));
    let waiting = tokio::spawn(client.add(1, 2));
    assert_eq!(client.wait(1).await.expect("answered"), 9);
    assert_eq!(counter.calls.load(Ordering::Relaxed), 0);
    gate.add_permits(1);
    assert_eq!(waiting.await.expect("ran").expect("answered"), 3);
}

#[tokio::test]
async fn one_of_a_single_program_and_one_that_panics() {
    let panics = async |call: Context| if call.procedure() == 1 { panic!("the caller asked for it") } else { Ok(()) };
    let counter = Arc::new(Counter::default());
    let program = Intercepted::new(TestV1Server(Arc::clone(&counter)), panics);
    let builder = Server::builder().add(program).registration(Policy::Off);
    let server = builder.bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr().expect("bound");
    tokio::spawn(server.run());
    for builder in [Client::builder(), Client::builder().udp()] {
        let client: TestV1Client = builder.credential(user(3)).connect_to(address).await.expect("connected");
        let failed = client.add(1, 2).await;
        assert!(matches!(failed, Err(Error::Refused(Refusal::SystemError))), "{failed:?}");
        assert_eq!(client.wait(1).await.expect("still served"), 3);
    }
    assert_eq!(counter.calls.load(Ordering::Relaxed), 0);
}

/// Calls as somebody else, and notes what it sees.
struct InTheNameOf(u32, Arc<Mutex<Vec<String>>>);

impl ClientInterceptor for InTheNameOf {
    async fn intercept(&self, call: &mut Request) -> Result<(), BoxError> {
        let Request { interface, procedure_name, server, credential, .. } = &*call;
        let uid = match credential.as_deref() {
            Some(Credential::Sys(caller)) => Some(caller.uid),
            _ => None,
        };
        let (program, version) = (interface.program_name, interface.version);
        let note = format!("{program} {version} {procedure_name} at {server:?} as {uid:?}");
        self.1.lock().expect("not poisoned").push(note);
        call.credential = Some(user(self.0).into());
        Ok(())
    }
}

#[tokio::test]
async fn the_clients_sees_what_is_called_and_says_who_calls() {
    let (_, address) = serve(|builder| builder).await;
    let notes = Arc::default();
    let client: TestV1Client = Client::builder()
        .credential(user(1))
        .intercept(InTheNameOf(2, Arc::clone(&notes)))
        .intercept(InTheNameOf(3, Arc::clone(&notes)))
        .connect_to(address)
        .await
        .expect("connected");
    assert_eq!(client.wait(0).await.expect("answered"), 3);
    let seen = |uid| format!("TEST_PROG 1 WAIT at Some(\"{address}\") as Some({uid})");
    assert_eq!(*notes.lock().expect("not poisoned"), [seen(1), seen(2)]);
}

#[tokio::test]
async fn a_clients_interceptor_refuses_a_call() {
    let (counter, address) = serve(|builder| builder).await;
    let client = connect(address).await;
    let closed = TestV1Client(client.0.intercepted(async |_: Request| Err(Error::Closed.into())));
    assert!(matches!(closed.add(1, 2).await, Err(Error::Closed)));
    let refused = TestV1Client(client.0.intercepted(async |_: Request| Err("not today".into())));
    match refused.add(1, 2).await {
        Err(Error::Middleware(error)) => assert_eq!(error.to_string(), "not today"),
        other => panic!("{other:?}"),
    }
    assert_eq!(counter.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_deadline_includes_what_waits_in_middleware() {
    let (_, address) = serve(|builder| builder).await;
    let client: TestV1Client = Client::builder()
        .timeout(Duration::from_millis(20))
        .intercept(async |_: Request| std::future::pending().await)
        .connect_to(address)
        .await
        .expect("connected");
    let late = client.add(1, 2).await;
    assert!(matches!(&late, Err(Error::Deadline(deadline)) if deadline.after == Duration::from_millis(20)), "{late:?}");
}

#[tokio::test]
async fn the_credential_of_a_client_with_middleware_can_be_changed() {
    let (_, address) = serve(|builder| builder).await;
    let passing = async |call: Request| Ok(call);
    let client: TestV1Client =
        Client::builder().credential(user(1)).intercept(passing).connect_to(address).await.expect("connected");
    assert_eq!(client.wait(0).await.expect("answered"), 1);
    let other = TestV1Client(client.0.with_credential(user(2)).expect("short"));
    assert_eq!(other.wait(0).await.expect("answered"), 2);
    assert_eq!(client.wait(0).await.expect("answered"), 1);
}

#[tokio::test]
async fn the_limits_of_a_client_with_middleware_are_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("bound");
    for lenient in [true, false] {
        let passing = async |call: Request| Ok(call);
        let client: TestV1Client =
            Client::builder().lenient(lenient).intercept(passing).connect_to(address).await.expect("connected");
        let (mut stream, _) = listener.accept().await.expect("connected");
        let calling = tokio::spawn(client.add(1, 2));
        let xid = replies(&mut stream, 1).await[0];
        // The sum, and four bytes more.
        let message = [onc_runtime::rpc::success_header(xid).as_slice(), &[0, 0, 0, 3, 0, 0, 0, 0]].concat();
        let record = [&onc_runtime::rpc::record_mark(message.len()), message.as_slice()].concat();
        stream.write_all(&record).await.expect("written");
        match calling.await.expect("ran") {
            Ok(sum) => assert_eq!((sum, lenient), (3, true)),
            Err(Error::Results(_)) => assert!(!lenient),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_service_in_this_process_sees_the_credential_and_may_keep_silent() {
    let client = TestV1Client(Client::in_process(TestV1Server(Arc::new(Counter::default()))));
    let named = TestV1Client(client.0.with_credential(user(5)).expect("short"));
    assert_eq!(named.wait(0).await.expect("answered"), 5);
    let silent = client.echo(Bytes::new()).timeout(Duration::from_millis(20)).await;
    assert!(matches!(silent, Err(Error::Deadline(_))), "{silent:?}");
    let refused = client.wait(0).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::SystemError))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_in_this_process_has_the_default_deadline_too() {
    let client = TestV1Client(Client::in_process(TestV1Server(Arc::new(Counter::default()))));
    let begun = tokio::time::Instant::now();
    let silent = client.echo(Bytes::new()).await;
    assert!(matches!(silent, Err(Error::Deadline(_))), "{silent:?}");
    assert_eq!(begun.elapsed().as_secs(), 25);
    let request = Request::new(&INTERFACE, 2, Bytes::from_static(&[0; 4]));
    let silent = client.0.call_raw(request).await;
    assert!(matches!(silent, Err(Error::Deadline(_))), "{silent:?}");
}
