//! What rpcinfo's options do, printed as rpcinfo prints it.

use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::{Mapper, Probe, ProgramNames, Resolver, Version, probe};
use onc_runtime::rpc::{Netid, UniversalAddress};
use onc_runtime::{Refusal, ResolveError};

use super::{Classic, broadcast, print};
use crate::command::place::{self, mapper_of};
use crate::command::{Failure, say};

/// How long each answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Does what the options say; without one, lists all entries.
pub(super) async fn run(options: Classic) -> Result<(), Failure> {
    let names = ProgramNames::of_this_host();
    let arguments: Vec<&str> = options.arguments.iter().map(String::as_str).collect();
    let host = || match arguments[..] {
        [] => Ok(None),
        [host] => Ok(Some(host)),
        _ => Err(Failure::usage("one host at most is expected here")),
    };
    if options.delete {
        let [program, version] = exactly(&arguments, "PROGRAM VERSION")?;
        return delete(place::program(&names, program)?, place::version(version)?, options.netid).await;
    }
    if options.broadcast {
        let [program, version] = exactly(&arguments, "PROGRAM VERSION")?;
        return broadcast::run(place::program(&names, program)?, place::version(version)?).await;
    }
    if options.addresses {
        let [host, program, version] = exactly(&arguments, "HOST PROGRAM VERSION")?;
        let (program, version) = (place::program(&names, program)?, place::version(version)?);
        let found = mapper_of(Some(host)).await?.addresses(program, version).await?;
        if found.is_empty() {
            return Err(Failure::new("Program not registered"));
        }
        return say(print::addresses(program, version, &found, &names));
    }
    if options.statistics {
        return say(print::statistics(&mapper_of(host()?).await?.statistics().await?));
    }
    if options.tcp || options.udp || options.netid.is_some() {
        return call(&options, &arguments, &names).await;
    }
    if options.port.is_some() {
        return Err(Failure::usage("-n goes with -t or -u"));
    }
    if options.portmap {
        let entries = mapper_of(host()?).await?.at_most(Version::V2).entries().await?;
        return say(print::mappings(&entries, &names));
    }
    let entries = mapper_of(host()?).await?.entries().await?;
    let text = if options.short { print::short(&entries, &names) } else { print::entries(&entries, &names) };
    say(text)
}

async fn delete(program: u32, version: u32, netid: Option<Netid>) -> Result<(), Failure> {
    // rpcbind has no such version of its protocol that takes a single netid in version 2.
    if Mapper::of_this_host().await?.unset(program, version, netid).await? {
        return Ok(());
    }
    Err(Failure::new(format!(
        "Could not delete registration for prog {program} version {version}: not all of it is ours"
    )))
}

/// -t, -u and -T: procedure 0 of one version, or of all.
async fn call(options: &Classic, arguments: &[&str], names: &ProgramNames) -> Result<(), Failure> {
    let netid = match options.netid {
        Some(netid) => netid,
        None if options.tcp => Netid::Tcp,
        None => Netid::Udp,
    };
    let (host, rest) = match (&options.address, arguments) {
        (Some(_), rest) => ("", rest),
        (None, [host, rest @ ..]) => (*host, rest),
        (None, []) => return Err(Failure::usage("expected: HOST PROGRAM [VERSION]")),
    };
    let (program, version) = match rest {
        [program] => (place::program(names, program)?, None),
        [program, version] => (place::program(names, program)?, Some(place::version(version)?)),
        _ => return Err(Failure::usage("expected: HOST PROGRAM [VERSION]")),
    };
    let address = match (&options.address, options.port) {
        (Some(text), _) => UniversalAddress::parse(netid, text)?,
        (None, Some(port)) => place::addresses(host, port, Some(netid)).await?[0].into(),
        (None, None) => find(host, program, version.unwrap_or(0), netid).await?.into(),
    };
    let call = async |version| probe(netid, &address, program, version, PATIENCE).await;
    if let Some(version) = version {
        return print::readiness(program, version, &call(version).await);
    }
    match call(0).await {
        Probe::Refuses(Refusal::ProgramMismatch { low, high }) => {
            let mut outcome = Ok(());
            // Whoever names four thousand million versions makes no sense, and must not keep us busy.
            for version in low..=high.min(low.saturating_add(1023)) {
                let one = print::readiness(program, version, &call(version).await);
                outcome = outcome.and(one);
            }
            outcome
        }
        other => print::readiness(program, 0, &other),
    }
}

/// Where a program is, in whatever version if there is none of this.
async fn find(host: &str, program: u32, version: u32, netid: Netid) -> Result<SocketAddr, Failure> {
    let mut failed = None;
    for mapper in place::mappers(host, Some(netid)).await? {
        let resolver = Resolver::new().with_cache_age(Duration::ZERO);
        let resolve = async |version| resolver.resolve(host, mapper, program, version, netid).await;
        let found = tokio::time::timeout(PATIENCE, async {
            match resolve(version).await {
                // Its server is asked all the same: it may tell of others than the port mapper does.
                Err(ResolveError::VersionNotRegistered { versions, .. }) if !versions.is_empty() => {
                    resolve(versions[0]).await
                }
                other => other,
            }
        });
        match found.await {
            Ok(Ok(address)) => return Ok(address),
            Ok(Err(ResolveError::NotRegistered { .. })) => failed = Some("RPC: Program not registered".to_owned()),
            Ok(Err(error)) => failed = Some(error.to_string()),
            Err(_) => failed = Some(format!("the port mapper at {mapper} did not answer within {PATIENCE:?}")),
        }
    }
    Err(Failure::new(failed.unwrap_or_default()))
}

fn exactly<'a, const N: usize>(arguments: &[&'a str], expected: &str) -> Result<[&'a str; N], Failure> {
    arguments.try_into().map_err(|_| Failure::usage(format!("expected: {expected}")))
}
