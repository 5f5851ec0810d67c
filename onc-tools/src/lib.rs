//! What the command `onc` is made of. `onc --help` says what it does.

pub mod command;
pub mod dynamic;
pub mod terminal;
pub mod trace;
