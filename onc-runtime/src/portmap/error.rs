//! Why a server is not registered.

use std::fmt;
use std::time::Duration;

use crate::error::Error;

use super::Service;

/// Why a server's programs could not be registered with a port mapper.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RegisterError {
    /// No port mapper answers on this host.
    NoPortMapper {
        /// Each place that was tried, and what happened there.
        tried: Vec<(String, String)>,
    },
    /// The port mapper has another server's entry for the program, version and netid.
    Taken {
        /// What was to be registered.
        service: Service,
        /// The address of the entry in the way.
        address: String,
        /// Its owner, as far as the port mapper tells.
        owner: String,
        /// Whether that server is there.
        holder: Holder,
    },
    /// The port mapper refused without a reason that could be found out.
    Refused {
        /// Where the port mapper is.
        mapper: String,
        /// What was to be registered.
        service: Service,
    },
    /// The port mapper did not take or answer a call.
    Call {
        /// Where the port mapper is.
        mapper: String,
        /// What happened.
        error: Error,
    },
    /// The port mapper said yes, and does not have the entry.
    Missing {
        /// Where the port mapper is.
        mapper: String,
        /// What was to be registered.
        service: Service,
    },
    /// It took too long.
    Timeout {
        /// How long it was waited.
        after: Duration,
    },
}

/// What is known of the server whose entry is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// It answers.
    Alive,
    /// It is gone, but the port mapper does not let us remove its entry.
    Dead,
    /// It could not be found out.
    Unknown,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPortMapper { tried } => {
                f.write_str("no port mapper answers on this host; tried")?;
                for (at, (place, what)) in tried.iter().enumerate() {
                    write!(f, "{} {place} ({what})", if at == 0 { "" } else { "," })?;
                }
                f.write_str("; start one (rpcbind), or do without: clients then need the server's own address")
            }
            Self::Taken { service, address, owner, holder } => {
                let Service { program, version, netid, .. } = service;
                write!(
                    f,
                    "the port mapper already has program {program} version {version} over {netid}, at {address}"
                )?;
                if !owner.is_empty() {
                    write!(f, ", registered by {owner}")?;
                }
                match holder {
                    Holder::Alive => f.write_str(", and that server answers; stop it, or allow `replace`"),
                    Holder::Dead => write!(
                        f,
                        "; that server is gone, but the entry is not ours to remove: `rpcinfo -d {program} {version}`, \
                         as its owner or as root, removes it"
                    ),
                    Holder::Unknown => f.write_str(", and that server does not answer; stop it, or allow `replace`"),
                }
            }
            Self::Refused { mapper, service } => {
                write!(f, "the port mapper ({mapper}) refuses {service} and does not say why; its log may")
            }
            Self::Call { mapper, error } => write!(f, "the port mapper ({mapper}) cannot be told: {error}"),
            Self::Missing { mapper, service } => {
                write!(f, "the port mapper ({mapper}) accepted {service} and does not list it")
            }
            Self::Timeout { after } => {
                write!(f, "the port mapper was not done within {after:?}; is something stopping it?")
            }
        }
    }
}

impl std::error::Error for RegisterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Call { error, .. } => Some(error),
            _ => None,
        }
    }
}
