//! From serving to stopped.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tells connections and handlers to stop, and knows which still run. Clones speak of the same server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifecycle {
    stop: CancellationToken,
    cut: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// Runs a task until its end, or until it is [cut](Self::cut).
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let cut = self.cut.clone();
        self.tasks.spawn(async move {
            // An end without an answer is counted by whoever cut it.
            let _ = cut.run_until_cancelled_owned(task).await;
        });
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

    /// Ends every task where it waits. Returns how many there were.
    pub(crate) fn cut(&self) -> usize {
        let running = self.tasks.len();
        self.cut.cancel();
        running
    }
}
