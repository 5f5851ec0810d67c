//! From serving to stopped.

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::calls::RunningCalls;

/// Tells connections and handlers to stop, and knows which still run. Clones speak of the same server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifecycle {
    stop: CancellationToken,
    cut: CancellationToken,
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
        let cut = self.cut.clone();
        let task = self.tasks.spawn(async move {
            // An end without an answer is counted by whoever cut it.
            let _ = cut.run_until_cancelled_owned(task).await;
        });
        task.abort_handle()
    }

    /// The calls that run in tasks of their own.
    #[inline]
    pub(crate) fn calls(&self) -> &RunningCalls {
        &self.calls
    }

    /// [`stop`](Self::stop) has been called.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Ends when [`stop`](Self::stop) is called.
    pub(crate) async fn stopping(self) {
        self.stop.cancelled_owned().await;
    }

    /// No further calls are taken.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
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
        self.cut.cancel();
    }
}
