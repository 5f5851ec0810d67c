//! Compiles rpcgen's `.x` files to Rust.

pub mod model;
