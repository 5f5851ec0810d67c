//! The task behind a channel: connects, sends, receives, keeps the time, connects again.

use std::fmt;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Timer;
use crate::error::{ConnectError, Error, Phase};
use crate::observe;
use crate::xdr::Limits;

use super::back_off::BackOff;
use super::link::Link;
use super::queue::{Channel, TICK};

/// What a channel may cost, and how patient it is.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The link is a datagram socket.
    pub(crate) datagrams: bool,
    /// How long a call may take when it does not say.
    pub(crate) timeout: Duration,
    /// The largest record that is taken or sent.
    pub(crate) max_record_size: usize,
    /// What decoding results may cost.
    pub(crate) limits: Limits,
    /// Calls in flight.
    pub(crate) max_calls: usize,
    /// Bytes of calls that the server has not taken.
    pub(crate) max_unsent: usize,
    /// A connection over which nothing was called for so long is closed, if another one can be made.
    pub(crate) idle_timeout: Duration,
    /// Whom it calls, for people.
    pub(crate) server: Option<Arc<str>>,
}

impl Settings {
    /// Whom it calls, for people.
    #[inline]
    pub(super) fn server(&self) -> Option<&dyn fmt::Display> {
        self.server.as_ref().map(|server| server as &dyn fmt::Display)
    }

    /// The timeout in the channel's own time, rounded up.
    pub(super) fn timeout_ticks(&self) -> u32 {
        let ticks = self.timeout.as_millis().div_ceil(TICK.as_millis());
        u32::try_from(ticks).unwrap_or(u32::MAX).min(i32::MAX as u32 / 2)
    }
}

/// Makes the connections of a channel.
pub(crate) trait Connector: Send + 'static {
    /// Finds the server and connects to it.
    fn connect(&mut self) -> Pin<Box<dyn Future<Output = Result<Link, Error>> + Send>>;

    /// What it waits for while it finds the server and connects to it: the port mapper or the connection.
    fn phase(&self) -> Phase {
        Phase::Connecting
    }

    /// The program whose server it asks for. `None`: it has an address.
    fn asks_for(&self) -> Option<u32>;

    /// Asks for the server again, which is not where it was, and connects to it if it is told another address.
    fn elsewhere(&mut self) -> Pin<Box<dyn Future<Output = Option<Link>> + Send>>;
}

/// The task behind a channel. Ends when no client is left.
pub(crate) struct Driver {
    channel: Arc<Channel>,
    connector: Option<Box<dyn Connector>>,
    state: State,
    /// Of the first tick, and then of each next one.
    timer: Option<Timer>,
    timer_runs: bool,
    back_off: BackOff,
    /// Something has been received over some link.
    proven: bool,
    /// The address of the link was asked for when it was made, and not remembered from before.
    fresh: bool,
    /// The server is being looked for, which may be elsewhere.
    elsewhere: Option<Pin<Box<dyn Future<Output = Option<Link>> + Send>>>,
    /// When that was done last.
    looked: Option<Instant>,
    quiet_timer: Option<Timer>,
    /// In so many periods nothing was called.
    quiet: u32,
    /// The xid that was to be next at the end of the last one.
    last_next: u32,
    linger: Option<Timer>,
}

enum State {
    /// No connection, and nobody who wants one.
    Idle,
    /// Waiting before the next attempt.
    Resting(Timer),
    Connecting(Pin<Box<dyn Future<Output = Result<Link, Error>> + Send>>),
    /// The link is in the channel.
    Up,
}

/// The idle time is measured in so many periods.
const PERIODS: u32 = 5;

/// A server that was looked for and is where it was is not looked for again before so much time.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Driver {
    /// The driver of `channel` over a link that is up. Without a `connector` a lost link closes the channel.
    pub(crate) fn new(channel: Arc<Channel>, link: Link, connector: Option<Box<dyn Connector>>) -> Self {
        channel.line().connect(link);
        channel.lock().strays.program = connector.as_ref().and_then(|connector| connector.asks_for());
        Self {
            channel,
            connector,
            state: State::Up,
            timer: None,
            timer_runs: false,
            back_off: BackOff::new(),
            proven: false,
            fresh: false,
            elsewhere: None,
            looked: None,
            quiet_timer: None,
            quiet: 0,
            last_next: 0,
            linger: None,
        }
    }

    /// Keeps the channel's time while calls are in flight.
    fn poll_time(&mut self, cx: &mut Context<'_>) {
        loop {
            if !self.timer_runs {
                let mut inner = self.channel.lock();
                if inner.pending.len() == 0 {
                    inner.ticking = false;
                    inner.pending.shrink();
                    return;
                }
                inner.ticking = true;
                drop(inner);
                if let Some(timer) = &mut self.timer {
                    // From one tick to the next: what each timer is late does not add up.
                    let (now, next) = (Instant::now(), timer.deadline() + TICK);
                    timer.reset(if next > now { next } else { now + TICK });
                }
                self.timer_runs = true;
            }
            let timer = self.timer.get_or_insert_with(|| Timer::after(TICK));
            if Pin::new(timer).poll(cx).is_pending() {
                return;
            }
            self.timer_runs = false;
            let expired = self.channel.lock().tick(self.channel.settings.timeout);
            for waker in expired {
                waker.wake();
            }
        }
    }

    /// Closes a connection over which nothing has been called for the idle time.
    fn poll_quiet(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.connector.is_none() || self.channel.settings.idle_timeout == Duration::MAX {
            return Poll::Pending;
        }
        // A fifth of the time at once, so that a call has nothing to do with the timer.
        let period = self.channel.settings.idle_timeout / PERIODS;
        let timer = self.quiet_timer.get_or_insert_with(|| Timer::after(period));
        while Pin::new(&mut *timer).poll(cx).is_ready() {
            timer.restart(period);
            let mut line = self.channel.line();
            let mut inner = self.channel.lock();
            let next = inner.pending.next_xid();
            let used = inner.pending.len() > 0 || self.last_next != next;
            self.last_next = next;
            self.quiet = if used { 0 } else { self.quiet + 1 };
            if self.quiet < PERIODS || !line.is_quiet() {
                continue;
            }
            tracing::debug!(target: "onc::client", "an idle connection is closed; `idle_timeout` keeps it longer");
            line.disconnect();
            inner.connected = false;
            inner.position = 0;
            drop((inner, line));
            self.quiet = 0;
            self.quiet_timer = None;
            self.state = State::Idle;
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Looks for the server elsewhere when calls were refused because the program is not here.
    fn poll_elsewhere(&mut self, cx: &mut Context<'_>) {
        loop {
            let Some(elsewhere) = &mut self.elsewhere else {
                // Looked at without the lock: nearly always there is nothing.
                if !self.channel.astray.load(Ordering::Acquire) {
                    return;
                }
                self.channel.astray.store(false, Ordering::Relaxed);
                match &mut self.connector {
                    // One who asks all the time is told what was found out just now.
                    Some(connector) if self.looked.is_none_or(|looked| looked.elapsed() >= LOOK_AGAIN) => {
                        self.elsewhere = Some(connector.elsewhere());
                        continue;
                    }
                    _ => return self.stays(),
                }
            };
            let Poll::Ready(found) = elsewhere.as_mut().poll(cx) else { return self.note_phase() };
            self.elsewhere = None;
            self.looked = Some(Instant::now());
            match found {
                Some(link) => self.moves(link),
                None => self.stays(),
            }
        }
    }

    /// The link is lost, and with it the calls in flight, but for those that may be sent over the next one.
    fn ends(&mut self, link: Link, cause: io::Error) {
        tracing::debug!(target: "onc::client", error = %cause, "the connection was lost");
        observe::connection_lost();
        self.proven |= link.proven();
        self.elsewhere = None;
        let sent = link.sent();
        let nobody_there = match link {
            // Sending a datagram connects to nothing: that there is nobody shows only now.
            Link::Datagram(link) if cause.kind() == ErrorKind::ConnectionRefused => Some(link.address()),
            _ => None,
        };
        let can_ask = self.connector.as_ref().is_some_and(|connector| connector.asks_for().is_some());
        let may_have_moved = can_ask && (self.proven || !self.fresh);
        let mut inner = self.channel.lock();
        inner.closed |= self.connector.is_none();
        inner.connected = false;
        let woken = match nobody_there {
            // Those who ask the port mapper notice nothing but the time that it takes.
            Some(address) if may_have_moved => {
                let cause = Arc::new(cause);
                let source = io::Error::new(cause.kind(), Arc::clone(&cause));
                inner.down = Some(Error::Connect(Arc::new(ConnectError { address, source })));
                inner.carry_over(&cause)
            }
            Some(address) if !self.proven => inner.refused(&Arc::new(ConnectError { address, source: cause })),
            _ => inner.lost(sent, &Arc::new(cause)),
        };
        drop(inner);
        woken.into_iter().for_each(Waker::wake);
    }

    /// The server is elsewhere, where this link goes.
    fn moves(&mut self, link: Link) {
        tracing::debug!(target: "onc::client", "the server has moved");
        let mut line = self.channel.line();
        let old = line.replace(link);
        let mut inner = self.channel.lock();
        let cause = Arc::new(io::Error::new(ErrorKind::ConnectionAborted, "the server has moved to another address"));
        let woken = match old {
            Some(Link::Stream(old)) => inner.lost(old.sent(), &cause),
            _ => inner.carry_over(&cause),
        };
        drop((inner, line));
        woken.into_iter().for_each(Waker::wake);
        self.fresh = true;
    }

    /// The server is where it was, or nobody knows.
    fn stays(&mut self) {
        let woken = self.channel.lock().end_strays();
        woken.into_iter().for_each(Waker::wake);
    }

    /// Gives calls without a reply the time to leave when no client is left.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.channel.lock().closed {
            return Poll::Pending;
        }
        let timeout = self.channel.settings.timeout;
        Pin::new(self.linger.get_or_insert_with(|| Timer::after(timeout))).poll(cx)
    }

    /// Notes what those wait for who wait for a connection.
    fn note_phase(&self) {
        let phase = self.connector.as_ref().map_or(Phase::Connecting, |connector| connector.phase());
        self.channel.lock().phase = phase;
    }

    /// Waits while there is no connection. Calls that come now must be able to wake the driver too: their time counts.
    fn poll_down(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.channel.lock();
        if inner.closed {
            return Poll::Ready(());
        }
        if inner.driver.is_none() {
            inner.driver = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            if !matches!(this.state, State::Up) {
                this.poll_time(cx);
            }
            match &mut this.state {
                State::Up => {
                    this.poll_elsewhere(cx);
                    let polled = this.channel.line().poll(&this.channel, cx);
                    let Poll::Ready(ended) = polled else {
                        // When all that waited to be sent is on its way.
                        this.poll_time(cx);
                        if this.poll_quiet(cx).is_ready() {
                            continue;
                        }
                        return this.poll_linger(cx);
                    };
                    let Some((link, cause)) = ended else { return Poll::Ready(()) };
                    let proven = link.proven();
                    this.ends(link, cause);
                    if this.connector.is_none() {
                        return Poll::Ready(());
                    }
                    this.state = if proven {
                        this.back_off.reset();
                        State::Idle
                    } else {
                        // A server that never answered is not pestered with new connections.
                        State::Resting(Timer::after(this.back_off.pause()))
                    };
                }
                State::Idle => {
                    let mut inner = this.channel.lock();
                    if inner.closed {
                        return Poll::Ready(());
                    }
                    if !inner.has_work() {
                        inner.driver = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    drop(inner);
                    let Some(connector) = &mut this.connector else { return Poll::Ready(()) };
                    this.state = State::Connecting(connector.connect());
                }
                State::Connecting(connecting) => match connecting.as_mut().poll(cx) {
                    Poll::Pending => {
                        this.note_phase();
                        return this.poll_down(cx);
                    }
                    Poll::Ready(Ok(link)) => {
                        observe::reconnected(true);
                        let is_stream = matches!(link, Link::Stream(_));
                        this.channel.line().connect(link);
                        let mut inner = this.channel.lock();
                        inner.connected = true;
                        // A datagram socket is no sign yet that somebody is there.
                        let woken = if is_stream { inner.requeue() } else { Vec::new() };
                        drop(inner);
                        woken.into_iter().for_each(Waker::wake);
                        this.fresh = true;
                        this.state = State::Up;
                    }
                    Poll::Ready(Err(error)) => {
                        tracing::debug!(target: "onc::client", %error, "connecting failed");
                        observe::reconnected(false);
                        this.channel.lock().down = Some(error);
                        let pause = this.back_off.pause();
                        this.state = State::Resting(Timer::after(pause));
                    }
                },
                State::Resting(pause) => {
                    if Pin::new(pause).poll(cx).is_pending() {
                        return this.poll_down(cx);
                    }
                    this.state = State::Idle;
                }
            }
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("channel", &self.channel).finish_non_exhaustive()
    }
}
