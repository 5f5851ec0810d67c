//! How many connections each peer has.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::transport::Peer;

/// Counts the connections of each peer. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Guests {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    max: usize,
}

/// A connection of a peer; dropped, it has ended.
#[derive(Debug)]
pub(super) struct Guest {
    guests: Guests,
    /// None of a peer that is not counted.
    host: Option<IpAddr>,
}

impl Guests {
    /// Each peer may have so many connections.
    pub(super) fn new(max: usize) -> Self {
        Self { counts: Arc::default(), max }
    }

    /// How many connections each peer may have.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// One more connection of `peer`; none if it has too many. Peers of this host are not counted: whoever is here has other
    /// means.
    pub(super) fn admit(&self, peer: &Peer) -> Option<Guest> {
        let host = peer.address().filter(|_| !peer.is_local()).map(|address| host(address.ip()));
        if let Some(host) = host {
            let mut counts = self.lock();
            let count = counts.entry(host).or_default();
            if *count >= self.max {
                return None;
            }
            *count += 1;
        }
        Some(Guest { guests: self.clone(), host })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Nothing in here panics but for want of memory.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let Some(host) = self.host else { return };
        let mut counts = self.guests.lock();
        if let Some(count) = counts.get_mut(&host) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&host);
            }
        }
    }
}

/// Whom an address belongs to. A host of IPv6 has as many addresses as it likes in its network.
fn host(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::tcp(address.parse().expect("an address"))
    }

    #[test]
    fn a_peer_has_no_more_than_its_share_and_gets_it_back() {
        let guests = Guests::new(2);
        let one = guests.admit(&peer("192.0.2.1:1000"));
        let two = guests.admit(&peer("192.0.2.1:1001"));
        assert!(one.is_some() && two.is_some());
        assert!(guests.admit(&peer("192.0.2.1:1002")).is_none());
        assert!(guests.admit(&peer("[::ffff:192.0.2.1]:1002")).is_none(), "the same host");
        assert!(guests.admit(&peer("192.0.2.2:1002")).is_some(), "another one");
        drop(one);
        assert!(guests.admit(&peer("192.0.2.1:1002")).is_some());
        drop(two);
        assert!(guests.lock().is_empty(), "nothing is kept of those who have gone");
    }

    #[test]
    fn addresses_of_one_network_of_ipv6_are_one_peer() {
        let guests = Guests::new(1);
        let _one = guests.admit(&peer("[2001:db8::1]:1000")).expect("the first");
        assert!(guests.admit(&peer("[2001:db8::2]:1000")).is_none());
        assert!(guests.admit(&peer("[2001:db8:0:1::1]:1000")).is_some());
    }

    #[test]
    fn peers_of_this_host_are_not_counted() {
        let guests = Guests::new(0);
        for peer in [peer("127.0.0.1:1000"), peer("[::1]:1000"), Peer::local(Some(0))] {
            assert!(guests.admit(&peer).is_some());
        }
        assert!(guests.admit(&peer("192.0.2.1:1000")).is_none());
    }
}
