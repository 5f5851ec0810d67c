//! Replies of handlers that took their time, on their way to the connection.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::transport::Outgoing;

/// Where handlers that did not answer at once leave their replies; the connection's task picks them up.
///
/// Nearly all connections never have such a handler: what they share is made for the first one.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    shared: Option<Arc<Shared>>,
}

/// A handler that goes on by itself, as its connection sees it: its reply is to come.
#[derive(Debug)]
pub(super) struct Awaited {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// There is something in it. Lets the connection pass by without taking the lock.
    filled: AtomicBool,
    /// Handlers that will still leave something.
    running: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    replies: Outgoing,
    connection: Option<Waker>,
    closed: bool,
}

impl Outbox {
    /// A handler goes on by itself; `connection` is woken when it is done.
    pub(super) fn begin(&mut self, connection: &Waker) -> Awaited {
        let shared = self.shared.get_or_insert_default();
        shared.running.fetch_add(1, Ordering::Relaxed);
        let mut inner = shared.lock();
        if !inner.connection.as_ref().is_some_and(|waker| waker.will_wake(connection)) {
            inner.connection = Some(connection.clone());
        }
        drop(inner);
        Awaited { shared: Arc::clone(shared) }
    }

    /// How many handlers will still leave something.
    #[inline]
    pub(super) fn running(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.running.load(Ordering::Acquire))
    }

    /// There is something to collect.
    #[inline]
    pub(super) fn is_filled(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.filled.load(Ordering::Acquire))
    }

    /// Moves all replies to `outgoing`.
    pub(super) fn collect(&self, outgoing: &mut Outgoing) {
        let Some(shared) = &self.shared else { return };
        let mut inner = shared.lock();
        shared.filled.store(false, Ordering::Relaxed);
        outgoing.absorb(&mut inner.replies);
    }
}

impl Awaited {
    /// The handler is done: with a reply, or without one if it was cut off.
    pub(super) fn leave(&self, reply: Option<Outgoing>) {
        let Self { shared } = self;
        let waker = {
            let mut inner = shared.lock();
            if let Some(mut reply) = reply
                && !inner.closed
            {
                inner.replies.absorb(&mut reply);
            }
            shared.filled.store(true, Ordering::Release);
            shared.running.fetch_sub(1, Ordering::Release);
            inner.connection.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock but for want of memory; the replies are whole either way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection is gone: replies that still come are dropped.
impl Drop for Outbox {
    fn drop(&mut self) {
        let Some(shared) = &self.shared else { return };
        let mut inner = shared.lock();
        inner.closed = true;
        inner.connection = None;
        inner.replies = Outgoing::default();
    }
}
