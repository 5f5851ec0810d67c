//! A channel's datagram socket: calls are sent again until their reply comes.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::clock::Timer;
use crate::observe::{self, Side, step};
use crate::rpc::{Netid, Record};
use crate::transport::{Outgoing, failure};

use super::link::{Poller, Progress};
use super::queue::{Channel, Delivered, Inner};
use super::retransmission::{Attempts, Retransmission};

/// The largest datagram there is.
const ROOM: usize = 64 << 10;

/// A socket that is connected to one server: datagrams from other addresses are not received.
#[derive(Debug)]
pub(crate) struct DatagramLink {
    socket: Arc<UdpSocket>,
    failure: Failure,
    netid: Netid,
    buffer: Box<[u8]>,
    /// Where a message of several pieces is put together.
    scratch: Vec<u8>,
    /// Datagrams that are sent once.
    one_way: VecDeque<Vec<u8>>,
    retransmission: Retransmission,
    timer: Timer,
    /// What the timer is set to.
    alarm: Option<std::time::Instant>,
    /// Something has been received.
    pub(super) proven: bool,
}

/// Ends when the socket has failed.
struct Failure(Pin<Box<dyn Future<Output = io::Error> + Send>>);

/// A call that is or will be under way as a datagram.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    message: Outgoing,
    attempts: Attempts,
}

impl Failure {
    fn of(socket: &Arc<UdpSocket>) -> Self {
        let socket = Arc::clone(socket);
        Self(Box::pin(async move { failure(&socket).await }))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Failure")
    }
}

impl Outstanding {
    /// A call that has not been sent. Its message is written to what is returned.
    #[inline]
    pub(super) fn begin(&mut self, idempotent: bool) -> &mut Outgoing {
        self.attempts = Attempts::new(idempotent);
        &mut self.message
    }

    /// Lets go of the message, and keeps the memory that it was written to.
    fn clear(&mut self) {
        self.message.discard();
    }

    /// The message, if it has never been sent.
    pub(super) fn unsent(&self) -> Option<Vec<u8>> {
        (!self.was_sent()).then(|| self.message.datagram(&mut Vec::new()).to_vec())
    }

    /// It has been sent at least once.
    pub(super) fn was_sent(&self) -> bool {
        self.attempts.sends() > 0
    }
}

impl DatagramLink {
    /// A link over a socket that is connected.
    pub(crate) fn new(socket: UdpSocket) -> Self {
        let netid = socket.peer_addr().map_or(Netid::Udp, |address| Netid::udp(&address));
        let socket = Arc::new(socket);
        Self {
            failure: Failure::of(&socket),
            socket,
            netid,
            buffer: vec![0; ROOM].into_boxed_slice(),
            scratch: Vec::new(),
            one_way: VecDeque::new(),
            retransmission: Retransmission::default(),
            timer: Timer::after(Duration::ZERO),
            alarm: None,
            proven: false,
        }
    }

    /// The server's address.
    pub(super) fn address(&self) -> String {
        self.socket.peer_addr().map_or_else(|error| error.to_string(), |address| address.to_string())
    }

    /// Sends what is due and receives once.
    pub(super) fn poll_once<'a>(
        &mut self,
        channel: &'a Channel,
        mut inner: MutexGuard<'a, Inner>,
        cx: &mut Context<'_>,
        poller: Poller,
    ) -> Poll<io::Result<Progress>> {
        loop {
            if !inner.admits(poller) {
                return Poll::Pending;
            }
            if std::mem::take(&mut inner.one_way) {
                self.one_way.append(&mut inner.one_way_datagrams);
            }
            if inner.closed {
                drop(inner);
                return self.poll_send_one_way(cx).map_ok(|()| Progress::End);
            }
            if poller == Poller::Driver && inner.driver.is_none() {
                inner.driver = Some(cx.waker().clone());
            }
            if !self.one_way.is_empty() {
                drop(inner);
                let _ = self.poll_send_one_way(cx)?;
                inner = channel.lock();
            }
            self.poll_send(channel, inner, cx)?;
            // A caller that has the socket to itself leaves both to the driver, who is woken and takes it back.
            let watched = poller != Poller::Driver && self.alarm.is_some() && self.alarm <= self.retransmission.next();
            if !watched && self.poll_timer(channel, cx) {
                inner = channel.lock();
                continue;
            }
            let received = self.poll_receive(channel, cx)?;
            if received.is_pending() && poller == Poller::Driver {
                return self.failure.0.as_mut().poll(cx).map(Err);
            }
            return received.map(|()| Ok(Progress::Some));
        }
    }

    /// Sends the calls that nobody waits for. They are sent once: what does not leave is lost.
    fn poll_send_one_way(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(message) = self.one_way.front() {
            match ready!(self.socket.poll_send(cx, message)) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Poll::Ready(Err(error)),
                _ => {
                    observe::datagram_sent(Side::Client, self.netid, message.len());
                    self.one_way.pop_front();
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends what is due, as far as the socket takes it.
    fn poll_send<'a>(
        &mut self,
        channel: &'a Channel,
        mut inner: MutexGuard<'a, Inner>,
        cx: &mut Context<'_>,
    ) -> io::Result<()> {
        if !inner.datagrams.is_empty() {
            inner.returning = 0;
        }
        while let Some(&xid) = inner.datagrams.front() {
            if let Some(waiting) = inner.pending.waiting(xid)
                && let Some(Outstanding { message, attempts }) = waiting.datagram.as_deref_mut()
            {
                let message = message.datagram(&mut self.scratch);
                match self.socket.poll_send(cx, message) {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => return Err(error),
                    // A datagram that does not leave is as good as one lost on the way.
                    Poll::Ready(_) => {
                        step!(2, "the message is handed to the local kernel", xid, bytes = message.len());
                        step!(3, "the message crosses to the remote host", xid);
                        observe::datagram_sent(Side::Client, self.netid, message.len());
                        // The clock is read when the message is on its way: the server need not wait for that.
                        self.retransmission.sent(attempts, Instant::now().into_std());
                        if attempts.sends() > 1 {
                            observe::retransmitted();
                            tracing::debug!(target: "onc::client", xid, sends = attempts.sends(), "no reply yet: sent again");
                        }
                    }
                }
            }
            inner.datagrams.pop_front();
            if inner.datagrams.is_empty() {
                break;
            }
            // Others have their turn.
            drop(inner);
            inner = channel.lock();
        }
        Ok(())
    }

    fn poll_receive(&mut self, channel: &Channel, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = ReadBuf::new(&mut self.buffer);
        ready!(self.socket.poll_recv(cx, &mut room))?;
        let datagram = room.filled();
        self.proven = true;
        observe::datagram_received(Side::Client, self.netid, datagram.len());
        let mut inner = channel.lock();
        inner.down = None;
        let Some(Delivered { waker, datagram }) = channel.deliver(&mut inner, &Record::Borrowed(datagram)) else {
            return Poll::Ready(Ok(()));
        };
        if let Some(mut outstanding) = datagram {
            self.retransmission.answered(&outstanding.attempts, || Instant::now().into_std());
            outstanding.clear();
            inner.spare = Some(outstanding);
        }
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
        Poll::Ready(Ok(()))
    }

    /// Waits for the next repeat that is due; true when there are calls to be sent again.
    fn poll_timer(&mut self, channel: &Channel, cx: &mut Context<'_>) -> bool {
        while let Some(next) = self.retransmission.next() {
            if self.alarm != Some(next) {
                self.alarm = Some(next);
                self.timer.reset(Instant::from_std(next));
            }
            if Pin::new(&mut self.timer).poll(cx).is_pending() {
                return false;
            }
            let mut due = 0;
            self.retransmission.scan(Instant::now().into_std(), |is_due| {
                let mut inner = channel.lock();
                let Inner { pending, datagrams, .. } = &mut *inner;
                pending.end_each(|xid, waiting| {
                    if waiting.datagram.as_deref_mut().is_some_and(|call| is_due(&mut call.attempts)) {
                        datagrams.push_back(xid);
                        due += 1;
                    }
                    None
                });
            });
            if due > 0 {
                return true;
            }
        }
        false
    }
}
