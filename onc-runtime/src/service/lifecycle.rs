//! From serving to stopped.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::calls::RunningCalls;
use super::phase::{Listener, Phase, Phases};

/// Tells connections and handlers to stop, and knows which still run. Clones speak of the same server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifecycle {
    phases: Arc<Phases>,
    /// For those few that wait for nothing else.
    stop: CancellationToken,
    tasks: TaskTracker,
    calls: RunningCalls,
}

impl Lifecycle {
    /// Of a server that runs so many calls at the same time.
    pub(crate) fn with_max_calls(max: usize) -> Self {
        Self { calls: RunningCalls::new(max), ..Self::default() }
    }

    /// Runs a task until its end, or until it is [cut](Self::cut).
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let task = UntilCut { task, listener: Arc::clone(&self.phases).listener() };
        self.tasks.spawn(task).abort_handle()
    }

    /// Runs a task that has no end of its own until the server stops.
    pub(crate) fn spawn_until_stop(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.spawn(async move {
            // Whether it has ended or was stopped is all the same.
            let _ = stop.run_until_cancelled_owned(task).await;
        });
    }

    /// The calls that run in tasks of their own.
    #[inline]
    pub(crate) fn calls(&self) -> &RunningCalls {
        &self.calls
    }

    /// [`stop`](Self::stop) has been called. A task that was [spawned](Self::spawn) here is woken then.
    #[inline]
    pub(crate) fn is_stopping(&self) -> bool {
        self.phases.now() >= Phase::Stopping
    }

    /// Ends when [`stop`](Self::stop) is called.
    pub(crate) async fn stopping(self) {
        self.stop.cancelled_owned().await;
    }

    /// No further calls are taken.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
        self.phases.advance(Phase::Stopping);
        self.tasks.close();
    }

    /// Ends when, after [`stop`](Self::stop), every task has ended.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is lost.
    pub(crate) async fn drained(&self) {
        self.tasks.wait().await;
    }

    /// Ends every task where it waits.
    pub(crate) fn cut(&self) {
        self.phases.advance(Phase::Cut);
    }
}

pin_project! {
    /// A task, and no more of it once the server is cut. Small: there is one for each connection.
    struct UntilCut<F> {
        #[pin]
        task: F,
        listener: Listener,
    }
}

impl<F: Future<Output = ()>> Future for UntilCut<F> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        // An end without an answer is counted by whoever cut it.
        if this.listener.poll(cx) == Phase::Cut { Poll::Ready(()) } else { this.task.poll(cx) }
    }
}
