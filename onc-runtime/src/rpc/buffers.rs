//! Memory of large records, used again.
//!
//! A record of a megabyte takes longer to find memory for, page by page, than to copy. So the memory of large records is
//! kept when the last [`Bytes`] that shares it is dropped, up to a limit for the whole process, and lent to the next one.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// Records below this size find memory of their own faster than here.
pub(crate) const WORTH_KEEPING: usize = 64 << 10;

/// How many bytes are kept at most.
const MOST: usize = 16 << 20;

#[cfg(any(feature = "net", test))]
/// A buffer may be this many times as large as the record that it is lent to.
const SLACK: usize = 4;

static KEPT: Mutex<Kept> = Mutex::new(Kept { buffers: VecDeque::new(), size: 0 });

#[derive(Debug)]
struct Kept {
    /// The one used last is the last: its memory is the likeliest to be in a cache.
    buffers: VecDeque<Vec<u8>>,
    size: usize,
}

/// An empty buffer for a record of `size` bytes, if there is one.
#[cfg(any(feature = "net", test))]
pub(crate) fn take(size: usize) -> Option<Vec<u8>> {
    let mut kept = kept();
    let fits = |buffer: &Vec<u8>| (size..=size.saturating_mul(SLACK)).contains(&buffer.capacity());
    let at = kept.buffers.iter().rposition(fits)?;
    let buffer = kept.buffers.remove(at)?;
    kept.size -= buffer.capacity();
    Some(buffer)
}

/// Keeps a buffer, if it is large; those that have not been used for longest make room for it.
pub(crate) fn give(mut buffer: Vec<u8>) {
    let size = buffer.capacity();
    if !(WORTH_KEEPING..=MOST).contains(&size) {
        return;
    }
    buffer.clear();
    let mut kept = kept();
    kept.size += size;
    kept.buffers.push_back(buffer);
    while kept.size > MOST
        && let Some(oldest) = kept.buffers.pop_front()
    {
        kept.size -= oldest.capacity();
    }
}

/// The contents of a buffer, which is kept when all of them have been dropped.
pub(crate) fn share(buffer: Vec<u8>) -> Bytes {
    if buffer.capacity() < WORTH_KEEPING { buffer.into() } else { Bytes::from_owner(Lent(buffer)) }
}

struct Lent(Vec<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        give(std::mem::take(&mut self.0));
    }
}

fn kept() -> MutexGuard<'static, Kept> {
    // Nothing can panic between a buffer and its size.
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_when_the_last_slice_is_dropped() {
        // A size of its own: other tests keep buffers meanwhile.
        const SIZE: usize = 3 << 20;
        let mut buffer = Vec::with_capacity(SIZE + 7);
        buffer.resize(SIZE, 1);
        let place = buffer.as_ptr();
        let slice = share(buffer).slice(100..200);
        assert_eq!(slice, [1; 100][..]);
        drop(slice);
        let again = take(SIZE + 7).expect("it was kept");
        assert_eq!((again.as_ptr(), again.len()), (place, 0));
    }

    #[test]
    fn neither_small_buffers_are_kept_nor_too_much() {
        give(Vec::with_capacity(WORTH_KEEPING - 1));
        assert!(take(WORTH_KEEPING - 1).is_none_or(|buffer| buffer.capacity() >= WORTH_KEEPING));
        give(Vec::with_capacity(MOST + 1));
        assert!(kept().size <= MOST);
    }
}
