//! What a server tells a port mapper.

use std::fmt;

use crate::rpc::{Netid, UniversalAddress};

use super::protocol::Rpcb;

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

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, version, netid, address } = self;
        write!(f, "program {program} version {version} over {netid} at {address}")
    }
}

impl TryFrom<&Rpcb> for Service {
    type Error = ();

    /// Of an entry whose transport and address are known kinds.
    fn try_from(entry: &Rpcb) -> Result<Self, ()> {
        let netid = entry.netid.parse().map_err(drop)?;
        let address = UniversalAddress::parse(netid, &entry.address).map_err(drop)?;
        Ok(Self { program: entry.prog, version: entry.vers, netid, address })
    }
}
