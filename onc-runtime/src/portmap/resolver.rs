//! Asking a port mapper.

use std::net::{SocketAddr, SocketAddrV6};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::error::{Error, Refusal, ResolveError};
use crate::rpc::{Netid, UniversalAddress};

use super::cache::Cache;
use super::mapper::{Lookup, Mapper, Told};
use super::place::Place;
use super::probe::{Probe, probe};
use super::protocol::Rpcb;

/// Asks port mappers where programs are served, and remembers the answers for a while. Cheap to clone.
///
/// It asks in versions 4, 3 and 2 of the protocol in turn, over the transport that is wanted, and does not believe all that it
/// is told: port mappers answer with another version's address when there is none of the version asked for.
#[derive(Clone, Debug)]
pub struct Resolver {
    port: u16,
    cache: Arc<Cache>,
    cache_age: Duration,
    probe: Option<Duration>,
}

/// The answers that are remembered for all clients of this process.
static SHARED: LazyLock<Arc<Cache>> = LazyLock::new(Arc::default);

/// How long the mapper has to list what it has when that only makes an error clearer.
const PATIENCE: Duration = Duration::from_secs(2);

impl Resolver {
    /// A resolver that shares what it remembers with all others of this process.
    #[must_use]
    pub fn new() -> Self {
        Self { port: super::PORT, cache: Arc::clone(&SHARED), cache_age: Duration::from_secs(60), probe: None }
    }

    /// The port that port mappers are asked at. Default: 111.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long an answer is remembered. Default: 60 s. Zero: not at all.
    ///
    /// An answer that proves wrong is [forgotten](Self::forget) whatever its age.
    #[must_use]
    pub fn with_cache_age(mut self, age: Duration) -> Self {
        self.cache_age = age;
        self
    }

    /// Calls procedure 0 of what was found before it is handed out, and waits so long for the answer. Default: off.
    ///
    /// Port mappers keep the entries of servers that have died. Over TCP connecting shows that at once; over UDP it takes until
    /// the deadline without this.
    #[must_use]
    pub fn with_probe(mut self, limit: Duration) -> Self {
        self.probe = Some(limit);
        self
    }

    /// The port that port mappers are asked at.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Asks the port mapper at `mapper`, which is `host`'s, where the program is served: over UDP if `netid` is of that kind,
    /// otherwise over TCP. Set a time limit around it.
    ///
    /// # Errors
    ///
    /// The port mapper does not answer, or does not know the program in that version.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is lost.
    pub async fn resolve(
        &self,
        host: &str,
        mapper: SocketAddr,
        program: u32,
        version: u32,
        netid: Netid,
    ) -> Result<SocketAddr, ResolveError> {
        let wanted = Lookup { program, version, netid };
        if let Some(address) = self.cache.find((mapper, wanted), self.cache_age, Instant::now()) {
            return Ok(address);
        }
        let asking = Asking { host, mapper, wanted };
        let mut address = asking.ask().await?;
        if self.cache.refused(&(mapper, wanted)) == Some(address) {
            address = asking.listed().await.unwrap_or(address);
        }
        tracing::debug!(target: "onc::portmap", %mapper, program, version, %netid, %address, "resolved");
        if let Some(limit) = self.probe {
            check(host, wanted, address, limit).await?;
        }
        if !self.cache_age.is_zero() {
            self.cache.insert((mapper, wanted), address, self.cache_age, Instant::now());
        }
        Ok(address)
    }

    /// Remembers that nobody is at the address of an answer. If the port mapper tells the same address again, it is asked
    /// which one the server itself has registered: rpcbind tells its own in place of that, as if every server were at all
    /// addresses of the host.
    pub fn refused(&self, mapper: SocketAddr, program: u32, version: u32, netid: Netid, address: SocketAddr) {
        self.cache.refuse((mapper, Lookup { program, version, netid }), address, self.cache_age, Instant::now());
    }

    /// Forgets an answer that has proved wrong: the program is not there.
    pub fn forget(&self, mapper: SocketAddr, program: u32, version: u32, netid: Netid) {
        self.cache.remove(&(mapper, Lookup { program, version, netid }));
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}

/// One question.
struct Asking<'a> {
    host: &'a str,
    mapper: SocketAddr,
    wanted: Lookup,
}

impl Asking<'_> {
    /// Where the mapper is asked: over the transport that is wanted.
    fn place(&self) -> Place {
        let datagrams = matches!(self.wanted.netid, Netid::Udp | Netid::Udp6);
        if datagrams { Place::Udp(self.mapper) } else { Place::Tcp(self.mapper) }
    }

    async fn ask(&self) -> Result<SocketAddr, ResolveError> {
        let place = self.place();
        let unreachable = |what: String| ResolveError::NoPortMapper {
            host: self.host.to_owned(),
            tried: vec![(place.to_string(), what)],
        };
        let client = place.connect().await.map_err(|error| unreachable(error.to_string()))?;
        let mut mapper = Mapper::new(client);
        let told = mapper.address(self.wanted, self.mapper).await.map_err(|error| match error {
            // Somebody else is at the mapper's port.
            Error::Refused(Refusal::ProgramUnavailable | Refusal::ProgramMismatch { .. }) => {
                unreachable("what is there is no port mapper".into())
            }
            Error::Refused(_) | Error::Reply(_) | Error::Results(_) => self.senseless(error.to_string()),
            error => unreachable(error.to_string()),
        })?;
        let versions = match &told {
            Some(Told { exact: true, .. }) => None,
            _ => self.versions(&mut mapper).await,
        };
        match (told, versions) {
            (Some(told), versions) if versions.as_ref().is_none_or(|there| there.contains(&self.wanted.version)) => {
                self.address(&told.address)
            }
            (_, Some(versions)) if !versions.is_empty() && !versions.contains(&self.wanted.version) => {
                Err(ResolveError::VersionNotRegistered {
                    host: self.host.to_owned(),
                    program: self.wanted.program,
                    version: self.wanted.version,
                    versions,
                })
            }
            _ => Err(self.not_registered()),
        }
    }

    /// The address in the mapper's list, if that has one of a single interface.
    async fn listed(&self) -> Option<SocketAddr> {
        let list = async { Mapper::new(self.place().connect().await.ok()?).entries().await.ok() };
        let entries = timeout(PATIENCE, list).await.ok().flatten()?;
        let Lookup { program, version, netid } = self.wanted;
        let ours = |entry: &&Rpcb| {
            entry.prog == program && entry.vers == version && entry.netid.parse().is_ok_and(|its: Netid| its == netid)
        };
        let address = UniversalAddress::parse(netid, &entries.iter().find(ours)?.address).ok()?.socket_addr()?;
        (!address.ip().is_unspecified()).then(|| as_reached(address, self.mapper))
    }

    /// The versions of the program that the mapper lists, if it does list what it has.
    async fn versions(&self, mapper: &mut Mapper) -> Option<Vec<u32>> {
        let entries = timeout(PATIENCE, mapper.entries()).await.ok()?.ok()?;
        let ours = |entry: &&Rpcb| {
            entry.prog == self.wanted.program
                && entry.netid.parse().is_ok_and(|netid: Netid| netid == self.wanted.netid)
        };
        let mut versions: Vec<u32> = entries.iter().filter(ours).map(|entry| entry.vers).collect();
        versions.sort_unstable();
        versions.dedup();
        Some(versions)
    }

    /// Reads the address that the mapper told, as it is reached from here.
    fn address(&self, told: &str) -> Result<SocketAddr, ResolveError> {
        let address = match UniversalAddress::parse(self.wanted.netid, told) {
            Ok(UniversalAddress::Ip(address)) => address,
            Ok(other) => return Err(self.senseless(format!("{other} is not an IP address"))),
            Err(error) => return Err(self.senseless(error.to_string())),
        };
        if address.port() == 0 {
            return Err(self.senseless(format!("`{told}` is port 0")));
        }
        Ok(as_reached(address, self.mapper))
    }

    fn not_registered(&self) -> ResolveError {
        let Lookup { program, version, netid } = self.wanted;
        ResolveError::NotRegistered { host: self.host.to_owned(), program, version, netid: netid.as_str() }
    }

    fn senseless(&self, answer: String) -> ResolveError {
        ResolveError::Answer { host: self.host.to_owned(), answer }
    }
}

/// The address of a server as it is reached by one who has reached its host's mapper at `mapper`.
fn as_reached(address: SocketAddr, mapper: SocketAddr) -> SocketAddr {
    let there = mapper.ip().to_canonical();
    let ip = address.ip().to_canonical();
    // A wildcard is every address of that host. Its loopback is not ours: the server is not reachable, but a server of our
    // own host at the same port must not be taken for it.
    if ip.is_unspecified() || (ip.is_loopback() && !there.is_loopback()) {
        let mut reached = mapper;
        reached.set_port(address.port());
        return reached;
    }
    match (address, mapper) {
        // The text of an address has no scope: it is that of the link by which the mapper was reached.
        (SocketAddr::V6(address), SocketAddr::V6(mapper)) if address.ip().is_unicast_link_local() => {
            SocketAddrV6::new(*address.ip(), address.port(), 0, mapper.scope_id()).into()
        }
        (address, _) => address,
    }
}

/// Checks that the program answers at the address.
async fn check(host: &str, wanted: Lookup, address: SocketAddr, limit: Duration) -> Result<(), ResolveError> {
    let Lookup { program, version, netid } = wanted;
    let what = match probe(netid, &address.into(), program, version, limit).await {
        Probe::Answers(_) => return Ok(()),
        Probe::Refuses(Refusal::ProgramMismatch { low, high }) => {
            let versions = if low == high { vec![low] } else { vec![low, high] };
            return Err(ResolveError::VersionNotRegistered { host: host.to_owned(), program, version, versions });
        }
        Probe::Refuses(refusal) => refusal.to_string(),
        Probe::Nobody => "nobody is there".into(),
        Probe::Silent => format!("no answer came within {limit:?}"),
        Probe::Unreachable => "that cannot be reached".into(),
    };
    Err(ResolveError::Answer { host: host.to_owned(), answer: format!("program {program} at {address}, but {what}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(address: &str, mapper: &str) -> String {
        as_reached(address.parse().expect("address"), mapper.parse().expect("address")).to_string()
    }

    #[test]
    fn wildcards_and_loopbacks_become_the_hosts_address() {
        assert_eq!(reached("0.0.0.0:2049", "192.0.2.1:111"), "192.0.2.1:2049");
        assert_eq!(reached("[::]:2049", "[2001:db8::1]:111"), "[2001:db8::1]:2049");
        assert_eq!(reached("127.0.0.1:2049", "192.0.2.1:111"), "192.0.2.1:2049");
        assert_eq!(reached("127.0.0.1:2049", "127.0.0.1:111"), "127.0.0.1:2049");
        assert_eq!(reached("[::1]:2049", "[::1]:111"), "[::1]:2049");
        assert_eq!(reached("192.0.2.9:2049", "192.0.2.1:111"), "192.0.2.9:2049");
        assert_eq!(reached("192.0.2.9:2049", "127.0.0.1:111"), "192.0.2.9:2049", "through a tunnel, say");
    }

    #[test]
    fn a_link_local_address_is_on_the_link_of_the_mapper() {
        assert_eq!(reached("[fe80::2]:2049", "[fe80::1%3]:111"), "[fe80::2%3]:2049");
        assert_eq!(reached("[::]:2049", "[fe80::1%3]:111"), "[fe80::1%3]:2049");
        assert_eq!(reached("[2001:db8::2]:2049", "[fe80::1%3]:111"), "[2001:db8::2]:2049");
    }
}
