use crate::declare_rule;
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
    "input/duplicate-key",
    severity: Severity::Medium,
    references: &["YAML 1.2: 3.2.1.3", "CWE-694"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        let Some(manifest) = file.manifest() else {
            continue;
        };
        for duplicate in manifest.tree.duplicates() {
            let value = manifest.tree.duplicate_value(duplicate);
            let key = shortened(value.key().map_or("", Node::source));
            let first = "the first one, which has no effect";
            let owner = snapshot
                .objects_of(file)
                .find(|object| value.is_within(object.node()));
            if let Some(object) = owner {
                sink.about(object)
                    .report_keyed(value, duplicate.second)
                    .related(duplicate.first, first)
                    .say(&format!(
                        "`{key}` is set twice and only this last value takes effect; remove one of them"
                    ));
                continue;
            }
            // The envelope of a list is no object, and can make objects disappear.
            let mapping = manifest.tree.duplicate_mapping(duplicate);
            if mapping.get("items").is_some() {
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
