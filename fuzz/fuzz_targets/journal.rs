//! See `onc_fuzz::journal`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::journal(input);
});
