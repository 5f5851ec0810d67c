//! Calls without a reply.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::{Error, Limit};
use crate::observe::{Observation, Side};
use crate::rpc::{CallTemplate, Procedure};
use crate::xdr::Encoder;

use super::call::{Call, measure, unfit};
use super::client::Through;
use super::queue::{Channel, wake_driver};

/// A call of procedure `P` whose reply is not waited for.
///
/// It is ready when the call is queued. That says nothing of the server: a call may be lost with the connection, or as any
/// datagram, and one that the server refuses is refused in silence. On a stream calls arrive in the order in which they were
/// made, so that the reply to a later call says that those before it have arrived.
///
/// # Cancel safety
///
/// Nothing is sent before it is first polled.
#[must_use = "a call does nothing unless it is awaited"]
pub struct OneWay<P: Procedure> {
    /// Never polled.
    call: Call<P>,
}

impl<P: Procedure> OneWay<P> {
    pub(super) fn new(call: Call<P>) -> Self {
        Self { call }
    }

    fn submit(&self, channel: &Channel) -> Result<(), Error> {
        let Call { client, arguments, .. } = &self.call;
        let size = measure::<P>(arguments)?;
        let started = Observation::start();
        let xid = client.shared.with_template(P::INTERFACE, |template: &CallTemplate| {
            channel.admit(template.size() + size.total).map_err(unfit::<P>)?;
            channel.submit_one_way(|out, xid| {
                template.put(out.buffer(), xid, P::NUMBER, size.total);
                out.write::<P::Arguments, P::ArgumentsShape>(arguments, size);
            })
        })?;
        let server = channel.settings.server();
        if let Some(sent) = Observation::begin(started, Side::Client, P::INTERFACE, P::NUMBER, xid, server) {
            sent.end("SENT");
        }
        Ok(())
    }
}

impl<P: Procedure> Unpin for OneWay<P> {}

impl<P: Procedure> Future for OneWay<P> {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match &self.call.client.shared.target {
            Through::Channel(channel) => Poll::Ready(self.submit(channel)),
            Through::Caller(caller) => {
                // Middleware knows only calls with replies: somebody has to wait for this one.
                tokio::spawn(caller.call(self.call.request()?));
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl Channel {
    /// Queues a call that gets no reply, or whose reply is ignored. Returns its xid.
    // RFC 5531 §8.4.1: batching.
    fn submit_one_way(&self, write: impl FnOnce(&mut Encoder<'_>, u32)) -> Result<u32, Error> {
        let mut inner = self.lock();
        let settings = &self.settings;
        if inner.closed {
            return Err(Error::Closed);
        }
        if inner.outgoing.len() + inner.leaving > settings.max_unsent {
            return Err(Error::Limit(Limit::Unsent { max: settings.max_unsent }));
        }
        if inner.one_way_datagrams.len() >= settings.max_calls {
            return Err(Error::Limit(Limit::Calls { max: settings.max_calls }));
        }
        let xid = inner.pending.next().xid;
        let before = inner.outgoing.len();
        let Ok(()) = inner.outgoing.append(|out| {
            write(out, xid);
            Ok::<(), Infallible>(())
        });
        if settings.datagrams {
            let message = inner.outgoing.datagram(&mut Vec::new()).to_vec();
            inner.outgoing.discard();
            inner.one_way_datagrams.push_back(message);
        } else {
            inner.position += (inner.outgoing.len() - before) as u64;
        }
        inner.one_way = true;
        inner.alone = None;
        wake_driver(inner);
        Ok(xid)
    }
}

impl<P: Procedure> fmt::Debug for OneWay<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneWay").field("procedure", &P::NAME).finish_non_exhaustive()
    }
}
