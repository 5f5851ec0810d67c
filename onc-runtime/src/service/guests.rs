//! How many connections there are, and how many of them each peer has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::transport::Peer;

/// Counts connections. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Guests {
    inner: Arc<Inner>,
}

/// How many connections whoever is counted as one may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    pub(crate) of_peer: usize,
    /// All of this host together, on its loopback interface. `None`: any number.
    pub(crate) of_this_host: Option<usize>,
    /// Each user of this host but root, on Unix sockets. `None`: any number.
    pub(crate) of_user: Option<usize>,
}

#[derive(Debug)]
struct Inner {
    shares: Shares,
    all: AtomicUsize,
    /// Of those who are counted.
    counts: Mutex<HashMap<Whose, usize>>,
}

/// Who is counted as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Whose {
    Host(IpAddr),
    /// On the loopback interface, whoever it is.
    ThisHost,
    /// Of this host, on a Unix socket.
    User(u32),
}

/// A connection of a peer; dropped, it has ended.
#[derive(Debug)]
pub(crate) struct Guest {
    guests: Guests,
    /// None of a peer that is not counted.
    whose: Option<Whose>,
}

impl Guests {
    /// Of nobody yet.
    pub(crate) fn new(shares: Shares) -> Self {
        Self { inner: Arc::new(Inner { shares, all: AtomicUsize::new(0), counts: Mutex::default() }) }
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.inner.all.load(Ordering::Relaxed)
    }

    /// One more connection of `peer`; none if it has its share. Peers of this host are not counted, unless a limit was set for
    /// them: whoever is here has other means.
    pub(crate) fn admit(&self, peer: &Peer) -> Option<Guest> {
        let Shares { of_peer, of_this_host, of_user } = self.inner.shares;
        let counted = match (peer.other_host(), peer.address(), peer.uid()) {
            (Some(host), _, _) => Some((Whose::Host(host), of_peer)),
            (None, Some(_), _) => of_this_host.map(|max| (Whose::ThisHost, max)),
            (None, None, Some(uid)) if uid != 0 => of_user.map(|max| (Whose::User(uid), max)),
            _ => None,
        };
        if let Some((whose, max)) = counted {
            let mut counts = self.lock();
            let count = counts.entry(whose).or_default();
            if *count >= max {
                return None;
            }
            *count += 1;
        }
        self.inner.all.fetch_add(1, Ordering::Relaxed);
        Some(Guest { guests: self.clone(), whose: counted.map(|(whose, _)| whose) })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Whose, usize>> {
        // Nothing in here panics but for want of memory.
        self.inner.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests.inner.all.fetch_sub(1, Ordering::Relaxed);
        let Some(whose) = self.whose else { return };
        let mut counts = self.guests.lock();
        if let Some(count) = counts.get_mut(&whose) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many of each peer; of this host any number.
    fn guests(of_peer: usize) -> Guests {
        Guests::new(Shares { of_peer, of_this_host: None, of_user: None })
    }

    fn peer(address: &str) -> Peer {
        Peer::tcp(address.parse().expect("an address"))
    }

    #[test]
    fn a_peer_has_no_more_than_its_share_and_gets_it_back() {
        let guests = guests(2);
        let one = guests.admit(&peer("192.0.2.1:1000"));
        let two = guests.admit(&peer("192.0.2.1:1001"));
        assert!(one.is_some() && two.is_some());
        assert!(guests.admit(&peer("192.0.2.1:1002")).is_none());
        assert!(guests.admit(&peer("[::ffff:192.0.2.1]:1002")).is_none(), "the same host");
        assert!(guests.admit(&peer("192.0.2.2:1002")).is_some(), "another one");
        drop(one);
        assert!(guests.admit(&peer("192.0.2.1:1002")).is_some());
        assert_eq!(guests.len(), 1);
        drop(two);
        assert!(guests.lock().is_empty(), "nothing is kept of those who have gone");
        assert_eq!(guests.len(), 0);
    }

    #[test]
    fn addresses_of_one_network_of_ipv6_are_one_peer() {
        let guests = guests(1);
        let _one = guests.admit(&peer("[2001:db8::1]:1000")).expect("the first");
        assert!(guests.admit(&peer("[2001:db8::2]:1000")).is_none());
        assert!(guests.admit(&peer("[2001:db8:0:1::1]:1000")).is_some());
    }

    #[test]
    fn peers_of_this_host_are_not_counted() {
        let guests = guests(0);
        let here = [peer("127.0.0.1:1000"), peer("[::1]:1000"), Peer::local(Some(0))];
        let kept = here.map(|peer| guests.admit(&peer).expect("room"));
        assert_eq!(guests.len(), kept.len(), "there they are all the same");
        assert!(guests.admit(&peer("192.0.2.1:1000")).is_none());
    }

    #[test]
    fn users_of_this_host_are_counted_where_that_is_wanted_and_root_never() {
        let (user, other, root) = (Peer::local(Some(1000)), Peer::local(Some(1001)), Peer::local(Some(0)));
        let guests = Guests::new(Shares { of_peer: 1, of_this_host: None, of_user: Some(2) });
        let kept: Vec<_> = (0..2).map(|_| guests.admit(&user).expect("room")).collect();
        assert!(guests.admit(&user).is_none());
        assert!(guests.admit(&other).is_some());
        let roots: Vec<_> = (0..5).map(|_| guests.admit(&root).expect("root")).collect();
        drop((kept, roots));
        assert!(guests.lock().is_empty());

        let guests = Guests::new(Shares { of_peer: 1, of_this_host: Some(2), of_user: None });
        let kept: Vec<_> = (0..2).map(|_| guests.admit(&peer("127.0.0.1:1000")).expect("room")).collect();
        assert!(guests.admit(&peer("[::1]:1000")).is_none(), "one host by any name");
        assert!(guests.admit(&peer("192.0.2.1:1000")).is_some() && guests.admit(&user).is_some());
        drop(kept);
    }
}
