//! What changed between two commits, as GitHub lists it: statuses, renames, and the patches that it prints.

use std::collections::{BTreeMap, BTreeSet};

use similar::{ChangeTag, TextDiff};

use super::objects::{Entry, Objects};

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileChange {
    pub(crate) path: String,
    pub(crate) previous_path: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) blob: String,
    pub(crate) additions: usize,
    pub(crate) deletions: usize,
    /// Missing for what is not text, for what is large, and where no line changed.
    pub(crate) patch: Option<String>,
}

/// From when on GitHub leaves the patch of a file out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatchLimits {
    pub(crate) lines: usize,
    pub(crate) bytes: usize,
}

impl Default for PatchLimits {
    fn default() -> Self {
        Self {
            lines: 20_000,
            bytes: 500_000,
        }
    }
}

/// The changed files in the order of their paths.
pub(crate) fn changes(
    objects: &Objects,
    base: &str,
    head: &str,
    limits: PatchLimits,
) -> Vec<FileChange> {
    let mut before = objects.files_of(base);
    let after = objects.files_of(head);
    let mut changes = Vec::new();
    let mut added = Vec::new();
    for (path, entry) in after {
        match before.remove(&path) {
            Some(old) if old == entry => {}
            Some(old) => {
                changes.push(change(
                    objects,
                    Some(&old),
                    Some(&entry),
                    "modified",
                    limits,
                ));
            }
            None => added.push(entry),
        }
    }
    let renames = renames(objects, &before, &added);
    for entry in &added {
        match renames.get(&entry.name) {
            Some(old) => {
                changes.push(change(objects, Some(old), Some(entry), "renamed", limits));
            }
            None => changes.push(change(objects, None, Some(entry), "added", limits)),
        }
    }
    let gone_on: BTreeSet<_> = renames.values().map(|old| &old.name).collect();
    for (path, old) in &before {
        if !gone_on.contains(path) {
            changes.push(change(objects, Some(old), None, "removed", limits));
        }
    }
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    changes
}

/// Which added files were which removed ones: the same bytes, or at least half of the lines.
fn renames(
    objects: &Objects,
    before: &BTreeMap<String, Entry>,
    added: &[Entry],
) -> BTreeMap<String, Entry> {
    let mut left: Vec<&Entry> = before.values().collect();
    let mut found = BTreeMap::new();
    let mut take = |is_same: &dyn Fn(&Entry, &Entry) -> bool| {
        for entry in added {
            if found.contains_key(&entry.name) {
                continue;
            }
            if let Some(at) = left.iter().position(|old| is_same(old, entry)) {
                found.insert(entry.name.clone(), left.remove(at).clone());
            }
        }
    };
    take(&|old, new| old.id == new.id);
    // git gives up on pairs that are many as well.
    if before.len() * added.len() <= 1_000 {
        take(&|old, new| {
            let texts = [old, new].map(|entry| objects.find_blob(&entry.id).and_then(text));
            let [Some(old), Some(new)] = texts else {
                return false;
            };
            TextDiff::from_lines(old, new).ratio() >= 0.5
        });
    }
    found
}

/// The text of a blob, unless git would call it binary.
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    let start = &bytes[..bytes.len().min(8_000)];
    if start.contains(&0) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

fn change(
    objects: &Objects,
    old: Option<&Entry>,
    new: Option<&Entry>,
    status: &'static str,
    limits: PatchLimits,
) -> FileChange {
    let shown = new.or(old).expect("one of them is there");
    let mut change = FileChange {
        path: shown.name.clone(),
        previous_path: old
            .filter(|_| status == "renamed")
            .map(|old| old.name.clone()),
        status,
        blob: shown.id.clone(),
        additions: 0,
        deletions: 0,
        patch: None,
    };
    let bytes = [old, new].map(|entry| {
        entry.map_or(Some(&[] as &[u8]), |entry| {
            objects.find_blob(&entry.id).or(Some(&[]))
        })
    });
    let [Some(old), Some(new)] = bytes.map(|bytes| bytes.and_then(text)) else {
        return change;
    };
    let diff = TextDiff::from_lines(old, new);
    for line in diff.iter_all_changes() {
        match line.tag() {
            ChangeTag::Insert => change.additions += 1,
            ChangeTag::Delete => change.deletions += 1,
            ChangeTag::Equal => {}
        }
    }
    let patch = patch(&diff, old);
    let fits = patch.len() <= limits.bytes && patch.lines().count() <= limits.lines;
    change.patch = Some(patch).filter(|patch| fits && !patch.is_empty());
    change
}

/// The hunks, without the lines that name the files, and without a newline at the end.
fn patch(diff: &TextDiff<'_, '_, str>, old: &str) -> String {
    let lines: Vec<&str> = old.lines().collect();
    let mut text = String::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        let mut bytes = Vec::new();
        hunk.to_writer(&mut bytes).expect("memory");
        let hunk_text = String::from_utf8(bytes).expect("it was text");
        let (header, rest) = hunk_text.split_once('\n').expect("it has a first line");
        text.push_str(header);
        let start = hunk.ops().first().map_or(0, |op| op.old_range().start);
        // git repeats the last line before the hunk that starts at the margin with a letter.
        let heading = lines[..start.min(lines.len())]
            .iter()
            .rev()
            .find(|line| line.starts_with(|c: char| c.is_ascii_alphabetic() || "_$".contains(c)));
        if let Some(heading) = heading {
            let heading: String = heading.chars().take(80).collect();
            text.push_str(&format!(" {}", heading.trim_end()));
        }
        text.push('\n');
        text.push_str(rest);
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}
