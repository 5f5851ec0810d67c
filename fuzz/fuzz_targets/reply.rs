//! See `onc_fuzz::reply`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::reply(input);
});
