//! The benchmark's procedures.

use bytes::Bytes;
use onc_runtime::{Context, Fault};

use crate::bench::{BenchV1, Words};

/// The most that `READ` gives.
const MOST: usize = 64 << 20;

/// Answers the benchmark's calls.
#[derive(Clone, Debug)]
pub struct Bench {
    /// What `READ` gives a part of.
    payload: Bytes,
}

impl Default for Bench {
    fn default() -> Self {
        Self { payload: Bytes::from(vec![0x5a; MOST]) }
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
        Ok(self.payload.slice(..MOST.min(count as usize)))
    }

    async fn write(&self, _cx: &Context, payload: Bytes) -> Result<u32, Fault> {
        Ok(payload.len() as u32)
    }

    async fn echo(&self, _cx: &Context, payload: Bytes) -> Result<Bytes, Fault> {
        Ok(payload)
    }
}
