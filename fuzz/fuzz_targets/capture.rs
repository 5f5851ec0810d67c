//! See `onc_fuzz::capture`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::capture(input);
});
