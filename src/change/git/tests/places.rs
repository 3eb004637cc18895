//! Where repositories are found, and what cannot redirect or break them.

use super::*;

#[test]
fn no_repository_is_not_an_error_and_no_folder_is() {
    let fixture = Fixture::empty();
    assert!(Repository::discover(&fixture.root).unwrap().is_none());
    usage(Repository::discover(&fixture.root.join("absent")));
}

#[test]
fn a_repository_is_found_from_its_folders_with_its_root() {
    let fixture = Fixture::new();
    fixture.write("a/b/c.yaml", "x").commit("one");
    let found = Repository::discover(&fixture.root.join("a/b"))
        .unwrap()
        .unwrap();
    assert_eq!(found.root(), fixture.root);
}

#[test]
fn formats_that_cannot_be_read_are_told() {
    for format in ["--object-format=sha256", "--ref-format=reftable"] {
        let fixture = Fixture::empty();
        fixture.git(&["init", "-q", format]);
        fixture.commit("one");
        let error = Repository::discover(&fixture.root).unwrap_err();
        assert!(matches!(error, Error::Repository(_)), "{error}");
    }
}

#[test]
fn a_broken_git_file_is_told_rather_than_passed_over() {
    let fixture = Fixture::empty();
    fixture.write(".git", "gitdir: /nowhere/worktrees/x\n");
    let error = Repository::discover(&fixture.root).unwrap_err();
    assert!(matches!(error, Error::Repository(_)), "{error}");
}

#[test]
fn a_bare_repository_has_revisions_and_no_files() {
    let origin = Fixture::new();
    let head = origin.write("a.yaml", "a").commit("one");
    let clone = origin.clone(&["--bare"]);
    let repository = clone.open();
    assert_eq!(repository.head_commit().unwrap(), head);
    assert_eq!(
        paths(&repository.side("HEAD", NOTHING_ELSE).unwrap()),
        ["a.yaml"]
    );
    assert!(usage(repository.working_tree(&[], NOTHING_ELSE)).contains("bare"));
}

#[test]
fn what_looks_like_a_repository_in_a_working_tree_is_not_taken_for_one() {
    let fixture = Fixture::new();
    fixture.write("a.yaml", "a").commit("one");
    fs::create_dir(fixture.root.join("trap")).unwrap();
    Fixture::at(fixture.root.join("trap")).git(&["init", "-q", "--bare"]);
    let found = Repository::discover(&fixture.root.join("trap"))
        .unwrap()
        .unwrap();
    assert_eq!(found.root(), fixture.root);
}

#[test]
fn a_linked_worktree_has_its_own_head() {
    let fixture = Fixture::new();
    let one = fixture.write("a.yaml", "a").commit("one");
    let two = fixture.write("b.yaml", "b").commit("two");
    let elsewhere = Fixture::empty();
    let linked = Fixture::at(elsewhere.root.join("linked"));
    fixture.git(&[
        "worktree",
        "add",
        "-q",
        "--detach",
        linked.root.to_str().unwrap(),
        &one,
    ]);
    let repository = linked.open();
    assert_eq!(repository.root(), linked.root);
    assert_eq!(repository.head_commit().unwrap(), one);
    assert_eq!(repository.commit_of("main").unwrap(), two);
    assert_eq!(
        paths(&repository.working_tree(&[], NOTHING_ELSE).unwrap()),
        ["a.yaml"]
    );
}

#[test]
fn configuration_of_the_repository_cannot_redirect_it() {
    let fixture = Fixture::new();
    let other = Fixture::empty();
    other
        .write("other.yaml", "o")
        .write("evil", "[core]\n\tbare = true\n");
    let evil = other.root.join("evil");
    let one = fixture.write("a.yaml", "a").commit("one");
    let two = fixture.write("a.yaml", "b").commit("two");
    fixture.git(&["replace", &two, &one]);
    fixture.git(&["config", "core.worktree", other.root.to_str().unwrap()]);
    fixture.git(&["config", "include.path", evil.to_str().unwrap()]);
    let repository = fixture.open();
    assert_eq!(repository.root(), fixture.root);
    let side = repository.side("HEAD", NOTHING_ELSE).unwrap();
    assert_eq!(read(&side, "a.yaml"), Content::Bytes(b"b".to_vec()));
    assert_eq!(
        paths(&repository.working_tree(&[], NOTHING_ELSE).unwrap()),
        ["a.yaml"]
    );
}

#[test]
fn the_environment_cannot_redirect_a_repository() {
    let elsewhere = Fixture::new();
    elsewhere.write("other.yaml", "o").commit("other");
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "--test-threads=1"]).args(
        [
            "files::a_commit_lists_its_files_and_tells_of_what_it_cannot_show",
            "history::revisions_are_branches_tags_and_ids",
            "history::tips_without_the_history_between_them_have_no_known_base",
        ]
        .map(|name| format!("change::git::tests::{name}")),
    );
    for name in REDIRECTIONS {
        again.env(name, elsewhere.root.join(".git"));
    }
    let output = again.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("3 passed"), "{text}");
}

#[test]
fn a_repository_of_another_owner_is_read_like_any_other() {
    let fixture = Fixture::new();
    // Noise, so that the object is larger than what gix allows repositories of others.
    let mut state = 1_u64;
    let noise: String = (0..17 << 20)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b' ' + u8::try_from(state >> 59).unwrap())
        })
        .collect();
    fixture
        .write("a.yaml", "a")
        .write("large.yaml", &noise)
        .commit("one");
    fixture.git(&["gc", "-q"]);
    let changed = Command::new("chown")
        .args(["-R", "12345:12345"])
        .arg(&fixture.root)
        .stderr(Stdio::null())
        .status();
    if !changed.is_ok_and(|status| status.success()) {
        return; // Only root may give files away.
    }
    let repository = fixture.open();
    let side = repository.side("main", NOTHING_ELSE).unwrap();
    assert_eq!(read(&side, "a.yaml"), Content::Bytes(b"a".to_vec()));
    let file = &side.files()[1];
    assert!(matches!(side.read(file, 32 << 20), Content::Bytes(_)));
    assert_eq!(
        paths(&repository.working_tree(&[], NOTHING_ELSE).unwrap()),
        ["a.yaml", "large.yaml"]
    );
}

#[test]
fn threads_read_two_repositories_in_turn() {
    let fixtures = [Fixture::new(), Fixture::new()];
    let mut sides = Vec::new();
    for (n, fixture) in fixtures.iter().enumerate() {
        for file in 0..20 {
            fixture.write(&format!("{file}.yaml"), &format!("{n} {file}"));
        }
        fixture.commit("one");
        sides.push(fixture.open().side("HEAD", NOTHING_ELSE).unwrap());
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for file in 0..20 {
                    for (n, side) in sides.iter().enumerate() {
                        let wanted = format!("{n} {file}").into_bytes();
                        assert_eq!(read(side, &format!("{file}.yaml")), Content::Bytes(wanted));
                    }
                }
            });
        }
    });
}
