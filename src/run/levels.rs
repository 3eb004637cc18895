//! Which workloads meet another Pod Security level than before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Resource;
use crate::kubernetes::Completeness;
use crate::kubernetes::pod_security::{Level, Standard};
use crate::rule::{Context, object_name};
use crate::snapshot::pairs::Pairs;
use crate::snapshot::{Snapshot, SourceFile};
use crate::verdict::LevelChange;

/// The workloads whose Pod Security level differs between the sides.
pub(super) fn changes(
    base: &Snapshot,
    head: &Snapshot,
    pairs: &Pairs,
    context: &Context,
    in_scope: impl Fn(&str) -> bool,
) -> Vec<LevelChange> {
    let mut before = of_side(base, context);
    let mut changes = Vec::new();
    for ((path, workload), (after, name)) in of_side(head, context) {
        let counterpart = pairs.base_path(&workload, &path);
        let old = counterpart
            .and_then(|base_path| before.remove(&(Arc::clone(base_path), Arc::clone(&workload))))
            .map(|(level, _)| level);
        if old != Some(after) && in_scope(&path) {
            changes.push(LevelChange {
                workload,
                name,
                path,
                before: old,
                after: Some(after),
            });
        }
    }
    let seen_in_head: BTreeSet<_> = head
        .objects()
        .map(|object| Arc::clone(object.resource()))
        .collect();
    for ((path, workload), (level, name)) in before {
        // What an unreadable file held is unknown, not removed.
        let gone = head.file(&path).is_none_or(SourceFile::is_wholly_read);
        if gone && in_scope(&path) && !seen_in_head.contains(&workload) {
            changes.push(LevelChange {
                workload,
                name,
                path,
                before: Some(level),
                after: None,
            });
        }
    }
    changes
}

/// The level and the name of every complete workload, by file and identity. What a patch leaves out is not
/// known, so it has no level. The level is the one that the workload meets on every target.
fn of_side(
    snapshot: &Snapshot,
    context: &Context,
) -> BTreeMap<(Arc<str>, Arc<Resource>), (Level, String)> {
    let standard = Standard::of(context.targets);
    snapshot
        .objects()
        .filter(|object| object.completeness() == Completeness::Complete)
        .filter_map(|object| {
            let levels = object.pods().map(|pod| standard.level(pod));
            let level = levels.min()?;
            let key = (Arc::clone(object.path()), Arc::clone(object.resource()));
            Some((key, (level, object_name(object))))
        })
        .collect()
}
