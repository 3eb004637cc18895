//! What sides list, leave out and read.

use super::*;

fn is_dockerfile(path: &str) -> Relevance {
    Relevance::own_if(path.ends_with("Dockerfile"))
}

#[test]
fn a_commit_lists_its_files_and_tells_of_what_it_cannot_show() {
    let fixture = Fixture::new();
    fixture
        .write("b.yaml", "b")
        .write("a/c.YML", "c")
        .write("a.json", "{}")
        .write(".github/w.yml", "w")
        .write("run.yaml", "#!")
        .write("README.md", "r")
        .write("Dockerfile", "FROM x")
        .write("node_modules/x/package.json", "{}")
        .write("tracked.yaml", "t")
        .write(".gitignore", "/later.yaml\n/tracked.yaml\n");
    fs::set_permissions(
        fixture.root.join("run.yaml"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    symlink("b.yaml", fixture.root.join("link.yaml")).unwrap();
    symlink("a", fixture.root.join("folder")).unwrap();
    symlink("README.md", fixture.root.join("CLAUDE.md")).unwrap();
    fs::write(fixture.root.join(OsStr::from_bytes(b"\xff.yaml")), "n").unwrap();
    fixture.git(&["add", "-f", "tracked.yaml", "node_modules"]);
    let head = fixture.commit("one");
    fixture.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{head},sub"),
    ]);
    fixture.git(&["commit", "-q", "-m", "submodule"]);
    fixture.write("later.yaml", "l").write("new.yaml", "n");
    fixture.write("sub/inner.yaml", "i");
    fixture.git(&["gc", "-q"]);

    let repository = fixture.open();
    let revision = repository.side("HEAD", is_dockerfile).unwrap();
    let mut expected = vec![
        ".github/w.yml",
        "Dockerfile",
        "a.json",
        "a/c.YML",
        "b.yaml",
        "run.yaml",
        "tracked.yaml",
    ];
    assert_eq!(paths(&revision), expected);
    let unshown = [
        ("folder", LeftOutReason::Symlink),
        ("link.yaml", LeftOutReason::Symlink),
        ("node_modules", LeftOutReason::Installed),
        ("sub", LeftOutReason::Submodule),
        ("\u{fffd}.yaml", LeftOutReason::NotUnicodePath),
    ];
    assert_eq!(left_out(&revision), unshown);
    assert_eq!(read(&revision, "a/c.YML"), Content::Bytes(b"c".to_vec()));
    assert_eq!(revision.files()[4].id, Some(content_id(b"b")));
    assert_eq!(revision.label().kind, SideKind::Revision);
    assert_eq!(revision.label().name, "HEAD");
    assert_eq!(
        revision.label().commit.as_deref(),
        Some(&*fixture.git(&["rev-parse", "HEAD"]))
    );

    let tree = repository.working_tree(&[], is_dockerfile).unwrap();
    expected.push("new.yaml");
    expected.sort_unstable();
    assert_eq!(paths(&tree), expected);
    assert_eq!(left_out(&tree), unshown);
    assert_eq!(read(&tree, "tracked.yaml"), Content::Bytes(b"t".to_vec()));
    assert_eq!(tree.label().root.as_deref(), Some(repository.root()));
    assert_eq!(tree.label().commit, revision.label().commit);
}

#[test]
fn deleted_and_replaced_files_are_not_in_the_working_tree() {
    let fixture = Fixture::new();
    fixture
        .write("gone.yaml", "g")
        .write("d/x.yaml", "x")
        .write("e/y.yaml", "y")
        .commit("one");
    fs::remove_file(fixture.root.join("gone.yaml")).unwrap();
    fs::rename(fixture.root.join("d"), fixture.root.join("real")).unwrap();
    symlink("real", fixture.root.join("d")).unwrap();
    fs::remove_file(fixture.root.join("e/y.yaml")).unwrap();
    symlink("../real/x.yaml", fixture.root.join("e/y.yaml")).unwrap();
    let side = fixture.open().working_tree(&[], NOTHING_ELSE).unwrap();
    assert_eq!(paths(&side), ["real/x.yaml"]);
    assert_eq!(
        left_out(&side),
        [
            ("d", LeftOutReason::Symlink),
            ("e/y.yaml", LeftOutReason::Symlink)
        ]
    );
}

#[test]
fn a_sparse_checkout_tells_what_it_lacks() {
    let fixture = Fixture::new();
    fixture
        .write("in/a.yaml", "a")
        .write("out/b.yaml", "b")
        .commit("one");
    for index in ["--no-sparse-index", "--sparse-index"] {
        fixture.git(&["sparse-checkout", "set", "--cone", index, "in"]);
        let side = fixture.open().working_tree(&[], NOTHING_ELSE).unwrap();
        if index == "--no-sparse-index" {
            // The index says what the file holds.
            assert_eq!(paths(&side), ["in/a.yaml", "out/b.yaml"]);
            let absent = side.read(&side.files()[1], LIMIT);
            assert_eq!(absent, Content::Bytes(b"b".to_vec()));
            continue;
        }
        assert_eq!(paths(&side), ["in/a.yaml"]);
        assert_eq!(left_out(&side), [("out", LeftOutReason::NotCheckedOut)]);
    }
}

#[test]
fn contents_that_cannot_be_judged_say_why() {
    let fixture = Fixture::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
    fixture
        .write("large.yaml", &"x".repeat(LIMIT + 1))
        .write("fits.yaml", &"x".repeat(LIMIT))
        .write("lfs.yaml", pointer)
        .commit("one");
    let repository = fixture.open();
    for side in [
        repository.side("HEAD", NOTHING_ELSE).unwrap(),
        repository.working_tree(&[], NOTHING_ELSE).unwrap(),
        folder::open(&fixture.root, NOTHING_ELSE).unwrap(),
    ] {
        let large = u64::try_from(LIMIT + 1).unwrap();
        assert_eq!(read(&side, "large.yaml"), Content::Oversized(large));
        assert!(matches!(read(&side, "fits.yaml"), Content::Bytes(_)));
        assert_eq!(read(&side, "lfs.yaml"), Content::LfsPointer);
    }
}

#[test]
fn a_partial_clone_says_what_is_missing_and_how_to_get_it() {
    let origin = Fixture::new();
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    origin
        .write("a.yaml", "old")
        .write("b.yaml", "b")
        .commit("one");
    origin.write("a.yaml", "new").commit("two");
    let clone = origin.clone(&["--filter=blob:none"]);
    let side = clone.open().side("HEAD~1", NOTHING_ELSE).unwrap();
    assert_eq!(read(&side, "b.yaml"), Content::Bytes(b"b".to_vec()));
    let Content::Missing(why) = read(&side, "a.yaml") else {
        panic!("the old blob was never fetched")
    };
    assert!(why.contains("a.yaml") && why.contains("--refetch"), "{why}");
    // The remedy is what it says.
    clone.git(&["fetch", "-q", "--refetch", "--no-filter"]);
    let side = clone.open().side("HEAD~1", NOTHING_ELSE).unwrap();
    assert_eq!(read(&side, "a.yaml"), Content::Bytes(b"old".to_vec()));

    let clone = origin.clone(&["--filter=tree:0", "--no-checkout"]);
    history_missing(clone.open().side("HEAD~1", NOTHING_ELSE));
}

#[test]
fn deep_folders_are_listed_and_endless_ones_are_cut() {
    let fixture = Fixture::new();
    let blob = fixture.object(gix::objs::Kind::Blob, b"x");
    let mut tree = fixture.tree(&[("100644", b"x.yaml", &blob)]);
    for _ in 0..2000 {
        tree = fixture.tree(&[("40000", b"d", &tree)]);
    }
    let deep = fixture.commit_tree(&tree);
    let repository = fixture.open();
    let side = repository.side(&deep, NOTHING_ELSE).unwrap();
    assert_eq!(side.files().len(), 1);
    assert_eq!(side.files()[0].path.len(), 2000 * 2 + 6);
    for _ in 0..50 {
        tree = fixture.tree(&[("40000", b"e", &tree)]);
    }
    let deeper = fixture.commit_tree(&tree);
    let side = fixture.open().side(&deeper, NOTHING_ELSE).unwrap();
    assert!(side.files().is_empty());
    assert_eq!(side.left_out()[0].reason, LeftOutReason::TooDeep);
}

#[test]
fn a_tree_that_holds_itself_many_times_is_cut() {
    let fixture = Fixture::new();
    let blob = fixture.object(gix::objs::Kind::Blob, b"x");
    let mut tree = fixture.tree(&[("100644", b"x.yaml", &blob)]);
    for _ in 0..10 {
        let names: Vec<String> = (0..10).map(|n| n.to_string()).collect();
        let entries: Vec<(&str, &[u8], &str)> = names
            .iter()
            .map(|name| ("40000", name.as_bytes(), &*tree))
            .collect();
        tree = fixture.tree(&entries);
    }
    let commit = fixture.commit_tree(&tree);
    let listing = fixture.open().objects.with(|repo| {
        let commit = crate::change::git::history::resolve(repo, &commit).unwrap();
        tree::list_at_most(repo, commit, NOTHING_ELSE, 1000).unwrap()
    });
    assert!(listing.files.len() < 1000);
    assert_eq!(listing.left_out.len(), 1);
    assert_eq!(listing.left_out[0].reason, LeftOutReason::TooMany);
}

#[test]
fn malformed_trees_are_told() {
    let fixture = Fixture::new();
    let (one, two) = (
        fixture.object(gix::objs::Kind::Blob, b"1"),
        fixture.object(gix::objs::Kind::Blob, b"2"),
    );
    let inner = fixture.tree(&[("100644", b"x.yaml", &one)]);
    let tree = fixture.tree(&[
        ("40000", b"..", &inner),
        ("100644", b"../up.yaml", &one),
        ("100644", b"twice.yaml", &one),
        ("100644", b"twice.yaml", &two),
        ("40000", b".git", &inner),
        ("40000", b"blob", &one),
    ]);
    let commit = fixture.commit_tree(&tree);
    let side = fixture.open().side(&commit, NOTHING_ELSE).unwrap();
    assert_eq!(paths(&side), ["twice.yaml"]);
    let told: Vec<&str> = side.left_out().iter().map(|out| &*out.path).collect();
    assert_eq!(told, ["..", "../up.yaml", "blob", "twice.yaml"]);
}
