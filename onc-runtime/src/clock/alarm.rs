//! Time that a runtime of one thread keeps for itself.
//!
//! In its own poll it waits for a timer of the kernel's as for a socket, so that no wait has a limit, and the process stays one of a
//! single thread, in which the C library takes the short way through each system call.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Handle, Id, RuntimeFlavor};

/// The clocks of the runtimes that have one.
static CLOCKS: Mutex<Vec<(Id, Arc<Clock>)>> = Mutex::new(Vec::new());

/// The clock of one runtime.
#[derive(Debug)]
pub(super) struct Clock {
    descriptor: AsyncFd<Descriptor>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By moment. There are many of one moment: they lie on a grid.
    alarms: BTreeMap<Instant, Vec<Arc<Mutex<State>>>>,
    /// What the descriptor is set to.
    set: Option<Instant>,
}

/// Locked after the clock, if that is locked too.
#[derive(Debug, Default)]
struct State {
    /// It has gone off, and is no longer among the clock's.
    is_due: bool,
    /// Where it is among those of its moment.
    place: usize,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct Descriptor(TimerFd);

/// Goes off at a moment.
#[derive(Debug)]
pub(super) struct Alarm {
    clock: Arc<Clock>,
    moment: Instant,
    state: Arc<Mutex<State>>,
}

/// From now on the timers of this runtime are kept by itself, if it has one thread. To be called where it is about to wait for
/// sockets: only a runtime that does can wait for this, too.
pub(crate) fn attach() {
    let Ok(runtime) = Handle::try_current() else { return };
    if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread {
        return;
    }
    let mut clocks = locked(&CLOCKS);
    if clocks.iter().any(|(id, _)| *id == runtime.id()) {
        return;
    }
    // Without one the thread keeps the time.
    let Ok(clock) = Clock::new() else { return };
    let clock = Arc::new(clock);
    clocks.push((runtime.id(), Arc::clone(&clock)));
    runtime.spawn(run(clock, Listed(runtime.id())));
}

/// The clock of the runtime in which this is called.
pub(super) fn of_this_runtime() -> Option<Arc<Clock>> {
    let id = Handle::try_current().ok()?.id();
    locked(&CLOCKS).iter().find(|(other, _)| *other == id).map(|(_, clock)| Arc::clone(clock))
}

/// Strikes a clock off the list when its runtime ends.
struct Listed(Id);

impl Drop for Listed {
    fn drop(&mut self) {
        locked(&CLOCKS).retain(|(id, _)| *id != self.0);
    }
}

/// Has a clock's alarms go off, as long as its runtime lives.
async fn run(clock: Arc<Clock>, _listed: Listed) {
    while let Ok(mut ready) = clock.descriptor.readable().await {
        // It cannot be read if it was set anew just now.
        let _ = clock.descriptor.get_ref().0.wait();
        ready.clear_ready();
        clock.go_off();
    }
}

impl Clock {
    #[expect(unsafe_code, reason = "tokio has no other way to wait for a descriptor that is no socket")]
    fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let descriptor = Descriptor(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
        // SAFETY: `Descriptor` owns what it gives the number of, which therefore stays open and the same until it is dropped, and
        // it is never taken out of the `AsyncFd`.
        let descriptor = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) };
        Ok(Self { descriptor: descriptor.map_err(|error| error.into_parts().1)?, inner: Mutex::default() })
    }

    /// Wakes those whose moment has come.
    fn go_off(&self) {
        let mut woken = Vec::new();
        let mut inner = locked(&self.inner);
        let now = Instant::now();
        while let Some(first) = inner.alarms.first_entry()
            && *first.key() <= now
        {
            for alarm in first.remove() {
                let mut state = locked(&alarm);
                state.is_due = true;
                woken.extend(state.waker.take());
            }
        }
        inner.set = None;
        self.set(&mut inner);
        drop(inner);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Has the descriptor go off with the first alarm, or earlier.
    fn set(&self, inner: &mut Inner) {
        let Some((&first, _)) = inner.alarms.first_key_value() else { return };
        if inner.set.is_some_and(|set| set <= first) {
            return;
        }
        // Zero would stop it.
        let after = first.saturating_duration_since(Instant::now()).max(std::time::Duration::from_nanos(1));
        let set = self.descriptor.get_ref().0.set(Expiration::OneShot(after.into()), TimerSetTimeFlags::empty());
        inner.set = set.is_ok().then_some(first);
    }
}

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Alarm {
    pub(super) fn at(clock: Arc<Clock>, moment: Instant) -> Self {
        let state = Arc::default();
        let mut inner = locked(&clock.inner);
        inner.add(moment, &state);
        clock.set(&mut inner);
        drop(inner);
        Self { clock, moment, state }
    }

    /// Goes off at this moment, and not before.
    pub(super) fn reset(&mut self, moment: Instant) {
        let mut inner = locked(&self.clock.inner);
        inner.remove(self.moment, &self.state);
        inner.add(moment, &self.state);
        self.moment = moment;
        self.clock.set(&mut inner);
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = locked(&self.state);
        if state.is_due {
            return Poll::Ready(());
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        locked(&self.clock.inner).remove(self.moment, &self.state);
    }
}

impl Inner {
    fn add(&mut self, moment: Instant, state: &Arc<Mutex<State>>) {
        let alarms = self.alarms.entry(moment).or_default();
        let mut new = locked(state);
        new.is_due = false;
        new.place = alarms.len();
        alarms.push(Arc::clone(state));
    }

    fn remove(&mut self, moment: Instant, state: &Mutex<State>) {
        let State { is_due, place, .. } = *locked(state);
        if is_due {
            return;
        }
        let Some(alarms) = self.alarms.get_mut(&moment) else { return };
        alarms.swap_remove(place);
        match alarms.get(place) {
            Some(moved) => locked(moved).place = place,
            None if alarms.is_empty() => {
                self.alarms.remove(&moment);
            }
            None => {}
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    fn soon(milliseconds: u64) -> Instant {
        Instant::now() + Duration::from_millis(milliseconds)
    }

    #[tokio::test]
    async fn alarms_go_off_in_turn_and_not_early() {
        attach();
        let clock = of_this_runtime().expect("a runtime of one thread");
        let moments = [soon(20), soon(5), soon(60_000), soon(10), soon(0)];
        let mut alarms = moments.map(|moment| Alarm::at(Arc::clone(&clock), moment));
        for at in [4, 1, 3, 0] {
            poll_fn(|cx| alarms[at].poll(cx)).await;
            assert!(Instant::now() >= moments[at]);
        }
        assert!(poll_fn(|cx| Poll::Ready(alarms[2].poll(cx))).await.is_pending());
        alarms[2].reset(soon(1));
        poll_fn(|cx| alarms[2].poll(cx)).await;
        drop(alarms);
        assert!(locked(&clock.inner).alarms.is_empty());
    }

    #[tokio::test]
    async fn alarms_of_one_moment_leave_in_any_order() {
        attach();
        let clock = of_this_runtime().expect("a runtime of one thread");
        let (past, next, far) = (soon(0), soon(1), soon(60_000));
        let mut alarms: Vec<Alarm> = (0..6).map(|_| Alarm::at(Arc::clone(&clock), far)).collect();
        alarms.swap_remove(1);
        alarms.remove(0);
        alarms[0].reset(next);
        alarms[1].reset(past);
        for alarm in &mut alarms[..2] {
            poll_fn(|cx| alarm.poll(cx)).await;
        }
        // It has gone off, and others are set to the moment at which it did.
        alarms[0].reset(past);
        alarms.remove(1);
        poll_fn(|cx| alarms[0].poll(cx)).await;
        assert_eq!(locked(&clock.inner).alarms.values().map(Vec::len).collect::<Vec<_>>(), [2]);
        drop(alarms);
        assert!(locked(&clock.inner).alarms.is_empty());
    }

    #[test]
    fn a_runtime_has_one_clock_and_takes_it_along() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let id = runtime.handle().id();
        let count = || locked(&CLOCKS).iter().filter(|(other, _)| *other == id).count();
        runtime.block_on(async {
            attach();
            attach();
        });
        assert_eq!(count(), 1);
        drop(runtime);
        assert_eq!(count(), 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_runtime_of_several_threads_has_none() {
        attach();
        assert!(of_this_runtime().is_none());
    }
}
