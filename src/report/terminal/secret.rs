//! Secrets in lines of source: by their shape, and by where they stand.

use std::borrow::Cow;

use crate::kubernetes::Pod;
use crate::redact::{is_telling, mask as mask_shapes, mask_range};
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::{Node, Span};

/// A line without the secrets in it, as many bytes as before; none where there is no telling what is one.
pub(super) fn mask<'a>(
    snapshot: &Snapshot,
    path: &str,
    line: Span,
    raw: &'a str,
) -> Option<Cow<'a, str>> {
    let file = snapshot.file(path)?;
    // What did not become an object may still be a Secret.
    if !file.is_wholly_read() && file.text().is_some_and(|text| text.contains("Secret")) {
        return None;
    }
    let mut masked = mask_shapes(raw);
    for span in spans(snapshot, file, line) {
        let from = span.start.max(line.start) - line.start;
        let to = span.end.min(line.end).saturating_sub(line.start);
        let range = from as usize..to as usize;
        // The keys are no secret, and tell where the finding is; what has none is a value that goes on.
        let part = masked.get(range.clone()).unwrap_or_default();
        let key = part.find(": ").map_or(0, |colon| colon + 2);
        let blank = part.len() - part.get(key..).unwrap_or_default().trim_start().len();
        let range = range.start + blank.max(key)..range.end;
        if range.start < range.end {
            masked = Cow::Owned(mask_range(&masked, range).into_owned());
        }
    }
    Some(masked)
}

/// The spans of what must not be shown and reaches into a line: the data of Secrets, and the values of variables
/// whose name says that they are secret.
fn spans(snapshot: &Snapshot, file: &SourceFile, line: Span) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut keep = |node: Node<'_>| {
        let span = node.span();
        if span.start < line.end && span.end > line.start {
            spans.push(span);
        }
    };
    for object in snapshot.objects_of(file) {
        let node = object.node();
        let whole = node.span();
        if whole.start > line.end || whole.end < line.start {
            continue;
        }
        if object.kind().name == "Secret" {
            node.written_entries()
                .filter(|entry| matches!(entry.key.key_text(), "data" | "stringData"))
                .for_each(|entry| keep(entry.value));
        }
        let containers = object.pods().flat_map(Pod::containers);
        for container in containers {
            let lists = container.node().written_entries();
            let lists = lists.filter(|entry| entry.key.key_text() == "env");
            for variable in lists.flat_map(|entry| entry.value.items()) {
                let name = variable.get("name").and_then(Node::as_str);
                if !name.is_some_and(is_telling) {
                    continue;
                }
                // A value that a later one hides is as secret.
                variable
                    .written_entries()
                    .filter(|entry| entry.key.key_text() == "value")
                    .for_each(|entry| keep(entry.value));
            }
        }
    }
    spans
}
