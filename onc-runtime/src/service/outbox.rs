//! Replies of handlers that took their time, on their way to the connection.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::transport::Outgoing;

/// Where handlers that did not answer at once leave their replies; the connection's task picks them up.
#[derive(Debug, Default)]
pub(super) struct Outbox {
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
    pub(super) fn begin(&self, connection: &Waker) {
        self.running.fetch_add(1, Ordering::Relaxed);
        let mut inner = self.lock();
        if !inner.connection.as_ref().is_some_and(|waker| waker.will_wake(connection)) {
            inner.connection = Some(connection.clone());
        }
    }

    /// A handler is done: with a reply, or without one if it was cut off.
    pub(super) fn end(&self, reply: Option<Outgoing>) {
        let waker = {
            let mut inner = self.lock();
            if let Some(mut reply) = reply
                && !inner.closed
            {
                inner.replies.absorb(&mut reply);
            }
            self.filled.store(true, Ordering::Release);
            self.running.fetch_sub(1, Ordering::Release);
            inner.connection.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// How many handlers will still leave something.
    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// There is something to collect.
    pub(super) fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    /// Moves all replies to `outgoing`.
    pub(super) fn collect(&self, outgoing: &mut Outgoing) {
        let mut inner = self.lock();
        self.filled.store(false, Ordering::Relaxed);
        outgoing.absorb(&mut inner.replies);
    }

    /// The connection is gone: replies that still come are dropped.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.connection = None;
        inner.replies = Outgoing::default();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock but for want of memory; the replies are whole either way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
