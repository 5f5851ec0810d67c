//! See `onc_fuzz::values`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::values(input);
});
