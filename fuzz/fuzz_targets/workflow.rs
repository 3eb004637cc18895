#![no_main]
//! Any bytes as a workflow of base and head are compared without a panic, and every place lies in its file.

use libfuzzer_sys::fuzz_target;
use tidegate::workflow::{Workflow, weakenings};

fuzz_target!(|sides: (&[u8], &[u8])| {
    let (base, head) = (Workflow::read(sides.0.to_vec()), Workflow::read(sides.1.to_vec()));
    let path = "fuzz.yml".into();
    let length = head.text().unwrap_or_default().len();
    for weakening in weakenings(&base.steps(&path), &head.steps(&path)) {
        assert!(weakening.at.unwrap_or_default().end as usize <= length);
    }
    assert!(weakenings(&head.steps(&path), &head.steps(&path)).is_empty());
});
