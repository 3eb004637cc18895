//! The settings that pnpm's lockfile records, as they changed what was resolved.

use std::collections::HashSet;

use super::{Record, RecordKind, text};
use crate::syntax::{Entry, Node, Span};

/// Reads the settings of one document.
pub(super) fn read(root: Node<'_>, records: &mut Vec<Record>) {
    let mut push = |what, key: &str, value: &str, at: Span| {
        records.push(Record {
            what,
            key: key.into(),
            value: value.into(),
            at,
        });
    };
    for Entry { key, value } in root.written_entries() {
        let at = key.span();
        match text::key(key) {
            "overrides" => {
                for entry in value.written_entries() {
                    let written = text::scalar(entry.value).unwrap_or_default();
                    push(
                        RecordKind::Override,
                        text::key(entry.key),
                        written,
                        entry.key.span(),
                    );
                }
            }
            "patchedDependencies" => {
                for entry in value.written_entries() {
                    // The hash alone, or `hash` beside `path`.
                    let hash = entry.value.get("hash").unwrap_or(entry.value);
                    let written = text::scalar(hash).unwrap_or_default();
                    push(
                        RecordKind::Patch,
                        text::key(entry.key),
                        written,
                        entry.key.span(),
                    );
                }
            }
            "pnpmfileChecksum" => {
                push(
                    RecordKind::PnpmfileHash,
                    "",
                    text::scalar(value).unwrap_or_default(),
                    at,
                );
            }
            "packageExtensionsChecksum" => {
                push(
                    RecordKind::ExtensionsHash,
                    "",
                    text::scalar(value).unwrap_or_default(),
                    at,
                );
            }
            "onlyBuiltDependencies" => {
                for item in value.items() {
                    push(RecordKind::Trusted, text::key(item), "", item.span());
                }
            }
            "ignoredOptionalDependencies" => {
                for item in value.items() {
                    push(
                        RecordKind::IgnoredOptional,
                        text::key(item),
                        "",
                        item.span(),
                    );
                }
            }
            "catalogs" => {
                for catalog in value.written_entries() {
                    for entry in catalog.value.written_entries() {
                        let name = format!("{}>{}", text::key(catalog.key), text::key(entry.key));
                        let specifier = entry.value.get("specifier").unwrap_or(entry.value);
                        let written = text::scalar(specifier).unwrap_or_default();
                        push(RecordKind::Catalog, &name, written, entry.key.span());
                    }
                }
            }
            _ => {}
        }
    }
}

/// The packages that are patched: `name@1.2.3`, or `name` for all versions.
pub(super) fn patched(root: Node<'_>) -> HashSet<&str> {
    let patches = root.get("patchedDependencies");
    let entries = patches.iter().flat_map(|node| node.written_entries());
    entries.map(|entry| text::key(entry.key)).collect()
}
