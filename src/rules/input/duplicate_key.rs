use std::collections::HashMap;

use crate::declare_rule;
use crate::kubernetes::Object;
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink};
use crate::snapshot::Snapshot;
use crate::syntax::Node;

declare_rule! {
    /// A key stands twice in one mapping.
    ///
    /// ## Why it matters
    /// Only the last value takes effect where the file is accepted at all, so the line that a reviewer reads first may do nothing. `kubectl apply` refuses such a file; other appliers do not.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   privileged: false
    ///   allowPrivilegeEscalation: false
    ///   privileged: false
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// securityContext:
    ///   privileged: false
    ///   allowPrivilegeEscalation: false
    /// ```
    ///
    /// ## Limits
    /// A file has at most 1000 such findings.
    "input/duplicate-key",
    severity: Severity::Medium,
    references: &["YAML 1.2: 3.2.1.3", "CWE-694"],
    check: Check::Manifests(check),
}

/// The most that are told of one file: whoever has as many has read enough.
const MOST: usize = 1000;

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        let Some(manifest) = file.manifest() else {
            continue;
        };
        if manifest.tree.duplicates().is_empty() {
            continue;
        }
        // Each is found once, as there may be as many objects and mappings as duplicates.
        // Patches that stand in it as texts have a tree of their own.
        let mut objects: Vec<Object<'_>> = snapshot
            .objects_of(file)
            .filter(|object| std::ptr::eq(object.node().tree(), &raw const manifest.tree))
            .collect();
        objects.sort_by_key(|object| object.node().id());
        let mut is_list: HashMap<u32, bool> = HashMap::new();
        for duplicate in manifest.tree.duplicates().iter().take(MOST) {
            let value = manifest.tree.duplicate_value(duplicate);
            let key = shortened(value.key().map_or("", Node::source));
            let first = "the first one, which has no effect";
            let next = objects.partition_point(|object| object.node().id() <= value.id());
            let owner = next.checked_sub(1).and_then(|index| objects.get(index));
            if let Some(object) = owner.filter(|object| value.is_within(object.node())) {
                sink.about(*object)
                    .report_keyed(value, duplicate.second)
                    .related(duplicate.first, first)
                    .say(&format!(
                        "`{key}` is set twice and only this last value takes effect; remove one of them"
                    ));
                continue;
            }
            // The envelope of a list is no object, and can make objects disappear.
            let mapping = manifest.tree.duplicate_mapping(duplicate);
            let is_list = is_list
                .entry(mapping.id())
                .or_insert_with(|| mapping.get("items").is_some());
            if *is_list {
                sink.in_file(&file.path)
                    .report_span(duplicate.second)
                    .discriminator(&key)
                    .related(duplicate.first, first)
                    .say(&format!(
                        "`{key}` of this list is set twice and only this last value takes effect; remove one of them"
                    ));
            }
        }
    }
}
