//! ONC RPC (RFC 5531): messages, credentials, record marking, addresses. No I/O, no clock.
//!
//! Everything here takes bytes and gives bytes. The floors above read and write them.
//!
//! | what | where in the standards | here |
//! |---|---|---|
//! | call header | RFC 5531 §9 | [`CallHeader`], [`CallTemplate`] |
//! | reply header | RFC 5531 §9 | [`parse_reply`], [`put_success`], [`put_accepted`], [`put_denied`] |
//! | credentials and verifiers | RFC 5531 §8.2, appendix A | [`Credential`], [`AuthSys`], [`ClientFlavour`], [`ServerFlavour`] |
//! | record marking | RFC 5531 §11 | [`RecordReader`], [`record_mark`], [`patch_mark`] |
//! | netids, universal addresses | RFC 5665 | [`Netid`], [`UniversalAddress`] |
//!
//! A call, seen by a server:
//!
//! ```
//! use onc_runtime::rpc::{CallHeader, CallTemplate, Credential, Record, RecordReader, put_success};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut wire = Vec::new();
//! CallTemplate::new(0x2000_0001, 1, &Credential::None)?.put(&mut wire, 7, 2, 0);
//!
//! let mut input = &wire[..];
//! let record = RecordReader::new(1 << 20).next(&mut input)?.ok_or("more is needed")?;
//! let (call, arguments) = CallHeader::parse(&record)?;
//! assert_eq!((call.xid, call.program, call.version, call.procedure), (7, 0x2000_0001, 1, 2));
//! assert!(record[arguments..].is_empty());
//!
//! let mut reply = Vec::new();
//! put_success(&mut reply, call.xid);
//! # Ok(())
//! # }
//! ```

mod auth;
pub(crate) mod buffers;
mod call;
mod interface;
mod message;
mod netid;
mod record;
mod reply;
mod universal_address;
mod xid;

pub use self::auth::{
    Admission, AuthFlavour, AuthSys, AuthSysError, AuthSysView, ClientFlavour, Credential, FlavourError, Identity,
    MAX_AUTH_BODY, OpaqueAuth, Presented, Protection, Recovery, ServerFlavour, Shorthand,
};
pub use self::call::{CallError, CallHeader, CallTemplate, put_unsigned_call};
pub use self::interface::{Interface, Procedure, ProcedureInfo};
pub use self::message::{AcceptStatus, AuthStatus, MsgType, RPC_VERSION, RejectStatus};
pub use self::netid::{Netid, UnknownNetid};
pub use self::record::{MARK_SIZE, MAX_FRAGMENT_SIZE, Record, RecordError, RecordReader, patch_mark, record_mark};
pub use self::reply::{Reply, ReplyError, parse_reply, put_accepted, put_denied, put_success, success_header};
pub use self::universal_address::{UniversalAddress, UniversalAddressError};
pub use self::xid::random_xid;
