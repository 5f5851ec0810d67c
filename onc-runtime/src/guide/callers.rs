//! 6. Who calls.
//!
//! A handler's [`Context`](crate::Context) knows the peer's address, or its user on a Unix socket, and the credential that the call
//! carries. That of `AUTH_SYS` is only what the caller says of itself: it is worth as much as the machine that it comes from.
//!
//! ```
//! # use onc_runtime::{Client, Context, Error, Fault, Refusal, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! use onc_runtime::rpc::{AuthFlavour, AuthStatus, AuthSys};
//!
//! struct ForRoot;
//!
//! impl calc::CalcV1 for ForRoot {
//!     async fn add(&self, cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         match cx.auth_sys() {
//!             Some(caller) if caller.uid == 0 && cx.peer().is_local() => Ok(a + b),
//!             // An authentication error, and which one.
//!             _ => Err(Fault::Auth(AuthStatus::TooWeak)),
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder()
//!     // This program takes no other credentials; each program of a server says its own.
//!     .add_with_flavours(calc::CalcV1Server::new(ForRoot), [AuthFlavour::SYS])
//!     .bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//!
//! let root = AuthSys { machine_name: "here".into(), uid: 0, ..AuthSys::default() };
//! let calc: calc::CalcV1Client = Client::builder().credential(root).connect_to(address).await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//!
//! // Another user over the same connection.
//! use onc_runtime::client::Stub;
//! let user = AuthSys { machine_name: "here".into(), uid: 1000, ..AuthSys::default() };
//! let calc = calc::CalcV1Client::new(calc.client().with_credential(user)?);
//! assert!(matches!(calc.add(2, 40).await, Err(Error::Refused(Refusal::Auth(AuthStatus::TooWeak)))));
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! On Unix, `AuthSys::of_this_process()` is the user and the groups that the program runs as. Without a credential
//! a client calls as nobody, `AUTH_NONE`. Servers take `AUTH_NONE` and `AUTH_SYS` unless they are told otherwise.
//!
//! Some servers believe a caller on a port below 1024, which only root may use:
//! [`reserved_port`](crate::client::ClientBuilder::reserved_port).
//!
//! # On a Unix socket
//!
//! There the kernel says which user is at the other end, and that is no claim: [`Peer::uid`](crate::transport::Peer::uid).
//!
//! # Shorthands
//!
//! A server may propose a shorthand for a credential, `AUTH_SHORT`. A client that calls by
//! [`Shorthand`](crate::rpc::Shorthand) takes it up, and goes back to the whole credential when the server has forgotten it:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use onc_runtime::Client;
//! use onc_runtime::rpc::{AuthSys, Credential, Shorthand};
//!
//! let credential = Credential::Sys(AuthSys { uid: 1000, ..AuthSys::default() });
//! let builder = Client::builder().flavour(Shorthand::new(&credential)?);
//! # drop(builder);
//! # Ok(()) }
//! ```
//!
//! # Flavours that prove something
//!
//! They implement [`ClientFlavour`](crate::rpc::ClientFlavour), which signs calls, and
//! [`ServerFlavour`](crate::rpc::ServerFlavour), which checks them and tells the handler who calls. They may set up sessions, check the
//! server in its replies, and seal arguments and results. The smallest one: a secret that both sides know.
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! use std::sync::Arc;
//! use onc_runtime::rpc::{
//!     Admission, AuthFlavour, AuthStatus, ClientFlavour, FlavourError, Identity, OpaqueAuth, Presented, Protection,
//!     ServerFlavour,
//! };
//! use onc_runtime::service::Flavours;
//!
//! /// A number that nobody else uses.
//! const SECRET: AuthFlavour = AuthFlavour(0x2000_0001);
//!
//! #[derive(Debug)]
//! struct Secret(&'static [u8]);
//!
//! impl ClientFlavour for Secret {
//!     fn sign(&self, out: &mut Vec<u8>, _start: usize) -> Result<u64, FlavourError> {
//!         OpaqueAuth { flavour: SECRET, body: self.0 }.put(out);
//!         OpaqueAuth::NONE.put(out);
//!         Ok(0)
//!     }
//!
//!     fn check(&self, _call: u64, _verifier: OpaqueAuth<'_>) -> Result<(), FlavourError> {
//!         Ok(())
//!     }
//! }
//!
//! impl ServerFlavour for Secret {
//!     fn admit(&self, call: &Presented<'_>) -> Admission {
//!         if call.credential.body != self.0 {
//!             return Admission::Refuse(AuthStatus::BadCredential);
//!         }
//!         Admission::Accept { identity: Identity::new(Friend), protection: Arc::new(Plain) }
//!     }
//! }
//!
//! /// Who calls, for handlers.
//! struct Friend;
//!
//! /// Replies are not signed.
//! #[derive(Debug)]
//! struct Plain;
//!
//! impl Protection for Plain {
//!     fn verifier(&self) -> OpaqueAuth<'_> {
//!         OpaqueAuth::NONE
//!     }
//! }
//!
//! struct ForFriends;
//!
//! impl calc::CalcV1 for ForFriends {
//!     async fn add(&self, cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         let friend: Option<&Friend> = cx.identity().and_then(Identity::downcast_ref);
//!         friend.map(|_| a + b).ok_or(Fault::Auth(AuthStatus::TooWeak))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder()
//!     .add_with_flavours(calc::CalcV1Server::new(ForFriends), Flavours::default().and(SECRET, Secret(b"friend")))
//!     .bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//! let calc: calc::CalcV1Client = Client::builder().flavour(Secret(b"friend")).connect_to(address).await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//! let stranger = calc::CalcV1Client::connect_to(address).await?;
//! assert!(stranger.add(2, 40).await.is_err());
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! Next: [`transports`](super::transports).
