//! The address that a caller is told: an entry's own, or where a wildcard is reached.

use std::net::{IpAddr, SocketAddr};

use crate::portmap::here::loopback;
use crate::rpc::UniversalAddress;

use super::caller::Caller;

/// The address to tell `caller` of an entry at `address`. `hint` is the mapper's own address as the caller says that it
/// reached it, empty if it does not say.
pub(super) fn reachable(address: &str, hint: &str, caller: &Caller<'_>) -> String {
    let Ok(UniversalAddress::Ip(registered)) = address.parse() else { return address.to_owned() };
    // To a caller on another host our loopback is its own: it must not take what is there for the server.
    let astray = registered.ip().is_loopback() && !caller.is_local();
    if !registered.ip().is_unspecified() && !astray {
        return address.to_owned();
    }
    let hint = match hint.parse() {
        Ok(UniversalAddress::Ip(hint)) => Some(hint.ip()),
        _ => None,
    };
    match choose(registered.is_ipv4(), hint, caller.called(), caller.is_local()) {
        Some(ip) => UniversalAddress::from(SocketAddr::new(ip, registered.port())).to_string(),
        // Nothing better is known: most clients take the address that they reached us by.
        None => address.to_owned(),
    }
}

/// The first address of the right family: as the caller reached this host by its own account, as the call came, and for a
/// caller on this host its loopback.
fn choose(v4: bool, hint: Option<IpAddr>, called: Option<IpAddr>, local: bool) -> Option<IpAddr> {
    let usable = |ip: &IpAddr| ip.is_ipv4() == v4 && !ip.is_unspecified() && (local || !ip.is_loopback());
    let candidates = [hint, called, local.then(|| loopback(v4))];
    candidates.into_iter().flatten().find(usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("address"))
    }

    #[test]
    fn the_address_that_the_caller_can_reach_is_chosen() {
        let (inside, outside) = (ip("10.0.0.5"), ip("192.0.2.1"));
        assert_eq!(choose(true, outside, inside, false), outside, "through address translation");
        assert_eq!(choose(true, None, inside, false), inside);
        assert_eq!(choose(true, ip("0.0.0.0"), inside, false), inside);
        assert_eq!(choose(true, ip("127.0.0.1"), inside, false), inside, "its loopback is not ours");
        assert_eq!(choose(true, ip("127.0.0.1"), inside, true), ip("127.0.0.1"));
        assert_eq!(choose(true, None, None, true), ip("127.0.0.1"), "on a Unix socket");
        assert_eq!(choose(false, None, None, true), ip("::1"));
        assert_eq!(choose(false, ip("2001:db8::1"), inside, false), ip("2001:db8::1"));
        assert_eq!(choose(false, outside, inside, false), None, "no address of that family is known");
    }
}
