//! The calls that wait for their replies, by xid.

use std::task::Waker;

use bytes::Bytes;

use crate::error::Error;
use crate::rpc::Record;

use super::replies::Replies;

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

/// What finds a call again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallKey {
    pub(super) xid: u32,
    /// Where a short reply is [left](Replies).
    pub(super) place: u32,
}

/// A line of memory, shared with no other call.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Slot {
    xid: u32,
    /// Where it was among the slots when it came.
    place: u32,
    state: State,
}

/// What became of a call so far.
#[derive(Debug, Default)]
enum State {
    /// There is no such call, or its reply is left in its place.
    #[default]
    Vacant,
    /// No reply yet.
    Waiting(Waiting),
    /// A reply in memory of its own.
    Long(Bytes),
    /// There will be no reply.
    Failed(Error),
}

/// A call without a reply.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Whom to wake.
    pub(super) waker: Waker,
    /// When it is given up; `None`: by its own timer.
    pub(super) deadline: Option<Tick>,
    /// On a stream: how many bytes were queued before it since the connection came up, or [`NOT_QUEUED`].
    pub(super) position: u64,
    /// On a datagram socket: the message, which may have to be sent again.
    pub(super) datagram: Option<Box<super::datagram::Outstanding>>,
}

/// The position of a call of which nothing is queued.
pub(super) const NOT_QUEUED: u64 = u64::MAX;

/// A reply as it was received, without its record mark, for whoever waited for it.
#[derive(Debug)]
pub(super) enum Body<'a> {
    Short(&'a [u8]),
    Long(Bytes),
}

impl Waiting {
    /// The server may have received it, as far as can be told without asking the connection.
    pub(super) fn may_have_left(&self) -> bool {
        self.datagram.as_ref().map_or(self.position != NOT_QUEUED, |datagram| datagram.was_sent())
    }
}

impl Body<'_> {
    /// In memory of its own.
    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Short(bytes) => Bytes::copy_from_slice(bytes),
            Self::Long(bytes) => bytes,
        }
    }
}

impl Pending {
    /// None yet; the first will have this xid.
    pub(super) fn new(first_xid: u32) -> Self {
        Self { slots: Vec::new(), next_xid: first_xid, count: 0 }
    }

    /// How many there are, those included whose reply has not been fetched and is not left in its place.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Adds a call and gives it an xid.
    #[inline]
    pub(super) fn insert(&mut self, waiting: Waiting) -> CallKey {
        let call = self.next();
        self.put(call, || waiting);
        call
    }

    /// An xid that no call has, and a place that is free, for a call that may be [added](Self::put).
    #[inline]
    pub(super) fn next(&mut self) -> CallKey {
        if self.slots.len() < 2 * (self.count + 1) {
            self.grow();
        }
        loop {
            let xid = self.next_xid;
            self.next_xid = xid.wrapping_add(1);
            let at = self.place(xid);
            if matches!(self.slots[at].state, State::Vacant) {
                return CallKey { xid, place: at as u32 };
            }
        }
    }

    /// Adds the call that has just been given this xid. What is to wait is made in its place: moved at once, it would have to be in
    /// memory first.
    #[inline]
    pub(super) fn put(&mut self, call: CallKey, waiting: impl FnOnce() -> Waiting) {
        let slot = &mut self.slots[call.place as usize];
        let waiting = waiting();
        (slot.xid, slot.place) = (call.xid, call.place);
        // In place of nothing, which need not be dropped.
        std::mem::forget(std::mem::replace(&mut slot.state, State::Waiting(waiting)));
        self.count += 1;
    }

    /// The xid that comes next: it has changed if a call was made.
    pub(super) fn next_xid(&self) -> u32 {
        self.next_xid
    }

    /// The call with this xid, if it still waits for its reply.
    #[inline]
    pub(super) fn waiting(&mut self, xid: u32) -> Option<&mut Waiting> {
        match self.state(xid) {
            Some(State::Waiting(waiting)) => Some(waiting),
            _ => None,
        }
    }

    /// Keeps the reply to a call, in its place among the `replies` if it fits there; returns the call as it waited, if it did.
    #[inline]
    pub(super) fn settle(&mut self, xid: u32, reply: &Record<'_>, replies: &Replies) -> Option<Waiting> {
        let slot = self.slot(xid)?;
        if !matches!(slot.state, State::Waiting(_)) {
            return None;
        }
        let reply = match reply {
            Record::Borrowed(reply) if replies.put(CallKey { xid, place: slot.place }, reply) => {
                let before = std::mem::take(&mut slot.state);
                self.count -= 1;
                return if let State::Waiting(waiting) = before { Some(waiting) } else { None };
            }
            Record::Borrowed(reply) => Bytes::copy_from_slice(reply),
            Record::Owned(reply) => reply.clone(),
        };
        let before = std::mem::replace(&mut slot.state, State::Long(reply));
        if let State::Waiting(waiting) = before { Some(waiting) } else { None }
    }

    /// Says why there will be no reply to a call; returns the call as it waited, if it did.
    pub(super) fn fail(&mut self, xid: u32, error: Error) -> Option<Waiting> {
        match self.state(xid)? {
            state @ State::Waiting(_) => match std::mem::replace(state, State::Failed(error)) {
                State::Waiting(waiting) => Some(waiting),
                _ => None,
            },
            _ => None,
        }
    }

    /// Ends a call that waits no longer: hands the reply to `read`, or says why there is none.
    #[inline]
    pub(super) fn take<R>(
        &mut self,
        call: CallKey,
        replies: &Replies,
        read: impl FnOnce(Body<'_>) -> R,
    ) -> Result<R, Error> {
        let Some(slot) = self.slot(call.xid) else {
            let reply = replies.take(call).ok_or(Error::Closed)?;
            return Ok(read(Body::Short(reply.as_bytes())));
        };
        let state = std::mem::take(&mut slot.state);
        self.count -= 1;
        match state {
            State::Long(bytes) => Ok(read(Body::Long(bytes))),
            State::Failed(error) => Err(error),
            State::Waiting(_) | State::Vacant => Err(Error::Closed),
        }
    }

    /// Forgets a call whose reply is not in its place; false if there is none.
    #[inline]
    pub(super) fn remove(&mut self, xid: u32) -> bool {
        let Some(slot) = self.slot(xid) else { return false };
        slot.state = State::Vacant;
        self.count -= 1;
        true
    }

    /// The slot of a call, if there is one of this xid.
    #[inline]
    fn slot(&mut self, xid: u32) -> Option<&mut Slot> {
        let mask = self.slots.len().wrapping_sub(1);
        let slot = self.slots.get_mut(xid as usize & mask)?;
        (slot.xid == xid && !matches!(slot.state, State::Vacant)).then_some(slot)
    }

    #[inline]
    fn state(&mut self, xid: u32) -> Option<&mut State> {
        self.slot(xid).map(|slot| &mut slot.state)
    }

    /// Gives back the memory of many calls once none is in flight.
    pub(super) fn shrink(&mut self) {
        if self.count == 0 && self.slots.len() > KEEP {
            self.slots = Vec::new();
        }
    }

    /// Ends those waiting calls for which `end` gives an outcome; returns whom to wake.
    pub(super) fn end_each(&mut self, mut end: impl FnMut(u32, &mut Waiting) -> Option<Error>) -> Vec<Waker> {
        let mut woken = Vec::new();
        for slot in &mut self.slots {
            if let State::Waiting(waiting) = &mut slot.state
                && let Some(error) = end(slot.xid, waiting)
                && let State::Waiting(waiting) = std::mem::replace(&mut slot.state, State::Failed(error))
            {
                woken.push(waiting.waker);
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
        let longer = (self.slots.len() * 2).max(FEWEST);
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

/// So many places there are at least: most connections carry one call at a time.
const FEWEST: usize = 4;

/// More places than this are not kept once no call is in flight.
const KEEP: usize = 256;

#[cfg(test)]
mod tests {
    use super::super::replies::SHORT;
    use super::*;

    fn waiting() -> Waiting {
        Waiting { waker: Waker::noop().clone(), deadline: None, position: 0, datagram: None }
    }

    #[test]
    fn finds_calls_across_growth_and_wrap_around() {
        let mut pending = Pending::new(u32::MAX - 50);
        let xids: Vec<u32> = (0..1000).map(|_| pending.insert(waiting()).xid).collect();
        assert_eq!(pending.len(), 1000);
        assert!(xids.iter().all(|xid| pending.waiting(*xid).is_some()));
        assert_eq!(xids[51], 0);
        for xid in &xids {
            pending.remove(*xid);
            assert!(pending.waiting(*xid).is_none());
        }
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn passes_over_places_that_older_calls_hold() {
        let mut pending = Pending::new(0);
        let old = pending.insert(waiting()).xid;
        for _ in 0..100 {
            let xid = pending.insert(waiting()).xid;
            assert_ne!(xid, old);
            pending.remove(xid);
        }
        assert!(pending.waiting(old).is_some());
        assert!(pending.slots.len() <= 16, "one old call does not make the table grow");
    }

    #[test]
    fn replies_are_kept_whatever_their_length() {
        assert_eq!(size_of::<Slot>(), 64);
        let (mut pending, replies) = (Pending::new(7), Replies::default());
        for length in [24, SHORT, 27, SHORT + 1, 10_000] {
            let call = pending.insert(waiting());
            let reply = vec![0xcd; length];
            assert!(pending.settle(call.xid, &Record::Borrowed(&reply), &replies).is_some());
            assert!(pending.settle(call.xid, &Record::Borrowed(b"late"), &replies).is_none());
            let is_short = pending.take(call, &replies, |body| {
                let is_short = matches!(body, Body::Short(_));
                assert_eq!(body.into_bytes(), reply);
                is_short
            });
            assert_eq!(is_short.expect("a reply"), [24, SHORT].contains(&length));
            assert!(matches!(pending.take(call, &replies, |_| ()), Err(Error::Closed)));
        }
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn a_reply_whose_place_is_not_empty_is_kept_all_the_same() {
        let (mut pending, replies) = (Pending::new(0), Replies::default());
        let calls: Vec<CallKey> = (0..=FEWEST as u8)
            .map(|at| {
                let call = pending.insert(waiting());
                assert!(pending.settle(call.xid, &Record::Borrowed(&[at; 28]), &replies).is_some());
                call
            })
            .collect();
        assert_eq!(calls[0].place, calls[FEWEST].place);
        assert_eq!(pending.len(), 1);
        for (at, call) in (0..).zip(calls) {
            let reply = pending.take(call, &replies, |body| body.into_bytes()).expect("a reply");
            assert_eq!(reply[..], [at; 28]);
        }
    }

    #[test]
    fn the_memory_of_many_calls_is_given_back() {
        let mut pending = Pending::new(0);
        let xids: Vec<u32> = (0..1000).map(|_| pending.insert(waiting()).xid).collect();
        pending.shrink();
        assert!(pending.slots.len() >= 1000);
        for xid in xids {
            assert!(pending.remove(xid));
            assert!(!pending.remove(xid));
        }
        pending.shrink();
        assert_eq!(pending.slots.len(), 0);
    }
}
