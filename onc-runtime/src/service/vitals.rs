//! Connections that have gone silent.
//!
//! A timer for each connection would cost each of ten thousand something all the time. Here a connection notes the time of
//! what it does, which costs one store, and one task looks at all of them once a second.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::clock::Timer;

use super::ConnectionInfo;

/// How long a connection may be silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    /// With nothing under way.
    pub(crate) idle: Duration,
    /// In the middle of a record, until it is complete or has grown by [`STEP`].
    pub(crate) record: Duration,
}

/// So much of a large record is to arrive within the time for one. The kernel may not tell of less: see the transport's low
/// water mark.
pub(crate) const STEP: u64 = 512 << 10;

/// The unit of time here.
const TICK: Duration = Duration::from_secs(1);

/// Looks after the connections of a server. Clones look after the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Ticks since the start; never 0.
    clock: Arc<AtomicU32>,
    connections: Mutex<Vec<(Weak<Vitals>, AbortHandle)>>,
    idle: u32,
    record: u32,
}

/// When something last happened on a connection.
pub(crate) struct Vitals {
    clock: Arc<AtomicU32>,
    info: Arc<ConnectionInfo>,
    /// When bytes came or left.
    active: AtomicU32,
    /// When the record under way began or made a step; 0: none is, or it is not being read.
    record: AtomicU32,
    /// Calls are running.
    busy: AtomicBool,
}

impl Watch {
    pub(crate) fn new(patience: Patience) -> Self {
        let ticks = |time: Duration| {
            let ticks = time.as_millis().div_ceil(TICK.as_millis());
            // Far away enough to never come.
            u32::try_from(ticks).unwrap_or(u32::MAX).min(u32::MAX / 2)
        };
        let inner = Inner {
            clock: Arc::new(AtomicU32::new(1)),
            connections: Mutex::default(),
            idle: ticks(patience.idle),
            record: ticks(patience.record),
        };
        Self { inner: Arc::new(inner) }
    }

    /// For a connection that begins.
    pub(crate) fn vitals(&self, info: Arc<ConnectionInfo>) -> Arc<Vitals> {
        let clock = Arc::clone(&self.inner.clock);
        let now = clock.load(Ordering::Relaxed);
        Arc::new(Vitals {
            clock,
            info,
            active: AtomicU32::new(now),
            record: AtomicU32::new(0),
            busy: AtomicBool::new(false),
        })
    }

    /// The connection with these vitals runs in this task, which is ended when it is silent for too long.
    pub(crate) fn add(&self, vitals: Weak<Vitals>, task: AbortHandle) {
        self.inner.connections.lock().unwrap_or_else(PoisonError::into_inner).push((vitals, task));
    }

    /// Looks after the connections for ever.
    ///
    /// # Cancel safety
    ///
    /// Safe: nobody looks after them then.
    pub(crate) async fn run(self) {
        let mut tick = Timer::after(TICK);
        loop {
            (&mut tick).await;
            tick.restart(TICK);
            self.sweep();
        }
    }

    /// Lets one tick pass.
    fn sweep(&self) {
        let Inner { clock, connections, idle, record } = &*self.inner;
        let now = clock.fetch_add(1, Ordering::Relaxed) + 1;
        connections.lock().unwrap_or_else(PoisonError::into_inner).retain(|(vitals, task)| {
            let Some(vitals) = vitals.upgrade() else { return false };
            let Some(why) = vitals.expired(now, *idle, *record) else { return true };
            tracing::debug!(target: "onc::server", peer = %vitals.info.peer, why, "a connection is closed");
            task.abort();
            false
        });
    }
}

impl Vitals {
    /// Bytes came or left.
    #[inline]
    pub(super) fn active(&self) {
        self.active.store(self.clock.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// A record is under way, and has just begun or made a step.
    pub(super) fn record_grows(&self) {
        self.record.store(self.clock.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// It has been noted that a record is under way.
    #[inline]
    pub(super) fn record_under_way(&self) -> bool {
        self.record.load(Ordering::Relaxed) != 0
    }

    /// No record is under way, or it is not being read.
    pub(super) fn no_record(&self) {
        self.record.store(0, Ordering::Relaxed);
    }

    /// Calls are running or held back for want of room in the server, or none is.
    #[inline]
    pub(super) fn busy(&self, busy: bool) {
        if self.busy.load(Ordering::Relaxed) != busy {
            self.busy.store(busy, Ordering::Relaxed);
            self.active();
        }
    }

    /// Why the connection is to be closed, if it is.
    fn expired(&self, now: u32, idle: u32, record: u32) -> Option<&'static str> {
        let begun = self.record.load(Ordering::Relaxed);
        if begun != 0 && now.saturating_sub(begun) > record {
            return Some("its record comes too slowly; `record_timeout` allows more time");
        }
        let busy = self.busy.load(Ordering::Relaxed);
        let silent = now.saturating_sub(self.active.load(Ordering::Relaxed));
        let idle = !busy && silent > idle && !self.info.is_kept_open();
        idle.then_some("nothing has moved on it; `idle_timeout` allows more time")
    }
}

impl fmt::Debug for Vitals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vitals").field("peer", &self.info.peer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Peer;

    fn watch() -> (Watch, Arc<Vitals>) {
        let watch = Watch::new(Patience { idle: Duration::from_secs(10), record: Duration::from_secs(3) });
        let vitals = watch.vitals(Arc::new(ConnectionInfo::new(Peer::local(None), None)));
        (watch, vitals)
    }

    /// How many ticks pass until the connection is closed.
    async fn ticks_until_closed(watch: &Watch, vitals: &Arc<Vitals>) -> u32 {
        let task = tokio::spawn(std::future::pending::<()>());
        watch.add(Arc::downgrade(vitals), task.abort_handle());
        for tick in 1..1000 {
            watch.sweep();
            if watch.inner.connections.lock().expect("not poisoned").is_empty() {
                assert!(task.await.expect_err("aborted").is_cancelled());
                return tick;
            }
        }
        u32::MAX
    }

    #[tokio::test]
    async fn an_idle_connection_is_closed_and_not_before_its_time() {
        let (watch, vitals) = watch();
        assert_eq!(ticks_until_closed(&watch, &vitals).await, 11);
        vitals.active();
        assert_eq!(ticks_until_closed(&watch, &vitals).await, 11);
    }

    #[tokio::test]
    async fn a_record_that_does_not_grow_is_not_waited_for() {
        let (watch, vitals) = watch();
        vitals.record_grows();
        assert_eq!(ticks_until_closed(&watch, &vitals).await, 4);
        vitals.no_record();
        vitals.active();
        assert_eq!(ticks_until_closed(&watch, &vitals).await, 11);
    }

    #[tokio::test]
    async fn a_connection_whose_calls_run_is_not_idle() {
        let (watch, vitals) = watch();
        vitals.busy(true);
        assert_eq!(ticks_until_closed(&watch, &vitals).await, u32::MAX);
        vitals.busy(false);
        assert_eq!(ticks_until_closed(&watch, &vitals).await, 11, "counted from the end of the last call");
    }

    #[tokio::test]
    async fn a_connection_that_has_ended_is_forgotten() {
        let (watch, vitals) = watch();
        watch.add(Arc::downgrade(&vitals), tokio::spawn(async {}).abort_handle());
        drop(vitals);
        watch.sweep();
        assert!(watch.inner.connections.lock().expect("not poisoned").is_empty());
    }

    #[tokio::test]
    async fn a_time_without_end_never_comes() {
        let watch = Watch::new(Patience { idle: Duration::MAX, record: Duration::MAX });
        let vitals = watch.vitals(Arc::new(ConnectionInfo::new(Peer::local(None), None)));
        assert_eq!(ticks_until_closed(&watch, &vitals).await, u32::MAX);
    }
}
