//! Where callers and the driver of a channel meet.
//!
//! # Time
//!
//! A call's default deadline is counted in ticks of a tenth of a second that the driver keeps while calls are in flight,
//! so that a call costs neither a reading of the clock nor a timer of its own.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::error::{ConnectError, Deadline, Error, Limit, Lost, Phase};
use crate::observe::step;
use crate::rpc::Record;
use crate::rpc::random_xid;
use crate::transport::Outgoing;
use crate::xdr::{EncodeError, EncodeErrorKind, Encoder};

use super::datagram::Outstanding;
use super::driver::Settings;
use super::elsewhere::Strays;
use super::link::Line;
use super::pending::{Body, CallKey, NOT_QUEUED, Pending, Tick, Waiting};
use super::replies::{Replies, Short};

/// One unit of the channel's time.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// A channel to a server: the calls in flight and what is queued for sending.
#[derive(Debug)]
pub(crate) struct Channel {
    inner: Apart<Mutex<Inner>>,
    /// Where short replies are left; only whoever has locked `inner` leaves one.
    replies: Replies,
    /// The connection. Locked before `inner`; while that is held it is only tried.
    pub(super) line: Mutex<Line>,
    pub(crate) settings: Settings,
    /// The default timeout in the channel's own time.
    timeout: Tick,
    /// Clients that speak through it; when there are none left the driver ends.
    users: AtomicUsize,
    /// Calls wait until their server has been [looked for](super::elsewhere) again.
    pub(super) astray: AtomicBool,
}

/// In this order: what every call touches stands together at the front. With calls from several threads each line of memory that
/// they share goes from one processor to the other and back.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Inner {
    pub(super) pending: Pending,
    /// Calls that the driver has not taken yet, on a stream.
    pub(super) outgoing: Outgoing,
    /// Bytes that the connection has taken from there, and that had not left when it was looked at last.
    pub(super) leaving: usize,
    /// Bytes queued since the connection came up.
    pub(super) position: u64,
    /// The driver, while it sleeps and nobody has woken it yet.
    pub(super) driver: Option<Waker>,
    /// The only call in flight, while its caller reads the connection itself; see [`super::alone`].
    pub(super) alone: Option<u32>,
    /// Replies that came since calls were taken last: so many callers may be about to call again.
    pub(super) returning: u32,
    pub(super) now: Tick,
    /// The driver counts ticks.
    pub(super) ticking: bool,
    /// There is a connection or a socket, and calls are queued for it. Without one they only wait, and their callers queue them
    /// when there is one again: what is given up meanwhile is never sent.
    pub(super) connected: bool,
    pub(super) closed: bool,
    /// There are calls among what is queued that nobody waits for, and that have to leave all the same.
    pub(super) one_way: bool,
    /// Calls whose datagram is due now, the first one first.
    pub(super) datagrams: VecDeque<u32>,
    /// The memory of a datagram whose reply came, empty, for the next one.
    pub(super) spare: Option<Box<Outstanding>>,
    /// Datagrams that are sent once.
    pub(super) one_way_datagrams: VecDeque<Vec<u8>>,
    /// Why there is no connection, when one was tried in vain.
    pub(super) down: Option<Error>,
    /// What those wait for whose calls are not queued.
    pub(super) phase: Phase,
    pub(super) strays: Strays,
}

/// Begins a line of memory, which it shares with nothing else.
#[derive(Debug)]
#[repr(align(64))]
struct Apart<T>(T);

/// What is left of a call that has its reply.
#[derive(Debug)]
pub(super) struct Delivered {
    /// Whom to wake.
    pub(super) waker: Option<Waker>,
    /// The datagram that it was.
    pub(super) datagram: Option<Box<Outstanding>>,
}

/// When a call is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    /// The channel's default from now.
    Default,
    /// At this tick.
    At(Tick),
    /// By the call's own timer.
    Own,
}

/// How a call is queued.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) expiry: Expiry,
    pub(super) idempotent: bool,
    /// It was queued before, and no limit holds it back now.
    pub(super) again: bool,
}

impl Channel {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            inner: Apart(Mutex::new(Inner {
                pending: Pending::new(random_xid()),
                outgoing: Outgoing::default(),
                datagrams: VecDeque::new(),
                spare: None,
                one_way_datagrams: VecDeque::new(),
                one_way: false,
                leaving: 0,
                position: 0,
                driver: None,
                alone: None,
                returning: 0,
                now: 0,
                ticking: false,
                connected: true,
                down: None,
                phase: Phase::Connecting,
                strays: Strays::default(),
                closed: false,
            })),
            replies: Replies::default(),
            line: Mutex::default(),
            timeout: settings.timeout_ticks(),
            settings,
            users: AtomicUsize::new(0),
            astray: AtomicBool::new(false),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock is held can only come from a caller's own `Xdr`; the message that it was writing is
        // taken back, see `Outgoing::append`.
        self.inner.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where short replies are left.
    #[inline]
    pub(super) fn replies(&self) -> &Replies {
        &self.replies
    }

    /// Refuses to send a call of `size` bytes, its record mark not counted, that is longer than may be sent.
    #[inline]
    pub(super) fn admit(&self, size: usize) -> Result<(), EncodeError> {
        let max = self.settings.max_record_size;
        if size > max { Err(EncodeError::new(EncodeErrorKind::MessageTooLarge { size, max })) } else { Ok(()) }
    }

    /// Queues a call, which `write` encodes, its record mark included. Returns what finds it again, and the tick at which it is
    /// given up.
    #[inline]
    pub(super) fn submit(
        &self,
        waker: &Waker,
        terms: Terms,
        write: impl FnOnce(&mut Encoder<'_>, u32) -> Result<(), Error>,
    ) -> Result<(CallKey, Expiry), Error> {
        let Terms { expiry, idempotent, again } = terms;
        let mut inner = self.lock();
        let settings = &self.settings;
        if inner.closed {
            return Err(Error::Closed);
        }
        if inner.pending.len() >= settings.max_calls && !again {
            return Err(Error::Limit(Limit::Calls { max: settings.max_calls }));
        }
        if inner.outgoing.len() + inner.leaving > settings.max_unsent && !again {
            return Err(Error::Limit(Limit::Unsent { max: settings.max_unsent }));
        }
        let expiry = match expiry {
            // The tick that is under way is not counted: no call is given up early.
            Expiry::Default => Expiry::At(inner.now.wrapping_add(self.timeout + 1)),
            known => known,
        };
        let deadline = if let Expiry::At(tick) = expiry { Some(tick) } else { None };
        let call = inner.pending.next();
        let xid = call.xid;
        let mut datagram = settings.datagrams.then(|| inner.spare.take().unwrap_or_default());
        let queued = inner.connected || settings.datagrams;
        let position = if queued { inner.position } else { NOT_QUEUED };
        if queued {
            let out = match &mut datagram {
                Some(datagram) => datagram.begin(idempotent),
                None => &mut inner.outgoing,
            };
            let before = out.len();
            out.append(|out| write(out, xid))?;
            let bytes = (out.len() - before) as u64;
            inner.position += bytes;
        }
        if datagram.is_some() {
            inner.datagrams.push_back(xid);
        }
        inner.pending.put(call, || Waiting { waker: waker.clone(), deadline, position, datagram });
        if inner.may_go_alone() {
            inner.alone = Some(xid);
            self.send_alone(inner, xid, waker);
            return Ok((call, expiry));
        }
        // From here on the driver reads for all.
        inner.alone = None;
        // Only the first call of those that are queued together wakes it.
        wake_driver(inner);
        Ok((call, expiry))
    }

    /// Hands the reply to a call to `read`, or says why there is none, once it is known.
    #[inline]
    pub(super) fn poll_reply<R>(
        &self,
        call: CallKey,
        waker: &Waker,
        read: impl FnOnce(Body<'_>) -> R,
    ) -> Poll<Result<R, Error>> {
        let mut reply = Short::new();
        if self.replies.fetch(call, &mut reply) {
            return Poll::Ready(Ok(read(Body::Short(reply.as_bytes()))));
        }
        self.poll_later(call, waker, read)
    }

    /// As [`poll_reply`](Self::poll_reply), for a reply that is not [left](Self::replies) already.
    #[inline]
    pub(super) fn poll_later<R>(
        &self,
        call: CallKey,
        waker: &Waker,
        read: impl FnOnce(Body<'_>) -> R,
    ) -> Poll<Result<R, Error>> {
        let inner = self.lock();
        if inner.alone == Some(call.xid) {
            return self.poll_alone(inner, call, waker, read);
        }
        self.outcome(inner, call, waker, read)
    }

    /// Hands the reply to a call to `read`, or says why there is none, once it is known.
    pub(super) fn outcome<R>(
        &self,
        mut inner: MutexGuard<'_, Inner>,
        call: CallKey,
        waker: &Waker,
        read: impl FnOnce(Body<'_>) -> R,
    ) -> Poll<Result<R, Error>> {
        if inner.awaits(call.xid, waker) {
            return Poll::Pending;
        }
        Poll::Ready(inner.pending.take(call, &self.replies, read))
    }

    /// Hands a received record to the call that waits for it. One that nobody waits for is a late reply, and ignored.
    #[inline]
    pub(super) fn deliver(&self, inner: &mut Inner, record: &Record<'_>) -> Option<Delivered> {
        let bytes: &[u8] = match record {
            Record::Borrowed(bytes) => bytes,
            Record::Owned(bytes) => bytes,
        };
        let (xid, rest) = bytes.split_first_chunk()?;
        // RFC 5531 §9: msg_type REPLY is 1. A CALL is for the other direction and none of ours.
        if !rest.starts_with(&1_u32.to_be_bytes()) {
            return None;
        }
        let xid = u32::from_be_bytes(*xid);
        step!(9, "the client stub receives the reply from its kernel", xid);
        let waiting = inner.pending.settle(xid, record, &self.replies)?;
        inner.returning = inner.returning.saturating_add(1);
        let Waiting { waker, datagram, .. } = waiting;
        // A caller that reads by itself is awake.
        Some(Delivered { waker: (inner.alone != Some(xid)).then_some(waker), datagram })
    }

    /// Forgets a call: its reply will be ignored.
    pub(super) fn forget(&self, call: CallKey) {
        let xid = call.xid;
        let mut inner = self.lock();
        let leaves = inner.lets_leave(xid, self.settings.max_calls);
        if !inner.pending.remove(xid) {
            // It is here already, and its place is for another.
            self.replies.take(call);
        }
        if inner.alone.take_if(|alone| *alone == xid).is_some() || leaves {
            // Nobody else would read what still comes, or send it.
            wake_driver(inner);
        }
    }

    /// Why a call that waits ends now, whose own time, `after`, is over.
    #[cold]
    pub(super) fn given_up(&self, call: CallKey, after: Duration) -> Option<Error> {
        let xid = call.xid;
        let mut inner = self.lock();
        if inner.lets_leave(xid, self.settings.max_calls) {
            inner.pending.remove(xid);
            wake_driver(inner);
            return Some(Error::Deadline(Deadline { after, phase: Phase::Reply }));
        }
        let Inner { pending, down, phase, .. } = &mut *inner;
        pending.waiting(xid).map(|waiting| given_up(waiting, down.as_ref(), *phase, after))
    }

    /// Wakes the driver, if it sleeps.
    pub(super) fn wake_driver(&self) {
        wake_driver(self.lock());
    }

    /// Counts one more client.
    pub(super) fn join(&self) {
        self.users.fetch_add(1, Ordering::Relaxed);
    }

    /// How many clients there are.
    pub(super) fn users(&self) -> usize {
        self.users.load(Ordering::Relaxed)
    }

    /// Counts one client fewer; after the last one the driver ends.
    pub(super) fn leave(&self) {
        if self.users.fetch_sub(1, Ordering::AcqRel) == 1 {
            let mut inner = self.lock();
            inner.closed = true;
            wake_driver(inner);
        }
    }
}

/// Lets go of the queue and wakes the driver, if it sleeps.
#[inline]
pub(super) fn wake_driver(mut inner: MutexGuard<'_, Inner>) {
    let driver = inner.driver.take();
    drop(inner);
    if let Some(driver) = driver {
        driver.wake();
    }
}

impl Inner {
    /// Somebody needs a connection.
    pub(super) fn has_work(&self) -> bool {
        self.one_way || self.pending.any_waiting()
    }

    /// Not only one call is in flight, or about to be.
    pub(super) fn are_several(&self) -> bool {
        self.pending.len() > 1 || self.returning > 1
    }

    /// A call that is given up while its datagram waits for the socket leaves all the same, once, as calls on a connection do
    /// that are queued. True if this is one.
    fn lets_leave(&mut self, xid: u32, most: usize) -> bool {
        if !self.connected || self.one_way_datagrams.len() >= most {
            return false;
        }
        let datagram = self.pending.waiting(xid).and_then(|waiting| waiting.datagram.as_mut());
        let Some(message) = datagram.and_then(|datagram| datagram.unsent()) else { return false };
        self.one_way_datagrams.push_back(message);
        self.one_way = true;
        true
    }

    /// The reply to a call is not known yet; `waker` will be woken when it is.
    #[inline]
    pub(super) fn awaits(&mut self, xid: u32, waker: &Waker) -> bool {
        let Some(waiting) = self.pending.waiting(xid) else { return false };
        waiting.waker.clone_from(waker);
        true
    }

    /// Lets one unit of time pass; returns whom to wake because their deadline has passed.
    pub(super) fn tick(&mut self, timeout: Duration) -> Vec<Waker> {
        self.now = self.now.wrapping_add(1);
        let Self { now, ref down, phase, .. } = *self;
        self.pending.end_each(|_, waiting| {
            let deadline = waiting.deadline?;
            let passed = now.wrapping_sub(deadline) as i32 >= 0;
            passed.then(|| given_up(waiting, down.as_ref(), phase, timeout))
        })
    }

    /// The server is there again; returns whom to wake: those who waited for it queue their calls now.
    pub(super) fn requeue(&mut self) -> Vec<Waker> {
        self.down = None;
        let cause = Arc::new(ErrorKind::NotConnected.into());
        self.pending.end_each(|_, waiting| {
            (waiting.position == NOT_QUEUED).then(|| Error::Lost(Lost { sent: false, cause: Arc::clone(&cause) }))
        })
    }

    /// The connection is gone, after `sent` bytes of those queued since it came up had left; returns whom to wake.
    pub(super) fn lost(&mut self, sent: u64, cause: &Arc<std::io::Error>) -> Vec<Waker> {
        self.discard();
        self.pending.end_each(|_, waiting| {
            let sent = waiting.datagram.as_ref().map_or(waiting.position < sent, |datagram| datagram.was_sent());
            Some(Error::Lost(Lost { sent, cause: Arc::clone(cause) }))
        })
    }

    /// There is nobody at the server's address; returns whom to wake.
    pub(super) fn refused(&mut self, cause: &Arc<ConnectError>) -> Vec<Waker> {
        self.discard();
        self.pending.end_each(|_, _| Some(Error::Connect(Arc::clone(cause))))
    }

    /// Forgets what has not left.
    fn discard(&mut self) {
        self.outgoing = Outgoing::default();
        self.datagrams.clear();
        self.one_way_datagrams.clear();
        self.one_way = false;
        self.leaving = 0;
        self.position = 0;
        self.forget_strays();
    }
}

/// Why a call ends whose time is over, `after` so long; one that is not queued waited for this phase.
fn given_up(call: &Waiting, down: Option<&Error>, phase: Phase, after: Duration) -> Error {
    let phase = match (call.may_have_left(), down) {
        (true, None) => Phase::Reply,
        // One of its datagrams may have been received before.
        (true, Some(_)) => Phase::Return,
        (false, None) => phase,
        (false, Some(cause)) => return cause.clone(),
    };
    Error::Deadline(Deadline { after, phase })
}
