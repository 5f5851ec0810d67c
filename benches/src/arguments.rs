//! The command lines of the contender, as the harness of peers wants them.

use std::net::SocketAddr;

use clap::Parser;

/// `onc-server --port P [--threads N]`
#[derive(Clone, Debug, Parser)]
pub struct ServerArguments {
    /// Where it listens on 127.0.0.1, TCP and UDP; 0: any port that is free.
    #[arg(long)]
    pub port: u16,
    /// Worker threads; 0: everything on one thread.
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
    /// The largest record, if not the default.
    #[arg(long)]
    pub max_record: Option<usize>,
}

/// `onc-client --port P --workload W …`
#[derive(Clone, Debug, Parser)]
pub struct ClientArguments {
    /// The server's port on 127.0.0.1.
    #[arg(long)]
    pub port: u16,
    /// What to do: w1, w1u, w2n, w2a, w2b, w2c, w2d, w3r, w3w, w5, echo.
    #[arg(long)]
    pub workload: String,
    /// How long is measured.
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// How long it runs before that.
    #[arg(long, default_value_t = 0.3)]
    pub warmup: f64,
    /// Connections, if not as many as the workload has.
    #[arg(long)]
    pub conns: Option<usize>,
    /// Calls in flight on each, if not as many as the workload has.
    #[arg(long)]
    pub depth: Option<usize>,
    /// Bytes of a payload.
    #[arg(long, default_value_t = 1 << 20)]
    pub size: usize,
    /// Worker threads; 0: everything on one thread.
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
}

/// What the calls of a workload are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Procedure 0.
    Null,
    /// Two integers, and their sum.
    Add,
    /// 64 bytes both ways.
    Small,
    /// A payload from the server.
    Read,
    /// A payload to the server.
    Write,
    /// A payload both ways.
    Echo,
}

/// A workload by its name.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// What is called.
    pub operation: Operation,
    /// Connections.
    pub connections: usize,
    /// Calls in flight on each.
    pub depth: usize,
    /// Over UDP.
    pub datagrams: bool,
    /// The connections are made, used once and kept.
    pub idle: bool,
}

impl ServerArguments {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }
}

impl ClientArguments {
    /// Where the server is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// What is to be done; none if the name is unknown.
    #[must_use]
    pub fn workload(&self) -> Option<Workload> {
        let (operation, connections, depth) = match self.workload.as_str() {
            "w1" | "w1u" => (Operation::Null, 1, 1),
            "w2n" => (Operation::Null, 1, 64),
            "w2a" => (Operation::Add, 1, 64),
            "w2b" => (Operation::Small, 1, 64),
            "w2c" => (Operation::Add, 16, 16),
            "w2d" => (Operation::Small, 16, 16),
            "w3r" => (Operation::Read, 1, 4),
            "w3w" => (Operation::Write, 1, 4),
            "w5" => (Operation::Null, 1000, 1),
            "echo" => (Operation::Echo, 1, 1),
            _ => return None,
        };
        Some(Workload {
            operation,
            connections: self.conns.unwrap_or(connections),
            depth: self.depth.unwrap_or(depth),
            datagrams: self.workload == "w1u",
            idle: self.workload == "w5",
        })
    }
}
