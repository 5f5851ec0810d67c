//! What rpcinfo's options do, printed as rpcinfo prints it.

use onc_runtime::portmap::{Mapper, ProgramNames, Version};

use super::statistics::statistics;
use super::{Classic, broadcast, call, print};
use crate::command::place::{self, mapper_of};
use crate::command::{Failure, say};

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
        return delete(&options, &names).await;
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
            return say("No remote programs registered.\n");
        }
        return say(print::addresses(program, version, &found, &names));
    }
    if options.statistics {
        return say(statistics(&mapper_of(host()?).await?.statistics().await?, &names));
    }
    // With a netid alone rpcinfo lists, over whatever transport.
    if options.tcp || options.udp || options.address.is_some() || options.netid.is_some() && arguments.len() > 1 {
        return call::run(&options, &names).await;
    }
    if options.port.is_some() {
        return Err(Failure::usage("-n goes with -t or -u"));
    }
    if options.portmap {
        let entries = mapper_of(host()?).await?.at_most(Version::V2).entries().await?;
        if entries.is_empty() {
            return say("No remote programs registered.\n");
        }
        return say(print::mappings(&entries, &names));
    }
    let entries = mapper_of(host()?).await?.entries().await?;
    let text = if options.short { print::short(&entries, &names) } else { print::entries(&entries, &names) };
    say(text)
}

/// -d
async fn delete(options: &Classic, names: &ProgramNames) -> Result<(), Failure> {
    let arguments: Vec<&str> = options.arguments.iter().map(String::as_str).collect();
    let [program, version] = exactly(&arguments, "PROGRAM VERSION")?;
    let (number, of) = (place::program(names, program)?, place::version(version)?);
    if Mapper::of_this_host().await?.unset(number, of, options.netid).await? {
        return Ok(());
    }
    Err(Failure::new(format!(
        "Could not delete registration for prog {program} version {version}: not all of it is yours"
    )))
}

fn exactly<'a, const N: usize>(arguments: &[&'a str], expected: &str) -> Result<[&'a str; N], Failure> {
    arguments.try_into().map_err(|_| Failure::usage(format!("expected: {expected}")))
}
