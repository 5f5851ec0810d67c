//! Time that is kept aside.
//!
//! A runtime in which a timer runs waits for its sockets with a time limit, which the kernel sets up and takes down for each
//! wait: half a microsecond on either side of every call. The timers behind deadlines, idle connections and the port mapper
//! always run and hardly ever end anything. A thread of their own keeps them, one for the process, which sleeps from one of
//! their moments to the next.
//!
//! Where tokio's clock does not show the real time, as in tests that pause it, a timer runs in the runtime of its task, as
//! tokio's do.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, Sleep, sleep_until};

/// Ready at a moment, which can be changed, and from then on.
#[derive(Debug)]
pub(crate) struct Timer {
    sleep: Pin<Box<Sleep>>,
    is_aside: bool,
}

impl Timer {
    /// Ready after this time.
    pub(crate) fn after(duration: Duration) -> Self {
        Self::at(from_now(duration))
    }

    fn at(moment: Instant) -> Self {
        let keeper = keeper();
        // Whose context it is made in keeps it.
        let _context = keeper.as_ref().map(Handle::enter);
        Self { sleep: Box::pin(sleep_until(moment)), is_aside: keeper.is_some() }
    }

    /// Ready after this time from now, and not before.
    pub(crate) fn restart(&mut self, duration: Duration) {
        self.reset(from_now(duration));
    }

    /// When it is or was to be ready.
    pub(crate) fn deadline(&self) -> Instant {
        self.sleep.deadline()
    }

    /// Ready at this moment, and not before.
    pub(crate) fn reset(&mut self, moment: Instant) {
        if self.is_aside == keeper().is_some() {
            self.sleep.as_mut().reset(moment);
        } else {
            // The clock was paused, or goes again.
            *self = Self::at(moment);
        }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.sleep.as_mut().poll(cx)
    }
}

fn from_now(duration: Duration) -> Instant {
    /// As good as never.
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

    let now = Instant::now();
    now.checked_add(duration).unwrap_or_else(|| now + FAR)
}

/// The thread that keeps the time.
struct Keeper {
    process: u32,
    runtime: Handle,
}

/// The runtime that keeps the time. `None`: tokio's clock does not show the real time, or there can be no such thread.
fn keeper() -> Option<Handle> {
    static KEEPER: Mutex<Option<Keeper>> = Mutex::new(None);

    let before = std::time::Instant::now();
    let now = Instant::now().into_std();
    let after = std::time::Instant::now();
    if now < before || after < now {
        return None;
    }
    let process = std::process::id();
    let mut keeper = KEEPER.lock().unwrap_or_else(PoisonError::into_inner);
    // A process that was forked has none of its parent's threads.
    if keeper.as_ref().is_none_or(|keeper| keeper.process != process) {
        *keeper = start(process);
    }
    keeper.as_ref().map(|keeper| keeper.runtime.clone())
}

fn start(process: u32) -> Option<Keeper> {
    let runtime = Builder::new_current_thread().enable_time().build().ok()?;
    let keeper = Keeper { process, runtime: runtime.handle().clone() };
    let thread = thread::Builder::new().name("onc-clock".into());
    thread.spawn(move || runtime.block_on(std::future::pending::<()>())).ok()?;
    Some(keeper)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const SOON: Duration = Duration::from_millis(1);

    #[test]
    fn real_time_is_kept_aside_of_a_runtime_that_has_no_timers() {
        let runtime = Builder::new_current_thread().build().expect("a runtime without timers");
        runtime.block_on(async {
            let mut timer = Timer::after(SOON);
            assert!(timer.is_aside);
            (&mut timer).await;
            timer.restart(SOON);
            (&mut timer).await;
            timer.restart(Duration::MAX);
            assert!(std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut timer).poll(cx))).await.is_pending());
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_paused_is_followed() {
        let begun = Instant::now();
        let mut timer = Timer::after(HOUR);
        assert!(!timer.is_aside);
        (&mut timer).await;
        timer.restart(HOUR);
        timer.await;
        assert_eq!(begun.elapsed().as_secs(), 2 * HOUR.as_secs());
    }

    #[tokio::test]
    async fn a_clock_that_is_paused_later_is_followed_from_the_next_time_on() {
        let mut timer = Timer::after(SOON);
        assert!(timer.is_aside);
        tokio::time::pause();
        (&mut timer).await;
        timer.restart(HOUR);
        assert!(!timer.is_aside);
        timer.await;
    }
}
