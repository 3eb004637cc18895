//! What a change brings to hide its manifests: no file of it decides what is read, and what is passed over is counted.

use serde_json::Value as Json;

use crate::configuration::{POD, check, repository, told};
use crate::program::{commit, git, tidegate, write};

const FOUND: &str = "introduced high pod-security/host-path pod.yaml:13";

fn skipped(json: &Json) -> Vec<(String, String)> {
    let skipped = json["coverage"]["files"]["skipped"].as_array();
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let skipped = skipped.expect("a list").iter();
    skipped
        .map(|skipped| (text(&skipped["path"]), text(&skipped["reason"])))
        .collect()
}

fn installed(path: &str) -> (String, String) {
    let reason = "installed packages, which are not looked into";
    (path.to_owned(), reason.to_owned())
}

fn has_host_path(json: &Json, path: &str) -> bool {
    let told = told(json);
    told.iter()
        .any(|line| line.contains(" pod-security/host-path ") && line.contains(path))
}

#[test]
fn no_ignore_file_of_a_folder_hides_a_manifest() {
    for ignore in [".ignore", ".gitignore", ".rgignore"] {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        write(
            root,
            &[
                ("b/a.yaml", ""),
                ("h/pod.yaml", POD),
                (&format!("h/{ignore}"), "*\n"),
            ],
        );
        let (answer, json) = check(root, &["--base", "b", "--head", "h"]);
        assert_eq!(answer.code, 1, "{ignore}: {}", answer.stdout);
        assert!(has_host_path(&json, "pod.yaml"), "{ignore}");
        let (_, json) = check(root, &["h"]);
        assert!(has_host_path(&json, "h/pod.yaml"), "{ignore}");
    }
}

#[test]
fn what_git_ignores_is_read_where_it_is_named_or_tracked() {
    let folder = repository(&[(".gitignore", "rendered/\n"), (".ignore", "*\n")], &[]);
    let root = folder.path();
    write(root, &[("rendered/pod.yaml", POD)]);
    let found = |paths: &[&str]| has_host_path(&check(root, paths).1, "rendered/pod.yaml");
    assert!(!found(&[]));
    assert!(!found(&["."]));
    // That it was not read is counted.
    let ignored = |paths: &[&str]| {
        let (_, json) = check(root, paths);
        let summary = json["coverage"]["summary"].as_str().unwrap_or_default();
        summary.contains("; 1 path that git ignores not read")
    };
    assert!(ignored(&[]) && !ignored(&["--base", "main", "--head", "feature"]));
    assert!(!ignored(&["rendered"]));
    for path in ["rendered", "rendered/pod.yaml"] {
        assert!(found(&[path]), "{path}");
        assert!(found(&["--base", "main", path]), "{path}");
    }
    git(root, &["add", "-f", "rendered"]);
    assert!(found(&[]), "tracked");
    assert!(!ignored(&[]));
}

#[test]
fn committed_packages_are_counted_and_told_where_a_kustomization_takes_them() {
    let kustomization = "resources:\n- node_modules/x/pod.yaml\n";
    let folder = repository(
        &[("deploy/kustomization.yaml", "resources: []\n")],
        &[
            ("deploy/node_modules/x/pod.yaml", POD),
            ("deploy/node_modules/x/node_modules/y/pod.yaml", POD),
            ("deploy/kustomization.yaml", kustomization),
        ],
    );
    let root = folder.path();
    let expected = "introduced note input/not-judged deploy/kustomization.yaml:2";
    for arguments in [
        &["--base", "main", "--head", "feature"][..],
        &["--base", "main"],
    ] {
        let (answer, json) = check(root, arguments);
        assert_eq!(answer.code, 0, "{}", answer.stdout);
        assert_eq!(
            skipped(&json),
            [installed("deploy/node_modules")],
            "{arguments:?}"
        );
        assert_eq!(told(&json), [expected], "{arguments:?}");
    }
    // The folder may come where the kustomization is already.
    git(root, &["checkout", "-q", "-b", "later", "main"]);
    write(root, &[("deploy/kustomization.yaml", kustomization)]);
    commit(root, "names what is not there yet");
    let (_, json) = check(root, &["--base", "later", "--head", "feature"]);
    assert!(
        told(&json).contains(&expected.to_owned()),
        "{:?}",
        told(&json)
    );
    // And what the base has already is no news.
    let (_, json) = check(root, &["--base", "feature", "--head", "feature"]);
    assert_eq!(told(&json), Vec::<String>::new());
}

#[test]
fn installed_packages_that_nobody_committed_are_nobodys_business() {
    let folder = repository(&[], &[]);
    write(folder.path(), &[("node_modules/x/pod.yaml", POD)]);
    let (_, json) = check(folder.path(), &[]);
    assert_eq!(skipped(&json), []);
    let answer = tidegate(folder.path(), &["check", "node_modules/x"], &[]);
    assert_eq!(answer.code, 1, "named: {}", answer.stdout);
    // A folder that stands for a side is taken as it is.
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[
            ("b/a.yaml", ""),
            ("h/node_modules/x/pod.yaml", POD),
            ("h/pod.yaml", POD),
        ],
    );
    let (_, json) = check(folder.path(), &["--base", "b", "--head", "h"]);
    assert_eq!(skipped(&json), [installed("node_modules")]);
    assert!(told(&json).contains(&FOUND.to_owned()), "{:?}", told(&json));
}
