//! `onc ping`: procedure 0 of a program.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use onc_runtime::portmap::{Probe, ProgramNames, Resolver, probe};
use onc_runtime::rpc::{Netid, UniversalAddress};
use onc_runtime::{Refusal, ResolveError};

use super::place::{self, Place};
use super::{Failure, block_on, say};

/// Call procedure 0 of a program: does its server answer, and how fast
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  onc ping nas nfs                   every version, over TCP
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
    /// The transport: tcp, udp, tcp6, udp6, local
    #[arg(long, short = 'T', default_value = "tcp")]
    netid: Netid,
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
    netid: Netid,
    program: u32,
    limit: Duration,
}

/// Calls, and prints a line for each version and call.
async fn ping(options: Ping) -> Result<(), Failure> {
    let names = ProgramNames::of_this_host();
    let program = place::program(&names, &options.program)?;
    let mut called = Called { netid: options.netid, program, limit: Duration::from_secs(options.wait.into()) };
    let targets = match place::read(&options.host, options.netid).await? {
        Place::Server(addresses) => called.versions_at(addresses[0].into(), options.version).await?,
        Place::Unix(address) => {
            called.netid = Netid::Local;
            called.versions_at(address, options.version).await?
        }
        Place::Mapper(host) => called.versions_of(&host, options.version).await?,
    };
    let mut all_well = true;
    for _ in 0..options.count {
        for (version, address) in &targets {
            all_well &= called.once(*version, address).await?;
        }
    }
    if all_well { Ok(()) } else { Err(Failure::said()) }
}

impl Called {
    /// Calls once, and prints what came of it.
    async fn once(&self, version: u32, address: &UniversalAddress) -> Result<bool, Failure> {
        let Self { netid, program, limit } = *self;
        let outcome = probe(netid, address, program, version, limit).await;
        let what = match &outcome {
            Probe::Answers(took) => format!("answers in {took:.2?}"),
            Probe::Refuses(refusal) => refusal.to_string(),
            Probe::Nobody => "nobody is there (connection refused)".into(),
            Probe::Silent => format!("no answer within {limit:?}"),
            _ => "cannot be reached".into(),
        };
        // As people write it, with a colon.
        let place = address.socket_addr().map_or_else(|| address.to_string(), |address| address.to_string());
        // There was no way to find out a version.
        let version = if version == 0 { String::new() } else { format!(" version {version}") };
        say(format_args!("program {program}{version} {netid} {place}: {what}\n"))?;
        Ok(matches!(outcome, Probe::Answers(_)))
    }

    /// The version asked for, or all that the server at `address` says it has.
    async fn versions_at(&self, address: UniversalAddress, version: Option<u32>) -> Result<Vec<Served>, Failure> {
        if let Some(version) = version {
            return Ok(vec![(version, address)]);
        }
        // No program has a version 0: the refusal tells which there are.
        match probe(self.netid, &address, self.program, 0, self.limit).await {
            Probe::Refuses(Refusal::ProgramMismatch { low, high }) => {
                // A server that makes no sense must not keep us busy.
                let high = high.min(low.saturating_add(63));
                Ok((low..=high).map(|version| (version, address.clone())).collect())
            }
            _ => Ok(vec![(0, address)]),
        }
    }

    /// The version asked for, or all that the host's port mapper knows, each where it is served.
    async fn versions_of(&self, host: &str, version: Option<u32>) -> Result<Vec<Served>, Failure> {
        if self.netid == Netid::Local {
            let mut found = place::local(host, self.program).await?;
            found.retain(|(one, _)| version.is_none_or(|version| version == *one));
            return match found[..] {
                [] => Err(Failure::new("the port mapper knows no Unix socket of the program")),
                _ => Ok(found),
            };
        }
        let mut failed = None;
        for mapper in place::mappers(host, Some(self.netid)).await? {
            match tokio::time::timeout(self.limit, self.ask(host, mapper, version)).await {
                Ok(Ok(found)) => return Ok(found),
                Ok(Err(error)) => failed = Some(error.to_string()),
                Err(_) => failed = Some(format!("the port mapper at {mapper} did not answer within {:?}", self.limit)),
            }
        }
        Err(Failure::new(failed.unwrap_or_default()))
    }

    async fn ask(&self, host: &str, mapper: SocketAddr, version: Option<u32>) -> Result<Vec<Served>, ResolveError> {
        let resolver = Resolver::new().with_cache_age(Duration::ZERO);
        let resolve = async |version| resolver.resolve(host, mapper, self.program, version, self.netid).await;
        if let Some(version) = version {
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
