//! What holds for every message, stream and address.

use std::net::{IpAddr, SocketAddr};

use bytes::BufMut;
use onc_runtime::rpc::{
    AuthFlavour, AuthSys, AuthSysView, CallHeader, OpaqueAuth, RecordReader, Reply, UniversalAddress, parse_reply,
    put_accepted, put_denied,
};
use onc_runtime::xdr;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// A record, with the lengths of its fragments but the last.
fn record() -> impl Strategy<Value = (Vec<u8>, Vec<usize>)> {
    let length = prop_oneof![8 => 0..64_usize, 1 => 0..100_000_usize];
    length.prop_flat_map(|length| (vec(any::<u8>(), length), vec(0..=length.min(40_000), 0..4)))
}

/// The fragments of a record, each behind its mark.
fn put_fragments(out: &mut Vec<u8>, record: &[u8], lengths: &[usize]) {
    let mut rest = record;
    for length in lengths {
        let (fragment, after) = rest.split_at((*length).min(rest.len()));
        out.extend_from_slice(&(fragment.len() as u32).to_be_bytes());
        out.extend_from_slice(fragment);
        rest = after;
    }
    out.extend_from_slice(&(rest.len() as u32 | 0x8000_0000).to_be_bytes());
    out.extend_from_slice(rest);
}

/// Half of them as they are; of the others one word is changed to one that often matters, or the end is.
fn damaged(valid: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![0..8_u32, 12..18_u32, 252..260_u32, 396..=404_u32, 0xffff_fff0..=u32::MAX, any::<u32>()];
    (valid, 0..5_u8, any::<Index>(), value).prop_map(|(mut message, damage, at, value)| {
        match damage {
            0 => message.truncate(at.index(message.len() + 1)),
            1 => message.extend_from_slice(&value.to_be_bytes()[..1 + at.index(4)]),
            2 | 3 if message.len() >= 4 => {
                let at = 4 * at.index(message.len() / 4);
                message[at..at + 4].copy_from_slice(&value.to_be_bytes());
            }
            _ => {}
        }
        message
    })
}

fn call() -> impl Strategy<Value = Vec<u8>> {
    let auth = || (0..8_u32, vec(any::<u8>(), 0..20));
    let codec = |(xid, credential, verifier)| {
        xdr::to_vec(&((xid, 0_u32, 2_u32, 100_003_u32, 3_u32, 1_u32), credential, verifier)).expect("no bounds")
    };
    (any::<u32>(), auth(), auth()).prop_map(codec)
}

fn reply() -> impl Strategy<Value = Vec<u8>> {
    let accepted = (0..8_u32, vec(any::<u8>(), 0..20), 0..7_u32, 0..4_u32, 0..4_u32)
        .prop_map(|(flavour, body, status, low, high)| ((0_u32, flavour, body), (status, low, high)))
        .prop_map(|reply| xdr::to_vec(&(7_u32, 1_u32, reply)).expect("no bounds"));
    let denied = (0..3_u32, any::<u32>(), any::<u32>())
        .prop_map(|reply| xdr::to_vec(&(7_u32, 1_u32, 1_u32, reply)).expect("no bounds"));
    prop_oneof![accepted, denied]
}

fn auth_sys() -> impl Strategy<Value = Vec<u8>> {
    (any::<(u32, u32, u32)>(), "[a-z]{0,9}|.{0,3}", vec(any::<u32>(), 0..=16)).prop_map(
        |((stamp, uid, gid), machine_name, gids)| {
            xdr::to_vec(&AuthSys { stamp, machine_name, uid, gid, gids }).expect("within the bounds")
        },
    )
}

fn nearly_an_address() -> impl Strategy<Value = String> {
    let valid = prop_oneof![
        any::<SocketAddr>().prop_map(|address| UniversalAddress::Ip(address).to_string()),
        "[/@][a-z./@]{0,12}",
    ];
    (valid, "[0-9a-f.:%/@+ -]{0,2}|.", any::<bool>(), any::<Index>()).prop_map(|(mut text, other, damage, at)| {
        if damage {
            let at = at.index(text.len());
            text.replace_range(at..=at, &other);
        }
        text
    })
}

proptest! {
    #[test]
    fn records_are_the_same_however_they_arrive(
        records in vec(record(), 1..8),
        cuts in vec(1..70_000_usize, 1..8),
        direct in any::<bool>(),
    ) {
        let mut stream = Vec::new();
        for (record, fragments) in &records {
            put_fragments(&mut stream, record, fragments);
        }
        let mut reader = RecordReader::new(100_000);
        let mut read = Vec::new();
        let mut rest = &stream[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            if direct && let Some(mut room) = reader.wants() {
                let (now, after) = rest.split_at(room.remaining_mut().min(*cut).min(rest.len()));
                prop_assert!(!now.is_empty());
                room.put_slice(now);
                rest = after;
                while let Some(record) = reader.next(&mut &[][..])? {
                    read.push(record.to_vec());
                }
                continue;
            }
            let (mut now, after) = rest.split_at((*cut).min(rest.len()));
            rest = after;
            while let Some(record) = reader.next(&mut now)? {
                read.push(record.to_vec());
            }
            prop_assert!(now.is_empty());
        }
        prop_assert!(!reader.in_progress());
        prop_assert_eq!(read.len(), records.len());
        for (read, (record, _)) in read.iter().zip(&records) {
            prop_assert_eq!(read, record);
        }
    }

    #[test]
    fn a_call_header_is_what_the_codec_makes_of_it(
        fixed in any::<(u32, u32, u32, u32)>(),
        flavours in any::<(u32, u32)>(),
        credential in vec(any::<u8>(), 0..=400),
        verifier in vec(any::<u8>(), 0..=400),
    ) {
        let (xid, program, version, procedure) = fixed;
        let header = CallHeader {
            xid,
            program,
            version,
            procedure,
            credential: OpaqueAuth { flavour: AuthFlavour(flavours.0), body: &credential },
            verifier: OpaqueAuth { flavour: AuthFlavour(flavours.1), body: &verifier },
        };
        let mut message = Vec::new();
        header.put(&mut message);
        let words = (xid, 0_u32, 2_u32, program, version, procedure);
        let encoded = xdr::to_vec(&(words, (flavours.0, credential.clone()), (flavours.1, verifier.clone())));
        prop_assert_eq!(&message, &encoded.expect("no bounds"));
        prop_assert_eq!(CallHeader::parse(&message), Ok((header, message.len())));
    }

    #[test]
    fn what_parses_as_a_call_is_one(message in damaged(call())) {
        if let Ok((header, arguments)) = CallHeader::parse(&message) {
            let mut again = Vec::new();
            header.put(&mut again);
            prop_assert_eq!(&again, &message[..arguments]);
            prop_assert_eq!(header.presented(&message).arguments, &message[arguments..]);
        }
    }

    #[test]
    fn what_parses_as_a_reply_is_one(message in damaged(reply())) {
        if let Ok((xid, reply, results)) = parse_reply(&message) {
            let mut again = Vec::new();
            match reply {
                Reply::Accepted { verifier, status } => put_accepted(&mut again, xid, verifier, status),
                Reply::Denied(status) => put_denied(&mut again, xid, status),
            }
            prop_assert_eq!(&again, &message[..results]);
        }
    }

    #[test]
    fn the_view_of_auth_sys_and_the_codec_agree(body in damaged(auth_sys())) {
        let decoded = xdr::from_slice::<AuthSys>(&body);
        match AuthSysView::parse(&body) {
            Ok(view) => prop_assert_eq!(view.to_owned(), decoded?),
            Err(_) => prop_assert!(decoded.is_err()),
        }
    }

    #[test]
    fn addresses_are_read_back(ip in any::<IpAddr>(), port in any::<u16>()) {
        let address = UniversalAddress::Ip(SocketAddr::new(ip, port));
        prop_assert_eq!(address.to_string().parse(), Ok(address));
    }

    #[test]
    fn any_text_is_an_address_or_not(text in nearly_an_address()) {
        match text.parse::<UniversalAddress>() {
            Ok(address) => prop_assert_eq!(address.to_string().parse(), Ok(address)),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
