//! A channel's datagram socket: calls are sent again until their reply comes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::Error;
use crate::observe::step;
use crate::rpc::Record;
use crate::transport::Outgoing;
use crate::xdr::Encoder;

use super::pending::State;
use super::queue::Channel;

/// The largest datagram there is.
const ROOM: usize = 64 << 10;

/// A socket that is connected to one server: datagrams from other addresses are not received.
#[derive(Debug)]
pub(crate) struct DatagramLink {
    socket: UdpSocket,
    buffer: Box<[u8]>,
    /// Calls whose datagram is due now.
    due: Vec<u32>,
    patience: Patience,
    timer: Option<Pin<Box<Sleep>>>,
    /// Something has been received.
    pub(super) proven: bool,
}

/// A call that is or will be under way as a datagram.
#[derive(Debug)]
pub(super) struct Outstanding {
    message: Vec<u8>,
    /// The call may be executed twice without harm.
    idempotent: bool,
    /// When it was sent last, and how often it has been sent.
    sent: Option<(Instant, u32)>,
    /// When it is sent again.
    again: Option<Instant>,
}

impl Outstanding {
    /// Encodes a call; `write` begins with a record mark, which datagrams do not have.
    pub(super) fn write(
        idempotent: bool,
        write: impl FnOnce(&mut Encoder<'_>) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut out = Outgoing::default();
        out.append(write)?;
        let message = out.datagram(&mut Vec::new()).to_vec();
        Ok(Self { message, idempotent, sent: None, again: None })
    }
}

/// How long to wait for a reply before a call is sent again: RFC 6298's estimate of the round trip.
#[derive(Debug)]
struct Patience {
    smoothed: Option<Duration>,
    variation: Duration,
}

impl Patience {
    /// Before anything has been measured.
    const FIRST: Duration = Duration::from_secs(1);
    const LEAST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_secs(60);

    /// Takes a measurement. Karn's rule, that a call which was sent twice tells nothing, is the caller's.
    fn measured(&mut self, round_trip: Duration) {
        match self.smoothed {
            None => {
                self.smoothed = Some(round_trip);
                self.variation = round_trip / 2;
            }
            Some(smoothed) => {
                self.variation = (self.variation * 3 + smoothed.abs_diff(round_trip)) / 4;
                self.smoothed = Some((smoothed * 7 + round_trip) / 8);
            }
        }
    }

    /// How long to wait after the `sends`th sending.
    fn wait(&self, sends: u32, idempotent: bool) -> Duration {
        let estimate = self.smoothed.map_or(Self::FIRST, |smoothed| smoothed + self.variation * 4);
        // A server without a duplicate request cache executes a repeat, and a slow procedure is no lost datagram: calls
        // that must not be executed twice are given more time.
        let least = if idempotent { Self::LEAST } else { Self::FIRST };
        (estimate.max(least) * 2_u32.saturating_pow(sends.saturating_sub(1))).min(Self::MOST)
    }
}

impl DatagramLink {
    /// A link over a socket that is connected.
    pub(crate) fn new(socket: UdpSocket) -> Self {
        Self {
            socket,
            buffer: vec![0; ROOM].into_boxed_slice(),
            due: Vec::new(),
            patience: Patience { smoothed: None, variation: Duration::ZERO },
            timer: None,
            proven: false,
        }
    }

    pub(super) fn poll(&mut self, channel: &Channel, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.poll_timer(channel, cx);
            {
                let mut inner = channel.lock();
                if inner.closed {
                    return Poll::Ready(Ok(()));
                }
                self.due.append(&mut inner.datagrams);
                if inner.driver.is_none() {
                    inner.driver = Some(cx.waker().clone());
                }
            }
            self.poll_send(channel, cx)?;
            match self.poll_receive(channel, cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                // A datagram that was just sent has made a timer necessary.
                Poll::Pending if self.timer.is_none() && self.rearm(channel) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Sends what is due, as far as the socket takes it.
    fn poll_send(&mut self, channel: &Channel, cx: &mut Context<'_>) -> io::Result<()> {
        if self.due.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        while let Some(&xid) = self.due.last() {
            let mut inner = channel.lock();
            if let Some(State::Waiting(waiting)) = inner.pending.state(xid)
                && let Some(outstanding) = &mut waiting.datagram
            {
                step!(2, "the message is handed to the local kernel", xid, bytes = outstanding.message.len());
                match self.socket.poll_send(cx, &outstanding.message) {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => return Err(error),
                    // A datagram that does not leave is as good as one lost on the way.
                    Poll::Ready(_) => {
                        step!(3, "the message crosses to the remote host", xid);
                        let sends = outstanding.sent.map_or(0, |(_, sends)| sends) + 1;
                        outstanding.sent = Some((now, sends));
                        let again = now + self.patience.wait(sends, outstanding.idempotent);
                        outstanding.again = Some(again);
                        if sends > 1 {
                            tracing::debug!(target: "onc::client", xid, sends, "no reply yet: sent again");
                        }
                    }
                }
            }
            self.due.pop();
        }
        Ok(())
    }

    fn poll_receive(&mut self, channel: &Channel, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = ReadBuf::new(&mut self.buffer);
        std::task::ready!(self.socket.poll_recv(cx, &mut room))?;
        let datagram = room.filled();
        self.proven = true;
        let mut inner = channel.lock();
        if let Some((xid, _)) = datagram.split_first_chunk()
            && let Some(State::Waiting(waiting)) = inner.pending.state(u32::from_be_bytes(*xid))
            && let Some((sent, 1)) = waiting.datagram.as_ref().and_then(|outstanding| outstanding.sent)
        {
            self.patience.measured(sent.elapsed());
        }
        let woken = inner.deliver(&Record::Borrowed(datagram));
        drop(inner);
        if let Some(waker) = woken {
            waker.wake();
        }
        Poll::Ready(Ok(()))
    }

    /// Queues the calls again whose reply has not come in time.
    fn poll_timer(&mut self, channel: &Channel, cx: &mut Context<'_>) {
        while let Some(timer) = &mut self.timer {
            if timer.as_mut().poll(cx).is_pending() {
                return;
            }
            self.timer = None;
            let now = Instant::now();
            let due = &mut self.due;
            channel.lock().pending.end_each(|xid, waiting| {
                if let Some(outstanding) = &mut waiting.datagram
                    && outstanding.again.is_some_and(|again| again <= now)
                {
                    outstanding.again = None;
                    due.push(xid);
                }
                None
            });
            if self.due.is_empty() {
                self.rearm(channel);
            }
        }
    }

    /// Sets the timer to the next repeat, if there is to be one.
    fn rearm(&mut self, channel: &Channel) -> bool {
        let mut next: Option<Instant> = None;
        channel.lock().pending.end_each(|_, waiting| {
            let again = waiting.datagram.as_ref().and_then(|outstanding| outstanding.again);
            next = match (next, again) {
                (Some(next), Some(again)) => Some(next.min(again)),
                (next, again) => next.or(again),
            };
            None
        });
        self.timer = next.map(|next| Box::pin(sleep_until(next)));
        self.timer.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_follows_the_round_trip_and_doubles() {
        let mut patience = Patience { smoothed: None, variation: Duration::ZERO };
        assert_eq!(patience.wait(1, true), Patience::FIRST);
        for _ in 0..50 {
            patience.measured(Duration::from_millis(1));
        }
        assert_eq!(patience.wait(1, true), Patience::LEAST);
        assert_eq!(patience.wait(3, true), Patience::LEAST * 4);
        assert_eq!(patience.wait(1, false), Patience::FIRST, "what must not be repeated lightly is not");
        assert_eq!(patience.wait(40, false), Patience::MOST);
    }
}
