//! What the black-box tests share: foreign peers, namespaces to run them in, and bytes written by hand.
//!
//! The tests themselves are in `tests/`. They run real programs against real programs: rpcbind, rpcinfo, and servers
//! and clients that rpcgen made. What a test needs and does not find it says on standard error, and passes; where the
//! environment variable `CI` is `true` it fails instead, so that nothing is left out unnoticed.

pub mod c_programs;
pub mod cargo;
pub mod corpus;
pub mod dice;
pub mod everything;
pub mod faults;
pub mod ledger;
pub mod missing;
pub mod namespace;
pub mod onc;
pub mod onc_portmap;
pub mod process;
pub mod rpcbind;
pub mod server_under_test;
pub mod terminal;
#[cfg(unix)]
pub mod users;
pub mod vitals;
pub mod wire;
