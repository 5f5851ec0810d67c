//! What the command `onc` is made of. `onc --help` says what it does.
//!
//! | feature | what |
//! |---|---|
//! | `command`, on by default | the command itself; without it there is what other programs may use: captures, and values of types known at run time |

#[cfg(feature = "command")]
pub mod command;
pub mod dynamic;
pub mod terminal;
pub mod trace;
