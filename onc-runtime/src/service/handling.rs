//! A call that is being answered.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::observe::{Observation, step};
use crate::rpc::{AcceptStatus, Protection, RejectStatus};
use crate::xdr::Shape;

use super::{Fault, Reply};

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
    Discard,
    Success,
    Accepted(AcceptStatus),
    Denied(RejectStatus),
    Running(Pin<Box<dyn Running>>),
}

/// A handler that runs, with its types forgotten.
pub(super) trait Running: Send {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()>;
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

    /// A handler whose results are of shape `S`.
    #[inline]
    pub(crate) fn run<F, T, S>(future: F) -> Self
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
        T: Send + 'static,
        S: Shape<T> + 'static,
    {
        Self::new(State::Running(Box::pin(Typed::<F, S> { future, shape: std::marker::PhantomData })))
    }

    /// A handler that writes its own reply.
    pub(super) fn running(running: impl Running + 'static) -> Self {
        Self::new(State::Running(Box::pin(running)))
    }

    #[inline]
    fn new(state: State) -> Self {
        Self { state, extra: None }
    }

    /// Watched by `observation`.
    pub(super) fn observed(mut self, observation: Box<Observation>) -> Self {
        self.extra.get_or_insert_default().observation = Some(observation);
        self
    }

    /// With a reply that `protection` makes.
    pub(super) fn protected(mut self, protection: Arc<dyn Protection>) -> Self {
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
            State::Discard => {}
            State::Success => reply.success::<(), ()>(&()),
            State::Accepted(status) => reply.accepted(*status),
            State::Denied(status) => reply.denied(*status),
            State::Running(running) => {
                let Ok(poll) = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx, reply))) else {
                    tracing::error!(target: "onc::server", "a procedure panicked; the call is answered SYSTEM_ERR");
                    self.state = State::Accepted(AcceptStatus::SystemError);
                    reply.accepted(AcceptStatus::SystemError);
                    return Poll::Ready(());
                };
                return poll;
            }
        }
        Poll::Ready(())
    }
}

impl std::fmt::Debug for Handling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match &self.state {
            State::Discard => "discard",
            State::Success => "success",
            State::Accepted(_) => "accepted",
            State::Denied(_) => "denied",
            State::Running(_) => "running",
        };
        f.debug_tuple("Handling").field(&state).finish()
    }
}

pin_project_lite::pin_project! {
    /// A handler and the shape of its results.
    struct Typed<F, S> {
        #[pin]
        future: F,
        shape: std::marker::PhantomData<fn() -> S>,
    }
}

impl<F, T, S> Running for Typed<F, S>
where
    F: Future<Output = Result<T, Fault>> + Send,
    S: Shape<T>,
{
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        let outcome = std::task::ready!(self.project().future.poll(cx));
        step!(6, "the result returns to the server stub");
        match outcome {
            Ok(results) => reply.success::<T, S>(&results),
            Err(fault) => reply.fault(fault),
        }
        Poll::Ready(())
    }
}
