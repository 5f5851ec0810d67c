//! What a handler may know of the call that it answers.

use std::any::Any;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::rpc::{AuthFlavour, AuthSys, Identity, Interface};
use crate::transport::Peer;

use super::Called;

/// The call that a handler answers: who calls, from where, what.
///
/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    pub(crate) connection: Arc<ConnectionInfo>,
    pub(crate) interface: &'static Interface,
    pub(crate) procedure: u32,
    pub(crate) xid: u32,
    pub(crate) flavour: AuthFlavour,
    /// The credential's body; of `AUTH_SYS` it has been checked that it parses.
    pub(crate) credential: Bytes,
    pub(crate) identity: Option<Identity>,
}

/// What all calls of one connection, or of one UDP socket and peer, share.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    /// The other end.
    pub peer: Peer,
    /// This end's address; none on a Unix socket and in memory.
    pub local: Option<SocketAddr>,
    /// What a floor above keeps for the connection.
    pub(crate) attached: Option<Attached>,
}

/// What a floor above keeps for a connection.
#[derive(Clone)]
pub(crate) struct Attached(pub(crate) Arc<dyn Attachment>);

/// What can be kept for a connection.
pub(crate) trait Attachment: Any + Send + Sync {
    /// Somebody may yet make use of the connection by it: that it is silent is no reason to close it.
    fn keeps_open(&self) -> bool;
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attached")
    }
}

impl ConnectionInfo {
    /// Of a connection, or a datagram, from `peer` to `local`.
    #[must_use]
    pub fn new(peer: Peer, local: Option<SocketAddr>) -> Self {
        Self { peer, local, attached: None }
    }

    /// What is attached keeps the connection open.
    pub(super) fn is_kept_open(&self) -> bool {
        self.attached.as_ref().is_some_and(|attached| attached.0.keeps_open())
    }
}

impl Context {
    /// The other end.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.connection.peer
    }

    /// The address that the call came to; none on a Unix socket and in memory.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.connection.local
    }

    /// The program and version that was called.
    #[must_use]
    pub fn interface(&self) -> &'static Interface {
        self.interface
    }

    /// The program's number.
    #[must_use]
    pub fn program(&self) -> u32 {
        self.interface.program
    }

    /// The version's number.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.interface.version
    }

    /// The procedure's number.
    #[must_use]
    pub fn procedure(&self) -> u32 {
        self.procedure
    }

    /// The procedure's name as its `.x` file spells it.
    #[must_use]
    pub fn procedure_name(&self) -> &'static str {
        self.called().name()
    }

    /// The call's transaction id.
    #[must_use]
    pub fn xid(&self) -> u32 {
        self.xid
    }

    /// The flavour of the caller's credential.
    #[must_use]
    pub fn flavour(&self) -> AuthFlavour {
        self.flavour
    }

    /// The caller's `AUTH_SYS` credential, if it sent one. It is what the caller says: nothing proves it.
    #[must_use]
    pub fn auth_sys(&self) -> Option<AuthSys> {
        (self.flavour == AuthFlavour::SYS).then(|| AuthSys::parse(&self.credential).ok()).flatten()
    }

    /// Who calls, as the credential's [`ServerFlavour`](crate::rpc::ServerFlavour) found out; `None` for `AUTH_NONE` and
    /// `AUTH_SYS`, which prove nothing.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The body of the credential as it was received, for flavours of one's own.
    #[must_use]
    pub fn credential(&self) -> &Bytes {
        &self.credential
    }

    pub(super) fn called(&self) -> Called {
        Called { interface: self.interface, procedure: self.procedure }
    }
}
