//! Rust's side of `x/everything.x`: the generated code, and the same service, values and checks that `c/` has in C.

pub mod calls;
pub mod describe;
pub mod service;
pub mod values;

/// What xdrgen makes of `x/everything.x`.
pub mod generated {
    onc_runtime::include_xdr!("everything");
}
