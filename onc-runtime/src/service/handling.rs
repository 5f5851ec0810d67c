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
    /// What few calls have.
    extra: Option<Box<Extra>>,
}

#[derive(Default)]
struct Extra {
    observation: Option<Box<Observation>>,
    protection: Option<Arc<dyn Protection>>,
}

enum State {
    /// The reply has been written; what it says, as RFC 5531 spells it.
    Answered(&'static str),
    Discard,
    Success,
    Accepted(AcceptStatus),
    Denied(RejectStatus),
    Running(Box<dyn Running>),
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
        Self { state, extra: None }
    }

    /// Watched by `observation`.
    pub(super) fn observed(mut self, observation: Box<Observation>) -> Self {
        match self.is_answered() {
            Some(status) => observation.end(status),
            None => self.extra.get_or_insert_default().observation = Some(observation),
        }
        self
    }

    /// With a reply that `protection` makes.
    pub(super) fn protected(mut self, protection: Arc<dyn Protection>) -> Self {
        if self.is_answered().is_some() {
            return self;
        }
        self.extra.get_or_insert_default().protection = Some(protection);
        self
    }

    /// Goes on; when it is ready the reply has been written. A handler that panics answers `SYSTEM_ERR`.
    #[inline]
    pub fn poll(&mut self, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        if self.extra.is_some() {
            return self.poll_extra(cx, reply);
        }
        self.poll_state(cx, reply)
    }

    #[cold]
    fn poll_extra(&mut self, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        let Extra { observation, protection } = self.extra.as_deref_mut().map(std::mem::take).unwrap_or_default();
        if let Some(protection) = &protection {
            reply.protect(Arc::clone(protection));
        }
        let span = observation.as_ref().map_or_else(tracing::Span::none, |observation| observation.span().clone());
        let poll = span.in_scope(|| self.poll_state(cx, reply));
        match observation {
            Some(observation) if poll.is_ready() => observation.end(reply.status()),
            observation => self.extra = Some(Box::new(Extra { observation, protection })),
        }
        poll
    }

    fn poll_state(&mut self, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        match &mut self.state {
            State::Answered(status) => reply.note(status),
            State::Discard => {}
            State::Success => reply.success::<(), ()>(&()),
            State::Accepted(status) => reply.accepted(*status),
            State::Denied(status) => reply.denied(*status),
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

impl std::fmt::Debug for Handling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match &self.state {
            State::Answered(_) => "answered",
            State::Discard => "discard",
            State::Success => "success",
            State::Accepted(_) => "accepted",
            State::Denied(_) => "denied",
            State::Running(_) => "running",
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
