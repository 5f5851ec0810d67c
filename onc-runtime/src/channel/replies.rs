//! Short replies on their way from the driver to their callers.
//!
//! The driver puts a reply where its caller finds it without the channel's lock: threads whose callers are woken together would
//! wait there for each other. A place has one writer and one reader at a time, and its state says whose turn it is: the driver's
//! while it is empty, the caller's while it holds a reply. Everything in it is atomic, and nothing more than loads and stores.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::pending::CallKey;

/// Replies up to this length have a place: a header of 24 bytes and a few dozen of results.
pub(super) const SHORT: usize = WORDS * 8;

const WORDS: usize = 15;

/// Places of the first level; each further one doubles the number of all.
const FIRST: usize = 4;

/// Up to 2048 places, 256 KiB.
const LEVELS: usize = 10;

/// The places of a channel. They are made as more calls are in flight at once, and kept.
#[derive(Debug, Default)]
pub(super) struct Replies {
    levels: [OnceLock<Box<[Place]>>; LEVELS],
}

/// Two lines of memory, shared with no other call.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Place {
    /// [`EMPTY`], or the length of the reply and, above it, its xid.
    state: AtomicU64,
    words: [AtomicU64; WORDS],
}

const EMPTY: u64 = 0;

/// A short reply, without its record mark.
pub(super) struct Short {
    bytes: [u8; SHORT],
    length: usize,
}

impl Short {
    /// None yet.
    #[inline]
    pub(super) fn new() -> Self {
        Self { bytes: [0; SHORT], length: 0 }
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Replies {
    /// Leaves a reply for the caller of `call`. False if it is too long or no XDR, or a reply that nobody has fetched yet is in its place.
    /// Only one thread at a time may do this.
    #[inline]
    pub(super) fn put(&self, call: CallKey, reply: &[u8]) -> bool {
        // RFC 4506 §3: what is encoded has a length that is a multiple of four.
        if reply.is_empty() || reply.len() > SHORT || !reply.len().is_multiple_of(4) {
            return false;
        }
        let Some(place) = self.place_to_fill(call) else { return false };
        // Whoever has emptied it has read it before.
        if place.state.load(Ordering::Acquire) != EMPTY {
            return false;
        }
        let (words, half) = reply.as_chunks::<8>();
        for (word, bytes) in place.words.iter().zip(words) {
            word.store(u64::from_ne_bytes(*bytes), Ordering::Relaxed);
        }
        if let Some([a, b, c, d]) = half.first_chunk() {
            let last = u64::from_ne_bytes([*a, *b, *c, *d, 0, 0, 0, 0]);
            place.words[words.len()].store(last, Ordering::Relaxed);
        }
        place.state.store(u64::from(call.xid) << 32 | reply.len() as u64, Ordering::Release);
        true
    }

    /// Fetches the reply to `call`, if it is there. Only the caller may do this.
    #[inline]
    pub(super) fn take(&self, call: CallKey) -> Option<Short> {
        let mut reply = Short::new();
        self.fetch(call, &mut reply).then_some(reply)
    }

    /// As [`take`](Self::take), to where the reply stays: moved at once, it would have to be in memory first.
    #[inline]
    pub(super) fn fetch(&self, call: CallKey, reply: &mut Short) -> bool {
        let Some(place) = self.place(call) else { return false };
        let state = place.state.load(Ordering::Acquire);
        if state == EMPTY || (state >> 32) as u32 != call.xid {
            return false;
        }
        reply.length = (state as u32 as usize).min(SHORT);
        let words = place.words.iter().take(reply.length.div_ceil(8));
        for (bytes, word) in reply.bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *bytes = word.load(Ordering::Relaxed).to_ne_bytes();
        }
        place.state.store(EMPTY, Ordering::Release);
        true
    }

    #[inline]
    fn place(&self, call: CallKey) -> Option<&Place> {
        let (level, at) = position(call.place);
        self.levels.get(level)?.get()?.get(at)
    }

    #[inline]
    fn place_to_fill(&self, call: CallKey) -> Option<&Place> {
        let (level, at) = position(call.place);
        let level_of = self.levels.get(level)?;
        level_of.get_or_init(|| (0..FIRST << level.saturating_sub(1)).map(|_| Place::default()).collect()).get(at)
    }
}

/// The level of a place, and which of its level it is.
#[inline]
fn position(place: u32) -> (usize, usize) {
    let place = place as usize;
    match place.checked_ilog2() {
        Some(log) if place >= FIRST => ((log - FIRST.ilog2() + 1) as usize, place - (1 << log)),
        _ => (0, place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn key(xid: u32, place: u32) -> CallKey {
        CallKey { xid, place }
    }

    #[test]
    fn a_reply_is_fetched_as_it_was_left_and_once() {
        let replies = Replies::default();
        for length in (4..=SHORT).step_by(4) {
            let call = key(7, length as u32);
            let reply: Vec<u8> = (0..length as u8).map(|byte| byte ^ 0x5a).collect();
            assert!(replies.take(call).is_none());
            assert!(replies.put(call, &reply), "{length}");
            assert!(replies.take(key(8, call.place)).is_none(), "that of another call");
            assert_eq!(replies.take(call).expect("it is there").as_bytes(), reply);
            assert!(replies.take(call).is_none());
        }
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let replies = Replies::default();
        assert!(!replies.put(key(1, 0), &[0; SHORT + 1]));
        assert!(!replies.put(key(1, 0), &[]));
        assert!(!replies.put(key(1, 0), &[0; 27]));
        assert!(replies.put(key(1, 2047), &[0; 24]));
        assert!(!replies.put(key(1, 2048), &[0; 24]), "there are no more places");
        assert!(replies.take(key(1, u32::MAX)).is_none());
        assert!(replies.put(key(2, 3), &[1; 24]));
        assert!(!replies.put(key(3, 3), &[2; 24]), "one that nobody has fetched is not written over");
        assert_eq!(replies.take(key(2, 3)).expect("it is there").as_bytes(), [1; 24]);
    }

    #[test]
    fn every_place_is_its_own() {
        let replies = Replies::default();
        for place in 0..2048 {
            assert!(replies.put(key(place, place), &place.to_be_bytes()));
        }
        for place in 0..2048 {
            assert_eq!(replies.take(key(place, place)).expect("it is there").as_bytes(), place.to_be_bytes());
        }
    }

    #[test]
    fn a_reply_is_whole_on_another_thread() {
        let replies = &Replies::default();
        std::thread::scope(|scope| {
            for place in 0..2 {
                scope.spawn(move || {
                    for xid in 0..10_000_u32 {
                        let reply = [xid as u8; 100];
                        while !replies.put(key(xid, place), &reply) {
                            std::thread::yield_now();
                        }
                    }
                });
                scope.spawn(move || {
                    for xid in 0..10_000_u32 {
                        let reply = loop {
                            match replies.take(key(xid, place)) {
                                Some(reply) => break reply,
                                None => std::thread::yield_now(),
                            }
                        };
                        assert_eq!(reply.as_bytes(), [xid as u8; 100]);
                    }
                });
            }
        });
    }
}
