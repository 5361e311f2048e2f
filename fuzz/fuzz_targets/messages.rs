//! Bytes as a log or message to explain.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = rlx::diagnose::diagnose(&rlx::diagnose::Evidence::text(String::from_utf8_lossy(data)));
});
