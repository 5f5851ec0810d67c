//! See `onc_fuzz::server_connection`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    onc_fuzz::server_connection(input);
});
