//! Ids and patches are those of git, which is asked.

use std::collections::BTreeMap;
use std::path::Path;

use super::{numbered, start_files, usual_state};
use crate::loopback_github::difference::{PatchLimits, changes};
use crate::loopback_github::objects::{File, Objects, files, files_below};
use crate::loopback_github::state::State;
use crate::program::git;

#[test]
fn git_reads_what_was_written_and_calls_it_the_same() {
    let state = usual_state();
    let folder = tempfile::tempdir().expect("a folder");
    state.objects.write_to(folder.path(), &state.refs());
    git(folder.path(), &["fsck", "--full", "--strict"]);
    let head = git(folder.path(), &["rev-parse", "refs/pull/7/head"]);
    assert_eq!(head, state.pulls[&7].head);
    let shown = git(folder.path(), &["show", &format!("{head}:deploy/web.yaml")]);
    assert_eq!(shown, numbered(10, "changed").trim_end());
    let base = git(folder.path(), &["merge-base", "refs/heads/main", &head]);
    assert_eq!(state.objects.merge_base(&state.main(), &head), Some(base));
}

#[test]
fn folders_are_sorted_as_git_sorts_them() {
    let mut objects = Objects::default();
    let all = files([("a/x", "1"), ("a.b", "2"), ("a0", "3"), ("a-b", "4")]);
    let commit = objects.commit(&all, &[], "start");
    let folder = tempfile::tempdir().expect("a folder");
    let refs = BTreeMap::from([("refs/heads/main".to_owned(), commit)]);
    objects.write_to(folder.path(), &refs);
    git(folder.path(), &["fsck", "--full", "--strict"]);
}

#[test]
fn patches_are_those_of_git() {
    let mut after = start_files();
    let text = numbered(3, "three").replace("line 18\n", "line 18\nmore\nof it\n");
    after.insert("deploy/web.yaml".to_owned(), text.into());
    after.insert("README.md".to_owned(), "hello".into());
    after.insert("new.txt".to_owned(), "one\ntwo\n".into());
    let mut objects = Objects::default();
    let base = objects.commit(&start_files(), &[], "start");
    let head = objects.commit(&after, &[&base], "next");
    let folder = tempfile::tempdir().expect("a folder");
    let refs = BTreeMap::from([("refs/heads/main".to_owned(), head.clone())]);
    objects.write_to(folder.path(), &refs);
    let found = changes(&objects, &base, &head, PatchLimits::default());
    assert_eq!(found.len(), 3);
    for change in found {
        let arguments = ["diff", "--no-color", &base, &head, "--", &change.path];
        let whole = git(folder.path(), &arguments);
        let hunks = whole.find("@@").map(|at| &whole[at..]);
        assert_eq!(change.patch.as_deref(), hunks, "{}", change.path);
    }
}

#[test]
fn what_is_not_text_or_too_long_has_no_patch() {
    let mut objects = Objects::default();
    let base = objects.commit(&files([("a", "1\n"), ("gone", "x\n")]), &[], "start");
    let mut after = files([("a", "1\n"), ("long", "x\n".repeat(30).as_str())]);
    after.insert("picture".to_owned(), File::from(b"\x89PNG\0\x01"));
    let head = objects.commit(&after, &[&base], "next");
    let limits = PatchLimits {
        lines: 20,
        bytes: 10_000,
    };
    let found = changes(&objects, &base, &head, limits);
    let told: Vec<_> = found
        .iter()
        .map(|it| {
            (
                it.path.as_str(),
                it.status,
                it.additions,
                it.patch.is_some(),
            )
        })
        .collect();
    let wanted = [
        ("gone", "removed", 0, true),
        ("long", "added", 30, false),
        ("picture", "added", 0, false),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn a_rename_keeps_the_former_name() {
    let mut objects = Objects::default();
    let base = objects.commit(
        &files([("old.yaml", numbered(0, "").as_str())]),
        &[],
        "start",
    );
    for (text, has_patch) in [(numbered(0, ""), false), (numbered(4, "four"), true)] {
        let head = objects.commit(&files([("new.yaml", text.as_str())]), &[&base], "next");
        let found = changes(&objects, &base, &head, PatchLimits::default());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].status, "renamed");
        assert_eq!(found[0].previous_path.as_deref(), Some("old.yaml"));
        assert_eq!(found[0].patch.is_some(), has_patch);
    }
}

#[test]
fn two_folders_become_a_pull_request() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pull-request");
    let [before, after] = ["base", "head"].map(|side| files_below(&example.join(side)));
    let mut state = State::new(&before);
    state.open_pull(7, &after);
    let changed = state.pull_files(7);
    assert!(!changed.is_empty());
    for change in changed.iter() {
        assert_ne!(before.get(&change.path), after.get(&change.path));
    }
    let folder = tempfile::tempdir().expect("a folder");
    state.objects.write_to(folder.path(), &state.refs());
    let names = git(
        folder.path(),
        &["diff", "--name-only", "refs/heads/main", "refs/pull/7/head"],
    );
    assert_eq!(names.lines().count(), changed.len());
}
