//! The end of a keeper whose runtime ends first.

use std::ops::{Deref, DerefMut};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::keeper::Keeper;

/// A keeper that removes its entries when it is dropped before it has done so: a program that returns from `main`, or panics
/// there, leaves nothing in the port mapper.
#[derive(Debug)]
pub(super) struct Farewell {
    /// `None`: it has been said.
    keeper: Option<Keeper>,
}

/// How long the end of a runtime may be held up.
const PATIENCE: Duration = Duration::from_millis(500);

impl Farewell {
    pub(super) fn of(keeper: Keeper) -> Self {
        Self { keeper: Some(keeper) }
    }

    /// The entries have been removed, or that was tried.
    pub(super) fn said(mut self) {
        self.keeper = None;
    }
}

impl Deref for Farewell {
    type Target = Keeper;

    fn deref(&self) -> &Keeper {
        self.keeper.as_ref().expect("it is taken only by what consumes it")
    }
}

impl DerefMut for Farewell {
    fn deref_mut(&mut self) -> &mut Keeper {
        self.keeper.as_mut().expect("it is taken only by what consumes it")
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        let Some(mut keeper) = self.keeper.take().filter(|keeper| !keeper.registered.is_empty()) else { return };
        keeper.timeout = keeper.timeout.min(PATIENCE);
        let (done, wait) = mpsc::channel();
        // The runtime that drops us runs nothing any more: this one is for the few calls that are left.
        let removing = thread::Builder::new().name("onc-farewell".into()).spawn(move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                runtime.block_on(keeper.remove());
            }
            // Whoever waits may have given up.
            let _ = done.send(());
        });
        if removing.is_ok() {
            // An error says that it took too long, or that the thread has panicked: nothing can be done about either here.
            let _ = wait.recv_timeout(PATIENCE * 2);
        }
    }
}
