#![no_main]
//! Any text parses as YAML without a panic, every span lies inside the text, on character boundaries, and the quick reader
//! makes the tree that the general one makes.

use libfuzzer_sys::fuzz_target;
use tidegate::syntax::Format;

fuzz_target!(|text: &str| {
    tidegate_fuzz::parses(Format::Yaml, text);
    tidegate_fuzz::reads_alike(text);
});
