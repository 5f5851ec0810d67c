//! See `onc_fuzz::universal_address`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::universal_address(input);
});
