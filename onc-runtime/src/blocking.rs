//! For programs without async: waiting for calls, clients and servers.
//!
//! [`Wait::wait`] blocks the thread until a future is ready, so that a client is used as it is:
//!
//! ```no_run
//! # fn run<CalcV1Client: onc_runtime::client::Stub>() -> Result<(), onc_runtime::Error> {
//! use onc_runtime::Client;
//! use onc_runtime::blocking::Wait;
//!
//! let calc: CalcV1Client = Client::builder().connect("host").wait()?;
//! // let sum = calc.add(2, 40).wait()?;
//! # Ok(())
//! # }
//! ```
//!
//! Connections live on one thread in the background, which all of the process shares. Any number of threads may wait, and
//! call through the same client. A server is bound and run the same way; what its handlers do that blocks belongs into
//! [`offload`].

use std::future::Future;
use std::sync::OnceLock;
use std::thread;

use tokio::runtime::{Builder, Handle};

use crate::service::Fault;

/// Waiting for a future without async.
pub trait Wait: Future + Sized {
    /// Blocks the thread until it is ready.
    ///
    /// # Panics
    ///
    /// Within a tokio runtime, whose thread would be blocked: await it there. And if the background thread cannot be started.
    fn wait(self) -> Self::Output {
        runtime().block_on(self)
    }
}

impl<F: Future> Wait for F {}

/// Runs what blocks, such as reading a file, where it does not keep other calls from being answered.
///
/// ```
/// use onc_runtime::Fault;
/// use onc_runtime::blocking::{Wait, offload};
///
/// async fn handler() -> Result<usize, Fault> {
///     offload(|| Ok(std::fs::read("/dev/null").map_err(Fault::system)?.len())).await
/// }
/// assert_eq!(handler().wait(), Ok(0));
/// ```
///
/// # Errors
///
/// That of `work`; `SYSTEM_ERR` if it panics.
///
/// # Cancel safety
///
/// Dropped, the work goes on to its end.
pub async fn offload<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(Fault::system)?
}

/// The runtime of the background thread.
fn runtime() -> &'static Handle {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime for the background thread");
        let handle = runtime.handle().clone();
        thread::Builder::new()
            .name("onc-background".into())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))
            .expect("the background thread");
        handle
    })
}
