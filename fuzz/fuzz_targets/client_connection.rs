//! See `onc_fuzz::client_connection`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::client_connection(input);
});
