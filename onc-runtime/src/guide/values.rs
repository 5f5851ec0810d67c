//! 2. Arguments and results, types of one's own, and the three kinds of failure.
//!
//! Values go in and out by value. `string` is `String`, `opaque<>` is [`Bytes`](crate::Bytes), which shares the memory of the
//! received record, `T *` is `Option<T>`, a linked list is a `Vec`, a union an enum with data. Bounds of the `.x` file are
//! checked on both sides, when a value is encoded and when it is decoded.
//!
//! # Types without a `.x` file
//!
//! ```
//! use onc_runtime::{Bytes, Xdr, xdr};
//!
//! #[derive(Clone, Debug, PartialEq, Xdr)]
//! struct Entry {
//!     #[xdr(max = 255)]
//!     name: String,
//!     data: Bytes,
//!     next_cookie: Option<u64>,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let entry = Entry { name: "readme".into(), data: Bytes::from_static(b"text"), next_cookie: None };
//! let encoded = xdr::to_bytes(&entry)?;
//! assert_eq!(xdr::from_bytes::<Entry>(&encoded)?, entry);
//!
//! let too_long = Entry { name: "x".repeat(256), ..entry };
//! assert!(xdr::to_bytes(&too_long).unwrap_err().to_string().contains("Entry.name"));
//! # Ok(()) }
//! ```
//!
//! [`derive(Xdr)`](derive@crate::Xdr) has the attributes for enums, unions and lists.
//!
//! # Failures
//!
//! Three kinds are kept apart. What the *application* has to say (no such file, division by zero) is part of the protocol, a
//! union as a rule. A [`Fault`](crate::Fault) is a handler's refusal on the level of RPC. An [`Error`](crate::Error) is what a
//! caller gets if there is no result; its variants say whose fault it was, and its text what to do:
//!
//! ```
//! use onc_runtime::{Error, Refusal};
//!
//! fn advise(error: &Error) -> &'static str {
//!     match error {
//!         Error::Arguments(_) => "our value breaks a bound of the protocol",
//!         Error::Resolve(_) | Error::Connect(_) => "the server is not there",
//!         Error::Refused(Refusal::ProgramMismatch { .. }) => "the server has other versions",
//!         Error::Refused(_) => "the server would not",
//!         Error::Results(_) => "the server's .x file differs from ours",
//!         error if error.maybe_executed() => "it may have happened, or not",
//!         _ => "it has not happened",
//!     }
//! }
//! # assert_eq!(advise(&Error::Closed), "it has not happened");
//! ```
//!
//! A handler's panic is answered `SYSTEM_ERR` and logged, and the server lives on. So is what
//! [`Fault::system`](crate::Fault::system) is made of: the cause stays in the server's log, nothing of it goes to the client.
//!
//! ```
//! # use onc_runtime::{Context, Error, Fault, Refusal};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! struct FromFile;
//!
//! impl calc::CalcV1 for FromFile {
//!     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         let offset = tokio::fs::read_to_string("/nonexistent").await.map_err(Fault::system)?;
//!         let offset: i32 = offset.trim().parse().map_err(Fault::system)?;
//!         a.checked_add(b).and_then(|sum| sum.checked_add(offset)).ok_or(Fault::GarbageArguments)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let calc = calc::CalcV1Client::new(onc_runtime::Client::in_process(calc::CalcV1Server::new(FromFile)));
//! let refused = calc.add(2, 40).await;
//! assert!(matches!(refused, Err(Error::Refused(Refusal::SystemError))));
//! # }
//! ```
//!
//! Next: [`deadlines`](super::deadlines).
