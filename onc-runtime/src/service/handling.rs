//! A call that is being answered.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::observe::{Observation, step};
use crate::rpc::{AcceptStatus, Protection, RejectStatus};
use crate::xdr::Shape;

use super::execution::Running;
use super::{Called, Fault, Reply};

/// A call that is being answered: refused at once, or a handler that runs.
///
/// Whoever drives it hands it the place to write the reply to, so that results are encoded once, where they will leave
/// from.
#[must_use = "nobody answers the call unless this is polled"]
pub struct Handling {
    state: State,
}

enum State {
    /// The reply has been written; what it says, as RFC 5531 spells it.
    Answered(&'static str),
    Discard,
    Success,
    Accepted(AcceptStatus),
    Denied(RejectStatus),
    Running(Box<dyn Running>),
    Observed(Box<Observed>),
    Protected(Box<Protected>),
}

/// A call that is watched until it has been answered.
struct Observed {
    handling: Handling,
    observation: Option<Box<Observation>>,
}

/// A call whose reply's verifier `protection` makes, and whose results it may seal.
struct Protected {
    handling: Handling,
    protection: Arc<dyn Protection>,
}

impl Handling {
    /// Success without results.
    pub(crate) fn success() -> Self {
        Self::new(State::Success)
    }

    /// No reply at all.
    pub(super) fn discard() -> Self {
        Self::new(State::Discard)
    }

    /// An accepted reply without results.
    pub(crate) fn accepted(status: AcceptStatus) -> Self {
        Self::new(State::Accepted(status))
    }

    /// A rejection.
    pub(crate) fn denied(status: RejectStatus) -> Self {
        Self::new(State::Denied(status))
    }

    /// The reply has been written.
    #[inline]
    pub(super) fn answered(status: &'static str) -> Self {
        Self::new(State::Answered(status))
    }

    /// What the reply says that has been written already, if one has.
    #[inline]
    pub(super) fn is_answered(&self) -> Option<&'static str> {
        if let State::Answered(status) = self.state { Some(status) } else { None }
    }

    /// A handler that runs.
    #[inline]
    pub(super) fn running(handler: Box<impl Running + 'static>) -> Self {
        Self::new(State::Running(handler))
    }

    /// A handler of middleware for what was `called`, whose results are of shape `S`.
    pub(super) fn run<F, T, S>(called: Called, future: F) -> Self
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
        S: Shape<T> + 'static,
    {
        Self::running(Box::new(Typed::<F, S> { called, future: Box::pin(future), shape: std::marker::PhantomData }))
    }

    #[inline]
    fn new(state: State) -> Self {
        Self { state }
    }

    /// Watched by `observation`.
    pub(super) fn observed(self, observation: Box<Observation>) -> Self {
        if let Some(status) = self.is_answered() {
            observation.end(status);
            return self;
        }
        Self::new(State::Observed(Box::new(Observed { handling: self, observation: Some(observation) })))
    }

    /// With a reply that `protection` makes.
    pub(super) fn protected(self, protection: Arc<dyn Protection>) -> Self {
        if self.is_answered().is_some() {
            return self;
        }
        Self::new(State::Protected(Box::new(Protected { handling: self, protection })))
    }

    /// Goes on; when it is ready the reply has been written. A handler that panics answers `SYSTEM_ERR`.
    pub fn poll(&mut self, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        match &mut self.state {
            State::Answered(status) => reply.note(status),
            State::Discard => {}
            State::Success => reply.success::<(), ()>(&()),
            State::Accepted(status) => reply.accepted(*status),
            State::Denied(status) => reply.denied(*status),
            State::Observed(observed) => return observed.poll(cx, reply),
            State::Protected(protected) => {
                reply.protect(Arc::clone(&protected.protection));
                return protected.handling.poll(cx, reply);
            }
            State::Running(running) => {
                let poll = catch_unwind(AssertUnwindSafe(|| running.poll(cx, reply)));
                return match poll {
                    Ok(poll) => poll,
                    Err(panic) => {
                        reply.panicked(running.called(), &*panic);
                        self.state = State::Answered(reply.status());
                        Poll::Ready(())
                    }
                };
            }
        }
        Poll::Ready(())
    }
}

impl Observed {
    fn poll(&mut self, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        let Some(observation) = &self.observation else { return Poll::Ready(()) };
        let span = observation.span().clone();
        let poll = span.in_scope(|| self.handling.poll(cx, reply));
        if poll.is_ready()
            && let Some(observation) = self.observation.take()
        {
            observation.end(reply.status());
        }
        poll
    }
}

impl std::fmt::Debug for Handling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match &self.state {
            State::Answered(_) => "answered",
            State::Discard => "discard",
            State::Success => "success",
            State::Accepted(_) => "accepted",
            State::Denied(_) => "denied",
            State::Running(_) => "running",
            State::Observed(observed) => return observed.handling.fmt(f),
            State::Protected(protected) => return protected.handling.fmt(f),
        };
        f.debug_tuple("Handling").field(&state).finish()
    }
}

/// A handler of middleware and the shape of its results.
struct Typed<F, S> {
    called: Called,
    future: Pin<Box<F>>,
    shape: std::marker::PhantomData<fn() -> S>,
}

impl<F, T, S> Running for Typed<F, S>
where
    F: Future<Output = Result<T, Fault>> + Send,
    S: Shape<T>,
{
    fn poll(&mut self, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        let outcome = std::task::ready!(self.future.as_mut().poll(cx));
        step!(6, "the result returns to the server stub");
        match outcome {
            Ok(results) => reply.success::<T, S>(&results),
            Err(fault) => reply.fault(fault),
        }
        Poll::Ready(())
    }

    fn called(&self) -> Called {
        self.called
    }
}
