//! Revisions and merge bases, in whole and in shallow clones.

use super::*;

#[test]
fn an_empty_repository_has_no_commits_to_read() {
    let fixture = Fixture::new();
    let repository = fixture.open();
    assert!(usage(repository.head_commit()).contains("no commits yet"));
    assert!(usage(repository.merge_base("HEAD", "HEAD")).contains("no commits yet"));
}

#[test]
fn an_id_is_never_taken_for_a_name() {
    let fixture = Fixture::new();
    let one = fixture.commit("one");
    let two = fixture.commit("two");
    fixture.git(&["update-ref", &format!("refs/tags/{one}"), &two]);
    fixture.git(&["update-ref", &format!("refs/heads/{one}"), &two]);
    assert_eq!(fixture.open().commit_of(&one).unwrap(), one);
}

#[test]
fn revisions_are_branches_tags_and_ids() {
    let fixture = Fixture::new();
    let one = fixture.write("a.yaml", "1").commit("one");
    let two = fixture.write("a.yaml", "2").commit("two");
    fixture.git(&["tag", "light", "HEAD~1"]);
    fixture.git(&["tag", "-a", "-m", "t", "heavy", "HEAD~1"]);
    fixture.git(&["pack-refs", "--all"]);
    fixture.git(&["gc", "-q"]);
    let repository = fixture.open();
    assert_eq!(repository.head_commit().unwrap(), two);
    for name in ["main", "HEAD", &two, &two[..8]] {
        assert_eq!(repository.commit_of(name).unwrap(), two, "{name}");
    }
    for name in ["light", "heavy", "main~1", "HEAD^", "refs/tags/heavy"] {
        assert_eq!(repository.commit_of(name).unwrap(), one, "{name}");
    }
    for name in ["absent", "", "HEAD:a.yaml", "main~7", &"1".repeat(40)] {
        usage(repository.commit_of(name));
    }
    assert!(usage(repository.side("absent", NOTHING_ELSE)).contains("'absent'"));
}

#[test]
fn the_merge_base_of_branches_is_where_they_part() {
    let fixture = Fixture::new();
    let fork = fixture.commit("fork");
    fixture.git(&["checkout", "-q", "-b", "feature"]);
    let feature = fixture.commit("feature");
    fixture.git(&["checkout", "-q", "main"]);
    let main = fixture.commit("main");
    let repository = fixture.open();
    let found = repository.merge_base("main", "feature").unwrap();
    assert_eq!(
        found,
        MergeBase {
            commit: fork.clone(),
            base: main.clone(),
            head: feature
        }
    );
    assert_eq!(repository.merge_base("main", &fork).unwrap().commit, fork);
    assert_eq!(repository.merge_base(&fork, "main").unwrap().commit, fork);
    assert_eq!(repository.merge_base("main", "main").unwrap().commit, main);
}

#[test]
fn crossed_merges_have_one_answer_whatever_the_order() {
    let fixture = Fixture::new();
    fixture.commit("root");
    fixture.git(&["checkout", "-q", "-b", "left"]);
    let left = fixture.commit("left");
    fixture.git(&["checkout", "-q", "-b", "right", "main"]);
    let right = fixture.commit("right");
    fixture.git(&["merge", "-q", "--no-ff", "-m", "m", &left]);
    fixture.git(&["checkout", "-q", "left"]);
    fixture.git(&["merge", "-q", "--no-ff", "-m", "n", &right]);
    let repository = fixture.open();
    let found = repository.merge_base("left", "right").unwrap().commit;
    assert_eq!(found, left.min(right));
    assert_eq!(
        repository.merge_base("right", "left").unwrap().commit,
        found
    );
}

#[test]
fn unrelated_histories_are_the_callers_mistake() {
    let fixture = Fixture::new();
    fixture.commit("one");
    fixture.git(&["checkout", "-q", "--orphan", "other"]);
    fixture.commit("two");
    let text = usage(fixture.open().merge_base("main", "other"));
    assert!(
        text.contains("'main'") && text.contains("'other'"),
        "{text}"
    );
}

/// `main` and `feature` part after two commits, and each goes on for three.
fn forked() -> (Fixture, String) {
    let fixture = Fixture::new();
    fixture.write("a.yaml", "0").commit("zero");
    let fork = fixture.write("a.yaml", "fork").commit("fork");
    for n in 0..3 {
        fixture.write("main.yaml", &n.to_string()).commit("main");
    }
    fixture.git(&["checkout", "-q", "-b", "feature", &fork]);
    for n in 0..3 {
        fixture
            .write("feature.yaml", &n.to_string())
            .commit("feature");
    }
    (fixture, fork)
}

#[test]
fn a_clone_of_depth_one_knows_no_other_commit() {
    let (origin, _) = forked();
    let main = origin.git(&["rev-parse", "main"]);
    let clone = origin.clone(&["--depth=1", "--branch=feature"]);
    let repository = clone.open();
    let text = history_missing(repository.merge_base(&main, "HEAD"));
    assert!(text.contains("fetch-depth: 0"), "{text}");
    history_missing(repository.merge_base("HEAD~1", "HEAD"));
    assert!(usage(repository.merge_base("origin/main", "HEAD")).contains("shallow"));
    let head = repository.head_commit().unwrap();
    assert_eq!(repository.merge_base(&head, "HEAD").unwrap().commit, head);
}

#[test]
fn tips_without_the_history_between_them_have_no_known_base() {
    let (origin, fork) = forked();
    let clone = origin.clone(&["--depth=1", "--branch=feature"]);
    clone.git(&["fetch", "-q", "--depth=1", "origin", "main:main"]);
    let text = history_missing(clone.open().merge_base("main", "HEAD"));
    assert!(text.contains("git fetch --unshallow"), "{text}");
    // One side reaches the fork and the other does not.
    clone.git(&["fetch", "-q", "--depth=4", "origin", "main:main"]);
    history_missing(clone.open().merge_base("main", "HEAD"));
    // Both do, and although all before it is cut off nothing can be nearer.
    clone.git(&[
        "fetch",
        "-q",
        "--depth=4",
        "origin",
        "main:main",
        "feature:copy",
    ]);
    assert!(clone.root.join(".git/shallow").exists());
    let found = clone.open().merge_base("main", "copy").unwrap();
    assert_eq!(found.commit, fork);
    clone.git(&["fetch", "-q", "--unshallow"]);
    assert_eq!(
        clone.open().merge_base("main", "HEAD").unwrap().commit,
        fork
    );
}

#[test]
fn a_chain_of_commits_proves_an_ancestor_in_a_shallow_clone() {
    let (origin, _) = forked();
    let clone = origin.clone(&["--depth=3", "--branch=feature"]);
    let parent = clone.git(&["rev-parse", "HEAD~2"]);
    let repository = clone.open();
    for (base, head) in [(&*parent, "HEAD"), ("HEAD", &*parent)] {
        assert_eq!(repository.merge_base(base, head).unwrap().commit, parent);
    }
}

#[test]
fn a_common_ancestor_is_not_believed_while_a_cut_may_hide_a_nearer_one() {
    // `main` is root - nearest. `feature` merges `side`, root - side, and a branch that left `nearest` so long ago
    // that the clone has no commit in between: to it, the root looks best.
    let origin = Fixture::new();
    let root = origin.commit("root");
    let nearest = origin.commit("nearest");
    origin.git(&["checkout", "-q", "-b", "feature"]);
    for message in ["x", "y", "z"] {
        origin.commit(message);
    }
    origin.git(&["checkout", "-q", "-b", "side", &root]);
    origin.commit("side");
    origin.git(&["checkout", "-q", "feature"]);
    origin.git(&["merge", "-q", "--no-ff", "-m", "m", "side"]);
    let whole = origin.open().merge_base("main", "feature").unwrap();
    assert_eq!(whole.commit, nearest);

    let clone = origin.clone(&["--depth=3", "--branch=feature"]);
    clone.git(&["fetch", "-q", "--depth=2", "origin", "main:main"]);
    assert_eq!(clone.git(&["merge-base", "main", "feature"]), root);
    history_missing(clone.open().merge_base("main", "feature"));
}
