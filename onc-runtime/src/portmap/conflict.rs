//! Making an entry where another one may be in the way.

use std::time::Duration;

use crate::error::Refusal;
use crate::rpc::UniversalAddress;

use super::Service;
use super::error::{Holder, RegisterError};
use super::here::from_here;
use super::mapper::{Mapper, occupies};
use super::place::Place;
use super::probe::{Probe, probe};
use super::protocol::Rpcb;

/// How long the server whose entry is in the way has to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Attempts when entries come and go meanwhile.
const ATTEMPTS: usize = 3;

/// Makes an entry. One in the way is removed if its server is dead or `replace` says so, and if the port mapper lets us.
/// `own` is all that this server registers.
pub(super) async fn make(
    place: &Place,
    mapper: &mut Mapper,
    service: &Service,
    own: &[Service],
    owner: &str,
    replace: bool,
) -> Result<(), RegisterError> {
    let failed = |error| RegisterError::Call { mapper: place.to_string(), error };
    for _ in 0..ATTEMPTS {
        if mapper.set(service, owner).await.map_err(failed)? {
            return Ok(());
        }
        let entries = mapper.entries().await.map_err(failed)?;
        let Some(other) = entries.iter().find(|entry| occupies(entry, service)) else {
            // It has just been removed, or it is not that.
            continue;
        };
        if mapper.is(other, service) {
            return Ok(());
        }
        let taken = |holder| RegisterError::Taken {
            service: service.clone(),
            address: other.address.clone(),
            owner: other.owner.clone(),
            holder,
        };
        let holder = holder(other, own).await;
        if holder != Holder::Dead && !replace {
            return Err(taken(holder));
        }
        let Ok(gone) = Service::try_from(other) else { return Err(taken(holder)) };
        if !mapper.remove(&[gone], owner, &entries).await.map_err(failed)? {
            return Err(taken(holder));
        }
        tracing::info!(
            target: "onc::portmap",
            program = other.prog, version = other.vers, netid = other.netid, address = other.address, ?holder,
            "removed the entry of another server"
        );
    }
    Err(RegisterError::Refused { mapper: place.to_string(), service: service.clone() })
}

/// Whether the server of an entry of this host is there.
async fn holder(entry: &Rpcb, own: &[Service]) -> Holder {
    let Ok(service) = Service::try_from(entry) else { return Holder::Unknown };
    // We are at that port by now: whoever was there has gone.
    let port = |address: &UniversalAddress| address.socket_addr().map(|address| address.port());
    let at_ours = |own: &Service| own.netid == service.netid && port(&own.address) == port(&service.address);
    if own.iter().any(at_ours) {
        return Holder::Dead;
    }
    let address = from_here(service.address);
    match probe(service.netid, &address, service.program, service.version, PATIENCE).await {
        Probe::Answers(_) => Holder::Alive,
        // Somebody else has the port now.
        Probe::Nobody | Probe::Refuses(Refusal::ProgramUnavailable | Refusal::ProgramMismatch { .. }) => Holder::Dead,
        Probe::Refuses(_) => Holder::Alive,
        Probe::Silent | Probe::Unreachable => Holder::Unknown,
    }
}
