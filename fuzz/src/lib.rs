//! What the fuzz targets check: one function a target, for any input at all.
//!
//! They hold more than "does not panic": what was accepted is encoded again and must give the same bytes, and what can
//! arrive in several ways must come out the same. They panic when it does not hold, and return whether the input was
//! accepted: a seed that is meant to be should not stop being so unnoticed.

mod capture;
mod codec;
mod compiler;
mod connection;
mod everything;
mod journal;
mod messages;
mod records;
mod universal_address;
mod values;

pub use self::capture::capture;
pub use self::codec::codec;
pub use self::compiler::compiler;
pub use self::connection::{client_connection, server_connection};
pub use self::everything::everything;
pub use self::journal::journal;
pub use self::messages::{auth_sys, call, reply};
pub use self::records::records;
pub use self::universal_address::universal_address;
pub use self::values::values;

/// What a target checks; returns whether the input was accepted.
pub type Check = fn(&[u8]) -> bool;

/// Each target's name and check. The seeds of a target are in `seeds/NAME`.
pub const TARGETS: &[(&str, Check)] = &[
    ("auth_sys", auth_sys),
    ("call", call),
    ("capture", capture),
    ("client_connection", client_connection),
    ("codec", codec),
    ("compiler", compiler),
    ("journal", journal),
    ("records", records),
    ("reply", reply),
    ("server_connection", server_connection),
    ("universal_address", universal_address),
    ("values", values),
];
