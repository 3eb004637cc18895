//! Findings about what policies and workloads come to together, where neither is another one than before.
//!
//! Such a finding depends on which files are applied together, and that is found out from the folders. So a file that is
//! split or moved can put a policy beside workloads that were there before, elsewhere. Where a namespace holds the same
//! policies, workloads and ways in as before, nothing of it is new, and nothing is mended.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Finding, Status};
use crate::kubernetes::{Namespace, Object};
use crate::network::parts::counts;
use crate::snapshot::Snapshot;

/// Findings of namespaces that hold the same as before count as existing, and are not fixed.
pub fn keep_policies(findings: &mut Vec<Finding>, base: &Snapshot, head: &Snapshot) {
    let is_asked = |finding: &Finding| {
        finding.status != Status::Existing && finding.rule.starts_with("network-policy/")
    };
    if !findings.iter().any(is_asked) {
        return;
    }
    let (before, after) = (contents(base), contents(head));
    findings.retain_mut(|finding| {
        if !is_asked(finding) {
            return true;
        }
        let is_fixed = finding.status == Status::Fixed;
        let snapshot = if is_fixed { base } else { head };
        // What several overlays move is the same if it is so in each of their namespaces.
        let landed = snapshot.landed_at(&finding.location);
        let mut namespaces = landed.map(namespace).peekable();
        let is_same = namespaces.peek().is_some()
            && namespaces.all(|namespace| before.get(&namespace) == after.get(&namespace));
        if is_same && !is_fixed {
            finding.status = Status::Existing;
        }
        !(is_same && is_fixed)
    });
}

/// The hashes of what counts, by namespace, in order.
type Contents = BTreeMap<Arc<str>, Vec<u64>>;

fn contents(snapshot: &Snapshot) -> Contents {
    let mut contents = Contents::new();
    for object in snapshot.landed_objects().filter(|object| counts(*object)) {
        let own = contents.entry(namespace(object)).or_default();
        own.push(object.node().content_hash());
    }
    for own in contents.values_mut() {
        own.sort_unstable();
    }
    contents
}

/// The namespace that an object is in, or is.
fn namespace(object: Object<'_>) -> Arc<str> {
    match Namespace::of(object) {
        Some(namespace) => namespace.name().into(),
        None => object.namespace().map_or("", |(name, _)| name).into(),
    }
}
