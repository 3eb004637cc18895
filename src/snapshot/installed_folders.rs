//! Folders that a build of the repository names, although they look like data of tests.

use std::collections::BTreeSet;

use crate::packages::lockfile::LockfileKind;
use crate::packages::purpose::is_test_data;

use super::file_kind::FileKind;
use super::{Snapshot, SourceFile, State};

/// The folders of test data that a Dockerfile, a workflow or a `package.json` outside of them names as words of their
/// own, by their paths below the root or below the file: what is copied into an image or entered to install.
pub(super) fn named_by_builds(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for file in snapshot.files().iter().filter(|file| is_build(file)) {
        for word in file.text().unwrap_or_default().split(is_between) {
            let folder = folder_of(word);
            // A folder holds data if a file in it would.
            if !is_test_data(&format!("{folder}/package.json")) {
                continue;
            }
            if !file.folder().is_empty() {
                named.insert(format!("{}/{folder}", file.folder()));
            }
            named.insert(folder.to_owned());
        }
    }
    named
}

fn is_build(file: &SourceFile) -> bool {
    let may_install = matches!(*file.state, State::Dockerfile(_) | State::Workflow(_))
        || file.kind() == FileKind::PackageJson;
    may_install && !is_test_data(&file.path)
}

/// True for what stands between two words of a script, a Dockerfile or JSON.
fn is_between(letter: char) -> bool {
    letter.is_whitespace() || "\"'`=:,;&|<>()[]{}".contains(letter)
}

/// A path as the folder that it means: `./a/`, `a/*` and `a/package-lock.json` mean `a`.
fn folder_of(word: &str) -> &str {
    let path = word.trim_start_matches("./").trim_end_matches('/');
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    let is_of_package =
        last.contains('*') || last == "package.json" || LockfileKind::of(last).is_some();
    if is_of_package { folder } else { path }
}
