//! Answers of port mappers, remembered for a while.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::mapper::Lookup;

/// Which mapper was asked for what.
type Key = (SocketAddr, Lookup);

/// Answers that are remembered at most.
const MAX_ANSWERS: usize = 4096;

/// Where programs are, and when that was learnt.
#[derive(Debug, Default)]
pub(super) struct Cache {
    answers: Mutex<HashMap<Key, Answer>>,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    address: SocketAddr,
    learnt: Instant,
    /// Nobody was there.
    refused: bool,
}

impl Cache {
    /// The answer, if it is younger than `age`.
    pub(super) fn find(&self, key: Key, age: Duration, now: Instant) -> Option<SocketAddr> {
        let answer = *self.lock().get(&key)?;
        (!answer.refused && now.saturating_duration_since(answer.learnt) < age).then_some(answer.address)
    }

    /// The answer, if nobody was there.
    pub(super) fn refused(&self, key: &Key) -> Option<SocketAddr> {
        self.lock().get(key).filter(|answer| answer.refused).map(|answer| answer.address)
    }

    /// Remembers an answer. When there are too many, those older than `age` are forgotten, or else all.
    pub(super) fn insert(&self, key: Key, address: SocketAddr, age: Duration, now: Instant) {
        self.put(key, Answer { address, learnt: now, refused: false }, age);
    }

    /// Remembers that nobody was at an address.
    pub(super) fn refuse(&self, key: Key, address: SocketAddr, age: Duration, now: Instant) {
        self.put(key, Answer { address, learnt: now, refused: true }, age);
    }

    fn put(&self, key: Key, answer: Answer, age: Duration) {
        let mut answers = self.lock();
        if answers.len() >= MAX_ANSWERS && !answers.contains_key(&key) {
            answers.retain(|_, other| answer.learnt.saturating_duration_since(other.learnt) < age);
            if answers.len() >= MAX_ANSWERS {
                answers.clear();
            }
        }
        answers.insert(key, answer);
    }

    /// Forgets an answer.
    pub(super) fn remove(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Answer>> {
        // Nothing panics while it holds the lock but for want of memory, and each entry is whole.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::Netid;

    fn key(program: u32) -> Key {
        ("192.0.2.1:111".parse().expect("address"), Lookup { program, version: 1, netid: Netid::Tcp })
    }

    #[test]
    fn answers_grow_old() {
        let (cache, now, age) = (Cache::default(), Instant::now(), Duration::from_secs(60));
        let address = "192.0.2.1:2049".parse().expect("address");
        cache.insert(key(1), address, age, now);
        assert_eq!(cache.find(key(1), age, now + age - Duration::from_nanos(1)), Some(address));
        assert_eq!(cache.find(key(1), age, now + age), None);
        assert_eq!(cache.find(key(1), Duration::ZERO, now), None, "no age: nothing is remembered");
        assert_eq!(cache.find(key(2), age, now), None);
        cache.remove(&key(1));
        assert_eq!(cache.find(key(1), age, now), None);
    }

    #[test]
    fn a_refused_answer_is_none() {
        let (cache, now, age) = (Cache::default(), Instant::now(), Duration::from_secs(60));
        let address = "192.0.2.1:2049".parse().expect("address");
        cache.insert(key(1), address, age, now);
        assert_eq!(cache.refused(&key(1)), None);
        cache.refuse(key(1), address, age, now);
        assert_eq!((cache.find(key(1), age, now), cache.refused(&key(1))), (None, Some(address)));
        cache.insert(key(1), address, age, now);
        assert_eq!(cache.refused(&key(1)), None, "somebody is there by now");
    }

    #[test]
    fn there_are_never_too_many() {
        let (cache, now, age) = (Cache::default(), Instant::now(), Duration::from_secs(60));
        let address = "192.0.2.1:2049".parse().expect("address");
        let most = u32::try_from(MAX_ANSWERS).expect("few");
        for program in 0..most * 3 {
            cache.insert(key(program), address, age, now);
            assert!(cache.lock().len() <= MAX_ANSWERS);
            assert_eq!(cache.find(key(program), age, now), Some(address));
        }
    }
}
