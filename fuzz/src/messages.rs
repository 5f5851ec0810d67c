//! Headers of messages, and the AUTH_SYS credential.

use onc_runtime::rpc::{AuthFlavour, AuthSys, AuthSysView, CallHeader, Reply, parse_reply, put_accepted, put_denied};
use onc_runtime::xdr;

/// A call's header: what is accepted has one encoding, and what is not gets at most a denial for the xid that it has.
pub fn call(message: &[u8]) -> bool {
    match CallHeader::parse(message) {
        Ok((header, arguments)) => {
            let mut again = Vec::new();
            header.put(&mut again);
            assert_eq!(again, message[..arguments]);
            let presented = header.presented(message);
            assert_eq!(presented.arguments, &message[arguments..]);
            assert!(message.starts_with(presented.signed) && presented.signed.len() <= arguments - 8);
            if header.credential.flavour == AuthFlavour::SYS {
                assert_eq!(header.credential.validate().is_ok(), AuthSys::validate(header.credential.body).is_ok());
            }
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            if let Some((xid, status)) = error.answer() {
                assert_eq!(&xid.to_be_bytes(), &message[..4]);
                let mut answer = Vec::new();
                put_denied(&mut answer, xid, status);
                assert_eq!(parse_reply(&answer), Ok((xid, Reply::Denied(status), answer.len())));
            }
            false
        }
    }
}

/// A reply's header: what is accepted has one encoding, and what is not says which call it failed.
pub fn reply(message: &[u8]) -> bool {
    match parse_reply(message) {
        Ok((xid, reply, results)) => {
            let mut again = Vec::new();
            match reply {
                Reply::Accepted { verifier, status } => put_accepted(&mut again, xid, verifier, status),
                Reply::Denied(status) => put_denied(&mut again, xid, status),
            }
            assert_eq!(again, message[..results]);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            if let Some(xid) = error.xid() {
                assert_eq!(&xid.to_be_bytes(), &message[..4]);
            }
            false
        }
    }
}

/// The body of an AUTH_SYS credential: the view that allocates nothing and the codec take the same ones.
pub fn auth_sys(body: &[u8]) -> bool {
    let decoded = xdr::from_slice::<AuthSys>(body);
    match AuthSysView::parse(body) {
        Ok(view) => {
            let sys = view.to_owned();
            assert_eq!(sys, decoded.expect("the view took it"));
            assert_eq!(xdr::to_vec(&sys).expect("within the bounds"), body);
            true
        }
        Err(error) => {
            assert!(decoded.is_err(), "the codec took what the view refuses: {error}");
            false
        }
    }
}
