//! When a call that went as a datagram is sent again. No I/O and no clock: the time is an argument.

use std::time::{Duration, Instant};

/// When the calls of one datagram socket are sent again.
///
/// The wait follows the round trip as RFC 6298 estimates it, and doubles with each repeat. By Karn's rule a call that was
/// sent twice tells nothing of the round trip; but the wait that it took is the one that the next calls begin with, until
/// one is answered that was sent once. Otherwise a round trip that has become longer than the wait would have every call sent
/// twice for ever.
#[derive(Debug, Default)]
pub(crate) struct Retransmission {
    smoothed: Option<Duration>,
    variation: Duration,
    /// Calls sent before this tell nothing new of the round trip.
    measures_from: Option<Instant>,
    /// How often the wait is doubled to begin with.
    doublings: u32,
    /// Nothing is due before.
    next: Option<Instant>,
}

/// How often a call has been sent, and when it will be again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempts {
    idempotent: bool,
    sends: u32,
    last: Option<Instant>,
    again: Option<Instant>,
}

impl Attempts {
    /// A call that has not been sent.
    pub(crate) fn new(idempotent: bool) -> Self {
        Self { idempotent, sends: 0, last: None, again: None }
    }

    /// How often it has been sent.
    pub(crate) fn sends(&self) -> u32 {
        self.sends
    }
}

impl Retransmission {
    /// The wait before anything has been measured.
    const FIRST: Duration = Duration::from_secs(1);
    const LEAST: Duration = Duration::from_millis(100);
    /// A server that remembers calls for two minutes still knows this one when seven repeats in a row were lost.
    const MOST: Duration = Duration::from_secs(15);
    /// Two scans of the calls, and two measurements, are at least so far apart.
    const GRAIN: Duration = Duration::from_millis(10);
    const MOST_DOUBLINGS: u32 = 8;

    /// A call was sent.
    pub(crate) fn sent(&mut self, call: &mut Attempts, now: Instant) {
        call.sends = call.sends.saturating_add(1);
        call.last = Some(now);
        let again = now + self.wait(call);
        call.again = Some(again);
        self.next = Some(self.next.map_or(again, |next| next.min(again)));
    }

    /// The reply to a call came. The clock is read only when the round trip is to be measured.
    #[inline]
    pub(crate) fn answered(&mut self, call: &Attempts, now: impl FnOnce() -> Instant) {
        let Some(last) = call.last else { return };
        if call.sends == 1 {
            // RFC 6298 §3 wants one measurement a round trip. Of those below the grain a part is enough: no wait is shorter than ten
            // grains.
            if self.measures_from <= Some(last) {
                let now = now();
                self.measured(now.saturating_duration_since(last));
                self.measures_from = Some(now + Self::GRAIN);
            }
            self.doublings = 0;
        } else {
            self.doublings = (call.sends - 1).min(Self::MOST_DOUBLINGS);
        }
    }

    /// When [`scan`](Self::scan) is to be called; `None`: after the next [`sent`](Self::sent) ask again.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Finds the calls that are due: hand every call to the closure's argument, which says whether it is to be sent now.
    pub(crate) fn scan(&mut self, now: Instant, each: impl FnOnce(&mut dyn FnMut(&mut Attempts) -> bool)) {
        let mut next: Option<Instant> = None;
        each(&mut |call| {
            let Some(again) = call.again else { return false };
            if again <= now {
                call.again = None;
                return true;
            }
            next = Some(next.map_or(again, |next| next.min(again)));
            false
        });
        self.next = next.map(|next| next.max(now + Self::GRAIN));
    }

    fn measured(&mut self, round_trip: Duration) {
        // RFC 6298 §2.2, §2.3: alpha = 1/8, beta = 1/4.
        match self.smoothed {
            None => {
                self.smoothed = Some(round_trip);
                self.variation = round_trip / 2;
            }
            Some(smoothed) => {
                self.variation = (self.variation * 3 + smoothed.abs_diff(round_trip)) / 4;
                self.smoothed = Some((smoothed * 7 + round_trip) / 8);
            }
        }
    }

    /// How long to wait for the reply to what has just been sent.
    fn wait(&self, call: &Attempts) -> Duration {
        let estimate = self.smoothed.map_or(Self::FIRST, |smoothed| smoothed + self.variation * 4);
        // A server without a duplicate request cache executes a repeat, and a slow procedure is no lost datagram: calls
        // that must not be executed twice are given more time.
        let least = if call.idempotent { Self::LEAST } else { Self::FIRST };
        let doublings = self.doublings.max(call.sends.saturating_sub(1)).min(Self::MOST_DOUBLINGS);
        (estimate.max(least) * (1 << doublings)).min(Self::MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a call so often, each time when it is due; returns when it was sent last.
    fn send(to: &mut Retransmission, call: &mut Attempts, mut now: Instant, times: u32) -> Instant {
        for at in 0..times {
            if at > 0 {
                now = call.again.expect("sent before");
            }
            to.sent(call, now);
        }
        now
    }

    /// Calls one after the other; returns the time after them.
    fn answered_after(to: &mut Retransmission, mut now: Instant, round_trip: Duration, times: u32) -> Instant {
        for _ in 0..times {
            let mut call = Attempts::new(true);
            to.sent(&mut call, now);
            to.answered(&call, || now + round_trip);
            now += round_trip + Retransmission::GRAIN;
        }
        now
    }

    fn wait_of(to: &Retransmission, idempotent: bool, sends: u32) -> Duration {
        to.wait(&Attempts { sends, ..Attempts::new(idempotent) })
    }

    #[test]
    fn the_wait_follows_the_round_trip_and_doubles() {
        let mut to = Retransmission::default();
        assert_eq!(wait_of(&to, true, 1), Retransmission::FIRST);
        let now = answered_after(&mut to, Instant::now(), Duration::from_millis(1), 50);
        assert_eq!(wait_of(&to, true, 1), Retransmission::LEAST);
        assert_eq!(wait_of(&to, true, 3), Retransmission::LEAST * 4);
        assert_eq!(wait_of(&to, false, 1), Retransmission::FIRST, "what must not be repeated lightly is not");
        assert_eq!(wait_of(&to, false, 40), Retransmission::MOST);
        answered_after(&mut to, now, Duration::from_secs(3), 50);
        let wait = wait_of(&to, true, 1);
        assert!(wait >= Duration::from_millis(2990) && wait < Duration::from_secs(4), "{wait:?}");
    }

    #[test]
    fn many_quick_calls_are_not_all_measured() {
        let mut to = Retransmission::default();
        let (start, step) = (Instant::now(), Duration::from_micros(20));
        let mut readings = 0;
        for at in 0..5000 {
            let mut call = Attempts::new(true);
            let now = start + step * at;
            to.sent(&mut call, now);
            to.answered(&call, || {
                readings += 1;
                now + step
            });
        }
        // A tenth of a second: once in each hundredth, and for the first.
        assert_eq!(readings, 10);
        assert_eq!(to.smoothed, Some(step));
    }

    #[test]
    fn a_call_sent_twice_measures_nothing_but_keeps_the_doubled_wait() {
        let mut to = Retransmission::default();
        let now = answered_after(&mut to, Instant::now(), Duration::from_millis(50), 50);
        let before = to.smoothed;
        // The round trip is a minute from now on, far above the estimate.
        let mut call = Attempts::new(true);
        let last = send(&mut to, &mut call, now, 4);
        to.answered(&call, || last + Duration::from_millis(1));
        assert_eq!(to.smoothed, before, "which of the four it answers is not known");
        assert_eq!(wait_of(&to, true, 1), Retransmission::LEAST * 8, "the next call waits as long as the last did");
        answered_after(&mut to, last, Duration::from_millis(50), 1);
        assert_eq!(wait_of(&to, true, 1), Retransmission::LEAST, "until one is answered that was sent once");
    }

    #[test]
    fn the_first_call_due_sets_the_next_scan() {
        let mut to = Retransmission::default();
        let start = Instant::now();
        assert_eq!(to.next(), None);
        let mut calls = [Attempts::new(false), Attempts::new(false)];
        to.sent(&mut calls[0], start);
        to.sent(&mut calls[1], start + Duration::from_millis(500));
        assert_eq!(to.next(), Some(start + Retransmission::FIRST));

        let mut due = Vec::new();
        let now = start + Retransmission::FIRST;
        to.scan(now, |is_due| due.extend(calls.iter_mut().map(is_due)));
        assert_eq!(due, [true, false]);
        assert_eq!(to.next(), Some(now + Duration::from_millis(500)));
        // A shorter wait than those under way moves the scan forward.
        to.measured(Duration::from_millis(1));
        to.sent(&mut Attempts::new(true), now);
        assert_eq!(to.next(), Some(now + Retransmission::LEAST));
    }

    #[test]
    fn calls_due_shortly_after_each_other_are_found_in_one_scan() {
        let mut to = Retransmission::default();
        let start = Instant::now();
        let mut calls: Vec<Attempts> = (0..1000).map(|_| Attempts::new(false)).collect();
        for (at, call) in (0..).zip(&mut calls) {
            to.sent(call, start + Duration::from_micros(10) * at);
        }
        let (mut scans, mut sent) = (0, 0);
        while let Some(now) = to.next() {
            scans += 1;
            to.scan(now, |is_due| sent += calls.iter_mut().filter_map(|call| is_due(call).then_some(())).count());
        }
        assert_eq!(sent, calls.len());
        assert!(scans <= 3, "{scans} scans");
    }
}
