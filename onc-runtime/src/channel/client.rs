//! The handle through which stubs call.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use tokio::time::Instant;

use crate::error::Error;
use crate::rpc::{CallTemplate, Credential, Interface, Procedure};
use crate::xdr::{EncodeError, Limits};

use super::call::Call;
use super::caller::{Caller, Request};
use super::driver::{Connector, Driver};
use super::link::Link;
use super::queue::Channel;

/// A client of a server: what generated stubs call through.
///
/// Clones share the connection, and any number of calls may be in flight on it. The connection is closed when the last clone
/// and the last call are gone.
///
/// A clone for each task is best: calls count the clone that they were made through, and threads that count the same one wait
/// for each other.
pub struct Client {
    pub(super) shared: Arc<Shared>,
}

#[derive(Clone)]
pub(super) struct Shared {
    pub(super) target: Through,
    /// None: that of the client beneath.
    credential: Option<Arc<Credential>>,
    /// Whom it was told to call.
    server: Option<Arc<str>>,
    /// What decoding results may cost that come from a caller; a channel has its own.
    pub(super) limits: Limits,
    /// Header of the calls of the interface that the client was made for.
    template: Option<(&'static Interface, CallTemplate)>,
}

/// What the calls go through.
#[derive(Clone)]
pub(super) enum Through {
    Channel(User),
    Caller(Arc<dyn Caller>),
}

/// Somebody who speaks through a channel; with the last one it ends.
pub(super) struct User(Arc<Channel>);

/// A generated client of one version of a program.
pub trait Stub: Sized {
    /// Its numbers and names.
    const INTERFACE: &'static Interface;

    /// The stub that calls through `client`.
    fn from_client(client: Client) -> Self;

    /// What it calls through: for a [stub of another program](Client::stub) over the same connection, for
    /// [another credential](Client::with_credential).
    fn client(&self) -> &Client;
}

impl Client {
    /// A client whose calls are answered by `caller`: middleware, a mock, a service in this process.
    #[must_use]
    pub fn from_caller(caller: impl Caller) -> Self {
        Self {
            shared: Arc::new(Shared {
                target: Through::Caller(Arc::new(caller)),
                credential: None,
                server: None,
                limits: Limits::default(),
                template: None,
            }),
        }
    }

    /// [`from_caller`](Self::from_caller), for something that stands in front of `client`.
    pub(crate) fn in_front_of(client: &Self, caller: impl Caller) -> Self {
        let Shared { credential, server, limits, .. } = &*client.shared;
        let shared = Shared {
            target: Through::Caller(Arc::new(caller)),
            credential: credential.clone(),
            server: server.clone(),
            limits: *limits,
            template: None,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Starts the driver of `channel` over `link`.
    pub(crate) fn start(
        channel: Arc<Channel>,
        link: Link,
        connector: Option<Box<dyn Connector>>,
        credential: Credential,
        interface: Option<&'static Interface>,
    ) -> Result<Self, EncodeError> {
        let template = interface.map(|interface| Ok((interface, template(interface, &credential)?))).transpose()?;
        tokio::spawn(Driver::new(Arc::clone(&channel), link, connector));
        let shared = Shared {
            credential: Some(Arc::new(credential)),
            server: channel.settings.server.clone(),
            limits: channel.settings.limits,
            target: Through::Channel(User::of(channel)),
            template,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Others have this client, too, or one over the same connection: a call in flight is one of them.
    pub(crate) fn is_shared(&self) -> bool {
        let Through::Channel(channel) = &self.shared.target else { return true };
        Arc::strong_count(&self.shared) > 1 || channel.users() > 1
    }

    /// A call of procedure `P`. Nothing happens before it is awaited.
    #[inline]
    pub fn call<P: Procedure>(&self, arguments: P::Arguments) -> Call<P> {
        Call::new(self.share(), arguments)
    }

    /// This very clone, for one of its calls.
    #[inline]
    pub(crate) fn share(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }

    /// A stub for another program or version over the same connection.
    ///
    /// Servers often offer several: NFS and its ACLs, two versions of one program.
    #[must_use]
    pub fn stub<S: Stub>(&self) -> S {
        S::from_client(self.clone())
    }

    /// Whom it was told to call: `host`, `host:port`, `unix:/path`. None of a service in this process, and of a stream that was
    /// handed in.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.shared.server.as_deref()
    }

    /// A client over the same connection whose calls carry this credential.
    ///
    /// # Errors
    ///
    /// The credential is longer than the 400 bytes that RFC 5531 §8.2 allows.
    pub fn with_credential(&self, credential: impl Into<Credential>) -> Result<Self, Error> {
        let credential = credential.into();
        let interface = self.shared.template.as_ref().map(|(interface, _)| *interface);
        let template = interface
            .map(|interface| Ok((interface, template(interface, &credential)?)))
            .transpose()
            .map_err(|error: EncodeError| Error::Arguments(Arc::new(error)))?;
        let shared = Shared {
            target: self.shared.target.clone(),
            credential: Some(Arc::new(credential)),
            server: self.shared.server.clone(),
            limits: self.shared.limits,
            template,
        };
        Ok(Self { shared: Arc::new(shared) })
    }
}

impl Shared {
    /// Hands the header of the interface's calls to `use_it`.
    #[inline]
    pub(super) fn with_template<T>(
        &self,
        interface: &'static Interface,
        use_it: impl FnOnce(&CallTemplate) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some((own, template)) = &self.template
            && own.program == interface.program
            && own.version == interface.version
        {
            return use_it(template);
        }
        self.with_new_template(interface, self.credential.as_deref().unwrap_or(&Credential::None), use_it)
    }

    /// [`with_template`](Self::with_template) for a call that may have a credential of its own.
    pub(super) fn with_template_of<T>(
        &self,
        request: &Request,
        use_it: impl FnOnce(&CallTemplate) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &request.credential {
            Some(credential) if self.credential.as_ref() != Some(credential) => {
                self.with_new_template(request.interface, credential, use_it)
            }
            _ => self.with_template(request.interface, use_it),
        }
    }

    fn with_new_template<T>(
        &self,
        interface: &Interface,
        credential: &Credential,
        use_it: impl FnOnce(&CallTemplate) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let template = template(interface, credential).map_err(|error| Error::Arguments(Arc::new(error)))?;
        use_it(&template)
    }

    /// Says who calls and whom, where the request does not.
    pub(super) fn complete(&self, request: &mut Request) {
        request.server = request.server.take().or_else(|| self.server.clone());
        request.credential = request.credential.take().or_else(|| self.credential.clone());
    }
}

fn template(interface: &Interface, credential: &Credential) -> Result<CallTemplate, EncodeError> {
    CallTemplate::new(interface.program, interface.version, credential)
}

impl User {
    fn of(channel: Arc<Channel>) -> Self {
        channel.join();
        Self(channel)
    }
}

impl Clone for User {
    fn clone(&self) -> Self {
        Self::of(Arc::clone(&self.0))
    }
}

impl Deref for User {
    type Target = Arc<Channel>;

    #[inline]
    fn deref(&self) -> &Arc<Channel> {
        &self.0
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self { shared: Arc::new(Shared::clone(&self.shared)) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let interface = self.shared.template.as_ref().map(|(interface, _)| interface);
        f.debug_struct("Client").field("server", &self.server()).field("interface", &interface).finish_non_exhaustive()
    }
}

/// A deadline from now; none if it is further away than the clock can say.
pub(super) fn deadline(timeout: std::time::Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
