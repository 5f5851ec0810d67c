//! Programs to copy from. `cargo run --example NAME` runs each:
//!
//! - `quickstart`: a port mapper, a server and a client in one program, and a call step by step;
//! - `calc-server` and `calc-client`: the same in two terminals;
//! - `callback`: calls both ways on one connection.
