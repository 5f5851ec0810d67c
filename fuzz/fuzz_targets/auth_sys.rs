//! See `onc_fuzz::auth_sys`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::auth_sys(input);
});
