//! `#[derive(HexDebug)]`: as the standard library's, with opaque data in hexadecimal.

use std::fmt::Debug;

use onc_runtime::xdr::Hex;
use onc_runtime::{Bytes, HexDebug, Xdr};

type Handle = [u8; 4];
type Blob = Bytes;
type Blobs = Vec<Blob>;

#[derive(Clone, PartialEq, HexDebug, Xdr)]
struct Everything {
    number: u32,
    handle: Handle,
    empty: Bytes,
    r#type: Vec<u8>,
    blobs: Blobs,
    digests: [Vec<[u8; 2]>; 2],
    maybe: Option<Blob>,
    none: Option<Box<[u8; 64]>>,
    #[xdr(max = 9, text)]
    name: Bytes,
    #[xdr(item(text))]
    names: Vec<Bytes>,
    #[xdr(item(unpacked))]
    counts: Vec<u8>,
    inner: Option<Inner>,
}

#[derive(Clone, PartialEq, Debug, Xdr)]
struct Inner {
    deep: bool,
}

#[derive(HexDebug, Xdr)]
struct Generic<T> {
    items: Vec<T>,
    data: Bytes,
}

#[derive(HexDebug, Xdr)]
struct Pair(u8, Handle);

#[derive(HexDebug, Xdr)]
struct Nothing;

#[derive(HexDebug, Xdr)]
#[xdr(union(u32))]
enum Choice {
    #[xdr(case = 0)]
    Void,
    #[xdr(case = 1)]
    Data(Blob),
    #[xdr(case = [2, 3])]
    Named { which: u32, data: Handle },
    #[xdr(default)]
    Other(u32),
}

#[derive(HexDebug)]
enum Never {}

fn everything() -> Everything {
    Everything {
        number: 7,
        handle: [0, 1, 0xfe, 0xff],
        empty: Bytes::new(),
        r#type: vec![1; 32],
        blobs: vec![vec![2].into(), vec![3; 33].into()],
        digests: [vec![[4; 2]], vec![]],
        maybe: Some(vec![5].into()),
        none: None,
        name: "motd\0".into(),
        names: vec!["a".into()],
        counts: vec![1, 2],
        inner: Some(Inner { deep: true }),
    }
}

#[test]
fn opaque_data_is_hexadecimal_wherever_it_is() {
    let expected = format!(
        "Everything {{ number: 7, handle: 0x0001feff, empty: 0x, type: 0x{}, blobs: [0x02, 0x{}… 33 bytes], digests: \
         [[0x0404], []], maybe: Some(0x05), none: None, name: b\"motd\\0\", names: [b\"a\"], counts: [1, 2], inner: \
         Some(Inner {{ deep: true }}) }}",
        "01".repeat(32),
        "03".repeat(16),
    );
    assert_eq!(format!("{:?}", everything()), expected);
}

#[test]
fn the_long_form_is_the_standard_librarys() {
    let shown = format!("{:#?}", Choice::Named { which: 3, data: [9; 4] });
    assert_eq!(shown, "Named {\n    which: 3,\n    data: 0x09090909,\n}");
    let shown = format!("{:#?}", Generic { items: vec![vec![0u8; 2]], data: Bytes::new() });
    assert_eq!(
        shown,
        "Generic {\n    items: [\n        [\n            0,\n            0,\n        ],\n    ],\n    data: 0x,\n}",
        "what a parameter stands for shows itself"
    );
    assert!(format!("{:#?}", everything()).contains("    blobs: [\n        0x02,\n        0x0303"));
}

#[test]
fn every_form_of_type_is_shown() {
    assert_eq!(format!("{:?}", Pair(1, [2; 4])), "Pair(1, 0x02020202)");
    assert_eq!(format!("{Nothing:?}"), "Nothing");
    assert_eq!(format!("{:?}", Choice::Void), "Void");
    assert_eq!(format!("{:?}", Choice::Data(vec![1].into())), "Data(0x01)");
    assert_eq!(format!("{:?}", Choice::Other(9)), "Other(9)");
    fn shows<T: Debug>() {}
    shows::<Never>();
    shows::<Generic<Inner>>();
}

#[test]
fn all_bytes_are_there_when_asked_for() {
    let bytes: Vec<u8> = (0..=255).collect();
    let all = format!("{:x}", Hex(&bytes));
    assert_eq!((all.len(), &all[..6], &all[506..]), (512, "000102", "fdfeff"));
    assert_eq!(format!("{:#x}", Hex(&bytes[..2])), "0x0001");
    assert_eq!(Hex(&bytes).to_string(), "0x000102030405060708090a0b0c0d0e0f… 256 bytes");
}
