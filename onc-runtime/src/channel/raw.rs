//! Calls whose arguments are encoded already.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;

use crate::error::{Deadline, Error, Phase};
use crate::observe::{Observation, Side};
use crate::rpc::CallTemplate;
use crate::xdr::{Sink, Size};

use super::call::accepted;
use super::caller::{Request, Response};
use super::client::{Client, Through};
use super::pending::CallKey;
use super::queue::{Channel, Expiry, Terms};

impl Client {
    /// Makes a call whose arguments are encoded already.
    ///
    /// # Errors
    ///
    /// As of a call.
    ///
    /// # Cancel safety
    ///
    /// As [`Call`](super::Call): dropped, the call is forgotten.
    pub async fn call_raw(&self, mut request: Request) -> Result<Response, Error> {
        let channel = match &self.shared.target {
            Through::Caller(caller) => {
                self.shared.complete(&mut request);
                return caller.call(request).await;
            }
            Through::Channel(channel) => channel,
        };
        let mut observation = None;
        let expiry = if request.deadline.is_some() { Expiry::Own } else { Expiry::Default };
        let exchange = self.exchange(channel, &request, expiry, &mut observation);
        let outcome = match request.deadline {
            None => exchange.await,
            Some(deadline) => {
                let begun = tokio::time::Instant::now();
                let late = |_| Error::Deadline(Deadline { after: deadline - begun, phase: Phase::Reply });
                tokio::time::timeout_at(deadline, exchange).await.map_err(late).flatten()
            }
        };
        if let Some(observation) = observation {
            observation.end(outcome.as_ref().map_or_else(Error::status, |_| "SUCCESS"));
        }
        outcome
    }

    async fn exchange(
        &self,
        channel: &Channel,
        request: &Request,
        mut expiry: Expiry,
        observation: &mut Option<Box<Observation>>,
    ) -> Result<Response, Error> {
        let mut lost = None;
        let mut strayed = false;
        loop {
            let started = Observation::start();
            let terms = Terms { expiry, idempotent: request.idempotent, again: lost.is_some() };
            let submitted = poll_fn(|cx| Poll::Ready(self.submit(channel, request, terms, cx))).await;
            let (call, same) = match (submitted, lost.take()) {
                (Err(Error::Closed), Some(lost)) => return Err(Error::Lost(lost)),
                (submitted, _) => submitted?,
            };
            expiry = same;
            if observation.is_none() {
                let (interface, procedure, server) = (request.interface, request.procedure, channel.settings.server());
                *observation = Observation::begin(started, Side::Client, interface, procedure, call.xid, server);
            }
            let mut outcome = channel.reply(call).await;
            if let Err(error) = &outcome
                && !std::mem::replace(&mut strayed, true)
                && let Some(call) =
                    poll_fn(|cx| Poll::Ready(channel.look_elsewhere(error, request.interface, cx.waker(), expiry)))
                        .await
            {
                outcome = channel.reply(call).await;
            }
            match outcome {
                Ok(response) => return Ok(response),
                // As of a typed call: what never left, or may be executed twice, is sent again.
                Err(Error::Lost(error)) if request.idempotent || !error.sent => lost = Some(error),
                Err(error) => return Err(error),
            }
        }
    }

    fn submit(
        &self,
        channel: &Channel,
        request: &Request,
        terms: Terms,
        cx: &std::task::Context<'_>,
    ) -> Result<(CallKey, Expiry), Error> {
        let size = request.arguments.len();
        self.shared.with_template_of(request, |template: &CallTemplate| {
            channel.admit(template.size() + size).map_err(|error| Error::Arguments(Arc::new(error)))?;
            channel.submit(cx.waker(), terms, |out, xid| {
                template.put(out.buffer(), xid, request.procedure, size);
                out.reserve(Size::of(size));
                out.put_shared(&request.arguments);
                Ok(())
            })
        })
    }
}

/// Forgets a call that is no longer waited for.
pub(super) struct Forget<'a> {
    channel: &'a Channel,
    call: CallKey,
}

impl Channel {
    /// Waits for the reply to a call. Dropped, the call is forgotten.
    async fn reply(&self, call: CallKey) -> Result<Response, Error> {
        let _forget = self.forget_on_drop(call);
        let message = poll_fn(|cx| self.poll_reply(call, cx.waker(), |body| body.into_bytes())).await?;
        response(&message)
    }

    /// Forgets a call when what is returned is dropped.
    pub(super) fn forget_on_drop(&self, call: CallKey) -> Forget<'_> {
        Forget { channel: self, call }
    }
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.channel.forget(self.call);
    }
}

/// The encoded results in a reply that says success, or the error that it says.
pub(crate) fn response(message: &Bytes) -> Result<Response, Error> {
    accepted(message).map(|offset| Response::new(message.slice(offset..)))
}
