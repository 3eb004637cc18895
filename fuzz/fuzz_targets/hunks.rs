#![no_main]
//! Applying the changed ranges of two texts to the one gives the other.

use libfuzzer_sys::fuzz_target;
use tidegate::change::hunks::changed_ranges;

fuzz_target!(|texts: (&str, &str)| {
    let (before, after) = texts;
    let mut rebuilt = String::new();
    let mut from = 0;
    for range in changed_ranges(before, after) {
        rebuilt.push_str(&before[from..range.before.start as usize]);
        rebuilt.push_str(&after[range.after.start as usize..range.after.end as usize]);
        from = range.before.end as usize;
    }
    rebuilt.push_str(&before[from..]);
    assert_eq!(rebuilt, after);
});
