//! The task that keeps a server's entries in the port mapper.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::Timer;
use crate::observe;
use crate::transport::Stream;

use super::conflict;
use super::farewell::Farewell;
use super::mapper::Mapper;
use super::place::Place;
use super::registrar::{Status, Unregistered};
use super::{RegisterError, Service};

/// What is to be kept registered, and what is.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) places: Vec<Place>,
    pub(super) owner: String,
    pub(super) replace: bool,
    pub(super) check: Duration,
    pub(super) timeout: Duration,
    pub(super) services: Vec<Service>,
    /// Those of them that the port mapper had when it was last asked.
    pub(super) registered: Vec<Service>,
}

/// A port mapper that has all entries.
#[derive(Debug)]
pub(super) struct Held {
    place: Place,
    /// A connection that ends when that port mapper does.
    watch: Option<Watch>,
}

/// A connection over which nothing is sent.
struct Watch(Box<dyn Stream>);

/// The pause before the next attempt after one that failed: the first, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

impl Keeper {
    /// Registers what is not registered, within the time limit.
    pub(super) async fn attempt(&mut self) -> Result<Held, RegisterError> {
        let after = self.timeout;
        timeout(after, self.attempt_patiently()).await.unwrap_or(Err(RegisterError::Timeout { after }))
    }

    async fn attempt_patiently(&mut self) -> Result<Held, RegisterError> {
        self.registered.clear();
        let (place, mut mapper) = self.connect().await?;
        // Opened before the port mapper is asked: if it ends after its answer, that will be seen.
        let watch = place.watch().await.ok().map(Watch);
        let mut failed = None;
        // The usual case by far is that all is well.
        let mut entries = self.entries(&place, &mut mapper).await?;
        let is_missing = |service: &&Service| !entries.iter().any(|entry| mapper.is(entry, service));
        let missing: Vec<&Service> = self.services.iter().filter(is_missing).collect();
        if !missing.is_empty() {
            mapper = as_root(&place, mapper).await;
            for service in missing {
                let made =
                    conflict::make(&place, &mut mapper, service, &self.services, &self.owner, self.replace).await;
                if let Err(error) = made {
                    tracing::warn!(target: "onc::portmap", %error, "not registered");
                    failed.get_or_insert(error);
                }
            }
            // What the port mapper says yes to is not yet what it has.
            entries = self.entries(&place, &mut mapper).await?;
        }
        for service in &self.services {
            if entries.iter().any(|entry| mapper.is(entry, service)) {
                self.registered.push(service.clone());
            } else {
                failed.get_or_insert_with(|| RegisterError::Missing {
                    mapper: place.to_string(),
                    service: service.clone(),
                });
            }
        }
        tracing::debug!(
            target: "onc::portmap",
            mapper = %place, version = mapper.version().number(), entries = self.registered.len(),
            "registered"
        );
        failed.map_or(Ok(Held { place, watch }), Err)
    }

    /// Removes the entries that are still as they were made, within the time limit.
    pub(super) async fn remove(&mut self) -> Unregistered {
        // Those that are not known to be there may be: the port mapper was perhaps not heard to say yes.
        match timeout(self.timeout, self.remove_patiently()).await {
            Ok(Ok(removed)) => Unregistered { removed, left: Vec::new() },
            Ok(Err(error)) => self.not_removed(&error),
            Err(_) => self.not_removed(&RegisterError::Timeout { after: self.timeout }),
        }
    }

    async fn remove_patiently(&self) -> Result<Vec<Service>, RegisterError> {
        let (place, mut mapper) = self.connect().await?;
        let entries = self.entries(&place, &mut mapper).await?;
        // What is at another address by now is not ours.
        let ours = |service: &&Service| entries.iter().any(|entry| mapper.is(entry, service));
        let gone: Vec<Service> = self.services.iter().filter(ours).cloned().collect();
        let failed = |error| RegisterError::Call { mapper: place.to_string(), error };
        if gone.is_empty() {
            return Ok(gone);
        }
        let mut mapper = as_root(&place, mapper).await;
        if !mapper.remove(&gone, &self.owner, &entries).await.map_err(failed)? {
            let service = gone[0].clone();
            return Err(RegisterError::Refused { mapper: place.to_string(), service });
        }
        Ok(gone)
    }

    fn not_removed(&self, error: &RegisterError) -> Unregistered {
        if let RegisterError::NoPortMapper { .. } = error {
            // It has forgotten them with everything else.
            return Unregistered::default();
        }
        tracing::warn!(target: "onc::portmap", %error, "entries may be left in the port mapper");
        Unregistered { removed: Vec::new(), left: self.registered.clone() }
    }

    /// How it stands after an attempt.
    pub(super) fn status(&self, attempt: &Result<Held, RegisterError>) -> Status {
        self.count();
        match attempt {
            Ok(_) => Status::Registered,
            Err(error) => Status::Incomplete { registered: self.registered.clone(), error: Arc::new(error.clone()) },
        }
    }

    /// Keeps the entries there until `stop`, then removes them. `last` is how the last attempt went.
    pub(super) async fn run(
        mut keeper: Farewell,
        mut last: Result<Held, RegisterError>,
        status: watch::Sender<Status>,
        stop: CancellationToken,
    ) -> Unregistered {
        let mut pause = BACK_OFF.0;
        while stop.run_until_cancelled(keeper.wait(&mut last, &mut pause)).await.is_some() {
            // An attempt is not cut off half way: what it has made would not be known.
            let was_registered = last.is_ok();
            last = keeper.attempt().await;
            match &last {
                Ok(held) if !was_registered => {
                    tracing::info!(target: "onc::portmap", mapper = %held.place, "registered with the port mapper");
                    pause = BACK_OFF.0;
                }
                Err(error) if was_registered => {
                    tracing::warn!(target: "onc::portmap", %error, "no longer registered; it is tried again");
                }
                _ => {}
            }
            status.send_replace(keeper.status(&last));
        }
        let unregistered = keeper.remove().await;
        keeper.registered.clear();
        keeper.count();
        keeper.said();
        unregistered
    }

    /// Tells the metrics which entries there are.
    fn count(&self) {
        for service in &self.services {
            let Service { program, version, netid, .. } = *service;
            observe::registered(program, version, netid, self.registered.contains(service));
        }
    }

    /// Waits until there is reason to ask the port mapper again.
    async fn wait(&self, last: &mut Result<Held, RegisterError>, pause: &mut Duration) {
        if let Ok(held) = last {
            let begun = Instant::now();
            let Some(watch) = &mut held.watch else { return Timer::after(self.check).await };
            tokio::select! {
                () = watch.closed() => {}
                () = Timer::after(self.check) => return,
            }
            // One that closes its connections at once, again and again, is not asked in a loop.
            if begun.elapsed() > BACK_OFF.1 {
                *pause = BACK_OFF.0;
            }
        }
        sleep(*pause).await;
        *pause = (*pause * 2).min(BACK_OFF.1);
    }

    /// Connects to the first port mapper that there is.
    async fn connect(&self) -> Result<(Place, Mapper), RegisterError> {
        let mut tried = Vec::new();
        for place in &self.places {
            match place.connect().await {
                Ok(client) => return Ok((place.clone(), Mapper::new(client))),
                Err(error) => tried.push((place.to_string(), reason(&error))),
            }
        }
        Err(RegisterError::NoPortMapper { tried })
    }

    async fn entries(&self, place: &Place, mapper: &mut Mapper) -> Result<Vec<super::protocol::Rpcb>, RegisterError> {
        mapper.entries().await.map_err(|error| RegisterError::Call { mapper: place.to_string(), error })
    }
}

/// The same port mapper, over a connection by which it knows that we are root, if we are and there is one.
async fn as_root(place: &Place, mapper: Mapper) -> Mapper {
    match place.connect_as_root().await {
        Some(client) => mapper.over(client),
        None => mapper,
    }
}

impl Watch {
    /// Ends when the other end closes the connection: it has ended, or finds the connection idle.
    async fn closed(&mut self) {
        let mut unexpected = [0; 64];
        while self.0.read(&mut unexpected).await.is_ok_and(|received| received > 0) {}
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// What the system says, without its number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "not there".into(),
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        _ => error.to_string(),
    }
}
