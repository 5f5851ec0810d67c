//! Connections as state machines: whatever bytes come, in whatever pieces and at whatever times.
//!
//! The input is a [script](script::Script): each step of it sends bytes, makes calls, reads, or lets time pass. The clock is
//! simulated, so that a script of an hour takes no time, and one thread does everything, so that it takes the same way each
//! time.

mod client;
mod harness;
mod oracle;
mod script;
mod server;
mod service;

pub use self::client::client_connection;
pub use self::server::server_connection;
