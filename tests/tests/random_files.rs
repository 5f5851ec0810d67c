//! What becomes of random `.x` files compiles, and each of their types reads what it writes.
//!
//! `ONC_RANDOM_FILES=100 ONC_RANDOM_SEED=5 cargo test -p onc-tests --test random_files` tries others.

use std::fmt::Debug;

use onc_runtime::Xdr;
use onc_runtime::xdr::{Decoder, Limits, to_vec};
use serde::Serialize;
use serde::de::DeserializeOwned;

// In a library they would be reached.
#[allow(unreachable_pub, dead_code)]
mod random {
    use super::{round_trip, round_trip_as_json};

    include!(concat!(env!("OUT_DIR"), "/random.rs"));

    #[test]
    fn types_of_random_files_are_written_as_they_are_read() {
        round_trips();
    }
}

/// Words that are likely to be a value: many zeros, small numbers, few others.
fn words(seed: u64, tries: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ tries.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(4096);
    for _ in 0..1024 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let word = match state >> 32 & 0xff {
            kind if kind >= tries => 0,
            kind if kind % 16 == 0 => (state & 0xffff_ffff) as u32,
            _ => (state & 1) as u32,
        };
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    bytes
}

fn round_trip<T: Xdr + Debug>(seed: u64, name: &str) {
    let mut accepted = 0;
    for tries in 0..200 {
        let bytes = words(seed, tries);
        let mut decoder = Decoder::new(&bytes, Limits::default());
        let Ok(value) = T::decode(&mut decoder) else {
            assert_ne!(tries, 0, "{name} of seed {seed} refuses zeros");
            continue;
        };
        accepted += 1;
        let encoded = to_vec(&value).unwrap_or_else(|error| panic!("{name} of seed {seed}: {error}\n{value:?}"));
        assert!(bytes.starts_with(&encoded), "{name} of seed {seed}: {value:?}");
        let mut again = Decoder::new(&encoded, Limits::default());
        let second = T::decode(&mut again).unwrap_or_else(|error| panic!("{name} of seed {seed}: {error}"));
        again.finish().unwrap_or_else(|error| panic!("{name} of seed {seed} leaves bytes: {error}"));
        assert_eq!(to_vec(&second).ok(), Some(encoded), "{name} of seed {seed}: {second:?}");
    }
    assert!(accepted > 1, "{name} of seed {seed}: only zeros are read");
}

fn round_trip_as_json<T: Xdr + Debug + Serialize + DeserializeOwned>(seed: u64, name: &str) {
    for tries in 0..200 {
        let bytes = words(seed, tries);
        let Ok(value) = T::decode(&mut Decoder::new(&bytes, Limits::default())) else { continue };
        let json = serde_json::to_string(&value).unwrap_or_else(|error| panic!("{name} of seed {seed}: {error}"));
        let second = match serde_json::from_str::<T>(&json) {
            Ok(second) => second,
            // A tree deeper than the reader goes.
            Err(error) if error.to_string().starts_with("recursion limit") => continue,
            Err(error) => panic!("{name} of seed {seed}: {error}\n{json}"),
        };
        assert_eq!(to_vec(&second).ok(), to_vec(&value).ok(), "{name} of seed {seed}: {json}");
    }
}
