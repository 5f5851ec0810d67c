//! See `onc_fuzz::records`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::records(input);
});
