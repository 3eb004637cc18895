//! The contract of the command line: exit codes, formats, and the same answer from anywhere.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::program::{commit, git, tidegate, write};

const CLEAN: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n";
const PRIVILEGED: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: web:1\n    securityContext: {privileged: true}\n";
const BROKEN: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), files);
    folder
}

fn code(folder: &Path, arguments: &[&str]) -> i32 {
    tidegate(folder, arguments, &[]).code
}

#[test]
fn exit_codes_are_those_of_the_contract_in_every_format() {
    let cases: [(&[(&str, &str)], &[&str], i32); 11] = [
        (&[("a.yaml", CLEAN)], &[], 0),
        (&[("a.txt", "nothing")], &[], 0),
        (&[("a.yaml", PRIVILEGED)], &[], 1),
        (&[("a.yaml", PRIVILEGED)], &["--fail-on", "never"], 0),
        (&[("a.yaml", BROKEN)], &[], 3),
        (&[("a.yaml", BROKEN)], &["--on-incomplete", "pass"], 0),
        (&[("a.yaml", BROKEN)], &["--fail-on", "low"], 3),
        (&[("a.yaml", BROKEN), ("b.yaml", PRIVILEGED)], &[], 1),
        (
            &[("a.yaml", BROKEN), ("b.yaml", PRIVILEGED)],
            &["b.yaml"],
            1,
        ),
        (&[("a.yaml", BROKEN), ("b/b.yaml", CLEAN)], &["b"], 0),
        (&[("a.yaml", CLEAN)], &["nowhere"], 2),
    ];
    for (files, arguments, expected) in cases {
        let folder = folder(files);
        for format in ["terminal", "json", "sarif"] {
            let all = [&["check", "--format", format], arguments].concat();
            assert_eq!(
                code(folder.path(), &all),
                expected,
                "{all:?} over {files:?}"
            );
        }
    }
}

#[test]
fn a_wrong_call_is_told_apart_from_a_wrong_change() {
    let folder = folder(&[("a.yaml", CLEAN), ("old/a.yaml", CLEAN)]);
    for arguments in [
        &["check", "--base", ""][..],
        &["check", "--head", " "],
        &["check", "--base", "nowhere"],
        &["check", "--base", "./nowhere"],
        &["check", "--head", "HEAD"],
        &["check", "--fail-on", "sometimes"],
        &["check", "--output", "sarif"],
        &["check", "--output", "pdf=x"],
        &["check", "--format", "xml"],
        &["explain", "no/rule"],
        &["pod-security", "--level", "Restricted"],
        &["pod-security", "--kubernetes-version", "1.36.1"],
        &["pod-security", "nowhere"],
        &["frobnicate"],
    ] {
        let answer = tidegate(folder.path(), arguments, &[]);
        assert_eq!(answer.code, 2, "{arguments:?}");
        assert!(
            !answer.stderr.is_empty() && answer.stdout.is_empty(),
            "{arguments:?}"
        );
        assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    }
}

/// A branch that forked before main moved on: only what the branch did counts.
#[test]
fn revisions_are_compared_from_their_merge_base() {
    let repository = folder(&[("deploy/web.yaml", CLEAN)]);
    let root = repository.path();
    git(root, &["init", "-q"]);
    commit(root, "base");
    git(root, &["checkout", "-q", "-b", "feature"]);
    write(root, &[("deploy/pod.yaml", PRIVILEGED)]);
    let feature = commit(root, "feature");
    git(root, &["checkout", "-q", "main"]);
    write(
        root,
        &[("deploy/main.yaml", &PRIVILEGED.replace("web", "other"))],
    );
    commit(root, "main moves on");

    let report = |arguments: &[&str], folder: &Path| -> Json {
        let all = [&["check", "--format", "json"], arguments].concat();
        serde_json::from_str(&tidegate(folder, &all, &[]).stdout).expect("it writes JSON")
    };
    let paths = |report: &Json, status: &str| -> Vec<String> {
        let findings = report["findings"].as_array().expect("a list").iter();
        let of_status = findings.filter(|finding| {
            finding["status"] == status && finding["rule"] == "pod-security/privileged"
        });
        of_status
            .map(|finding| {
                finding["location"]["path"]
                    .as_str()
                    .expect("a path")
                    .to_owned()
            })
            .collect()
    };
    let forth = report(&["--base", "main", "--head", "feature"], root);
    assert_eq!(paths(&forth, "introduced"), ["deploy/pod.yaml"]);
    assert_eq!(
        paths(&forth, "fixed"),
        Vec::<String>::new(),
        "what main did since is not the branch's"
    );
    assert_eq!(forth["head"]["commit"], feature.as_str());
    assert_eq!(forth["base"]["name"], "main");

    // The same from a folder below, with the working tree as the head.
    git(root, &["checkout", "-q", "feature"]);
    fs::create_dir(root.join("sub")).expect("it can be made");
    let tree = report(&["--base", "main"], &root.join("sub"));
    assert_eq!(
        paths(&tree, "introduced"),
        ["deploy/pod.yaml"],
        "paths are those of the root"
    );
    let none = report(&["--base", "main", "--head", "main"], root);
    assert_eq!(
        none["findings"].as_array().map(Vec::len),
        none["findings"].as_array().map(|all| all
            .iter()
            .filter(|finding| finding["status"] == "existing")
            .count())
    );

    // A path limits what is shown, wherever it is written from.
    let limited = report(&["--base", "main", "../deploy/web.yaml"], &root.join("sub"));
    assert_eq!(paths(&limited, "introduced"), Vec::<String>::new());
    assert_eq!(limited["outcome"], "passed");
}

#[test]
fn a_shallow_clone_is_incomplete_and_says_what_to_do() {
    let origin = folder(&[("web.yaml", CLEAN)]);
    git(origin.path(), &["init", "-q"]);
    commit(origin.path(), "one");
    git(origin.path(), &["checkout", "-q", "-b", "feature"]);
    write(origin.path(), &[("pod.yaml", PRIVILEGED)]);
    commit(origin.path(), "two");
    commit(origin.path(), "three");
    let clones = tempfile::tempdir().expect("a temporary folder");
    let url = format!("file://{}", origin.path().display());
    git(
        clones.path(),
        &[
            "clone",
            "-q",
            "--depth",
            "1",
            "--no-single-branch",
            &url,
            "clone",
        ],
    );
    let clone = clones.path().join("clone");
    let answer = tidegate(&clone, &["check", "--base", "origin/main"], &[]);
    assert_eq!(answer.code, 3, "{} {}", answer.stdout, answer.stderr);
    assert!(
        answer.stdout.contains("fetch-depth: 0"),
        "{}",
        answer.stdout
    );
    let passing = [
        "check",
        "--base",
        "origin/main",
        "--on-incomplete",
        "pass",
        "--format",
        "json",
    ];
    let answer = tidegate(&clone, &passing, &[]);
    assert_eq!(answer.code, 0);
    let report: Json = serde_json::from_str(&answer.stdout).expect("it writes JSON");
    assert_eq!(report["outcome"], "incomplete");
    assert_eq!(report["base"], Json::Null);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pull-request");
    for format in ["terminal", "json", "sarif"] {
        let arguments = [
            "check", "--base", "base/", "--head", "head/", "--format", format,
        ];
        let first = tidegate(&example, &arguments, &[]);
        let second = tidegate(&example, &arguments, &[("RAYON_NUM_THREADS", "1")]);
        assert_eq!(first.stdout, second.stdout);
        assert!(first.stdout.len() > 500, "{}", first.stdout);
    }
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let folder = folder(&[("a.yaml", PRIVILEGED)]);
    let plain = tidegate(folder.path(), &["check"], &[]);
    assert!(!plain.stdout.contains('\u{1b}'));
    let asked = tidegate(folder.path(), &["check", "--color", "always"], &[]);
    assert!(asked.stdout.contains('\u{1b}'));
    let forced = tidegate(folder.path(), &["check"], &[("CLICOLOR_FORCE", "1")]);
    assert!(forced.stdout.contains('\u{1b}'));
}

/// A name or a value of the change cannot draw on the terminal.
#[test]
fn untrusted_text_does_not_reach_the_terminal_raw() {
    let hostile = PRIVILEGED.replace("name: web}", "name: \"web\\e[2J\\u202e\\r::error::x\"}");
    let folder = folder(&[("a\u{1b}[31m.yaml", &hostile), ("b.yaml", PRIVILEGED)]);
    let answer = tidegate(folder.path(), &["check", "--verbose"], &[]);
    assert_eq!(answer.code, 1);
    for treacherous in ['\u{1b}', '\u{202e}', '\r'] {
        assert!(!answer.stdout.contains(treacherous), "{:?}", answer.stdout);
    }
}

/// Outside of a repository, paths are those of the current directory, and only what is named is read.
#[test]
fn a_path_is_called_what_it_is_from_here() {
    let folder = folder(&[
        ("x/y/a.yaml", PRIVILEGED),
        ("x/z/b.yaml", PRIVILEGED),
        ("other/c.yaml", BROKEN),
    ]);
    for arguments in [
        &["x/y/a.yaml"][..],
        &["x/y", "x/z"],
        &["./x/y/../y"],
        &["x"],
    ] {
        let all = [&["check", "--format", "json"], arguments].concat();
        let answer = tidegate(folder.path(), &all, &[]);
        let report: Json = serde_json::from_str(&answer.stdout).expect("it writes JSON");
        let first = &report["findings"][0]["location"]["path"];
        assert_eq!(first, "x/y/a.yaml", "{arguments:?}");
        assert_eq!(answer.code, 1, "{arguments:?}");
    }
}

/// A file name cannot start a line, and so gives no command to a workflow's runner.
#[test]
fn a_file_name_stays_on_its_line() {
    let folder = folder(&[("x\n::error::forged\n.yaml", PRIVILEGED)]);
    for arguments in [
        &["check"][..],
        &["check", "--verbose"],
        &["pod-security"],
        &["check", "y\n::error::forged"],
    ] {
        let answer = tidegate(folder.path(), arguments, &[]);
        for line in answer.stdout.lines().chain(answer.stderr.lines()) {
            assert!(!line.starts_with("::"), "{arguments:?}: {line}");
        }
    }
}

#[test]
fn quiet_prints_what_blocks_and_nothing_when_clean() {
    let clean = folder(&[("a.yaml", CLEAN)]);
    assert_eq!(
        tidegate(clean.path(), &["check", "--quiet"], &[]).stdout,
        ""
    );
    let bad = folder(&[("a.yaml", PRIVILEGED)]);
    let answer = tidegate(bad.path(), &["check", "--quiet"], &[]);
    assert!(
        answer.stdout.contains("pod-security/privileged"),
        "{}",
        answer.stdout
    );
    assert!(
        !answer.stdout.contains("pod-security/seccomp-unset"),
        "{}",
        answer.stdout
    );
}

#[test]
fn reports_go_to_files_as_well() {
    let folder = folder(&[("a.yaml", PRIVILEGED)]);
    let arguments = [
        "check",
        "--output",
        "sarif=out.sarif",
        "--output",
        "json=out.json",
    ];
    assert_eq!(code(folder.path(), &arguments), 1);
    for name in ["out.sarif", "out.json"] {
        let text = fs::read_to_string(folder.path().join(name)).expect("it was written");
        assert!(serde_json::from_str::<Json>(&text).is_ok(), "{name}");
    }
}

#[test]
fn pod_security_answers_and_refuses() {
    let folder = folder(&[
        ("a.yaml", PRIVILEGED),
        (
            "b.yaml",
            &PRIVILEGED
                .replace("privileged: true", "privileged: false")
                .replace("web", "b"),
        ),
    ]);
    let answer = tidegate(folder.path(), &["pod-security", "--format", "json"], &[]);
    assert_eq!(answer.code, 0);
    let json: Json = serde_json::from_str(&answer.stdout).expect("it writes JSON");
    let levels: Vec<_> = json["workloads"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|workload| workload["level"].clone())
        .collect();
    assert_eq!(levels, ["privileged", "baseline"]);
    assert_eq!(
        code(folder.path(), &["pod-security", "--level", "baseline"]),
        1
    );
    assert_eq!(
        code(
            folder.path(),
            &["pod-security", "--level", "baseline", "b.yaml"]
        ),
        0
    );
    assert_eq!(
        code(folder.path(), &["pod-security", "--level", "privileged"]),
        0
    );
    // Restricted waives for Windows what baseline asks of every pod: each level answers for itself.
    let windows = "apiVersion: v1\nkind: Pod\nmetadata: {name: w}\nspec:\n  os: {name: windows}\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - {name: x, image: y, securityContext: {capabilities: {add: [SYS_ADMIN]}}}\n";
    write(folder.path(), &[("w.yaml", windows)]);
    assert_eq!(
        code(
            folder.path(),
            &["pod-security", "--level", "restricted", "w.yaml"]
        ),
        0
    );
    assert_eq!(
        code(
            folder.path(),
            &["pod-security", "--level", "baseline", "w.yaml"]
        ),
        1
    );
    let told = tidegate(folder.path(), &["pod-security", "a.yaml"], &[]).stdout;
    assert!(
        told.contains("Pod default/web (no namespace is written)"),
        "{told}"
    );
}

#[test]
fn a_folder_that_has_no_counterpart_in_the_base_is_hinted_at() {
    let folder = folder(&[
        ("old/a.yaml", CLEAN),
        ("new/a.yaml", CLEAN),
        ("copy/new/a.yaml", CLEAN),
    ]);
    let stderr = |arguments: &[&str]| tidegate(folder.path(), arguments, &[]).stderr;
    assert_eq!(
        stderr(&["check", "new", "--base", "old"]),
        "note: nothing of new is in the base old, so that all of it counts as new; to compare two folders, write --base old --head new\n"
    );
    for quiet in [
        &["check", "--base", "old", "--head", "new"][..],
        &["check", "new", "--base", "copy"],
        &["check", "--base", "old"],
        &["check", "new"],
        &["check", "new", "--base", "old", "--quiet"],
    ] {
        assert_eq!(stderr(quiet), "", "{quiet:?}");
    }
}
