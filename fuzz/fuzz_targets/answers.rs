#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| credrun::fuzzing::run("answers", data));
