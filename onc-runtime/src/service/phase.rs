//! How far a server has come in stopping, told to thousands of tasks at no cost while nothing changes.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

/// One follows another, never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Phase {
    Serving,
    /// No further calls are taken.
    Stopping,
    /// Tasks end where they wait.
    Cut,
}

/// The phase of a server, and who waits for the next one.
#[derive(Debug, Default)]
pub(super) struct Phases {
    now: AtomicU8,
    listeners: Mutex<Listeners>,
}

#[derive(Debug, Default)]
struct Listeners {
    wakers: Vec<Option<Waker>>,
    vacant: Vec<usize>,
}

/// A task that is woken when the phase changes.
#[derive(Debug)]
pub(super) struct Listener {
    phases: Arc<Phases>,
    /// Its place among the listeners, and what is there: a task's waker is nearly always the same.
    place: Option<(usize, Waker)>,
}

impl Phases {
    /// The present phase.
    #[inline]
    pub(super) fn now(&self) -> Phase {
        match self.now.load(Ordering::Acquire) {
            0 => Phase::Serving,
            1 => Phase::Stopping,
            _ => Phase::Cut,
        }
    }

    /// Goes on to this phase, if it has not been reached.
    pub(super) fn advance(&self, phase: Phase) {
        if self.now.fetch_max(phase as u8, Ordering::AcqRel) >= phase as u8 {
            return;
        }
        // Outside of the lock: a waker may run whatever it likes.
        let wakers: Vec<Waker> = self.lock().wakers.iter().flatten().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// A task that has not been polled yet.
    pub(super) fn listener(self: Arc<Self>) -> Listener {
        Listener { phases: self, place: None }
    }

    fn lock(&self) -> MutexGuard<'_, Listeners> {
        // Nothing in here panics but for want of memory.
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// The present phase; the task is woken at the next one.
    #[inline]
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Phase {
        if !matches!(&self.place, Some((_, waker)) if waker.will_wake(cx.waker())) {
            self.register(cx.waker());
        }
        // After the registration: whoever changes it from now on sees that.
        self.phases.now()
    }

    #[cold]
    fn register(&mut self, waker: &Waker) {
        let mut listeners = self.phases.lock();
        let known = self.place.as_ref().map(|(at, _)| *at).or_else(|| listeners.vacant.pop());
        let at = known.unwrap_or_else(|| {
            listeners.wakers.push(None);
            listeners.wakers.len() - 1
        });
        listeners.wakers[at] = Some(waker.clone());
        drop(listeners);
        self.place = Some((at, waker.clone()));
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some((at, _)) = self.place {
            let mut listeners = self.phases.lock();
            let waker = listeners.wakers[at].take();
            listeners.vacant.push(at);
            drop(listeners);
            drop(waker);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn every_listener_is_woken_at_every_phase_and_none_that_has_gone() {
        let phases = Arc::new(Phases::default());
        let counts: [Arc<Count>; 3] = Default::default();
        let mut listeners: Vec<Listener> = counts.iter().map(|_| Arc::clone(&phases).listener()).collect();
        for (listener, count) in listeners.iter_mut().zip(&counts) {
            let waker = Waker::from(Arc::clone(count));
            assert_eq!(listener.poll(&Context::from_waker(&waker)), Phase::Serving);
            assert_eq!(listener.poll(&Context::from_waker(&waker)), Phase::Serving);
        }
        phases.advance(Phase::Stopping);
        phases.advance(Phase::Stopping);
        listeners.remove(1);
        phases.advance(Phase::Cut);
        phases.advance(Phase::Stopping);
        assert_eq!(phases.now(), Phase::Cut);
        assert_eq!(counts.map(|count| count.0.load(Ordering::Relaxed)), [2, 1, 2]);
    }

    #[test]
    fn places_are_used_again() {
        let phases = Arc::new(Phases::default());
        for _ in 0..100 {
            let mut listener = Arc::clone(&phases).listener();
            listener.poll(&Context::from_waker(Waker::noop()));
        }
        assert_eq!(phases.lock().wakers.len(), 1);
    }
}
