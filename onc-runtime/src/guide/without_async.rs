//! 12. Threads in place of tasks.
//!
//! [`Wait::wait`](crate::blocking::Wait::wait) stands where others write `.await`: for a client, its calls, a server.
//! Connections live on one thread in the background that all of the process shares.
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! use onc_runtime::blocking::{Wait, offload};
//!
//! struct Calculator;
//!
//! impl calc::CalcV1 for Calculator {
//!     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         // What blocks goes to a thread of its own.
//!         offload(move || Ok(slow_addition(a, b))).await
//!     }
//! }
//!
//! fn slow_addition(a: i32, b: i32) -> i32 {
//!     a + b
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).bind("127.0.0.1:0").wait()?;
//!     let (address, handle) = (server.local_addr()?, server.handle());
//!     let serving = std::thread::spawn(move || server.run().wait());
//!
//!     let calc = calc::CalcV1Client::connect_to(address).wait()?;
//!     assert_eq!(calc.add(2, 40).wait()?, 42);
//!
//!     handle.stop();
//!     serving.join().expect("it does not panic")?;
//!     Ok(())
//! }
//! ```
//!
//! Next: [`testing`](super::testing).
