//! How often strangers are answered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Strangers that are known at the same time. Of more than that, those who have been silent longest are forgotten.
const MAX_STRANGERS: usize = 4096;

/// A bucket of tokens for each stranger: one is taken by each call, and they come back at a steady rate.
#[derive(Debug)]
pub(super) struct Limiter {
    /// The time in which a token comes back.
    interval: Duration,
    strangers: Mutex<HashMap<IpAddr, Instant>>,
}

/// What a stranger who was silent may do at once: the calls of so long a time.
const BURST: Duration = Duration::from_secs(1);

impl Limiter {
    /// So many calls a second; at least one.
    pub(super) fn new(calls_per_second: u32) -> Self {
        Self { interval: Duration::from_secs(1) / calls_per_second.max(1), strangers: Mutex::default() }
    }

    /// Takes a token of `stranger`, [another host](crate::transport::Peer::other_host). Without one, says how long it takes until
    /// there may be one.
    pub(super) fn take(&self, stranger: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut strangers = self.lock();
        if strangers.len() >= MAX_STRANGERS && !strangers.contains_key(&stranger) {
            forget(&mut strangers, now);
        }
        // The time at which the bucket is full again: each token that is taken puts it off.
        let full = strangers.entry(stranger).or_insert(now);
        let after = (*full).max(now) + self.interval;
        if after > now + BURST {
            return Err(after - now - BURST);
        }
        *full = after;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        // Nothing panics while it holds the lock but for want of memory, and each entry is whole.
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room: who is at rest needs no entry. If all call at the same time, half of them begin anew.
fn forget(strangers: &mut HashMap<IpAddr, Instant>, now: Instant) {
    strangers.retain(|_, full| *full > now);
    if strangers.len() >= MAX_STRANGERS {
        let mut keep = false;
        strangers.retain(|_, _| {
            keep = !keep;
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("address")
    }

    #[test]
    fn a_burst_then_a_steady_rate() {
        let (limiter, now) = (Limiter::new(10), Instant::now());
        let taken = |at| (0..100).take_while(|_| limiter.take(ip("192.0.2.1"), at).is_ok()).count();
        assert_eq!(taken(now), 10);
        assert_eq!(limiter.take(ip("192.0.2.1"), now), Err(Duration::from_millis(100)));
        assert_eq!(taken(now + Duration::from_millis(99)), 0);
        assert_eq!(taken(now + Duration::from_millis(300)), 3);
        assert_eq!(taken(now + Duration::from_secs(3600)), 10, "silence saves up no more than a burst");
        assert_eq!(limiter.take(ip("192.0.2.2"), now), Ok(()), "another one is none the worse");
    }

    #[test]
    fn a_flood_of_forged_senders_does_not_fill_the_memory() {
        let (limiter, now) = (Limiter::new(10), Instant::now());
        for address in 0..100_000_u32 {
            assert_eq!(limiter.take(IpAddr::V4(address.into()), now), Ok(()));
            assert!(limiter.lock().len() <= MAX_STRANGERS);
        }
    }
}
