//! See `onc_fuzz::call`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::call(input);
});
