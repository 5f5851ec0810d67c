//! The execution of a call by a handler, in memory that the next call uses again.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker, ready};

use crate::observe::step;
use crate::rpc::{Procedure, Protection};
use crate::transport::Outgoing;

use super::{Called, Context, Fault, Handling, Reply};

/// What a handler executes a call with: the service, and what may be known of the call.
///
/// It is lent to the handler, which gives it back beside its result: the next call of the same procedure on the same connection
/// finds it there, and counts neither the service nor the connection anew.
#[derive(Debug)]
#[non_exhaustive]
pub struct Execution<T: ?Sized> {
    /// Who answers.
    pub service: Arc<T>,
    /// Who calls, from where, what.
    pub context: Context,
}

/// A handler at work, with its types forgotten.
pub(super) trait Running: Send {
    /// Goes on; when it is ready the reply has been written.
    fn poll(&mut self, cx: &mut TaskContext<'_>, reply: &mut Reply<'_>) -> Poll<()>;

    /// Whose handler it is.
    fn called(&self) -> Called;
}

/// The place of a handler for procedure `P` of a `T`, and what it executes calls with while none runs.
pub(super) struct Slot<P, T: ?Sized, F> {
    handler: Pin<Box<Option<F>>>,
    execution: Option<Box<Execution<T>>>,
    procedure: PhantomData<fn() -> P>,
}

impl<P, T: ?Sized, F> Slot<P, T, F> {
    pub(super) fn new() -> Self {
        Self { handler: Box::pin(None), execution: None, procedure: PhantomData }
    }

    /// What the last handler gave back.
    #[inline]
    pub(super) fn execution(&mut self) -> Option<Box<Execution<T>>> {
        self.execution.take()
    }

    /// The handler to run next.
    #[inline]
    pub(super) fn begin(&mut self, handler: F) {
        self.handler.set(Some(handler));
    }
}

impl<P, T, F> Running for Slot<P, T, F>
where
    P: Procedure,
    T: ?Sized + Send + Sync,
    F: Future<Output = (Box<Execution<T>>, Result<P::Results, Fault>)> + Send,
{
    #[inline]
    fn poll(&mut self, cx: &mut TaskContext<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        let Some(handler) = self.handler.as_mut().as_pin_mut() else { return Poll::Ready(()) };
        let (execution, outcome) = ready!(handler.poll(cx));
        self.execution = Some(execution);
        step!(6, "the result returns to the server stub");
        match outcome {
            Ok(results) => reply.success::<P::Results, P::ResultsShape>(&results),
            Err(fault) => reply.fault(fault),
        }
        Poll::Ready(())
    }

    fn called(&self) -> Called {
        Called { interface: P::INTERFACE, procedure: P::NUMBER }
    }
}

/// The slots of a connection's handlers that run no more, for the next ones.
#[derive(Default)]
pub(crate) struct Spares {
    /// By the lowest bits of the procedure's number.
    slots: [Option<Box<dyn Any + Send>>; PLACES],
}

const PLACES: usize = 8;

/// A larger handler's slot is not kept: there may be ten thousand connections.
const KEEP: usize = 1 << 10;

impl Spares {
    /// A slot that a handler of the same type has left here.
    #[inline]
    pub(super) fn take<P: Procedure, T: ?Sized + Send + Sync + 'static, F: Send + 'static>(
        &mut self,
    ) -> Option<Box<Slot<P, T, F>>> {
        self.slots[Self::place::<P>()].take()?.downcast().ok()
    }

    /// Keeps a slot whose handler has come to its end.
    #[inline]
    pub(super) fn keep<P: Procedure, T: ?Sized + Send + Sync + 'static, F: Send + 'static>(
        &mut self,
        slot: Box<Slot<P, T, F>>,
    ) {
        if size_of::<F>() <= KEEP {
            self.slots[Self::place::<P>()] = Some(slot);
        }
    }

    fn place<P: Procedure>() -> usize {
        P::NUMBER as usize % PLACES
    }
}

/// Where a call can be answered at once: its handler runs where it arrived, and only if it has to wait goes on elsewhere.
pub(crate) struct AtOnce<'a> {
    pub(super) out: &'a mut Outgoing,
    pub(super) max_size: usize,
    pub(super) waker: &'a Waker,
    pub(super) spares: &'a mut Spares,
}

impl<'a> AtOnce<'a> {
    /// With the reply at the end of `out`, of at most `max_size` bytes; a handler that waits has `waker` woken.
    #[inline]
    pub(super) fn new(out: &'a mut Outgoing, max_size: usize, waker: &'a Waker, spares: &'a mut Spares) -> Self {
        Self { out, max_size, waker, spares }
    }

    /// Answers with success without results.
    #[inline]
    pub(super) fn success(&mut self, xid: u32) -> Handling {
        let mut reply = Reply::new(self.out, xid, self.max_size);
        reply.success::<(), ()>(&());
        Handling::answered(reply.status())
    }

    /// Runs the handler in `slot` as far as it gets without waiting. `protection` makes the reply's verifier, and seals the
    /// results.
    #[inline]
    pub(super) fn run<P, T, F>(
        &mut self,
        xid: u32,
        mut slot: Box<Slot<P, T, F>>,
        protection: Option<&Arc<dyn Protection>>,
    ) -> Handling
    where
        P: Procedure,
        T: ?Sized + Send + Sync + 'static,
        F: Future<Output = (Box<Execution<T>>, Result<P::Results, Fault>)> + Send + 'static,
    {
        let mut reply = Reply::new(self.out, xid, self.max_size);
        if let Some(protection) = protection {
            reply.protect(Arc::clone(protection));
        }
        let mut cx = TaskContext::from_waker(self.waker);
        match catch_unwind(AssertUnwindSafe(|| slot.poll(&mut cx, &mut reply))) {
            Ok(Poll::Ready(())) => self.spares.keep(slot),
            Ok(Poll::Pending) => return Handling::running(slot),
            Err(panic) => reply.panicked(slot.called(), &*panic),
        }
        Handling::answered(reply.status())
    }
}

impl fmt::Debug for AtOnce<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtOnce").field("max_size", &self.max_size).finish_non_exhaustive()
    }
}
