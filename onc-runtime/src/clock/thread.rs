//! The thread that keeps the time where a runtime cannot keep it for itself.

use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::runtime::{Builder, Handle};

/// The thread and the process that it is in.
struct Keeper {
    process: u32,
    runtime: Handle,
}

/// The thread's runtime. `None`: there can be no such thread.
pub(super) fn runtime() -> Option<Handle> {
    static KEEPER: Mutex<Option<Keeper>> = Mutex::new(None);

    let process = std::process::id();
    let mut keeper = KEEPER.lock().unwrap_or_else(PoisonError::into_inner);
    // A process that was forked has none of its parent's threads.
    if keeper.as_ref().is_none_or(|keeper| keeper.process != process) {
        *keeper = start(process);
    }
    keeper.as_ref().map(|keeper| keeper.runtime.clone())
}

fn start(process: u32) -> Option<Keeper> {
    let runtime = Builder::new_current_thread().enable_time().build().ok()?;
    let keeper = Keeper { process, runtime: runtime.handle().clone() };
    let thread = thread::Builder::new().name("onc-clock".into());
    thread.spawn(move || runtime.block_on(std::future::pending::<()>())).ok()?;
    Some(keeper)
}
