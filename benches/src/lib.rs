//! What the benchmarks share: the program that is served and called, and the data of the codec's table.
//!
//! `README.md` of this folder says how to run them and what came out.

pub mod arguments;
pub mod data;
pub mod driver;
pub mod in_memory;
pub mod paths;
pub mod plot;
pub mod report;
pub mod service;

/// The benchmark's program, made from `proto/bench.x`.
pub mod bench {
    onc_runtime::include_xdr!("bench");
}

/// The types of the codec's table, made from `proto/codec.x`.
pub mod codec {
    onc_runtime::include_xdr!("codec");
}

/// The runtime that a number of threads asks for: 0 for one that runs on the calling thread.
///
/// # Errors
///
/// The system's.
pub fn runtime(threads: usize) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match threads {
        0 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if threads > 0 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build()
}

/// Raises this process's limit on open files as far as it may.
///
/// # Errors
///
/// The system's.
pub fn raise_open_files() -> std::io::Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
