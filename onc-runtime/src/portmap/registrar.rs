//! Registering a server's programs, and keeping them registered.

use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::farewell::Farewell;
use super::keeper::Keeper;
use super::place::Place;
use super::{RegisterError, Service};

/// Registers what a server serves with the port mapper of its host, and keeps it registered.
///
/// The port mapper may be started later than the server, go away, or lose its memory: the server serves all the same, and is
/// registered again when the port mapper is back.
///
/// ```
/// use onc_runtime::portmap::{Policy, Registrar};
///
/// # let builder = onc_runtime::Server::builder();
/// // The server does not start unless it can be found; it takes over from an instance that still runs.
/// let builder = builder.registrar(Registrar::new().policy(Policy::Require).replace(true));
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is registered before `register` is called"]
pub struct Registrar {
    policy: Policy,
    places: Vec<Place>,
    owner: Option<String>,
    replace: bool,
    check: Duration,
    timeout: Duration,
}

/// What it means to a server that it cannot be registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// The server does not start.
    Require,
    /// The server serves all the same, and is registered as soon as that is possible.
    #[default]
    BestEffort,
    /// The port mapper is not told.
    Off,
}

/// How a registration stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Status {
    /// The port mapper was not to be told: [`Policy::Off`].
    Off,
    /// The port mapper had every entry when it was last asked.
    Registered,
    /// It has not; it is tried again.
    Incomplete {
        /// Entries that the port mapper has.
        registered: Vec<Service>,
        /// Why it has no others.
        error: Arc<RegisterError>,
    },
}

/// What became of the entries of a server that has stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unregistered {
    /// Entries that were removed.
    pub removed: Vec<Service>,
    /// Entries that the port mapper may still have: it could not be told.
    pub left: Vec<Service>,
}

/// A server's entries in the port mapper: they are kept there until this is dropped or [unregistered](Self::unregister).
///
/// Dropped, the entries are removed in the background. If the runtime ends before that is done, its end waits for it, half a
/// second at most.
#[derive(Debug)]
pub struct Registration {
    status: watch::Receiver<Status>,
    keeper: Option<JoinHandle<Unregistered>>,
    /// Ends the keeper.
    stop: Option<DropGuard>,
}

impl Default for Registrar {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            places: Place::of_this_host(),
            owner: None,
            replace: false,
            check: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
        }
    }
}

impl Registrar {
    /// A registrar for the port mapper of this host: on its Unix socket (`/run/rpcbind.sock`, in the abstract namespace or as
    /// a path), where anybody may register, otherwise on port 111 of the loopback interface.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it means to the server that it cannot be registered. Default: [`Policy::BestEffort`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The port mapper to tell, over TCP. Default: this host's own.
    pub fn mapper(mut self, address: SocketAddr) -> Self {
        self.places = vec![Place::Tcp(address)];
        self
    }

    /// The Unix socket of the port mapper to tell. A name that begins with `@` or a zero byte is in Linux's abstract namespace.
    #[cfg(unix)]
    pub fn mapper_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.places = vec![Place::Unix(path.into())];
        self
    }

    /// What the entries say of their owner. Default: the number of the user that this process runs as. rpcbind, and the port
    /// mapper here, find the owner out themselves.
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Takes the place of a server of the same program and version that still answers, if the port mapper allows it.
    /// Default: false; the entry of a server that has died is replaced in any case.
    pub fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// How often the port mapper is asked, at least, whether it still has the entries. Default: 30 s. That it was stopped is
    /// noticed at once.
    pub fn check_interval(mut self, interval: Duration) -> Self {
        self.check = interval.max(Duration::from_millis(10));
        self
    }

    /// How long registering may take when the server starts, and removing the entries when it stops. Default: 5 s each.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The port mapper is not to be told.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.policy == Policy::Off
    }

    /// Registers `services`, and goes on in the background to keep them registered.
    ///
    /// # Errors
    ///
    /// The policy is [`Policy::Require`] and not all of them could be registered. Then none is.
    ///
    /// # Cancel safety
    ///
    /// Dropped, entries may have been made and stay.
    pub async fn register(self, services: Vec<Service>) -> Result<Registration, RegisterError> {
        let Self { policy, places, owner, replace, check, timeout } = self;
        if policy == Policy::Off || services.is_empty() {
            let (_, status) = watch::channel(if policy == Policy::Off { Status::Off } else { Status::Registered });
            return Ok(Registration { status, keeper: None, stop: None });
        }
        let owner = owner.unwrap_or_else(own_user);
        let mut keeper = Keeper { places, owner, replace, check, timeout, services, registered: Vec::new() };
        let first = keeper.attempt().await;
        if policy == Policy::Require
            && let Err(error) = first
        {
            keeper.remove().await;
            return Err(error);
        }
        let stop = CancellationToken::new();
        let (sender, status) = watch::channel(keeper.status(&first));
        let keeper = tokio::spawn(Keeper::run(Farewell::of(keeper), first, sender, stop.clone()));
        Ok(Registration { status, keeper: Some(keeper), stop: Some(stop.drop_guard()) })
    }
}

impl Registration {
    /// How it stands now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Waits until the port mapper has every entry. Never ends if the port mapper is not to be told.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is lost.
    pub async fn registered(&self) {
        let mut status = self.status.clone();
        if status.wait_for(|status| matches!(status, Status::Registered)).await.is_err() {
            // Nobody keeps it up to date any more.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the port mapper turns out not to have every entry. Never ends if the port mapper is not to be told.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is lost.
    pub async fn lost(&self) -> Arc<RegisterError> {
        let mut status = self.status.clone();
        loop {
            if let Status::Incomplete { error, .. } = &*status.borrow_and_update() {
                return Arc::clone(error);
            }
            if status.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Removes the entries from the port mapper: exactly those that were made here.
    ///
    /// It takes no longer than [`Registrar::timeout`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, it goes on in the background.
    pub async fn unregister(mut self) -> Unregistered {
        drop(self.stop.take());
        match self.keeper.take() {
            // It ends in a panic only if something in it has a mistake, which has been told by then.
            Some(keeper) => keeper.await.unwrap_or_default(),
            None => Unregistered::default(),
        }
    }
}

/// The number of the user that this process acts as, where there are such numbers.
fn own_user() -> String {
    #[cfg(unix)]
    return nix::unistd::geteuid().to_string();
    #[cfg(not(unix))]
    String::new()
}
