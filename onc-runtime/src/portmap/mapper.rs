//! A port mapper that is being asked, in the highest version that it speaks.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;

use crate::channel::Client;
use crate::error::{Error, Refusal};
use crate::rpc::{Netid, Procedure, UniversalAddress};

use super::Service;
use super::place::Place;
use super::protocol::{Mapping, Rpcb, RpcbAddress, StatisticsByVersion, pmap_v2, rpcb_v3, rpcb_v4};

/// A port mapper that is being asked over a connection, in the highest version of the protocol that it speaks: for tools
/// that show and change what it has. Servers have a [`Registrar`](super::Registrar), clients a
/// [`Resolver`](super::Resolver).
///
/// A call takes 25 s at most.
#[derive(Debug)]
pub struct Mapper {
    client: Client,
    version: Version,
}

/// A version of the port mapper's protocol.
// Exhaustive on purpose: there will not be another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// portmap, which knows TCP and UDP over IPv4 only.
    V2,
    /// rpcbind, for any transport.
    V3,
    /// rpcbind with exact versions, lists of addresses and statistics.
    V4,
}

impl Mapper {
    /// Connects to the port mapper of this host: on its Unix socket, otherwise over TCP.
    ///
    /// # Errors
    ///
    /// There is none; the text says where it was looked for.
    pub async fn of_this_host() -> io::Result<Self> {
        let mut tried = Vec::new();
        for place in Place::of_this_host() {
            match place.connect().await {
                Ok(client) => return Ok(Self::new(client)),
                Err(error) => tried.push(format!("{place} ({error})")),
            }
        }
        let tried = tried.join(", ");
        Err(io::Error::new(io::ErrorKind::NotFound, format!("no port mapper answers on this host; tried {tried}")))
    }

    /// Connects over TCP.
    ///
    /// # Errors
    ///
    /// The system's, as of connecting.
    pub async fn tcp(address: SocketAddr) -> io::Result<Self> {
        Place::Tcp(address).connect().await.map(Self::new)
    }

    /// Asks over UDP.
    ///
    /// # Errors
    ///
    /// The system's, as of making a socket. Whether anybody is there is not known before the first answer.
    pub async fn udp(address: SocketAddr) -> io::Result<Self> {
        Place::Udp(address).connect().await.map(Self::new)
    }

    /// Connects to a Unix socket. A name that begins with `@` or a zero byte is in Linux's abstract namespace.
    ///
    /// # Errors
    ///
    /// The system's, as of connecting.
    #[cfg(unix)]
    pub async fn unix(path: impl Into<PathBuf>) -> io::Result<Self> {
        Place::Unix(path.into()).connect().await.map(Self::new)
    }

    /// Speaks to it in this version at most.
    #[must_use]
    pub fn at_most(mut self, version: Version) -> Self {
        self.version = self.version.min(version);
        self
    }

    /// The same port mapper, in the same version, over another connection.
    pub(super) fn over(&self, client: Client) -> Self {
        Self { client, version: self.version }
    }

    /// A port mapper that may speak version 4.
    pub(super) fn new(client: Client) -> Self {
        Self { client, version: Version::V4 }
    }

    /// The version that it is spoken to in, after the first answer.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The calls of the protocol itself: `call::<rpcb_v4::Gettime>(())`.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Removes the entries of a program and version, over one netid or all: what the mapper lets us remove. False: not all
    /// of them. In version 2 those over TCP and UDP are removed whatever the netid.
    ///
    /// # Errors
    ///
    /// The connection was lost, or the mapper refused.
    pub async fn unset(&mut self, program: u32, version: u32, netid: Option<Netid>) -> Result<bool, Error> {
        let netid = netid.map(|netid| netid.to_string()).unwrap_or_default();
        loop {
            let arguments = || Rpcb { prog: program, vers: version, netid: netid.clone(), ..Rpcb::default() };
            let outcome = match self.version {
                Version::V4 => self.client.call::<rpcb_v4::Unset>((arguments(),)).await,
                Version::V3 => self.client.call::<rpcb_v3::Unset>((arguments(),)).await,
                Version::V2 => {
                    let mapping = Mapping { prog: program, vers: version, prot: 0, port: 0 };
                    self.client.call::<pmap_v2::Unset>((mapping,)).await
                }
            };
            if let Some(outcome) = self.settle(outcome) {
                return outcome;
            }
        }
    }

    /// The addresses of exactly this version of a program, over the transports of the family that is asked by: version 4 only.
    ///
    /// # Errors
    ///
    /// The connection was lost, or the mapper refused.
    pub async fn addresses(&self, program: u32, version: u32) -> Result<Vec<RpcbAddress>, Error> {
        let arguments = Rpcb { prog: program, vers: version, ..Rpcb::default() };
        let list = self.client.call::<rpcb_v4::Getaddrlist>((arguments,)).await?;
        Ok(list.into_iter().map(|node| node.entry).collect())
    }

    /// What the mapper has done in versions 2, 3 and 4: version 4 only.
    ///
    /// # Errors
    ///
    /// The connection was lost, or the mapper refused.
    pub async fn statistics(&self) -> Result<StatisticsByVersion, Error> {
        self.client.call::<rpcb_v4::Getstat>(()).await
    }

    /// Makes an entry; false if there is another one, or if the version that the mapper speaks has no such entries.
    pub(super) async fn set(&mut self, service: &Service, owner: &str) -> Result<bool, Error> {
        loop {
            let outcome = match self.version {
                Version::V4 => self.client.call::<rpcb_v4::Set>((rpcb(service, owner),)).await,
                Version::V3 => self.client.call::<rpcb_v3::Set>((rpcb(service, owner),)).await,
                Version::V2 => match mapping(service) {
                    Some(mapping) => self.client.call::<pmap_v2::Set>((mapping,)).await,
                    None => Ok(false),
                },
            };
            if let Some(outcome) = self.settle(outcome) {
                return outcome;
            }
        }
    }

    /// Removes entries that are there as they are here; true if none of them is left. What `all` has beyond them stays.
    pub(super) async fn remove(&mut self, gone: &[Service], owner: &str, all: &[Rpcb]) -> Result<bool, Error> {
        let mut removed = true;
        for (at, service) in gone.iter().enumerate() {
            let outcome = match self.version {
                Version::V4 => self.client.call::<rpcb_v4::Unset>((rpcb(service, owner),)).await,
                Version::V3 => self.client.call::<rpcb_v3::Unset>((rpcb(service, owner),)).await,
                Version::V2 => {
                    let same = |other: &Service| other.program == service.program && other.version == service.version;
                    // The first one takes all others of its version with it.
                    if gone[..at].iter().any(same) { Ok(true) } else { self.remove_version(service, gone, all).await }
                }
            };
            removed &= outcome?;
        }
        Ok(removed)
    }

    /// Removes all entries of a version and makes those anew that were to stay: version 2 removes what is there over TCP and
    /// over UDP alike.
    async fn remove_version(&self, service: &Service, gone: &[Service], all: &[Rpcb]) -> Result<bool, Error> {
        let Some(arguments) = mapping(service) else { return Ok(true) };
        let removed = self.client.call::<pmap_v2::Unset>((arguments,)).await?;
        for entry in all.iter().filter(|entry| entry.prog == service.program && entry.vers == service.version) {
            if !gone.iter().any(|gone| self.is(entry, gone))
                && let Some(mapping) = Service::try_from(entry).ok().as_ref().and_then(mapping)
            {
                self.client.call::<pmap_v2::Set>((mapping,)).await?;
            }
        }
        Ok(removed)
    }

    /// All entries. In version 2 their addresses have no host, and nobody owns them.
    ///
    /// # Errors
    ///
    /// The connection was lost, or the mapper refused.
    pub async fn entries(&mut self) -> Result<Vec<Rpcb>, Error> {
        loop {
            let outcome = match self.version {
                Version::V4 => self.client.call::<rpcb_v4::Dump>(()).await.map(plain),
                Version::V3 => self.client.call::<rpcb_v3::Dump>(()).await.map(plain),
                Version::V2 => self
                    .client
                    .call::<pmap_v2::Dump>(())
                    .await
                    .map(|list| list.iter().filter_map(|node| from_mapping(&node.map)).collect()),
            };
            if let Some(outcome) = self.settle(outcome) {
                return outcome;
            }
        }
    }

    /// The universal address of a program as the mapper tells it, and whether that is certain to be of this very version.
    /// `None`: the mapper has none. `seen` is the mapper's address as it was reached.
    pub(super) async fn address(&mut self, service: Lookup, seen: SocketAddr) -> Result<Option<Told>, Error> {
        loop {
            let Lookup { program, version, netid } = service;
            let arguments = || Rpcb {
                prog: program,
                vers: version,
                netid: netid.as_str().into(),
                // libtirpc and the kernel send it, and rpcbind answers a wildcard registration with it.
                address: UniversalAddress::from(seen).to_string(),
                owner: String::new(),
            };
            let told = |exact: bool| move |address: String| (!address.is_empty()).then_some(Told { address, exact });
            let outcome = match self.version {
                Version::V4 => self.client.call::<rpcb_v4::Getversaddr>((arguments(),)).await.map(told(true)),
                Version::V3 => self.client.call::<rpcb_v3::Getaddr>((arguments(),)).await.map(told(false)),
                Version::V2 => self.port(service, seen).await,
            };
            if let Some(outcome) = self.settle(outcome) {
                return outcome;
            }
        }
    }

    async fn port(&self, Lookup { program, version, netid }: Lookup, seen: SocketAddr) -> Result<Option<Told>, Error> {
        let Some(protocol) = netid.protocol() else { return Ok(None) };
        let arguments = Mapping { prog: program, vers: version, prot: protocol, port: 0 };
        let port = self.client.call::<pmap_v2::Getport>((arguments,)).await?;
        // A port that does not exist becomes an address that does not parse: whoever reads it says so.
        let address = match u16::try_from(port) {
            Ok(0) => return Ok(None),
            Ok(port) => UniversalAddress::from(SocketAddr::new(seen.ip(), port)).to_string(),
            Err(_) => format!("port {port}"),
        };
        Ok(Some(Told { address, exact: false }))
    }

    /// Whether an entry is this service, at this address.
    pub(super) fn is(&self, entry: &Rpcb, service: &Service) -> bool {
        if !occupies(entry, service) {
            return false;
        }
        match self.version {
            // It knows ports only.
            Version::V2 => {
                let port = |address: &UniversalAddress| address.socket_addr().map(|address| address.port());
                entry.address.parse().is_ok_and(|address| port(&address) == port(&service.address))
            }
            Version::V3 | Version::V4 => entry.address == service.address.to_string(),
        }
    }

    /// What an outcome means: `None`, that the same is to be asked in a lower version.
    fn settle<T>(&mut self, outcome: Result<T, Error>) -> Option<Result<T, Error>> {
        let lower = match (&outcome, self.version) {
            (Err(Error::Refused(refusal)), Version::V4 | Version::V3) => matches!(
                refusal,
                Refusal::ProgramMismatch { .. }
                    | Refusal::ProgramUnavailable
                    | Refusal::ProcedureUnavailable
                    | Refusal::GarbageArguments
            ),
            _ => false,
        };
        if !lower {
            return Some(outcome);
        }
        self.version = if self.version == Version::V4 { Version::V3 } else { Version::V2 };
        None
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lookup {
    pub(super) program: u32,
    pub(super) version: u32,
    pub(super) netid: Netid,
}

/// What a mapper told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The universal address.
    pub(super) address: String,
    /// It is of the version that was asked for. Otherwise it may be another version's.
    pub(super) exact: bool,
}

impl Version {
    /// Its number.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::V2 => pmap_v2::Set::INTERFACE.version,
            Self::V3 => rpcb_v3::Set::INTERFACE.version,
            Self::V4 => rpcb_v4::Set::INTERFACE.version,
        }
    }
}

/// Whether an entry is of this program, version and netid, at whatever address.
pub(super) fn occupies(entry: &Rpcb, service: &Service) -> bool {
    entry.prog == service.program
        && entry.vers == service.version
        && entry.netid.parse::<Netid>().is_ok_and(|netid| netid == service.netid)
}

fn rpcb(service: &Service, owner: &str) -> Rpcb {
    Rpcb {
        prog: service.program,
        vers: service.version,
        netid: service.netid.as_str().into(),
        address: service.address.to_string(),
        owner: owner.into(),
    }
}

/// As version 2 says it, which knows IPv4 only.
fn mapping(service: &Service) -> Option<Mapping> {
    let prot = service.netid.protocol()?;
    let port = service.address.socket_addr()?.port();
    Some(Mapping { prog: service.program, vers: service.version, prot, port: port.into() })
}

fn from_mapping(mapping: &Mapping) -> Option<Rpcb> {
    let netid = Netid::from_protocol(mapping.prot)?;
    let port = u16::try_from(mapping.port).ok()?;
    let address = UniversalAddress::from(SocketAddr::from(([0, 0, 0, 0], port)));
    Some(Rpcb {
        prog: mapping.prog,
        vers: mapping.vers,
        netid: netid.as_str().into(),
        address: address.to_string(),
        owner: String::new(),
    })
}

fn plain(list: super::protocol::RpcbList) -> Vec<Rpcb> {
    list.into_iter().map(|node| node.map).collect()
}
