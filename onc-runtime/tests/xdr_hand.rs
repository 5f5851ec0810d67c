//! scratch
use onc_runtime::xdr::*;
type S = (u32, String, Vec<u32>, Option<Box<u64>>, [u8; 5], Vec<u8>);
#[test]
fn round() {
    let v: S = (1, "abc".into(), (0..100).collect(), Some(Box::new(9)), [1, 2, 3, 4, 5], vec![9; 7]);
    let b = to_bytes(&v).unwrap();
    assert_eq!(b.len(), v.measure().unwrap().total);
    assert_eq!(from_bytes::<S>(&b).unwrap(), v);
    for n in 0..b.len() {
        assert!(from_slice::<S>(&b[..n]).is_err());
    }
    let e = <([u8; 3], [u32; 2], Vec<(u32, u64)>)>::decode(&mut Decoder::new(
        &to_vec(&([1u8, 2, 3], [5u32, 6], vec![(1u32, 2u64); 4])).unwrap(),
        Limits::default(),
    ))
    .unwrap();
    assert_eq!(e, ([1, 2, 3], [5, 6], vec![(1, 2); 4]));
}
