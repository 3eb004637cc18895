//! Which `package.json` files belong to which lockfile.

use std::collections::{BTreeMap, BTreeSet};

use tidegate::rule::Pair;
use tidegate::snapshot::Snapshot;
use tidegate::snapshot::held::held;
use tidegate::snapshot::installations::left_out;
use tidegate::snapshot::pairs::Pairs;
use tidegate::snapshot::unlocked::unlocked;

use crate::program::{tidegate, write};
use crate::reading::snapshot;

const YARN: &str = "# yarn lockfile v1\n\n\nms@^2.0.0:\n  version \"2.1.3\"\n";
const ASKS: &str = r#"{"dependencies": {"ms": "^2.0.0"}}"#;

/// Each installation: its lockfile, or `-`, and the `package.json` files that it serves.
fn told(snapshot: &Snapshot) -> Vec<String> {
    let all = snapshot.installations().iter();
    all.map(|installation| {
        let lockfile = installation.lockfile_path().map_or("-", |path| path);
        let files: Vec<&str> = installation
            .package_files()
            .map(|file| &*file.path)
            .collect();
        format!("{lockfile}: {}", files.join(" "))
    })
    .collect()
}

#[test]
fn a_lockfile_serves_what_its_root_takes_in_and_a_nested_one_wins() {
    let root = r#"{"workspaces": ["packages/*", "!packages/out"]}"#;
    let found = snapshot(&[
        ("package.json", root),
        ("yarn.lock", YARN),
        ("packages/a/package.json", ASKS),
        ("packages/b/package.json", ASKS),
        ("packages/b/yarn.lock", YARN),
        ("packages/out/package.json", ASKS),
        ("packages/a/deep/package.json", r#"{"type": "module"}"#),
    ]);
    assert_eq!(
        told(&found),
        [
            "yarn.lock: package.json packages/a/package.json",
            "packages/b/yarn.lock: packages/b/package.json",
            "-: packages/out/package.json",
        ]
    );
}

#[test]
fn the_importers_of_a_lockfile_count_and_pnpm_has_its_own_patterns() {
    let lockfile = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n  tools/cli:\n    dependencies:\n      ms:\n        specifier: ^2.0.0\n        version: 2.1.3\npackages:\n  ms@2.1.3:\n    resolution: {integrity: sha512-aaaa}\nsnapshots:\n  ms@2.1.3: {}\n";
    let found = snapshot(&[
        ("app/package.json", r#"{"workspaces": ["ignored/*"]}"#),
        ("app/ignored/a/package.json", ASKS),
        ("app/pnpm-lock.yaml", lockfile),
        ("app/pnpm-workspace.yaml", "packages: ['libs/**']\n"),
        ("app/libs/new/package.json", ASKS),
        ("app/tools/cli/package.json", ASKS),
    ]);
    assert_eq!(
        told(&found),
        [
            "app/pnpm-lock.yaml: app/package.json app/libs/new/package.json app/tools/cli/package.json",
            "-: app/ignored/a/package.json",
        ]
    );
    let app = &found.installations()[0];
    let listed: Vec<_> = app
        .graph()
        .workspaces()
        .iter()
        .map(|workspace| (&*workspace.path, workspace.is_listed))
        .collect();
    assert_eq!(
        listed,
        [("", true), ("libs/new", false), ("tools/cli", true)]
    );
    let ms = app.packages().next().unwrap();
    assert_eq!(&*ms.location().path, "app/tools/cli/package.json");
}

#[test]
fn test_data_and_installed_packages_are_nobodys() {
    let found = snapshot(&[
        ("tests/fixtures/a/package.json", ASKS),
        ("tests/fixtures/a/yarn.lock", YARN),
        ("testdata/package.json", ASKS),
        ("api/package.json", r#"{"name": "api"}"#),
        ("api/node_modules/ms/package.json", ASKS),
    ]);
    assert_eq!(told(&found), [""; 0]);
    let left_out: Vec<&str> = left_out(&found).iter().map(|file| &*file.path).collect();
    assert_eq!(
        left_out,
        [
            "testdata/package.json",
            "tests/fixtures/a/package.json",
            "tests/fixtures/a/yarn.lock",
        ]
    );
}

#[test]
fn coverage_tells_of_the_test_data_that_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("fixtures/a/package.json", ASKS),
            ("fixtures/none/package.json", "{}"),
            ("e2e/package.json", ASKS),
        ],
    );
    let run = tidegate(
        folder.path(),
        &["check", "--offline", "--format", "json"],
        &[],
    );
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let skipped = report["coverage"]["files"]["skipped"].as_array().unwrap();
    let paths: Vec<&str> = skipped
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["fixtures/a/package.json"]);
}

#[test]
fn what_tests_and_examples_install_is_installed() {
    let found = snapshot(&[
        ("e2e/package.json", ASKS),
        ("e2e/yarn.lock", YARN),
        ("examples/b/package.json", ASKS),
    ]);
    assert_eq!(
        told(&found),
        [
            "e2e/yarn.lock: e2e/package.json",
            "-: examples/b/package.json",
        ]
    );
    assert!(left_out(&found).is_empty());
}

#[test]
fn test_data_that_a_build_names_is_installed() {
    let data = [
        ("test/fixtures/app/package.json", ASKS),
        ("test/fixtures/app/yarn.lock", YARN),
        ("test/fixtures/other/package.json", ASKS),
    ];
    let told_with = |path: &str, text: &str| {
        let mut files = vec![(path, text)];
        files.extend(data);
        files.sort_unstable();
        told(&snapshot(&files))
    };
    let both = ["test/fixtures/app/yarn.lock: test/fixtures/app/package.json"];
    let workflow = |step: &str| format!("on: push\njobs:\n  a:\n    steps:\n      - {step}\n");
    for (path, text) in [
        (
            "Dockerfile",
            "FROM node:24\nCOPY test/fixtures/app/package*.json ./\nRUN npm ci\n".to_owned(),
        ),
        (
            "test/Dockerfile",
            "FROM node:24\nCOPY ./fixtures/app/ /app\n".to_owned(),
        ),
        (
            ".github/workflows/ci.yml",
            workflow("run: cd test/fixtures/app && yarn"),
        ),
        (
            ".github/workflows/ci.yml",
            workflow("{run: yarn, working-directory: ./test/fixtures/app}"),
        ),
        (
            "package.json",
            r#"{"scripts": {"pretest": "npm ci --prefix=test/fixtures/app"}}"#.to_owned(),
        ),
    ] {
        assert_eq!(told_with(path, &text), both, "{path}: {text}");
    }
    for (path, text) in [
        (
            "Dockerfile",
            "FROM node:24\nCOPY . .\nRUN npm ci\n".to_owned(),
        ),
        (
            ".github/workflows/ci.yml",
            workflow("run: grep -r x test/fixtures/apps test/fixtures"),
        ),
    ] {
        assert_eq!(told_with(path, &text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn of_several_lockfiles_those_count_that_are_used() {
    let npm = r#"{"lockfileVersion": 3, "packages": {"": {}}}"#;
    let named = r#"{"packageManager": "yarn@1.22.22", "dependencies": {"ms": "^2.0.0"}}"#;
    let found = snapshot(&[
        ("a/package.json", named),
        ("a/package-lock.json", npm),
        ("a/yarn.lock", YARN),
        ("b/package.json", ASKS),
        ("b/package-lock.json", npm),
        ("b/npm-shrinkwrap.json", npm),
        ("c/package.json", ASKS),
        ("c/package-lock.json", npm),
        ("c/yarn.lock", YARN),
    ]);
    assert_eq!(
        told(&found),
        [
            "a/package-lock.json: a/package.json",
            "a/yarn.lock: a/package.json",
            "b/npm-shrinkwrap.json: b/package.json",
            "b/package-lock.json: b/package.json",
            "c/package-lock.json: c/package.json",
            "c/yarn.lock: c/package.json",
        ]
    );
    let aside = found.installations().iter();
    let aside: Vec<bool> = aside.map(|one| one.is_set_aside).collect();
    assert_eq!(aside, [true, false, false, true, false, false]);
}

/// What changed, as `name: what`, and whether each side was known.
fn changed(base: &[(&str, &str)], head: &[(&str, &str)]) -> (Vec<String>, bool) {
    let (base, head) = (snapshot(base), snapshot(head));
    let (changed, renames) = (BTreeSet::new(), BTreeMap::new());
    let pairs = Pairs::between(&base, &head, &renames);
    let pair = Pair {
        base: &base,
        head: &head,
        changed: &changed,
        renames: &renames,
        moved: &BTreeSet::new(),
        pairs: &pairs,
    };
    let mut all = Vec::new();
    let mut is_known = true;
    for installed in pair.installations() {
        is_known &= installed.is_known;
        for told in installed.changes() {
            let is_new = told.after().is_some_and(|after| pair.is_new(after));
            let new = if is_new { ", new" } else { "" };
            all.push(format!("{}: {}{new}", told.name(), told.what().name()));
        }
    }
    (all, is_known)
}

#[test]
fn another_package_manager_is_no_change() {
    let npm = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"ms": "^2.0.0"}},
        "node_modules/ms": {"version": "2.1.3", "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz"}}}"#;
    let yarn = [("package.json", ASKS), ("yarn.lock", YARN)];
    let moved = [("package.json", ASKS), ("package-lock.json", npm)];
    assert_eq!(changed(&yarn, &moved), (vec![], true));
    let newer = npm.replace("2.1.3", "2.1.4");
    let newer = [("package.json", ASKS), ("package-lock.json", &*newer)];
    assert_eq!(
        changed(&yarn, &newer),
        (vec!["ms: upgraded, new".to_owned()], true)
    );
}

#[test]
fn what_cannot_be_read_is_unknown_and_not_gone() {
    let yarn = [("package.json", ASKS), ("yarn.lock", YARN)];
    let broken = YARN.replace("ms@", "<<<<<<< ours\nms@");
    let broken = [("package.json", ASKS), ("yarn.lock", &*broken)];
    assert_eq!(changed(&yarn, &broken), (vec![], false));
    assert_eq!(changed(&broken, &yarn), (vec![], false));
    // Without a lockfile something is installed all the same.
    assert_eq!(changed(&yarn, &yarn[..1]), (vec![], false));
    assert_eq!(
        changed(&yarn[..1], &yarn),
        (vec!["ms: added, new".to_owned()], true)
    );
    assert_eq!(changed(&yarn, &[]), (vec!["ms: removed".to_owned()], true));
}

#[test]
fn without_a_lockfile_exact_versions_are_what_is_installed() {
    let root = r#"{"name": "root", "workspaces": ["a"],
        "dependencies": {"ms": "1.0.0", "a": "1.0.0", "open": "^2.0.0", "debug": "=4.0.0"},
        "optionalDependencies": {"other": "npm:real@3.0.0"},
        "peerDependencies": {"peer": "1.0.0"},
        "overrides": {"debug": "4.1.0", "deep": {"ms": "2.0.0"}}}"#;
    let inner = r#"{"name": "a", "version": "1.0.0", "devDependencies": {"ms": "1.0.0", "late": "latest", "root": "1.0.0"}}"#;
    let found = snapshot(&[("package.json", root), ("a/package.json", inner)]);
    let pinned: Vec<String> = held(&found)
        .map(|held| {
            let at = held.package.location();
            format!("{} at {}", held.package.label(), at.path)
        })
        .collect();
    assert_eq!(
        pinned,
        [
            // Nobody says who installs, and not everybody reads `overrides`.
            "debug@4.0.0 at package.json",
            "debug@4.1.0 at package.json",
            "ms@1.0.0 at package.json",
            "peer@1.0.0 at package.json",
            "real@3.0.0 at package.json",
            // The root has no version, so that it is not what is asked for.
            "root@1.0.0 at a/package.json",
            // Who asks for it is not known either.
            "ms@2.0.0 at package.json",
        ]
    );
    let of_yarn = root.replace(
        r#""overrides""#,
        r#""packageManager": "yarn@4.9.0", "resolutions""#,
    );
    let of_yarn = of_yarn.replace(r#", "deep": {"ms": "2.0.0"}"#, "");
    let found_of_yarn = snapshot(&[("package.json", &of_yarn)]);
    let pinned: Vec<String> = held(&found_of_yarn)
        .map(|held| held.package.label())
        .collect();
    assert_eq!(pinned, ["a@1.0.0", "debug@4.1.0", "ms@1.0.0", "real@3.0.0"]);
    let open: Vec<String> = unlocked(&found)
        .iter()
        .map(|one| format!("{} in {}", one.name, one.at.path))
        .collect();
    assert_eq!(open, ["open in package.json", "late in a/package.json"]);
    let newer = root.replace(r#""ms": "1.0.0""#, r#""ms": "1.1.0""#);
    assert_eq!(
        changed(&[("package.json", root)], &[("package.json", &newer)]),
        (vec!["ms: upgraded, new".to_owned()], true)
    );
    // Beside a lockfile that nobody can read they are installed as well; the ranges it may hold.
    let beside = snapshot(&[
        ("package.json", root),
        ("a/package.json", inner),
        ("bun.lockb", "\u{1}"),
    ]);
    let labels: Vec<String> = held(&beside).map(|held| held.package.label()).collect();
    assert_eq!(
        labels,
        [
            "debug@4.1.0",
            "ms@1.0.0",
            "peer@1.0.0",
            "real@3.0.0",
            "root@1.0.0"
        ]
    );
    assert!(unlocked(&beside).is_empty());
}
