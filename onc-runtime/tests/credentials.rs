//! Who calls: the user that a program runs as, and a server's shorthand for it.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use onc_runtime::rpc::{
    Admission, AuthFlavour, AuthStatus, AuthSys, Credential, Identity, OpaqueAuth, Presented, Protection,
    ServerFlavour, Shorthand,
};
use onc_runtime::service::Flavours;
use onc_runtime::{Client, Context, Error, Fault, Refusal, Server};
use support::serving::serving;
use support::{TestV1, TestV1Client, TestV1Server};

/// Tells who calls, and by which flavour.
struct WhoAmI;

impl TestV1 for WhoAmI {
    async fn add(&self, cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        let caller = cx.identity().and_then(|identity| identity.downcast_ref::<AuthSys>());
        Ok(a + b + caller.map_or(0, |caller| caller.uid as i32))
    }

    async fn echo(&self, cx: &Context, _data: Bytes) -> Result<Bytes, Fault> {
        let caller = cx.auth_sys().ok_or(Fault::Auth(AuthStatus::TooWeak))?;
        Ok(Bytes::from(format!("{} {} {}", caller.uid, caller.gid, caller.machine_name)))
    }

    async fn wait(&self, cx: &Context, _ticket: u32) -> Result<u32, Fault> {
        Ok(cx.flavour().0)
    }
}

async fn serve(flavours: impl Into<Flavours>) -> std::net::SocketAddr {
    serving(Server::builder().add_with_flavours(TestV1Server::new(WhoAmI), flavours)).await.address
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_calls_as_the_user_that_it_runs_as() {
    let asked = |program: &str, argument: &str| {
        let output = std::process::Command::new(program).arg(argument).output().expect("a program of every Unix");
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    let expected = format!("{} {} {}", asked("id", "-u"), asked("id", "-g"), asked("uname", "-n"));
    let caller = AuthSys::of_this_process();
    assert!(caller.gids.len() <= 16);
    let builder = Client::builder().credential(caller);
    let client: TestV1Client = builder.connect_to(serve([AuthFlavour::SYS]).await).await.expect("connected");
    assert_eq!(client.echo(Bytes::new()).await.expect("answered"), expected);
}

/// A server that proposes a shorthand for each AUTH_SYS credential, and forgets the older ones.
#[derive(Clone, Debug, Default)]
struct Proposing {
    generation: Arc<AtomicU32>,
}

/// What it says in the verifier of its reply.
#[derive(Debug)]
struct Proposal(Vec<u8>);

impl Protection for Proposal {
    fn verifier(&self) -> OpaqueAuth<'_> {
        OpaqueAuth { flavour: AuthFlavour::SHORT, body: &self.0 }
    }
}

impl ServerFlavour for Proposing {
    fn admit(&self, call: &Presented<'_>) -> Admission {
        let generation = self.generation.load(Ordering::Relaxed).to_be_bytes();
        let body = call.credential.body;
        let caller = match (call.credential.flavour, body) {
            (AuthFlavour::SHORT, [known @ .., a, b, c, d]) if known == generation => {
                AuthSys { uid: u32::from_be_bytes([*a, *b, *c, *d]), ..AuthSys::default() }
            }
            (AuthFlavour::SHORT, _) => return Admission::Refuse(AuthStatus::RejectedCredential),
            _ => match AuthSys::parse(body) {
                Ok(caller) => caller,
                Err(_) => return Admission::Refuse(AuthStatus::BadCredential),
            },
        };
        let proposal = Proposal([generation, caller.uid.to_be_bytes()].concat());
        Admission::Accept { identity: Identity::new(caller), protection: Arc::new(proposal) }
    }
}

#[tokio::test]
async fn a_servers_shorthand_is_taken_up_and_given_up_again() {
    let proposing = Proposing::default();
    let flavours =
        Flavours::from([]).and(AuthFlavour::SYS, proposing.clone()).and(AuthFlavour::SHORT, proposing.clone());
    let address = serve(flavours).await;
    let caller = Credential::from(AuthSys { uid: 7, ..AuthSys::default() });
    let shorthand = Shorthand::new(&caller).expect("short");
    let client: TestV1Client = Client::builder().flavour(shorthand).connect_to(address).await.expect("connected");

    let flavour_of_call = || async { AuthFlavour(client.wait(0).await.expect("answered")) };
    assert_eq!(flavour_of_call().await, AuthFlavour::SYS);
    assert_eq!(flavour_of_call().await, AuthFlavour::SHORT);
    assert_eq!(client.add(1, 2).await.expect("answered"), 10, "the handler knows whom it stands for");

    proposing.generation.fetch_add(1, Ordering::Relaxed);
    assert_eq!(flavour_of_call().await, AuthFlavour::SYS, "the server has forgotten it");
    assert_eq!(flavour_of_call().await, AuthFlavour::SHORT);
    assert_eq!(client.add(1, 2).await.expect("answered"), 10);
}

#[tokio::test]
async fn a_server_without_shorthands_refuses_them() {
    let body = Bytes::from_static(b"none of ours");
    let builder = Client::builder().credential(Credential::Opaque { flavour: AuthFlavour::SHORT, body });
    let client: TestV1Client = builder.connect_to(serve(Flavours::default()).await).await.expect("connected");
    let refused = client.add(1, 2).await;
    let status = AuthStatus::RejectedCredential;
    assert!(matches!(refused, Err(Error::Refused(Refusal::Auth(refused))) if refused == status), "{refused:?}");
}
