//! Setting a client up.

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use crate::channel::{BoxError, Channel, Client, ClientService, Connector, Link, Request, Response, Settings, Stub};
use crate::error::{ConnectError, Error};
use crate::portmap::Resolver;
use crate::rpc::{ClientFlavour, Credential, Interface, MAX_FRAGMENT_SIZE, Netid};
use crate::service::Program;
use crate::transport::{Peer, Place, Stream, Target};
use crate::xdr::Limits;

use super::connect::{Plan, Reconnect};
use super::deadline::Hurried;
use super::interceptor::ClientInterceptor;
use super::served::Served;

/// Sets a [`Client`] up. Every setting has a default that suits most.
#[derive(Clone)]
#[must_use = "nothing is connected before `connect` is called"]
pub struct ClientBuilder {
    resolver: Resolver,
    credential: Credential,
    pub(super) settings: Settings,
    netid: Option<Netid>,
    reserved_port: bool,
    pub(super) served: Served,
    flavour: Option<Arc<dyn ClientFlavour>>,
    wrap: Option<Wrap>,
}

/// Puts middleware around a client.
type Wrap = Arc<dyn Fn(Client) -> Client + Send + Sync>;

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            resolver: Resolver::default(),
            credential: Credential::None,
            settings: Settings {
                datagrams: false,
                timeout: Duration::from_secs(25),
                max_record_size: 64 << 20,
                limits: Limits::default(),
                max_calls: 65_536,
                max_unsent: 64 << 20,
                idle_timeout: Duration::from_secs(300),
                server: None,
            },
            netid: None,
            reserved_port: false,
            served: Served::default(),
            flavour: None,
            wrap: None,
        }
    }
}

impl Client {
    /// A client to be set up.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl ClientBuilder {
    /// Calls over TCP, of IPv4 or IPv6: the default.
    pub fn tcp(mut self) -> Self {
        self.settings.datagrams = false;
        self.netid = None;
        self
    }

    /// Calls over UDP, of IPv4 or IPv6: each call and each reply is one datagram, of 64 KiB at most, and calls are sent again until
    /// their reply comes.
    pub fn udp(mut self) -> Self {
        self.settings.datagrams = true;
        self.netid = None;
        self
    }

    /// Calls over the transport of this name: `tcp` and `udp` over IPv4 alone, `tcp6` and `udp6` over IPv6 alone, `local` over the Unix
    /// socket that the port mapper of this host tells. Connecting with any other fails.
    ///
    /// ```
    /// # fn main() -> Result<(), onc_runtime::rpc::UnknownNetid> {
    /// // From a configuration, as libtirpc's `clnt_create` takes it.
    /// let builder = onc_runtime::Client::builder().netid("udp6".parse()?);
    /// # drop(builder);
    /// # Ok(()) }
    /// ```
    pub fn netid(mut self, netid: Netid) -> Self {
        self.settings.datagrams = matches!(netid, Netid::Udp | Netid::Udp6);
        self.netid = Some(netid);
        self
    }

    /// Calls from a port below 1024. Default: false. Only root may, and some servers take calls from no other ports: NFS servers
    /// unless they are told `insecure`.
    ///
    /// It proves something only on a network where nobody else is root.
    pub fn reserved_port(mut self, reserved: bool) -> Self {
        self.reserved_port = reserved;
        self
    }

    /// Serves a program to the server, over the connection to it (RFC 8167): a handler there calls it through
    /// [`Context::client`](crate::Context::client). Several may be added.
    ///
    /// It is served anew over each connection that is made, which is not closed when it is idle. Not over UDP.
    pub fn serve(mut self, program: impl Program) -> Self {
        self.served.add(program);
        self
    }

    /// How long a call may take in all, and connecting, which includes asking the port mapper. Default: 25 s, as of rpcgen's
    /// stubs. A single call may have [its own](crate::Call::timeout).
    ///
    /// A call may be given up as much as two tenths of a second later.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// Who calls. Default: `AUTH_NONE`. On Unix `AuthSys::of_this_process` is the user that this program runs as.
    pub fn credential(mut self, credential: impl Into<Credential>) -> Self {
        self.credential = credential.into();
        self
    }

    /// Signs every call, and checks every reply, by a flavour of credentials that does so: RPCSEC_GSS, one's own, a
    /// [`Shorthand`](crate::rpc::Shorthand). The [credential](Self::credential) is not used then.
    ///
    /// A session, where the flavour has such a thing, is set up with the first call. Clients that the builder's clones make share it:
    /// the value serves all of them.
    pub fn flavour(mut self, flavour: impl ClientFlavour) -> Self {
        self.flavour = Some(Arc::new(flavour));
        self
    }

    /// Which port mapper is asked, and how.
    pub fn resolver(mut self, resolver: Resolver) -> Self {
        self.resolver = resolver;
        self
    }

    /// The largest call that is sent and the largest reply that is read, in bytes without the record mark. Default: 64 MiB.
    ///
    /// Memory grows with what has arrived, not with what the server announces.
    /// A record is sent in one fragment, so that above 2 GiB - 1 ([`MAX_FRAGMENT_SIZE`]) this limit is that.
    pub fn max_record_size(mut self, bytes: usize) -> Self {
        self.settings.max_record_size = bytes.min(MAX_FRAGMENT_SIZE);
        self
    }

    /// How deep results may be nested that contain themselves. Default: 128.
    ///
    /// WARNING: decoding takes stack for each level.
    pub fn max_depth(mut self, depth: u32) -> Self {
        self.settings.limits.depth = depth;
        self
    }

    /// How many bytes of memory decoded results of one call may take beyond the reply itself. Default: 64 MiB.
    pub fn max_decoded_size(mut self, bytes: usize) -> Self {
        self.settings.limits.memory = bytes;
        self
    }

    /// Tolerates padding that is not zero and bytes after the results. Default: false.
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.settings.limits.lenient = lenient;
        self
    }

    /// Calls in flight at the same time. Default: 65536. One more fails at once.
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.settings.max_calls = calls;
        self
    }

    /// How long a connection is kept over which nothing is called. Default: 5 min, as of Linux's NFS client: a minute less than
    /// servers keep it. The next call connects again, and asks the port mapper again. `Duration::MAX` keeps it for ever.
    ///
    /// It may be kept a fifth longer.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.idle_timeout = timeout;
        self
    }

    /// Bytes of calls that the server has not taken. Default: 64 MiB. Above it further calls fail at once.
    pub fn max_unsent(mut self, bytes: usize) -> Self {
        self.settings.max_unsent = bytes;
        self
    }

    /// Puts `tower` middleware around the client: every call goes through it. Of several layers the first is the outermost,
    /// as of `tower::ServiceBuilder`.
    ///
    /// An error of the middleware is [`Error::Middleware`] to the caller.
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<ClientService> + Send + Sync + 'static,
        L::Service: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Error: Into<BoxError>,
        <L::Service as Service<Request>>::Future: Send,
    {
        self.wrapped(move |client| Client::from_service(layer.layer(client.into_service())))
    }

    /// Shows every call to an interceptor before it is sent. Of several interceptors and [layers](Self::layer) the first is the
    /// outermost.
    pub fn intercept(self, interceptor: impl ClientInterceptor) -> Self {
        let interceptor = Arc::new(interceptor);
        self.wrapped(move |client| client.intercepted_by(Arc::clone(&interceptor)))
    }

    /// Puts something around the client, within what is around it already.
    fn wrapped(mut self, inner: impl Fn(Client) -> Client + Send + Sync + 'static) -> Self {
        let outer = self.wrap.take();
        self.wrap = Some(Arc::new(move |client: Client| {
            let inner = inner(client);
            outer.as_ref().map_or_else(|| inner.clone(), |outer| outer(inner.clone()))
        }));
        self
    }

    /// Finds the server and connects to it, all within the [timeout](Self::timeout): a host's port mapper is asked for the
    /// port; a target that says the port is connected to as it is.
    ///
    /// A connection that is lost later is made again when the next call needs it, and the port mapper is asked again then.
    ///
    /// # Errors
    ///
    /// [`Error::Target`], [`Error::Resolve`], [`Error::Connect`], [`Error::Deadline`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, the attempt is abandoned.
    pub async fn connect<S: Stub>(self, target: impl Into<Target>) -> Result<S, Error> {
        Ok(S::from_client(self.connect_interface(S::INTERFACE, target).await?))
    }

    /// [`connect`](Self::connect) for an interface that is known at run time only; calls are made with
    /// [`Client::call_raw`].
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_interface(
        self,
        interface: &'static Interface,
        target: impl Into<Target>,
    ) -> Result<Client, Error> {
        let place = target.into().place().map_err(|error| Error::Target(Arc::new(error)))?;
        self.connect_place(interface, place).await
    }

    /// Connects to an address; no port mapper is asked.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::Deadline`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, the attempt is abandoned.
    pub async fn connect_to<S: Stub>(self, address: SocketAddr) -> Result<S, Error> {
        Ok(S::from_client(self.connect_place(S::INTERFACE, Place::Address(address)).await?))
    }

    /// Calls over a connection that is there already: a Unix socket, TLS, a pipe in memory. It is not made again when it is
    /// lost: that is what [`connect_with`](Self::connect_with) does.
    ///
    /// # Errors
    ///
    /// [`Error::Arguments`]: the credential cannot be encoded.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn connect_stream<S: Stub>(mut self, stream: impl Stream) -> Result<S, Error> {
        self.settings.datagrams = false;
        let link = self.served.link(stream, self.settings.max_record_size, Peer::local(None));
        Ok(S::from_client(self.start(S::INTERFACE, link, None)?))
    }

    async fn connect_place(mut self, interface: &'static Interface, place: Place) -> Result<Client, Error> {
        self.settings.server = Some(place.to_string().into());
        let plan = Arc::new(Plan {
            place,
            interface,
            datagrams: self.settings.datagrams,
            netid: self.netid,
            timeout: self.settings.timeout,
            max_record_size: self.settings.max_record_size,
            reserved_port: self.reserved_port,
            resolver: self.resolver.clone(),
            served: self.served.clone(),
            found: Mutex::default(),
            resolving: AtomicBool::new(false),
        });
        let link = plan.connect(Instant::now(), false).await?;
        self.start(interface, link, Some(Box::new(Reconnect(plan))))
    }

    pub(super) fn start(
        self,
        interface: &'static Interface,
        link: Link,
        connector: Option<Box<dyn Connector>>,
    ) -> Result<Client, Error> {
        let timeout = self.settings.timeout;
        let channel = Channel::new(self.settings);
        let mut client = Client::start(channel, link, connector, self.credential, Some(interface))
            .map_err(|error| Error::Arguments(Arc::new(error)))?;
        if let Some(flavour) = self.flavour {
            client = client.with_flavour(flavour);
        }
        let Some(wrap) = self.wrap else { return Ok(client) };
        // What waits in middleware has the same deadline.
        Ok(Client::in_front_of(&client, Hurried { client: wrap(client.clone()), timeout }))
    }
}

/// An error of the system while connecting to `address`.
pub(super) fn connect_error(address: impl std::fmt::Display, source: std::io::Error) -> Error {
    Error::Connect(Arc::new(ConnectError { address: address.to_string(), source }))
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { resolver, credential, settings, netid, reserved_port, served, flavour, wrap } = self;
        f.debug_struct("ClientBuilder")
            .field("resolver", resolver)
            .field("credential", credential)
            .field("settings", settings)
            .field("netid", netid)
            .field("reserved_port", reserved_port)
            .field("served", served)
            .field("flavour", flavour)
            .field("layered", &wrap.is_some())
            .finish()
    }
}
