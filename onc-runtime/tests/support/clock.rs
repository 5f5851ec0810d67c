//! Time that a test lets pass.

use std::sync::mpsc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, advance};

/// What time goes on by.
const STEP: Duration = Duration::from_millis(10);

/// A clock that does not go on by itself, also while all that happens is in sockets. The test's own is paused
/// (`start_paused`), and its runtime has one thread.
pub struct Clock {
    _still: mpsc::Sender<()>,
}

impl Clock {
    pub fn new() -> Self {
        let (still, end) = mpsc::channel::<()>();
        // While something blocks, tokio does not let a paused clock jump.
        tokio::task::spawn_blocking(move || end.recv().is_err());
        Self { _still: still }
    }

    /// Lets time pass, and all that happens in it.
    pub async fn pass(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            advance(STEP).await;
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Lets time pass until the task has ended, which is to be before the limit.
    pub async fn until<T>(&self, task: JoinHandle<T>, limit: Duration) -> T {
        let limit = Instant::now() + limit;
        while !task.is_finished() {
            assert!(Instant::now() < limit, "it does not end");
            self.pass(STEP).await;
        }
        task.await.expect("ran")
    }
}
