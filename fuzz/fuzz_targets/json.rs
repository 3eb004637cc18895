#![no_main]
//! Any text parses as JSON without a panic, and every span lies inside the text, on character boundaries.

use libfuzzer_sys::fuzz_target;
use tidegate::syntax::Format;

fuzz_target!(|text: &str| tidegate_fuzz::parses(Format::Json, text));
