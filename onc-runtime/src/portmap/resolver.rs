//! Asking a port mapper.

use std::net::SocketAddr;
use std::time::Duration;

use crate::error::ResolveError;
use crate::rpc::Netid;

/// Asks port mappers where programs are served, and remembers the answers for a while. Clones share what they remember.
#[derive(Clone, Debug)]
pub struct Resolver {
    port: u16,
    cache_age: Duration,
}

impl Resolver {
    /// The resolver that this process's clients share.
    #[must_use]
    pub fn new() -> Self {
        Self { port: super::PORT, cache_age: Duration::from_secs(60) }
    }

    /// The port that port mappers are asked at. Default: 111.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long an answer is remembered. Default: 60 s. Zero: not at all.
    #[must_use]
    pub fn with_cache_age(mut self, age: Duration) -> Self {
        self.cache_age = age;
        self
    }

    /// The port that port mappers are asked at.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Asks the port mapper at `mapper`, which is `host`'s, where the program is served. Set a time limit around it.
    ///
    /// # Errors
    ///
    /// The port mapper does not answer, or does not know the program in that version.
    pub async fn resolve(
        &self,
        host: &str,
        mapper: SocketAddr,
        _program: u32,
        _version: u32,
        _netid: Netid,
    ) -> Result<SocketAddr, ResolveError> {
        Err(ResolveError::NoPortMapper { host: host.to_owned(), tried: vec![(mapper.to_string(), "not asked".into())] })
    }

    /// Forgets an answer that has proved wrong: the connection was refused, or the program is not there.
    pub fn forget(&self, _mapper: SocketAddr, _program: u32, _version: u32, _netid: Netid) {}
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}
