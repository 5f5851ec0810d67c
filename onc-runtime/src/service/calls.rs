//! How many calls of a server run at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts the running calls of all connections of a server. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct RunningCalls {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    running: AtomicUsize,
    max: usize,
    /// Connections that wait until there is room again.
    waiting: AtomicUsize,
    /// The log knows that the limit was reached: once is enough.
    told: AtomicBool,
    freed: Notify,
}

/// A call that runs; dropped, it has ended.
#[derive(Debug)]
pub(crate) struct RunningCall {
    calls: RunningCalls,
}

impl RunningCalls {
    pub(crate) fn new(max: usize) -> Self {
        let inner = Inner {
            running: AtomicUsize::new(0),
            max: max.max(1),
            waiting: AtomicUsize::new(0),
            told: AtomicBool::new(false),
            freed: Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// One more runs. It is not refused: whoever looks at [`is_full`](Self::is_full) first exceeds the limit at most by the
    /// number of threads.
    pub(crate) fn begin(&self) -> RunningCall {
        self.inner.running.fetch_add(1, Ordering::Relaxed);
        RunningCall { calls: self.clone() }
    }

    /// So many run that no further ones are to be begun.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.inner.running.load(Ordering::Relaxed) >= self.inner.max
    }

    /// How many run.
    pub(crate) fn len(&self) -> usize {
        self.inner.running.load(Ordering::Relaxed)
    }

    /// Ends when there is room. Whoever has waited calls [`pass_on`](Self::pass_on) when it has begun what it wants to.
    ///
    /// # Cancel safety
    ///
    /// Safe: another one is woken instead.
    pub(crate) async fn room(self) {
        struct Waiting<'a>(&'a Inner);

        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.waiting.fetch_sub(1, Ordering::SeqCst);
            }
        }

        self.inner.waiting.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(&self.inner);
        loop {
            let mut freed = std::pin::pin!(self.inner.freed.notified());
            // From here on no end of a call is missed.
            freed.as_mut().enable();
            if self.inner.running.load(Ordering::SeqCst) < self.inner.max {
                return;
            }
            if !self.inner.told.swap(true, Ordering::Relaxed) {
                let max = self.inner.max;
                tracing::warn!(target: "onc::server", max, "as many calls run as may, and further ones wait; `max_calls` allows more");
            }
            freed.await;
        }
    }

    /// Wakes the next one that waits if there is still room: each end of a call wakes only one.
    pub(crate) fn pass_on(&self) {
        if self.inner.waiting.load(Ordering::SeqCst) > 0 && !self.is_full() {
            self.inner.freed.notify_one();
        }
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        self.calls.inner.running.fetch_sub(1, Ordering::SeqCst);
        self.calls.pass_on();
    }
}

/// No limit.
impl Default for RunningCalls {
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn is_ready(waiting: &mut Pin<Box<impl Future<Output = ()>>>) -> bool {
        waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn those_that_wait_go_on_when_calls_end() {
        let calls = RunningCalls::new(2);
        let running = [calls.begin(), calls.begin()];
        assert!(calls.is_full());
        let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(calls.clone().room())).collect();
        assert!(!waiting.iter_mut().any(is_ready));
        drop(running);
        let mut ready = 0;
        while let Some(at) = waiting.iter_mut().position(is_ready) {
            drop(waiting.swap_remove(at));
            // It begins nothing: the room is the next one's.
            calls.pass_on();
            ready += 1;
        }
        assert_eq!(ready, 3);
    }

    #[test]
    fn one_that_gives_up_waiting_does_not_keep_the_room() {
        let calls = RunningCalls::new(1);
        let running = calls.begin();
        let mut first = Box::pin(calls.clone().room());
        let mut second = Box::pin(calls.clone().room());
        assert!(!is_ready(&mut first) && !is_ready(&mut second));
        drop(running);
        drop(first);
        assert!(is_ready(&mut second));
    }

    #[test]
    fn room_that_is_there_is_not_waited_for() {
        let calls = RunningCalls::new(1);
        assert!(is_ready(&mut Box::pin(calls.clone().room())));
        assert_eq!(calls.len(), 0);
    }
}
