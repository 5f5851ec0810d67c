//! A call that is being answered.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::rpc::{AcceptStatus, RejectStatus};
use crate::xdr::Shape;

use super::{Fault, Reply};

/// A call that is being answered: refused at once, or a handler that runs.
///
/// Whoever drives it hands it the place to write the reply to, so that results are encoded once, where they will leave
/// from.
#[must_use = "nobody answers the call unless this is polled"]
pub struct Handling(State);

enum State {
    Success,
    Accepted(AcceptStatus),
    Denied(RejectStatus),
    Running(Pin<Box<dyn Running>>),
}

/// A handler that runs, with its types forgotten.
trait Running: Send {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()>;
}

impl Handling {
    /// Success without results.
    pub(crate) fn success() -> Self {
        Self(State::Success)
    }

    /// An accepted reply without results.
    pub(crate) fn accepted(status: AcceptStatus) -> Self {
        Self(State::Accepted(status))
    }

    /// A rejection.
    pub(crate) fn denied(status: RejectStatus) -> Self {
        Self(State::Denied(status))
    }

    /// A handler whose results are of shape `S`.
    #[inline]
    pub(crate) fn run<F, T, S>(future: F) -> Self
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
        T: Send + 'static,
        S: Shape<T> + 'static,
    {
        Self(State::Running(Box::pin(Typed::<F, S> { future, shape: std::marker::PhantomData })))
    }

    /// Goes on; when it is ready the reply has been written. A handler that panics answers `SYSTEM_ERR`.
    pub fn poll(&mut self, cx: &mut Context<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        match &mut self.0 {
            State::Success => reply.success::<(), ()>(&()),
            State::Accepted(status) => reply.accepted(*status),
            State::Denied(status) => reply.denied(*status),
            State::Running(running) => {
                let Ok(poll) = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx, reply))) else {
                    tracing::error!(target: "onc::server", "a procedure panicked; the call is answered SYSTEM_ERR");
                    self.0 = State::Accepted(AcceptStatus::SystemError);
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
        let state = match &self.0 {
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
        match std::task::ready!(self.project().future.poll(cx)) {
            Ok(results) => reply.success::<T, S>(&results),
            Err(fault) => reply.fault(fault),
        }
        Poll::Ready(())
    }
}
