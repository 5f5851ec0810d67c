//! See `onc_fuzz::compiler`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::compiler(input);
});
