//! The client: from a host's name to calls.
//!
//! A generated client is enough for most: `CalcV1Client::connect("host").await?`. The [`ClientBuilder`] is for those who
//! want another transport, a credential, other limits:
//!
//! ```no_run
//! # async fn run<CalcV1Client: onc_runtime::client::Stub>() -> Result<(), onc_runtime::Error> {
//! use std::time::Duration;
//! use onc_runtime::Client;
//!
//! let calc: CalcV1Client = Client::builder().udp().timeout(Duration::from_secs(2)).connect("host").await?;
//! # Ok(())
//! # }
//! ```

mod broadcast;
mod builder;
mod connect;
mod deadline;
mod in_process;
mod interceptor;
#[cfg(unix)]
mod local;
mod opened;
#[cfg(unix)]
mod own_user;
mod served;

pub use self::broadcast::{Broadcast, Replies};
pub use self::builder::ClientBuilder;
pub use self::interceptor::ClientInterceptor;
pub use crate::channel::{BoxError, Caller, ClientService, OneWay, Request, Response, Stub, TimedCall};
pub use crate::transport::Target;
