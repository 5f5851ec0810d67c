//! The benchmark's procedures.

use std::sync::OnceLock;

use bytes::Bytes;
use onc_runtime::{Context, Fault};

use crate::bench::{BenchV1, Words};

/// The most that `READ` gives.
const MOST: usize = 64 << 20;

/// What is there from the start: a larger payload is made when it is asked for.
const USUAL: usize = 2 << 20;

/// Answers the benchmark's calls.
#[derive(Debug)]
pub struct Bench {
    usual: Bytes,
    large: OnceLock<Bytes>,
}

impl Default for Bench {
    fn default() -> Self {
        Self { usual: Bytes::from(vec![0x5a; USUAL]), large: OnceLock::new() }
    }
}

impl Bench {
    fn payload(&self, size: usize) -> Bytes {
        if size <= USUAL {
            return self.usual.slice(..size);
        }
        self.large.get_or_init(|| Bytes::from(vec![0x5a; MOST])).slice(..size.min(MOST))
    }
}

impl BenchV1 for Bench {
    async fn add(&self, _cx: &Context, augend: u32, addend: u32) -> Result<u32, Fault> {
        Ok(augend.wrapping_add(addend))
    }

    async fn small(&self, _cx: &Context, mut words: Words) -> Result<Words, Fault> {
        words.wide[0] += 1;
        Ok(words)
    }

    async fn read(&self, _cx: &Context, count: u32) -> Result<Bytes, Fault> {
        Ok(self.payload(count as usize))
    }

    async fn write(&self, _cx: &Context, payload: Bytes) -> Result<u32, Fault> {
        Ok(payload.len() as u32)
    }

    async fn echo(&self, _cx: &Context, payload: Bytes) -> Result<Bytes, Fault> {
        Ok(payload)
    }
}
