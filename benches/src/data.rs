//! The values of the codec's table: the same in every run, and of the shape that the harness of peers uses.

use bytes::Bytes;

use crate::codec::{Attributes, Bulk, Entry, Instant, Integers, Page, Scalars};

/// A generator of numbers that are the same in every run (xorshift).
#[derive(Debug)]
pub struct Numbers(u64);

impl Default for Numbers {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Numbers {
    /// The next 64 bits.
    pub fn wide(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The next 32 bits.
    pub fn narrow(&mut self) -> u32 {
        (self.wide() >> 16) as u32
    }
}

/// Ten narrow and two wide integers.
#[must_use]
pub fn scalars() -> Scalars {
    let mut numbers = Numbers::default();
    Scalars {
        a: numbers.narrow(),
        b: numbers.narrow(),
        c: numbers.narrow(),
        d: numbers.narrow(),
        e: numbers.narrow(),
        f: numbers.narrow(),
        g: numbers.narrow(),
        h: numbers.narrow(),
        i: numbers.narrow(),
        j: numbers.narrow(),
        k: numbers.wide(),
        l: numbers.wide(),
    }
}

/// A page of a directory listing.
#[must_use]
pub fn page(entries: usize) -> Page {
    let mut numbers = Numbers::default();
    Page { entries: (0..entries).map(|at| entry(&mut numbers, at)).collect() }
}

fn entry(numbers: &mut Numbers, at: usize) -> Entry {
    let fileid = numbers.wide() >> 16;
    let (size, used, fsid) = (numbers.wide() >> 34, numbers.wide() >> 34, numbers.wide());
    let mut instant = || Instant { seconds: 1_700_000_000 + at as u32, nanoseconds: numbers.narrow() % 1_000_000_000 };
    let attributes = Attributes {
        kind: 1,
        mode: 0o644,
        links: 1,
        uid: 1000,
        gid: 1000,
        size,
        used,
        device: [0, 0],
        fsid,
        fileid,
        accessed: instant(),
        modified: instant(),
        changed: instant(),
    };
    Entry {
        fileid,
        name: format!("file-name-{at:08}{}", &".data"[..at % 6]),
        cookie: at as u64 + 3,
        attributes: Some(attributes),
        handle: Some((0..32 + at * 8 % 40).map(|_| numbers.wide() as u8).collect()),
    }
}

/// An opaque payload.
#[must_use]
pub fn bulk(size: usize) -> Bulk {
    let mut numbers = Numbers::default();
    Bulk { data: (0..size).map(|_| numbers.wide() as u8).collect::<Vec<_>>().into() }
}

/// An array of integers.
#[must_use]
pub fn integers(count: usize) -> Integers {
    let mut numbers = Numbers::default();
    Integers { values: (0..count).map(|_| numbers.narrow()).collect() }
}

/// Bytes of nothing in particular.
#[must_use]
pub fn payload(size: usize) -> Bytes {
    bulk(size).data
}
