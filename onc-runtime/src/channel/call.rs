//! A call: the future that a stub's method returns.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{Deadline, Error, Phase, Refusal};
use crate::observe::{Observation, Side, step};
use crate::rpc::{CallTemplate, Procedure, Reply, parse_reply};
use crate::xdr::{DecodeError, Decoder, EncodeError, Encoder, Limits, Shape, Size};

use super::caller::{Request, Response};
use super::client::{Client, Shared, Through, deadline};
use super::one_way::OneWay;
use super::pending::{Body, CallKey};
use super::queue::{Channel, Expiry, Terms};
use super::replies::Short;

/// A call of procedure `P`, to be awaited as it is or after its options were set.
///
/// # Cancel safety
///
/// Nothing is sent before it is first polled. Dropped after that, the call is forgotten: the server may still execute it,
/// and its reply will be ignored.
#[must_use = "a call does nothing unless it is awaited"]
pub struct Call<P: Procedure> {
    pub(super) client: Client,
    /// Kept until the reply is here: a call may have to be sent again.
    pub(super) arguments: P::Arguments,
    pub(super) idempotent: bool,
    /// Its server has been looked for again.
    strayed: bool,
    timeout: Option<Duration>,
    stage: Stage,
    observation: Option<Box<Observation>>,
}

enum Stage {
    Ready(Expiry),
    InFlight { call: CallKey, expiry: Expiry },
    Elsewhere(Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>),
    Done,
}

/// A call with a time limit of its own.
#[must_use = "a call does nothing unless it is awaited"]
pub struct TimedCall<P: Procedure> {
    call: Call<P>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<P: Procedure> Call<P> {
    #[inline]
    pub(super) fn new(client: Client, arguments: P::Arguments) -> Self {
        Self {
            client,
            arguments,
            idempotent: P::IDEMPOTENT,
            strayed: false,
            timeout: None,
            stage: Stage::Ready(Expiry::Default),
            observation: None,
        }
    }

    /// Gives the call up after `timeout` instead of the client's default, 25 s.
    ///
    /// The server may execute it all the same: zero is for calls whose reply does not matter, as in C. Those are better
    /// [one-way](Self::one_way), which is no error.
    #[inline]
    pub fn timeout(mut self, timeout: Duration) -> TimedCall<P> {
        self.timeout = Some(timeout);
        self.stage = Stage::Ready(Expiry::Own);
        TimedCall { call: self, timer: None }
    }

    /// Says that the procedure may be executed twice without harm, so that the call is sent again after a lost
    /// connection.
    #[inline]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Sends the call and expects no reply: as a C client does that waits for zero seconds. Many of them leave together.
    ///
    /// A server that answers all the same does no harm.
    pub fn one_way(self) -> OneWay<P> {
        OneWay::new(self)
    }

    /// The call as middleware sees it.
    pub(super) fn request(&self) -> Result<Request, Error> {
        let size = measure::<P>(&self.arguments)?;
        let mut arguments = Vec::new();
        Encoder::new(&mut arguments).write::<P::Arguments, P::ArgumentsShape>(&self.arguments, size);
        let mut request = Request::new(P::INTERFACE, P::NUMBER, arguments.into());
        request.procedure_name = P::NAME;
        request.idempotent = self.idempotent;
        self.client.shared.complete(&mut request);
        Ok(request)
    }

    #[inline]
    fn poll_channel(&mut self, cx: &mut Context<'_>) -> Poll<Result<P::Results, Error>> {
        // The client is borrowed and not cloned: its count of clones is shared by all who call.
        let Through::Channel(channel) = &self.client.shared.target else { return self.poll_caller(cx) };
        match self.stage {
            Stage::Ready(expiry) => {
                step!(1, "the client stub marshals the arguments", procedure = P::NAME);
                self.submit(expiry, false, cx)?;
                Poll::Pending
            }
            Stage::InFlight { call, expiry } => {
                let limits = channel.settings.limits;
                // Whoever is woken nearly always finds the reply left, and waits for nobody. Its results are handed on by themselves: a
                // whole outcome that has just been written, moved at once, would have to be in memory first.
                let mut reply = Short::new();
                if channel.replies().fetch(call, &mut reply) {
                    return match results::<P>(Body::Short(reply.as_bytes()), limits) {
                        Ok(results) => self.returned(call, results),
                        Err(error) => self.refused(call, expiry, error, cx),
                    };
                }
                match std::task::ready!(channel.poll_later(call, cx.waker(), |body| results::<P>(body, limits))) {
                    Ok(Ok(results)) => self.returned(call, results),
                    Ok(Err(error)) => self.refused(call, expiry, error, cx),
                    Err(error) => self.unanswered(call, expiry, error, cx),
                }
            }
            Stage::Elsewhere(_) => unreachable!("the target does not change"),
            Stage::Done => panic!("a call was polled after it had ended"),
        }
    }

    /// Somebody wants to know how the call ends.
    #[cold]
    #[inline(never)]
    fn poll_observed(&mut self, cx: &mut Context<'_>) -> Poll<Result<P::Results, Error>> {
        let poll = self.poll_channel(cx);
        if let Poll::Ready(outcome) = &poll
            && let Some(observation) = self.observation.take()
        {
            observation.end(outcome.as_ref().map_or_else(Error::status, |_| "SUCCESS"));
        }
        poll
    }

    #[inline]
    fn submit(&mut self, expiry: Expiry, again: bool, cx: &Context<'_>) -> Result<(), Error> {
        let Self { client, arguments, idempotent, stage, observation, .. } = self;
        let Through::Channel(channel) = &client.shared.target else { unreachable!("the target does not change") };
        let started = Observation::start();
        let terms = Terms { expiry, idempotent: *idempotent, again };
        let (call, expiry) = submit::<P>(&client.shared, channel, arguments, terms, cx)?;
        *stage = Stage::InFlight { call, expiry };
        if observation.is_none() {
            let server = channel.settings.server();
            *observation = Observation::begin(started, Side::Client, P::INTERFACE, P::NUMBER, call.xid, server);
        }
        Ok(())
    }

    #[inline]
    fn returned(&mut self, call: CallKey, results: P::Results) -> Poll<Result<P::Results, Error>> {
        self.ended(call);
        Poll::Ready(Ok(results))
    }

    /// The reply holds no results.
    #[cold]
    #[inline(never)]
    fn refused(
        &mut self,
        call: CallKey,
        expiry: Expiry,
        error: Error,
        cx: &Context<'_>,
    ) -> Poll<Result<P::Results, Error>> {
        self.ended(call);
        if !std::mem::replace(&mut self.strayed, true)
            && let Through::Channel(channel) = &self.client.shared.target
            && let Some(call) = channel.look_elsewhere(&error, P::INTERFACE, cx.waker(), expiry)
        {
            self.stage = Stage::InFlight { call, expiry };
            return Poll::Pending;
        }
        Poll::Ready(Err(error))
    }

    /// There will be no reply.
    #[cold]
    #[inline(never)]
    fn unanswered(
        &mut self,
        call: CallKey,
        expiry: Expiry,
        error: Error,
        cx: &Context<'_>,
    ) -> Poll<Result<P::Results, Error>> {
        self.ended(call);
        match error {
            // What never left, or may be executed twice, is sent again; nothing else ever is.
            Error::Lost(lost) if self.idempotent || !lost.sent => match self.submit(expiry, true, cx) {
                Ok(()) => Poll::Pending,
                Err(Error::Closed) => Poll::Ready(Err(Error::Lost(lost))),
                Err(error) => Poll::Ready(Err(error)),
            },
            error => Poll::Ready(Err(error)),
        }
    }

    #[inline]
    fn ended(&mut self, call: CallKey) {
        self.stage = Stage::Done;
        step!(10, "the stub unmarshals the results and returns to its caller", xid = call.xid, procedure = P::NAME);
    }

    /// The way through middleware, or to a service in this process.
    #[cold]
    fn poll_caller(&mut self, cx: &mut Context<'_>) -> Poll<Result<P::Results, Error>> {
        let Through::Caller(caller) = &self.client.shared.target else { unreachable!("the target does not change") };
        loop {
            match &mut self.stage {
                Stage::Elsewhere(call) => {
                    let response = std::task::ready!(call.as_mut().poll(cx));
                    self.stage = Stage::Done;
                    let limits = self.client.shared.limits;
                    return Poll::Ready(
                        response.and_then(|response| finish::<P>(Decoder::shared(&response.results, limits))),
                    );
                }
                Stage::Done => panic!("a call was polled after it had ended"),
                _ => {
                    let request = Request { deadline: self.timeout.and_then(deadline), ..self.request()? };
                    self.stage = Stage::Elsewhere(caller.call(request));
                }
            }
        }
    }
}

/// Encodes a call into the channel's queue. Returns what finds it again, and when it is given up.
#[inline]
fn submit<P: Procedure>(
    shared: &Shared,
    channel: &Channel,
    arguments: &P::Arguments,
    terms: Terms,
    cx: &Context<'_>,
) -> Result<(CallKey, Expiry), Error> {
    let size = measure::<P>(arguments)?;
    shared.with_template(P::INTERFACE, |template: &CallTemplate| {
        channel.admit(template.size() + size.total).map_err(unfit::<P>)?;
        channel.submit(cx.waker(), terms, |out, xid| {
            template.put(out.buffer(), xid, P::NUMBER, size.total);
            out.write::<P::Arguments, P::ArgumentsShape>(arguments, size);
            Ok(())
        })
    })
}

/// The size of the encoded arguments.
#[inline]
pub(super) fn measure<P: Procedure>(arguments: &P::Arguments) -> Result<Size, Error> {
    <P::ArgumentsShape as Shape<P::Arguments>>::measure(arguments).map_err(unfit::<P>)
}

/// The arguments are no call of `P` that can be sent.
#[cold]
pub(super) fn unfit<P: Procedure>(error: EncodeError) -> Error {
    Error::Arguments(Arc::new(error.within(P::NAME, "arguments")))
}

/// The results in a reply.
#[inline]
fn results<P: Procedure>(body: Body<'_>, limits: Limits) -> Result<P::Results, Error> {
    match body {
        Body::Short(message) => {
            let offset = accepted(message)?;
            finish::<P>(Decoder::new(&message[offset..], limits))
        }
        Body::Long(message) => {
            let offset = accepted(&message)?;
            finish::<P>(Decoder::shared(&message.slice(offset..), limits))
        }
    }
}

/// Where the results begin in a reply that says success.
#[inline]
pub(super) fn accepted(message: &[u8]) -> Result<usize, Error> {
    match parse_reply(message).map_err(|error| Error::Reply(Arc::new(error)))? {
        (_, Reply::Accepted { status, .. }, offset) => match Refusal::of(status) {
            None => Ok(offset),
            Some(refusal) => Err(Error::Refused(refusal)),
        },
        (_, Reply::Denied(status), _) => Err(Error::Refused(status.into())),
    }
}

#[inline]
fn finish<P: Procedure>(mut decoder: Decoder<'_>) -> Result<P::Results, Error> {
    let results = decode::<P>(&mut decoder).map_err(garbled)?;
    // Bytes after results that mean nothing hurt nobody.
    if <P::ResultsShape as Shape<P::Results>>::FIXED != Some(0) {
        decoder.finish().map_err(garbled)?;
    }
    Ok(results)
}

#[inline]
fn decode<P: Procedure>(decoder: &mut Decoder<'_>) -> Result<P::Results, DecodeError> {
    <P::ResultsShape as Shape<P::Results>>::decode(decoder)
}

#[cold]
fn garbled(error: DecodeError) -> Error {
    Error::Results(Arc::new(error))
}

impl<P: Procedure> Unpin for Call<P> {}

impl<P: Procedure> Future for Call<P> {
    type Output = Result<P::Results, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.observation.is_some() { self.poll_observed(cx) } else { self.poll_channel(cx) }
    }
}

impl<P: Procedure> Drop for Call<P> {
    fn drop(&mut self) {
        if let (Stage::InFlight { call, .. }, Through::Channel(channel)) = (&self.stage, &self.client.shared.target) {
            channel.forget(*call);
        }
    }
}

impl<P: Procedure> TimedCall<P> {
    /// As [`Call::idempotent`].
    pub fn idempotent(mut self) -> Self {
        self.call = self.call.idempotent();
        self
    }
}

impl<P: Procedure> Future for TimedCall<P> {
    type Output = Result<P::Results, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(outcome) = Pin::new(&mut this.call).poll(cx) {
            return Poll::Ready(outcome);
        }
        let Some(timeout) = this.call.timeout else { return Poll::Pending };
        if this.timer.is_none() {
            let Some(at) = deadline(timeout) else { return Poll::Pending };
            this.timer = Some(Box::pin(sleep_until(Instant::max(at, Instant::now()))));
        }
        if let Some(timer) = &mut this.timer {
            std::task::ready!(timer.as_mut().poll(cx));
        }
        let error = match (&this.call.stage, &this.call.client.shared.target) {
            (Stage::InFlight { call, .. }, Through::Channel(channel)) => channel.given_up(*call, timeout),
            _ => None,
        };
        let error = error.unwrap_or(Error::Deadline(Deadline { after: timeout, phase: Phase::Reply }));
        if let Some(observation) = this.call.observation.take() {
            observation.end(error.status());
        }
        Poll::Ready(Err(error))
    }
}

impl<P: Procedure> fmt::Debug for Call<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("procedure", &P::NAME)
            .field("idempotent", &self.idempotent)
            .finish_non_exhaustive()
    }
}

impl<P: Procedure> fmt::Debug for TimedCall<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedCall").field("call", &self.call).finish_non_exhaustive()
    }
}
