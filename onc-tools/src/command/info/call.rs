//! -t, -u and -T: whether a program answers.

use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::{Probe, ProgramNames, Resolver, probe};
use onc_runtime::rpc::{Netid, UniversalAddress};
use onc_runtime::{Refusal, ResolveError};

use super::Classic;
use crate::command::place;
use crate::command::{Failure, say};

/// How long each answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most versions that are called: whoever names four thousand million makes no sense, and must not keep us busy.
const MAX_VERSIONS: u32 = 1024;

const USAGE: &str = "expected: HOST PROGRAM [VERSION]";

/// Calls procedure 0 of one version, or of all.
pub(super) async fn run(options: &Classic, names: &ProgramNames) -> Result<(), Failure> {
    let arguments: Vec<&str> = options.arguments.iter().map(String::as_str).collect();
    let (host, rest) = match (&options.address, &arguments[..]) {
        (Some(_), rest) => ("", rest),
        (None, [host, rest @ ..]) => (*host, rest),
        (None, []) => return Err(Failure::usage(USAGE)),
    };
    let (program, version) = match rest {
        [program] => (place::program(names, program)?, None),
        [program, version] => (place::program(names, program)?, Some(place::version(version)?)),
        _ => return Err(Failure::usage(USAGE)),
    };
    // -t and -u go over IPv4 or IPv6, as the host's address is.
    let netid_of = |address: &SocketAddr| match options.netid {
        Some(netid) => netid,
        None if options.tcp => Netid::tcp(address),
        None => Netid::udp(address),
    };
    let (netid, address) = match (&options.address, options.netid, options.port) {
        (Some(text), Some(netid), _) => (netid, UniversalAddress::parse(netid, text).map_err(Failure::usage)?),
        (_, _, Some(port)) => {
            let addresses = place::addresses(host, port, options.netid).await?;
            let address = place::first_there(&addresses, program, netid_of, PATIENCE).await;
            (netid_of(&address), address.into())
        }
        (_, Some(Netid::Local), _) => (Netid::Local, at_socket(host, program, version).await?),
        _ => {
            let found = find(host, program, version.unwrap_or(0), options.netid, netid_of).await;
            // rpcinfo names the host where it was not told the netid.
            found.map_err(|failure| if options.netid.is_none() { failure.of(host) } else { failure })?
        }
    };
    let call = async |version| {
        let outcome = probe(netid, &address, program, version, PATIENCE).await;
        tell(netid, program, version, &outcome)
    };
    if let Some(version) = version {
        return call(version).await;
    }
    match probe(netid, &address, program, 0, PATIENCE).await {
        Probe::Refuses(Refusal::ProgramMismatch { low, high }) => {
            let mut outcome = Ok(());
            for version in low..=high.min(low.saturating_add(MAX_VERSIONS - 1)) {
                outcome = outcome.and(call(version).await);
            }
            outcome
        }
        other => tell(netid, program, 0, &other),
    }
}

/// Where a program is, in whatever version if there is none of this.
async fn find(
    host: &str,
    program: u32,
    version: u32,
    family: Option<Netid>,
    netid_of: impl Fn(&SocketAddr) -> Netid,
) -> Result<(Netid, UniversalAddress), Failure> {
    let mappers = place::mappers(host, family).await?;
    let resolver = Resolver::new().with_cache_age(Duration::ZERO);
    let find = async |mapper, netid| {
        let resolve = async |version| resolver.resolve(host, mapper, program, version, netid).await;
        match resolve(version).await {
            // Its server is asked all the same: it may tell of others than the port mapper does.
            Err(ResolveError::VersionNotRegistered { versions, .. }) if !versions.is_empty() => {
                resolve(versions[0]).await
            }
            other => other,
        }
    };
    match place::ask(host, &mappers, netid_of, PATIENCE, find).await {
        Ok((netid, address)) => Ok((netid, address.into())),
        Err(ResolveError::NotRegistered { .. }) => Err(not_registered()),
        Err(error) => Err(Failure::unresolved(&error)),
    }
}

/// Where a program is on this host.
async fn at_socket(host: &str, program: u32, version: Option<u32>) -> Result<UniversalAddress, Failure> {
    let found = place::local(host, program).await?;
    let same = found.iter().find(|(one, _)| version == Some(*one)).or(found.first());
    same.map(|(_, address)| address.clone()).ok_or_else(not_registered)
}

fn not_registered() -> Failure {
    Failure::new("RPC: Program not registered")
}

/// Whether a version answers, in rpcinfo's words. A failure if it does not.
fn tell(netid: Netid, program: u32, version: u32, outcome: &Probe) -> Result<(), Failure> {
    let is_udp = matches!(netid, Netid::Udp | Netid::Udp6);
    let why = match outcome {
        Probe::Answers(_) => return say(format_args!("program {program} version {version} ready and waiting\n")),
        Probe::Refuses(refusal) => refused(refusal),
        // A connection could not even be made: libtirpc has no handle then, and rpcinfo says nothing of the program.
        Probe::Nobody if !is_udp => return Err(Failure::new("RPC: Remote system error - Connection refused")),
        Probe::Nobody => "RPC: Unable to receive; errno = Connection refused".into(),
        Probe::Silent => "RPC: Timed out".into(),
        _ => return Err(Failure::new(format!("RPC: Remote system error - it cannot be reached over {netid}"))),
    };
    say(format_args!("program {program} version {version} is not available\n"))?;
    Err(Failure::new(why))
}

/// A refusal as libtirpc names it.
fn refused(refusal: &Refusal) -> String {
    let name = match refusal {
        Refusal::ProgramUnavailable => "Program unavailable",
        Refusal::ProgramMismatch { low, high } => {
            return format!("RPC: Program/version mismatch; low version = {low}, high version = {high}");
        }
        Refusal::ProcedureUnavailable => "Procedure unavailable",
        Refusal::GarbageArguments => "Server can't decode arguments",
        Refusal::SystemError => "Remote system error",
        Refusal::RpcMismatch { low, high } => {
            return format!("RPC: Incompatible versions of RPC; low version = {low}, high version = {high}");
        }
        Refusal::Auth(status) => return format!("RPC: Authentication error; why = {status}"),
        other => return other.to_string(),
    };
    format!("RPC: {name}")
}
