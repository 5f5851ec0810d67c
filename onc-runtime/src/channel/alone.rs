//! A call that has the connection to itself.
//!
//! With many calls in flight the driver's task reads and writes for all. While there is only one, going through another
//! task would only cost two wake-ups: its caller writes and reads itself. Whoever polls a connection last is woken by it,
//! so that the caller gives it back when its call ends, and the driver takes it back as soon as there is a second call, or
//! the time to be kept.

use std::sync::{MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker};

use crate::error::Error;

use super::link::{Line, Poller};
use super::pending::{Body, CallKey};
use super::queue::{Channel, Inner, wake_driver};

impl Inner {
    /// The call that was just queued is the only one, and the driver sleeps: it is not about to write or to read, and counts
    /// the time meanwhile. Nor did several replies come just now, whose callers are likely to call again together.
    #[inline]
    pub(super) fn may_go_alone(&self) -> bool {
        self.pending.len() == 1 && self.returning <= 1 && self.ticking && self.driver.is_some()
    }

    /// Whether `poller` is to poll the link now. The driver takes it from a caller that has it.
    #[inline]
    pub(super) fn admits(&mut self, poller: Poller) -> bool {
        match poller {
            Poller::Driver => {
                self.alone = None;
                true
            }
            Poller::Caller(xid) => self.alone == Some(xid),
        }
    }
}

impl Channel {
    /// Sends a call from its caller's own task.
    pub(super) fn send_alone<'a>(&'a self, inner: MutexGuard<'a, Inner>, xid: u32, waker: &Waker) {
        let Some(mut line) = self.try_line() else { return wake_driver(inner) };
        if self.poll_line(&mut line, inner, xid, waker).is_ready() {
            self.end_alone(self.lock(), &mut line, xid);
            // The reply, or the end of the connection, is here already. Whoever has queued the call does not look for it.
            waker.wake_by_ref();
        }
    }

    /// As [`poll_reply`](Self::poll_reply), for a call that has the connection to itself.
    pub(super) fn poll_alone<'a, R>(
        &'a self,
        mut inner: MutexGuard<'a, Inner>,
        call: CallKey,
        waker: &Waker,
        read: impl FnOnce(Body<'_>) -> R,
    ) -> Poll<Result<R, Error>> {
        let xid = call.xid;
        let Some(mut line) = self.try_line() else {
            wake_driver(inner);
            return self.outcome(self.lock(), call, waker, read);
        };
        loop {
            let progress = self.poll_line(&mut line, inner, xid, waker);
            if progress.is_ready()
                && let Some(reply) = self.replies().take(call)
            {
                let outcome = read(Body::Short(reply.as_bytes()));
                self.end_alone(self.lock(), &mut line, xid);
                return Poll::Ready(Ok(outcome));
            }
            inner = self.lock();
            if inner.awaits(xid, waker) {
                if progress.is_ready() && inner.alone == Some(xid) {
                    // It was something else, such as a late reply to a call that was given up.
                    continue;
                }
                return Poll::Pending;
            }
            let outcome = inner.pending.take(call, self.replies(), read);
            self.end_alone(inner, &mut line, xid);
            return Poll::Ready(outcome);
        }
    }

    /// The connection is the driver's again.
    fn end_alone(&self, mut inner: MutexGuard<'_, Inner>, line: &mut Line, xid: u32) {
        if inner.alone.take_if(|alone| *alone == xid).is_none() || line.may_rest() {
            return;
        }
        let driver = inner.driver.clone();
        drop(inner);
        if let Some(driver) = driver {
            self.give_back(line, &driver);
        }
    }

    /// Sends and receives for the caller of `xid`. Ready when something has happened.
    fn poll_line<'a>(&'a self, line: &mut Line, inner: MutexGuard<'a, Inner>, xid: u32, waker: &Waker) -> Poll<()> {
        let progress = line.poll_once(self, inner, &mut Context::from_waker(waker), Poller::Caller(xid));
        if !line.is_up() {
            // The driver sees to it.
            self.lock().alone = None;
            self.wake_driver();
        }
        progress.map(drop)
    }

    /// Has the connection wake the driver again.
    fn give_back(&self, line: &mut Line, driver: &Waker) {
        match line.poll_once(self, self.lock(), &mut Context::from_waker(driver), Poller::Driver) {
            Poll::Pending => {}
            // There is more to do: the driver's work.
            Poll::Ready(_) => self.wake_driver(),
        }
    }

    /// The connection, unless the driver is at it. Waits for nobody, so that it may be asked for while the queue is locked.
    fn try_line(&self) -> Option<MutexGuard<'_, Line>> {
        match self.line.try_lock() {
            Ok(line) => Some(line),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The connection, for the driver.
    pub(super) fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
