//! The calls that wait for their replies, by xid.

use std::task::Waker;

use bytes::Bytes;

use crate::error::Error;

/// A point in the channel's coarse time; see [`super::queue`].
pub(super) type Tick = u32;

/// The calls in flight. Finds a call by its xid with one mask and one comparison: xids are given out in sequence, so that
/// neighbours have neighbouring places, and one whose place is taken by an older call is passed over.
#[derive(Debug)]
pub(super) struct Pending {
    /// A power of two of them, at most half occupied.
    slots: Vec<Slot>,
    next_xid: u32,
    count: usize,
}

#[derive(Debug, Default)]
struct Slot {
    xid: u32,
    state: State,
}

/// What became of a call so far.
#[derive(Debug, Default)]
pub(super) enum State {
    /// There is no such call.
    #[default]
    Vacant,
    /// No reply yet.
    Waiting(Waiting),
    /// The reply is here, or there will be none.
    Done(Result<Body, Error>),
}

/// A call without a reply.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Whom to wake.
    pub(super) waker: Waker,
    /// When it is given up; `None`: by its own timer.
    pub(super) deadline: Option<Tick>,
    /// On a stream: how many bytes were queued before it since the connection came up.
    pub(super) position: u64,
    /// On a datagram socket: the message, which may have to be sent again.
    pub(super) datagram: Option<Box<super::datagram::Outstanding>>,
}

/// A reply as it was received, without its record mark.
#[derive(Debug)]
pub(super) enum Body {
    /// A short one.
    Inline { length: u8, bytes: [u8; INLINE] },
    /// A long one, in memory of its own.
    Shared(Bytes),
}

/// Replies up to this length are kept in place: a header of 24 bytes and a few dozen of results.
/// A state is then just small enough for the compiler to move it without a call.
const INLINE: usize = 110;

impl Body {
    /// Copies a reply.
    #[inline]
    pub(super) fn copy(reply: &[u8]) -> Self {
        if reply.len() > INLINE {
            return Self::Shared(Bytes::copy_from_slice(reply));
        }
        let mut bytes = [0; INLINE];
        bytes[..reply.len()].copy_from_slice(reply);
        Self::Inline { length: reply.len() as u8, bytes }
    }
}

impl Pending {
    /// None yet; the first will have this xid.
    pub(super) fn new(first_xid: u32) -> Self {
        Self { slots: Vec::new(), next_xid: first_xid, count: 0 }
    }

    /// How many there are, those included whose reply has not been fetched.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Adds a call and gives it an xid.
    #[inline]
    pub(super) fn insert(&mut self, waiting: Waiting) -> u32 {
        if self.slots.len() < 2 * (self.count + 1) {
            self.grow();
        }
        loop {
            let xid = self.next_xid;
            self.next_xid = xid.wrapping_add(1);
            let at = self.place(xid);
            if matches!(self.slots[at].state, State::Vacant) {
                self.slots[at] = Slot { xid, state: State::Waiting(waiting) };
                self.count += 1;
                return xid;
            }
        }
    }

    /// An xid that no call has.
    pub(super) fn skip_xid(&mut self) -> u32 {
        loop {
            let xid = self.next_xid;
            self.next_xid = xid.wrapping_add(1);
            if self.state(xid).is_none() {
                return xid;
            }
        }
    }

    /// The xid that comes next: it has changed if a call was made.
    pub(super) fn next_xid(&self) -> u32 {
        self.next_xid
    }

    /// The state of a call, if there is one of this xid.
    #[inline]
    pub(super) fn state(&mut self, xid: u32) -> Option<&mut State> {
        if self.slots.is_empty() {
            return None;
        }
        let at = self.place(xid);
        let slot = &mut self.slots[at];
        (slot.xid == xid && !matches!(slot.state, State::Vacant)).then_some(&mut slot.state)
    }

    /// Forgets a call.
    #[inline]
    pub(super) fn remove(&mut self, xid: u32) -> Option<State> {
        let state = std::mem::take(self.state(xid)?);
        self.count -= 1;
        if self.count == 0 && self.slots.len() > KEEP {
            self.slots = Vec::new();
        }
        Some(state)
    }

    /// Ends those waiting calls for which `end` gives an outcome; returns whom to wake.
    pub(super) fn end_each(&mut self, mut end: impl FnMut(u32, &mut Waiting) -> Option<Error>) -> Vec<Waker> {
        let mut woken = Vec::new();
        for slot in &mut self.slots {
            if let State::Waiting(waiting) = &mut slot.state
                && let Some(error) = end(slot.xid, waiting)
            {
                let done = State::Done(Err(error));
                if let State::Waiting(waiting) = std::mem::replace(&mut slot.state, done) {
                    woken.push(waiting.waker);
                }
            }
        }
        woken
    }

    /// Some call waits for a reply.
    pub(super) fn any_waiting(&self) -> bool {
        self.count > 0 && self.slots.iter().any(|slot| matches!(slot.state, State::Waiting(_)))
    }

    fn place(&self, xid: u32) -> usize {
        xid as usize & (self.slots.len() - 1)
    }

    /// Twice the places. Calls that had different places under the shorter mask have different ones under the longer.
    #[cold]
    fn grow(&mut self) {
        let longer = (self.slots.len() * 2).max(8);
        let old = std::mem::take(&mut self.slots);
        self.slots.resize_with(longer, Slot::default);
        for slot in old {
            if !matches!(slot.state, State::Vacant) {
                let at = self.place(slot.xid);
                self.slots[at] = slot;
            }
        }
    }
}

/// More places than this are not kept once no call is in flight.
const KEEP: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> Waiting {
        Waiting { waker: Waker::noop().clone(), deadline: None, position: 0, datagram: None }
    }

    #[test]
    fn finds_calls_across_growth_and_wrap_around() {
        let mut pending = Pending::new(u32::MAX - 50);
        let xids: Vec<u32> = (0..1000).map(|_| pending.insert(waiting())).collect();
        assert_eq!(pending.len(), 1000);
        assert!(xids.iter().all(|xid| matches!(pending.state(*xid), Some(State::Waiting(_)))));
        assert_eq!(xids[51], 0);
        for xid in &xids {
            assert!(pending.remove(*xid).is_some());
            assert!(pending.remove(*xid).is_none());
        }
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn passes_over_places_that_older_calls_hold() {
        let mut pending = Pending::new(0);
        let old = pending.insert(waiting());
        for _ in 0..100 {
            let xid = pending.insert(waiting());
            assert_ne!(xid, old);
            pending.remove(xid);
        }
        assert!(pending.state(old).is_some());
        assert!(pending.slots.len() <= 16, "one old call does not make the table grow");
    }

    #[test]
    fn short_replies_are_kept_in_place() {
        assert!(size_of::<State>() <= 120, "{}", size_of::<State>());
        assert!(matches!(Body::copy(&[1; INLINE]), Body::Inline { length, .. } if usize::from(length) == INLINE));
        assert!(matches!(Body::copy(&[1; INLINE + 1]), Body::Shared(_)));
    }
}
