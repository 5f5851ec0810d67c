//! Integer arrays to and from network byte order in bulk.
//!
//! The compiler vectorises these loops. A byte swap needs a byte shuffle, which the x86-64 baseline lacks and AVX2 has, so
//! there a second compilation of the same loop is picked at run time.

use std::mem::MaybeUninit;

/// Numbers whose arrays are swapped in bulk.
pub(super) trait Swap: Copy {
    /// Writes all of `items` to `room`, which is exactly as long; returns it initialised.
    fn put_all<'a>(items: &[Self], room: &'a mut [MaybeUninit<u8>]) -> &'a mut [u8];

    /// Reads as many numbers as `bytes` holds.
    fn take_all(bytes: &[u8]) -> Vec<Self>;
}

/// Writes `items` behind each other, each by `bytes_of`, a chunk at a time through a buffer that stays in the cache.
macro_rules! swap {
    ($($number:ty),*) => {$(
        impl Swap for $number {
            #[inline]
            fn put_all<'a>(items: &[Self], room: &'a mut [MaybeUninit<u8>]) -> &'a mut [u8] {
                #[inline(always)]
                fn put(items: &[$number], room: &mut [MaybeUninit<u8>]) {
                    let (slots, _) = room.as_chunks_mut::<{ size_of::<$number>() }>();
                    for (slot, item) in slots.iter_mut().zip(items) {
                        slot.write_copy_of_slice(&item.to_be_bytes());
                    }
                }

                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx2")]
                fn put_avx2(items: &[$number], room: &mut [MaybeUninit<u8>]) {
                    put(items, room);
                }

                assert_eq!(room.len(), size_of_val(items), "room for each number");
                #[cfg(target_arch = "x86_64")]
                if items.len() >= WORTH_A_CALL && is_x86_feature_detected!("avx2") {
                    #[expect(unsafe_code, reason = "the second compilation needs AVX2")]
                    // SAFETY: AVX2 was detected on this processor.
                    unsafe { put_avx2(items, room) };
                } else {
                    put(items, room);
                }
                #[cfg(not(target_arch = "x86_64"))]
                put(items, room);
                #[expect(unsafe_code, reason = "zeroing the room first takes as long as filling it")]
                // SAFETY: `put` wrote every slot of `items.len()`, and the room has no other bytes.
                unsafe { room.assume_init_mut() }
            }

            #[inline]
            fn take_all(bytes: &[u8]) -> Vec<Self> {
                #[inline(always)]
                fn take(bytes: &[u8]) -> Vec<$number> {
                    let (slots, _) = bytes.as_chunks::<{ size_of::<$number>() }>();
                    slots.iter().map(|slot| <$number>::from_be_bytes(*slot)).collect()
                }

                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx2")]
                fn take_avx2(bytes: &[u8]) -> Vec<$number> {
                    take(bytes)
                }

                #[cfg(target_arch = "x86_64")]
                if bytes.len() >= WORTH_A_CALL * size_of::<Self>() && is_x86_feature_detected!("avx2") {
                    #[expect(unsafe_code, reason = "the second compilation needs AVX2")]
                    // SAFETY: AVX2 was detected on this processor.
                    return unsafe { take_avx2(bytes) };
                }
                take(bytes)
            }
        }
    )*};
}

/// Fewer numbers than this are swapped where they stand.
#[cfg(target_arch = "x86_64")]
const WORTH_A_CALL: usize = 16;

swap!(i32, u32, i64, u64, f32, f64);
