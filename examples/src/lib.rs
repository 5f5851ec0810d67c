//! Programs to copy from. `cargo run --example NAME` runs each:
//!
//! - `quickstart`: a port mapper, a server and a client in one program, and a call step by step;
//! - `calc-server` and `calc-client`: the same in two terminals;
//! - `blocking`: a server and a client without async;
//! - `local`: a Unix socket whose server knows which user calls, and a connection in memory;
//! - `mock`: a service's implementation in place of its server, in tests;
//! - `one_way`: calls that nobody waits for, many in one write;
//! - `broadcast`: one call to every server on a network;
//! - `callback`: calls both ways on one connection;
//! - `middleware`: limits of rate, time and number, authentication and repeats by `tower`, on both sides;
//! - `balance`: calls spread over several machines, each found by its own port mapper;
//! - `observed` (with `-p onc-examples --features metrics`): a span for each call, and numbers as Prometheus reads them.
