//! Finding the Unix socket of a server on this host.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, ResolveError};
use crate::portmap::Mapper;
use crate::rpc::{Interface, Netid, UniversalAddress};

/// The socket that the port mapper of this host, which was asked for as `host`, has for a program.
pub(super) async fn find(host: &str, interface: &Interface) -> Result<PathBuf, Error> {
    let resolve = |error| Error::Resolve(Arc::new(error));
    let mut mapper = Mapper::of_this_host().await.map_err(|error| {
        resolve(ResolveError::NoPortMapper { host: host.into(), tried: vec![("this host".into(), error.to_string())] })
    })?;
    let Interface { program, version, .. } = *interface;
    // The list, and not a question for one address: that is answered with another version's, too.
    let mut entries = mapper.entries().await?;
    entries.retain(|entry| entry.prog == program && entry.netid == Netid::Local.as_str());
    let Some(entry) = entries.iter().find(|entry| entry.vers == version) else {
        let mut versions: Vec<u32> = entries.iter().map(|entry| entry.vers).collect();
        versions.sort_unstable();
        return Err(resolve(match versions.is_empty() {
            true => ResolveError::NotRegistered { host: host.into(), program, version, netid: Netid::Local.as_str() },
            false => ResolveError::VersionNotRegistered { host: host.into(), program, version, versions },
        }));
    };
    let address = UniversalAddress::parse(Netid::Local, &entry.address).ok();
    match address.as_ref().and_then(UniversalAddress::path) {
        Some(path) => Ok(path.to_owned()),
        None => Err(resolve(ResolveError::Answer { host: host.into(), answer: entry.address.clone() })),
    }
}
