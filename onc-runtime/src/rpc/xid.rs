//! Transaction ids.

use std::hash::{BuildHasher, RandomState};

/// A random xid for the first call of a connection; each further call takes the next number.
///
/// Random, so that a reply to a connection that used the same port before, or to a client that was restarted, is not
/// taken for one of ours. It is not a secret.
#[must_use]
pub fn random_xid() -> u32 {
    // The hasher of the standard library has random keys; what it makes of nothing is a hash of these.
    let random = RandomState::new().hash_one(());
    (random >> 32) as u32 ^ random as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn differs_each_time() {
        // Four of 2^32 are all equal once in 2^96 runs.
        let xids: HashSet<u32> = (0..4).map(|_| random_xid()).collect();
        assert!(xids.len() > 1);
    }
}
