//! `onc ping`: procedure 0 of a program.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use onc_runtime::portmap::{Probe, ProgramNames, Resolver, probe};
use onc_runtime::rpc::{Netid, UniversalAddress};
use onc_runtime::{Refusal, ResolveError};

use crate::terminal::safe;

use super::place::{self, Place};
use super::{Failure, block_on, say};

/// Call procedure 0 of a program: does its server answer, and how fast
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  onc ping nas nfs                   every version, over TCP
  onc ping ::1 nfs                   over IPv6
  onc ping nas mountd 3 --netid udp
  onc ping nas:2049 nfs 3 -c 5       at a known port, five times
  onc ping unix:/run/calc.sock 0x20000099")]
pub(super) struct Ping {
    /// HOST, whose port mapper is asked; or the server itself: HOST:PORT, a universal address, or unix:PATH
    host: String,
    /// The program, by number or name
    program: String,
    /// The version; without it all that there are
    #[arg(id = "program_version", value_name = "VERSION")]
    version: Option<u32>,
    /// The transport: tcp, udp, tcp6, udp6, local. Default: TCP, over IPv4 or IPv6 as the server's address is
    #[arg(long, short = 'T')]
    netid: Option<Netid>,
    /// How often to call
    #[arg(long, short, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// How long to wait for each answer, in seconds
    #[arg(long, short = 'W', default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    wait: u32,
}

impl Ping {
    pub(super) fn run(self) -> Result<(), Failure> {
        block_on(ping(self))
    }
}

/// A version, and where it is.
type Served = (u32, UniversalAddress);

/// What is called.
struct Called {
    /// `None`: TCP.
    netid: Option<Netid>,
    program: u32,
    version: Option<u32>,
    limit: Duration,
}

/// Calls, and prints a line for each version and call.
async fn ping(options: Ping) -> Result<(), Failure> {
    let program = place::program(&ProgramNames::of_this_host(), &options.program)?;
    let limit = Duration::from_secs(options.wait.into());
    let called = Called { netid: options.netid, program, version: options.version, limit };
    let (netid, targets) = match place::read(&options.host, options.netid).await? {
        Place::Server(addresses) => {
            let address = place::first_there(&addresses, program, |address| called.netid(address), limit).await;
            called.versions_at(called.netid(&address), address.into()).await
        }
        Place::Unix(address) => called.versions_at(Netid::Local, address).await,
        Place::Mapper(host) if options.netid == Some(Netid::Local) => called.versions_here(&host).await?,
        Place::Mapper(host) => called.versions_of(&host).await?,
    };
    let mut all_well = true;
    for _ in 0..options.count {
        for (version, address) in &targets {
            all_well &= called.once(netid, *version, address).await?;
        }
    }
    if all_well { Ok(()) } else { Err(Failure::said()) }
}

impl Called {
    fn netid(&self, address: &SocketAddr) -> Netid {
        self.netid.unwrap_or_else(|| Netid::tcp(address))
    }

    /// Calls once, and prints what came of it.
    async fn once(&self, netid: Netid, version: u32, address: &UniversalAddress) -> Result<bool, Failure> {
        let Self { program, limit, .. } = *self;
        let outcome = probe(netid, address, program, version, limit).await;
        let what = match &outcome {
            Probe::Answers(took) => format!("answers in {took:.2?}"),
            Probe::Refuses(refusal) => refusal.to_string(),
            Probe::Nobody => "nobody is there (connection refused)".into(),
            Probe::Silent => format!("no answer within {limit:?}"),
            _ => "cannot be reached".into(),
        };
        // As people write it, with a colon.
        let place = address.socket_addr().map_or_else(|| safe(&address.to_string()), |address| address.to_string());
        // There was no way to find out a version.
        let version = if version == 0 { String::new() } else { format!(" version {version}") };
        say(format_args!("program {program}{version} {netid} {place}: {what}\n"))?;
        Ok(matches!(outcome, Probe::Answers(_)))
    }

    /// The version asked for, or all that the server at `address` says it has.
    async fn versions_at(&self, netid: Netid, address: UniversalAddress) -> (Netid, Vec<Served>) {
        if let Some(version) = self.version {
            return (netid, vec![(version, address)]);
        }
        // No program has a version 0: the refusal tells which there are.
        let versions = match probe(netid, &address, self.program, 0, self.limit).await {
            // A server that makes no sense must not keep us busy.
            Probe::Refuses(Refusal::ProgramMismatch { low, high }) => low..=high.min(low.saturating_add(63)),
            _ => 0..=0,
        };
        (netid, versions.map(|version| (version, address.clone())).collect())
    }

    /// The version asked for, or all that this host's port mapper knows at Unix sockets.
    async fn versions_here(&self, host: &str) -> Result<(Netid, Vec<Served>), Failure> {
        let mut found = place::local(host, self.program).await?;
        found.retain(|(one, _)| self.version.is_none_or(|version| version == *one));
        match found[..] {
            [] => Err(Failure::new("the port mapper knows no Unix socket of the program")),
            _ => Ok((Netid::Local, found)),
        }
    }

    /// The version asked for, or all that the host's port mapper knows, each where it is served.
    async fn versions_of(&self, host: &str) -> Result<(Netid, Vec<Served>), Failure> {
        let mappers = place::mappers(host, self.netid).await?;
        let netid_of = |address: &SocketAddr| self.netid(address);
        let find = async |mapper, netid| self.ask(host, mapper, netid).await;
        let found = place::ask(host, &mappers, netid_of, self.limit, find).await;
        found.map_err(|error| Failure::unresolved(&error))
    }

    async fn ask(&self, host: &str, mapper: SocketAddr, netid: Netid) -> Result<Vec<Served>, ResolveError> {
        let resolver = Resolver::new().with_cache_age(Duration::ZERO);
        let resolve = async |version| resolver.resolve(host, mapper, self.program, version, netid).await;
        if let Some(version) = self.version {
            return Ok(vec![(version, resolve(version).await?.into())]);
        }
        let versions = match resolve(0).await {
            Ok(address) => return Ok(vec![(0, address.into())]),
            Err(ResolveError::VersionNotRegistered { versions, .. }) => versions,
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for version in versions {
            found.push((version, resolve(version).await?.into()));
        }
        Ok(found)
    }
}
