#![no_main]
//! Any bytes as base and head go through reading, rules, comparison and the reporters without a panic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tidegate::compare::compare;
use tidegate::evaluate::{evaluate, evaluate_change};
use tidegate::kubernetes::manifest::read;
use tidegate::rule::{Context, Pair};
use tidegate::snapshot::pairs::Pairs;
use tidegate::snapshot::{Snapshot, State};
use tidegate::syntax::Format;

fn snapshot(bytes: &[u8]) -> Snapshot {
    let state = State::Read(read(Format::Yaml, bytes.to_vec(), false, &[]));
    Snapshot::new(vec![("fuzz.yaml".into(), Arc::new(state))], &BTreeSet::new(), 1)
}

fuzz_target!(|sides: (&[u8], &[u8])| {
    let context = Context::default();
    let (base, head) = (snapshot(sides.0), snapshot(sides.1));
    let before = evaluate(&base, &context).findings;
    let after = evaluate(&head, &context).findings;
    for finding in &after {
        let text = head.file("fuzz.yaml").and_then(|file| file.text()).unwrap_or_default();
        assert!(finding.location.span.end as usize <= text.len().max(1));
    }
    let renames = BTreeMap::new();
    let pairs = Pairs::between(&base, &head, &renames);
    let _ = compare((&base, before), (&head, after), &renames, &pairs);
    let changed = BTreeSet::from(["fuzz.yaml".into()]);
    let pair = Pair { base: &base, head: &head, changed: &changed, renames: &renames, pairs: &pairs };
    let _ = evaluate_change(&pair, &context);
});
