//! Messages byte for byte as libtirpc 1.3.3 encodes them (`xdr_callmsg`, `xdr_replymsg`, `xdr_authunix_parms`).

use onc_runtime::rpc::{
    AcceptStatus, AuthFlavour, AuthStatus, AuthSys, CallHeader, CallTemplate, Credential, OpaqueAuth, RejectStatus,
    Reply, parse_reply, put_accepted, put_denied,
};

const XID: u32 = 0x0102_0304;

/// The words of a message, in hexadecimal.
fn bytes(words: &str) -> Vec<u8> {
    let word = |word| u32::from_str_radix(word, 16).expect("a word in hexadecimal").to_be_bytes();
    words.split_whitespace().flat_map(word).collect()
}

#[test]
fn calls() {
    let sys = AuthSys { stamp: 0x5f00_0001, machine_name: "vax".into(), uid: 1000, gid: 100, gids: vec![10, 20] };
    let cases = [
        (Credential::None, "01020304 00000000 00000002 000186a3 00000003 00000006 00000000 00000000 00000000 00000000"),
        (
            Credential::Sys(sys),
            "01020304 00000000 00000002 000186a3 00000003 00000006 00000001 00000020 5f000001 00000003 76617800 \
             000003e8 00000064 00000002 0000000a 00000014 00000000 00000000",
        ),
    ];
    for (credential, words) in cases {
        let message = bytes(words);
        let mut out = Vec::new();
        CallTemplate::new(100_003, 3, &credential).expect("a short credential").put_unmarked(&mut out, XID, 6);
        assert_eq!(out, message);

        let (header, arguments) = CallHeader::parse(&message).expect("a call");
        assert_eq!((header.xid, header.program, header.version, header.procedure), (XID, 100_003, 3, 6));
        assert_eq!(arguments, message.len());
        assert_eq!(header.credential.flavour, credential.flavour());
        assert_eq!(header.credential.validate(), Ok(()));
        assert_eq!(header.verifier, OpaqueAuth::NONE);
        if let Credential::Sys(sys) = credential {
            assert_eq!(AuthSys::parse(header.credential.body), Ok(sys));
        }
    }
}

#[test]
fn replies() {
    let short = OpaqueAuth { flavour: AuthFlavour::SHORT, body: b"\0\0\0\x02\0\0\0\x04abcd" };
    // RFC 9289 §4.1: how a server that is ready for TLS answers the probe; not from libtirpc.
    let start_tls = OpaqueAuth { flavour: AuthFlavour::NONE, body: b"STARTTLS" };
    let accepted = |verifier, status| Reply::Accepted { verifier, status };
    let plain = |status| accepted(OpaqueAuth::NONE, status);
    let cases = [
        (plain(AcceptStatus::Success), "01020304 00000001 00000000 00000000 00000000 00000000"),
        (plain(AcceptStatus::ProgramUnavailable), "01020304 00000001 00000000 00000000 00000000 00000001"),
        (
            plain(AcceptStatus::ProgramMismatch { low: 2, high: 4 }),
            "01020304 00000001 00000000 00000000 00000000 00000002 00000002 00000004",
        ),
        (plain(AcceptStatus::ProcedureUnavailable), "01020304 00000001 00000000 00000000 00000000 00000003"),
        (plain(AcceptStatus::GarbageArguments), "01020304 00000001 00000000 00000000 00000000 00000004"),
        (plain(AcceptStatus::SystemError), "01020304 00000001 00000000 00000000 00000000 00000005"),
        (
            accepted(short, AcceptStatus::Success),
            "01020304 00000001 00000000 00000002 0000000c 00000002 00000004 61626364 00000000",
        ),
        (
            accepted(start_tls, AcceptStatus::Success),
            "01020304 00000001 00000000 00000000 00000008 53544152 54544c53 00000000",
        ),
        (
            Reply::Denied(RejectStatus::RpcMismatch { low: 2, high: 2 }),
            "01020304 00000001 00000001 00000000 00000002 00000002",
        ),
        (Reply::Denied(RejectStatus::AuthError(AuthStatus::TooWeak)), "01020304 00000001 00000001 00000001 00000005"),
    ];
    for (reply, words) in cases {
        let message = bytes(words);
        assert_eq!(parse_reply(&message), Ok((XID, reply, message.len())));
        let mut out = Vec::new();
        match reply {
            Reply::Accepted { verifier, status } => put_accepted(&mut out, XID, verifier, status),
            Reply::Denied(status) => put_denied(&mut out, XID, status),
        }
        assert_eq!(out, message);
    }
}
