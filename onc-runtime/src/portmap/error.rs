//! Why a server is not registered.

use std::fmt;

/// Why a server's programs could not be registered with a port mapper.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RegisterError {
    /// No port mapper answers on this host.
    NoPortMapper {
        /// Each place that was tried, and what happened there.
        tried: Vec<(String, String)>,
    },
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPortMapper { tried } => {
                f.write_str("no port mapper answers on this host; tried")?;
                for (at, (place, what)) in tried.iter().enumerate() {
                    write!(f, "{} {place} ({what})", if at == 0 { "" } else { "," })?;
                }
                f.write_str("; start one (rpcbind)")
            }
        }
    }
}

impl std::error::Error for RegisterError {}
