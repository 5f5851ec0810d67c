//! What a peer can make the decoder spend: no memory that the message does not account for, no stack, no time.

#![expect(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bytes::Bytes;
use onc_runtime::Xdr;
use onc_runtime::xdr::{
    self, Chain, DecodeError, DecodeErrorKind, Decoder, Item, Limits, List, Max, Plain, Shape, Unpacked,
};

thread_local! {
    /// The largest piece of memory that this thread has asked for.
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.set(LARGEST.get().max(layout.size()));
        // SAFETY: the caller keeps what `alloc` asks of it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps what `dealloc` asks of it.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.set(LARGEST.get().max(size));
        // SAFETY: the caller keeps what `realloc` asks of it.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Decodes, and says the largest piece of memory that it took.
fn decode<H: Shape<T>, T>(bytes: &[u8], limits: Limits) -> (Result<T, DecodeError>, usize) {
    LARGEST.set(0);
    let result = H::decode(&mut Decoder::new(bytes, limits));
    (result, LARGEST.get())
}

/// An error takes some bytes; what a length claims would take far more.
const AN_ERROR: usize = 1024;

#[track_caller]
fn refused_for_nothing<H: Shape<T>, T>(bytes: &[u8]) -> DecodeErrorKind {
    let (result, largest) = decode::<H, T>(bytes, Limits::default());
    let Err(error) = result else { panic!("a length of {bytes:?} was believed") };
    assert!(largest <= AN_ERROR, "{largest} bytes were allocated for {error}");
    error.kind().clone()
}

#[derive(Debug, PartialEq, Xdr)]
struct Unit;

#[derive(Debug, PartialEq, Xdr)]
struct Large {
    number: u32,
    #[xdr(item(list))]
    lists: [Vec<u32>; 32],
}

#[derive(Debug, Default, PartialEq, Xdr)]
struct Nested {
    inner: Option<Box<Nested>>,
}

#[derive(Debug, Default, PartialEq, Xdr)]
struct Tree {
    children: Vec<Tree>,
}

/// Lengths with which `length + padding` or `length * size` overflows 32 bits.
const HUGE: [u32; 6] = [u32::MAX, u32::MAX - 1, u32::MAX - 2, u32::MAX - 3, 1 << 31, 1 << 30];

#[test]
fn a_length_alone_reserves_nothing() {
    for length in HUGE {
        let bytes = [&length.to_be_bytes()[..], &[0; 8]].concat();
        let remaining = bytes.len() - 4;
        let truncated = |needed: u64| DecodeErrorKind::Truncated {
            needed: usize::try_from(needed).unwrap_or(usize::MAX),
            remaining,
        };
        let count = u64::from(length);
        assert_eq!(refused_for_nothing::<Plain, String>(&bytes), truncated(count));
        assert_eq!(refused_for_nothing::<Plain, Bytes>(&bytes), truncated(count));
        assert_eq!(refused_for_nothing::<Plain, Vec<u8>>(&bytes), truncated(count));
        assert_eq!(refused_for_nothing::<Plain, Vec<u32>>(&bytes), truncated(count * 4));
        assert_eq!(refused_for_nothing::<Plain, Vec<f64>>(&bytes), truncated(count * 8));
        assert_eq!(refused_for_nothing::<Plain, Vec<i16>>(&bytes), truncated(count * 4));
        assert_eq!(refused_for_nothing::<Plain, Vec<String>>(&bytes), truncated(count * 4));
        assert_eq!(refused_for_nothing::<Plain, Vec<[u8; 5]>>(&bytes), truncated(count * 8));
        assert_eq!(refused_for_nothing::<Plain, Vec<Large>>(&bytes), truncated(count * (4 + 32 * 4)));
        assert_eq!(refused_for_nothing::<Item<Unpacked>, Vec<u8>>(&bytes), truncated(count * 4));
        assert_eq!(refused_for_nothing::<Max<{ u32::MAX }, Max<4>>, Vec<Vec<u8>>>(&bytes), truncated(count * 4));
    }
}

#[test]
fn elements_of_no_bytes_still_count() {
    for length in [u32::MAX, 1 << 27] {
        let bytes = length.to_be_bytes();
        let too_much = DecodeErrorKind::TooMuchMemory { max: 64 << 20 };
        assert_eq!(refused_for_nothing::<Plain, Vec<()>>(&bytes), too_much);
        assert_eq!(refused_for_nothing::<Plain, Vec<Unit>>(&bytes), too_much);
        assert_eq!(refused_for_nothing::<Plain, Vec<[u32; 0]>>(&bytes), too_much);
        assert_eq!(refused_for_nothing::<Plain, Vec<Box<()>>>(&bytes), too_much);
    }
    assert_eq!(xdr::from_slice::<Vec<Unit>>(&[0, 0, 0, 3]).expect("three are within the limit").len(), 3);
}

#[test]
fn memory_is_counted_by_what_elements_take() {
    // Four bytes on the wire, a few hundred in memory.
    let count = 1000u32;
    let bytes = [&count.to_be_bytes()[..], &vec![0; 1000 * (4 + 32 * 4)]].concat();
    let size = size_of::<Large>() * 1000;
    let (result, _) = decode::<Plain, Vec<Large>>(&bytes, Limits::default().with_memory(size));
    assert_eq!(result.expect("exactly enough").len(), 1000);
    let (result, largest) = decode::<Plain, Vec<Large>>(&bytes, Limits::default().with_memory(size - 1));
    let error = result.expect_err("one byte too little");
    assert_eq!(*error.kind(), DecodeErrorKind::TooMuchMemory { max: size - 1 });
    assert!(error.to_string().contains("max_decoded_size"), "{error}");
    assert!(largest <= AN_ERROR, "{largest} bytes were allocated in vain");
}

#[test]
fn nodes_of_a_list_are_counted_one_by_one() {
    // A list has no length: it grows with what was read.
    let bytes = [[0u8, 0, 0, 1]; 4096].concat();
    let limits = Limits::default().with_memory(100 * size_of::<Vec<u32>>());
    // Nodes that are lists themselves, and empty: a 1 for the node, a 0 for the end of its own list.
    let nodes = [[0u8, 0, 0, 1, 0, 0, 0, 0]; 101].concat();
    let (result, _) = decode::<List<List>, Vec<Vec<u32>>>(&[&nodes[..100 * 8], &[0; 4]].concat(), limits);
    assert_eq!(result.expect("a hundred nodes are within the limit").len(), 100);
    let (result, _) = decode::<List<List>, Vec<Vec<u32>>>(&nodes, limits);
    assert_eq!(*result.expect_err("one more is not").kind(), DecodeErrorKind::TooMuchMemory { max: limits.memory });
    let (result, _) = decode::<Chain, Vec<u32>>(&bytes, Limits::default().with_memory(400));
    assert_eq!(*result.expect_err("a hundred nodes").kind(), DecodeErrorKind::TooMuchMemory { max: 400 });
}

#[test]
fn several_values_share_one_budget() {
    let half = [&500u32.to_be_bytes()[..], &[0; 2000]].concat();
    let both = [half.clone(), half].concat();
    let limits = Limits::default().with_memory(3999);
    let (result, _) = decode::<Plain, (Vec<u32>, Vec<u32>)>(&both, limits);
    assert_eq!(*result.expect_err("together they are too much").kind(), DecodeErrorKind::TooMuchMemory { max: 3999 });
    let (result, _) = decode::<Plain, (Vec<u32>, Vec<u32>)>(&both, limits.with_memory(4000));
    result.expect("together they are enough");
}

#[test]
fn depth_is_limited() {
    for depth in [1, 2, 128, 1000] {
        let limits = Limits::default().with_depth(depth);
        let ones = |count: u32| [&[0u8, 0, 0, 1].repeat(count as usize)[..], &[0; 4]].concat();
        let (result, _) = decode::<Plain, Nested>(&ones(depth), limits);
        result.expect("as deep as allowed");
        let (result, _) = decode::<Plain, Nested>(&ones(depth + 1), limits);
        let error = result.expect_err("one level too deep");
        assert_eq!(*error.kind(), DecodeErrorKind::TooDeep { max: depth });
        assert!(error.to_string().contains("max_depth"), "{error}");
        // The innermost array is empty, and one level itself.
        let (result, _) = decode::<Plain, Tree>(&ones(depth - 1), limits);
        result.expect("as deep as allowed");
        let (result, _) = decode::<Plain, Tree>(&ones(depth), limits);
        assert_eq!(*result.expect_err("one level too deep").kind(), DecodeErrorKind::TooDeep { max: depth });
    }
}

#[test]
fn a_million_levels_do_not_reach_the_end_of_the_stack() {
    let bytes = [0, 0, 0, 1].repeat(1_000_000);
    let error = xdr::from_slice::<Nested>(&bytes).expect_err("too deep");
    assert_eq!(*error.kind(), DecodeErrorKind::TooDeep { max: 128 });
    let error = xdr::from_slice::<Tree>(&bytes).expect_err("too deep");
    assert_eq!(*error.kind(), DecodeErrorKind::TooDeep { max: 128 });
    assert!(error.to_string().len() < 200, "the path of a deep value is cut short: {error}");
}

#[test]
fn depth_is_given_back() {
    // Beside each other, values are no deeper than one of them.
    let inner = [0u8, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0];
    let bytes = [&1000u32.to_be_bytes()[..], &inner.repeat(1000)].concat();
    let (result, _) = decode::<Plain, Vec<Nested>>(&bytes, Limits::default().with_depth(3));
    assert_eq!(result.expect("three levels").len(), 1000);
}

#[test]
fn a_list_of_a_million_nodes() {
    #[derive(Debug, PartialEq, Xdr)]
    struct Listing {
        #[xdr(list)]
        entries: Vec<Entry>,
    }

    #[derive(Debug, PartialEq, Xdr)]
    struct Entry {
        id: u64,
        #[xdr(max = 255)]
        name: String,
        #[xdr(list)]
        tags: Vec<u32>,
    }

    let entry = |id: u64| Entry { id, name: "n".repeat(id as usize % 5), tags: vec![7; id as usize % 3] };
    let listing = Listing { entries: (0..1_000_000).map(entry).collect() };
    let bytes = xdr::to_bytes(&listing).expect("within its bounds");
    let limits = Limits::default().with_memory(256 << 20);
    // On a small stack: nothing of it is recursive, neither decoding nor comparing nor dropping.
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(move || {
            let decoded = Listing::decode(&mut Decoder::shared(&bytes, limits)).expect("its own encoding");
            assert!(decoded == listing);
            assert_eq!(xdr::to_bytes(&decoded).expect("within its bounds"), bytes);
        })
        .expect("a thread")
        .join()
        .expect("the list came back");
}

#[test]
fn fixed_lengths_that_are_not_there() {
    let (result, largest) = decode::<Plain, [u8; 65536]>(&[0; 16], Limits::default());
    assert_eq!(*result.expect_err("not there").kind(), DecodeErrorKind::Truncated { needed: 65536, remaining: 16 });
    assert!(largest <= AN_ERROR, "{largest} bytes were allocated");
    let (result, _) = decode::<Plain, [u32; 1024]>(&[0; 16], Limits::default());
    assert_eq!(*result.expect_err("not there").kind(), DecodeErrorKind::Truncated { needed: 4096, remaining: 16 });
}
