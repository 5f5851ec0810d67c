//! See `onc_fuzz::codec`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::codec(input);
});
