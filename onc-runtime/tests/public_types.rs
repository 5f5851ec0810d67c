//! What the public types can do wherever they are used: they are shown, sent to other threads and shared by them, and errors are
//! errors with causes.

mod support;

use std::error::Error as StdError;
use std::fmt::Debug;
use std::sync::Arc;

use onc_runtime::client::{
    Broadcast, ClientBuilder, ClientService, OneWay, Replies, Request, Response, Target, TimedCall,
};
use onc_runtime::portmap::{Daemon, DaemonBuilder, Mapper, RegisterError, Registrar, Registration, Resolver};
use onc_runtime::rpc::{
    AuthFlavour, AuthStatus, AuthSys, AuthSysError, Credential, FlavourError, Identity, Netid, ReplyError, Shorthand,
    UniversalAddress, UniversalAddressError, UnknownNetid,
};
use onc_runtime::server::{BindError, ServeError, ServerBuilder, ServerHandle, Stopped};
use onc_runtime::service::tower::{Layered, ProgramService};
use onc_runtime::service::{
    ConnectionInfo, Flavours, Handling, Intercepted, Program, Registry, RegistryBuilder, tower,
};
use onc_runtime::transport::{Peer, Sockets};
use onc_runtime::xdr::{DecodeError, EncodeError};
use onc_runtime::{
    Call, Client, ConnectError, Context, Deadline, Error, Fault, Interface, Limit, Lost, Phase, Refusal, ResolveError,
    Server, TargetError,
};
use support::Add;

fn shown_and_shared<T: Debug + Send + Sync>() {}
fn shown_and_sent<T: Debug + Send>() {}
fn cloned<T: Clone + Debug + Send + Sync>() {}
fn an_error<T: StdError + Send + Sync + 'static>() {}
fn awaited_anywhere<T: Future + Send + Unpin>() {}

#[test]
fn public_types_have_what_is_expected_of_them() {
    shown_and_shared::<Server>();
    shown_and_shared::<ServerBuilder>();
    shown_and_shared::<Daemon>();
    shown_and_shared::<DaemonBuilder>();
    shown_and_shared::<Registration>();
    shown_and_shared::<RegistryBuilder>();
    shown_and_shared::<Sockets>();
    shown_and_shared::<Broadcast<Add>>();
    shown_and_shared::<Shorthand>();
    shown_and_sent::<Replies<Add>>();
    shown_and_sent::<Mapper>();
    shown_and_sent::<Handling>();

    cloned::<Client>();
    cloned::<ClientBuilder>();
    cloned::<ClientService>();
    cloned::<ConnectionInfo>();
    cloned::<Context>();
    cloned::<Credential>();
    cloned::<Flavours>();
    cloned::<Identity>();
    cloned::<Interface>();
    cloned::<Intercepted<Arc<dyn Program>, ()>>();
    cloned::<Layered<()>>();
    cloned::<ProgramService>();
    cloned::<Peer>();
    cloned::<Registrar>();
    cloned::<Registry>();
    cloned::<Request>();
    cloned::<Resolver>();
    cloned::<Response>();
    cloned::<ServerHandle>();
    cloned::<Stopped>();
    cloned::<Target>();
    cloned::<tower::Request>();
    cloned::<tower::Response>();
    cloned::<UniversalAddress>();
    cloned::<(AuthFlavour, AuthStatus, AuthSys, Deadline, Limit, Lost, Netid, Phase, Refusal)>();

    an_error::<Error>();
    an_error::<AuthSysError>();
    an_error::<BindError>();
    an_error::<ConnectError>();
    an_error::<DecodeError>();
    an_error::<EncodeError>();
    an_error::<Fault>();
    an_error::<FlavourError>();
    an_error::<RegisterError>();
    an_error::<ReplyError>();
    an_error::<ResolveError>();
    an_error::<ServeError>();
    an_error::<TargetError>();
    an_error::<UniversalAddressError>();
    an_error::<UnknownNetid>();

    awaited_anywhere::<Call<Add>>();
    awaited_anywhere::<TimedCall<Add>>();
    awaited_anywhere::<OneWay<Add>>();
    shown_and_sent::<(Call<Add>, TimedCall<Add>, OneWay<Add>)>();
}

#[test]
fn errors_are_small_and_tell_their_causes() {
    // A `Result` that every call returns: larger ones make people silence a lint.
    assert!(size_of::<Error>() <= 32, "{}", size_of::<Error>());
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let error = Error::Connect(Arc::new(ConnectError { address: "host:1".into(), source: refused }));
    let cause = error.source().and_then(StdError::source).expect("what the system said");
    assert_eq!(cause.to_string(), "connection refused");
}
