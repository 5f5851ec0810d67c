//! How many connections the system lets us have.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// All connections that a port mapper may have, and the rest.
const ENOUGH: u64 = 16 << 10;

/// Raises the limit of open descriptors, which is often lower than what the system would allow: who opens many connections
/// must not keep others out.
pub(super) fn raise_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(now, most)| {
        let wanted = ENOUGH.min(most);
        if now >= wanted { Ok(()) } else { setrlimit(Resource::RLIMIT_NOFILE, wanted, most) }
    });
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open descriptors stays as it is");
    }
}
