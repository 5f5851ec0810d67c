//! The handle through which stubs call.

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use crate::error::Error;
use crate::rpc::{CallTemplate, Credential, Interface, Procedure};
use crate::xdr::EncodeError;

use super::call::Call;
use super::caller::Caller;
use super::driver::{Connector, Driver};
use super::link::Link;
use super::queue::Channel;

/// A client of a server: what generated stubs call through.
///
/// Cheap to clone; clones share the connection, and any number of calls may be in flight on it. The connection is closed
/// when the last clone and the last call are gone.
#[derive(Clone)]
pub struct Client {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) target: Through,
    credential: Credential,
    /// Header of the calls of the interface that the client was made for.
    template: Option<(&'static Interface, CallTemplate)>,
}

/// What the calls go through.
pub(super) enum Through {
    Channel(Arc<Channel>),
    Caller(Arc<dyn Caller>),
}

/// A generated client of one version of a program.
pub trait Stub: Sized {
    /// Its numbers and names.
    const INTERFACE: &'static Interface;

    /// The stub that calls through `client`.
    fn from_client(client: Client) -> Self;
}

impl Client {
    /// A client whose calls are answered by `caller`: middleware, a mock, a service in this process.
    #[must_use]
    pub fn from_caller(caller: impl Caller) -> Self {
        Self {
            shared: Arc::new(Shared {
                target: Through::Caller(Arc::new(caller)),
                credential: Credential::None,
                template: None,
            }),
        }
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
        channel.join();
        tokio::spawn(Driver::new(Arc::clone(&channel), link, connector));
        Ok(Self { shared: Arc::new(Shared { target: Through::Channel(channel), credential, template }) })
    }

    /// A call of procedure `P`. Nothing happens before it is awaited.
    #[inline]
    pub fn call<P: Procedure>(&self, arguments: P::Arguments) -> Call<P> {
        Call::new(self.clone(), arguments)
    }

    /// A stub for another program or version over the same connection.
    ///
    /// Servers often offer several: NFS and its ACLs, two versions of one program.
    #[must_use]
    pub fn stub<S: Stub>(&self) -> S {
        S::from_client(self.clone())
    }

    /// A client over the same connection whose calls carry this credential.
    ///
    /// # Errors
    ///
    /// The credential is longer than the 400 bytes that RFC 5531 §8.2 allows.
    pub fn with_credential(&self, credential: Credential) -> Result<Self, Error> {
        let through = match &self.shared.target {
            Through::Channel(channel) => {
                channel.join();
                Through::Channel(Arc::clone(channel))
            }
            Through::Caller(caller) => Through::Caller(Arc::clone(caller)),
        };
        let interface = self.shared.template.as_ref().map(|(interface, _)| *interface);
        let mut shared = Shared { target: through, credential, template: None };
        shared.template = interface
            .map(|interface| Ok((interface, template(interface, &shared.credential)?)))
            .transpose()
            .map_err(|error: EncodeError| Error::Arguments(Arc::new(error)))?;
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
        let template = template(interface, &self.credential).map_err(|error| Error::Arguments(Arc::new(error)))?;
        use_it(&template)
    }
}

fn template(interface: &Interface, credential: &Credential) -> Result<CallTemplate, EncodeError> {
    CallTemplate::new(interface.program, interface.version, credential)
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Through::Channel(channel) = &self.target {
            channel.leave();
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let interface = self.shared.template.as_ref().map(|(interface, _)| interface);
        f.debug_struct("Client").field("interface", &interface).finish_non_exhaustive()
    }
}

/// A deadline from now; none if it is further away than the clock can say.
pub(super) fn deadline(timeout: std::time::Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
