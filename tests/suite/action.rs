//! `tidegate action` as the runner starts it: variables, an event, a checkout; and what it leaves behind.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use crate::program::git;
use crate::reports::without_code;
use crate::runner::{BAD, GOOD, Scene, write_file};

#[test]
fn a_pull_request_is_judged_by_what_it_changes() {
    let scene = Scene::usual().with_history();
    let outcome = scene.run("pull_request", &[("fail-on", "medium")]);
    outcome.is(1, "blocked");
    outcome.counts("1", "0", "0");
    assert_eq!(outcome.output("sarif-file"), "tidegate.sarif");
    let annotation = "::warning file=deploy/web.yaml,line=7,endLine=7,col=3,endColumn=7,title=medium%3A A key stands twice in one mapping::ConfigMap web: `level` is set twice";
    assert!(outcome.log.starts_with(annotation), "{}", outcome.log);
    assert!(
        outcome
            .log
            .contains("\n::group::tidegate report\npull_request: head "),
        "{}",
        outcome.log
    );
    assert!(
        outcome
            .log
            .ends_with("\n::endgroup::\ntidegate: blocked by 1 finding\n"),
        "{}",
        outcome.log
    );
    assert!(
        outcome
            .summary
            .starts_with("## tidegate: blocked by 1 finding\n")
    );
    let link = format!(
        "[`deploy/web.yaml:7`](https://github.example/shop/deploy/blob/{}/deploy/web.yaml#L7)",
        scene.head
    );
    assert!(outcome.summary.contains(&link), "{}", outcome.summary);
    let sarif = fs::metadata(scene.workspace().join("tidegate.sarif")).expect("SARIF is there");
    assert_eq!(sarif.permissions().mode() & 0o777, 0o644);

    let sarif = scene.sarif();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    assert_eq!(run["automationDetails"]["id"], "tidegate/check/");
    let provenance = &run["versionControlProvenance"][0];
    assert_eq!(
        provenance["repositoryUri"],
        "https://github.example/shop/deploy"
    );
    assert_eq!(provenance["revisionId"], scene.head.as_str());

    let outcome = scene.run("pull_request", &[("category", "web")]);
    outcome.is(0, "passed");
    outcome.counts("1", "0", "0");
    let id = &scene.sarif()["runs"][0]["automationDetails"]["id"];
    assert_eq!(*id, "tidegate/web/");
}

#[test]
fn a_weaker_workload_blocks_and_its_level_is_shown() {
    let pod = |privileged: bool| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop}}\nspec:\n  containers:\n  - name: web\n    image: web:1\n    securityContext:\n      privileged: {privileged}\n"
        )
    };
    let scene = Scene::new(
        |root| write_file(root, "deploy/pod.yaml", &pod(true)),
        |root| write_file(root, "README.md", "later\n"),
    );
    // The base has the workload as well: the branch takes it from there, and weakens it.
    let origin = scene.path("origin");
    write_file(&origin, "deploy/pod.yaml", &pod(false));
    git(&origin, &["add", "-A"]);
    git(&origin, &["commit", "-q", "-m", "pod"]);
    let base = git(&origin, &["rev-parse", "HEAD"]);
    git(&origin, &["checkout", "-q", "-b", "weaker"]);
    write_file(&origin, "deploy/pod.yaml", &pod(true));
    git(&origin, &["commit", "-q", "-a", "-m", "weaker"]);
    let head = git(&origin, &["rev-parse", "HEAD"]);
    let mut scene = scene.checkout("", &head, None);
    (scene.base, scene.head) = (base, head);
    let outcome = scene.run("merge_group", &[]);
    outcome.is(1, "blocked");
    let annotation = "::error file=deploy/pod.yaml,line=9,endLine=9,";
    assert!(outcome.log.starts_with(annotation), "{}", outcome.log);
    let row = "| `Pod shop/web` | `deploy/pod.yaml` | baseline | privileged | **weaker** |";
    assert!(outcome.summary.contains(row), "{}", outcome.summary);
}

#[test]
fn the_head_is_judged_and_not_the_files_on_disk() {
    let scene = Scene::usual().with_history();
    write_file(&scene.workspace(), "deploy/web.yaml", GOOD);
    write_file(&scene.workspace(), "deploy/other.yaml", BAD);
    let outcome = scene.run("pull_request", &[("fail-on", "medium")]);
    outcome.is(1, "blocked");
    outcome.counts("1", "0", "0");
}

#[test]
fn a_checkout_without_history_is_incomplete_and_names_the_line_that_mends_it() {
    let scene = Scene::usual().with_depth(1);
    let outcome = scene.run("pull_request", &[]);
    outcome.is(3, "incomplete");
    assert_eq!(outcome.output("sarif-file"), "");
    assert!(outcome.log.starts_with("::error title="), "{}", outcome.log);
    assert_eq!(outcome.log.lines().count(), 1);
    for text in [&outcome.log, &outcome.summary] {
        assert!(text.contains("          fetch-depth: 0"), "{text}");
        assert!(
            text.contains(&format!("the head {} is not", scene.head)),
            "{text}"
        );
    }
    let outcome = scene.run("pull_request", &[("on-incomplete", "pass")]);
    outcome.is(0, "incomplete");
    assert!(
        outcome.log.starts_with("::warning title="),
        "{}",
        outcome.log
    );
    assert!(outcome.summary.contains("passes nevertheless"));
}

#[test]
fn a_failed_run_leaves_no_sarif_file_of_the_pull_request_behind() {
    let scene = Scene::new(
        |root| write_file(root, "tidegate.sarif", "{}"),
        |root| write_file(root, "README.md", "later\n"),
    )
    .with_depth(1);
    assert!(scene.workspace().join("tidegate.sarif").exists());
    scene.run("pull_request", &[]).is(3, "incomplete");
    assert!(!scene.workspace().join("tidegate.sarif").exists());
}

#[test]
fn inputs_that_make_no_sense_leave_no_file_of_the_pull_request_behind() {
    let brought = ["tidegate.sarif", "tidegate.json", "out/mine.sarif"];
    let planted = || {
        Scene::new(
            |root| {
                for file in brought {
                    write_file(root, file, "{}");
                }
                symlink("..", root.join("link")).expect("a link");
            },
            |root| write_file(root, "README.md", "later\n"),
        )
        .with_history()
    };
    let left = |inputs: &[(&str, &str)]| {
        let scene = planted();
        let outcome = scene.run("pull_request", inputs);
        outcome.is(2, "error");
        for name in ["sarif-file", "report-file"] {
            assert_eq!(outcome.output(name), "");
        }
        brought.map(|file| scene.workspace().join(file).exists())
    };
    assert_eq!(left(&[("review", "maybe")]), [false, false, true]);
    let elsewhere = ("sarif-file", "out/mine.sarif");
    assert_eq!(
        left(&[elsewhere, ("review", "maybe")]),
        [true, false, false]
    );
    // What one of them does not lead to does not keep the other.
    let linked = ("sarif-file", "link/x.sarif");
    assert_eq!(left(&[linked]), [true, false, true]);
}

#[test]
fn the_parents_of_the_test_merge_are_enough_if_no_manifest_was_merged() {
    let scene = Scene::usual().with_depth(2);
    let outcome = scene.run("pull_request", &[("fail-on", "medium")]);
    outcome.is(1, "blocked");
    outcome.counts("1", "0", "0");
    assert!(
        outcome.log.contains("the checkout has no history"),
        "{}",
        outcome.log
    );

    // The base added a manifest of its own: lines and findings of the merge would not be those of the head.
    let scene = Scene::new(
        |root| write_file(root, "deploy/web.yaml", BAD),
        |root| write_file(root, "deploy/api.yaml", &GOOD.replace("web", "api")),
    )
    .with_depth(2);
    let outcome = scene.run("pull_request", &[]);
    outcome.is(3, "incomplete");
    assert!(
        outcome.log.contains("the history between the base"),
        "{}",
        outcome.log
    );
    assert!(outcome.log.contains("fetch-depth: 0"), "{}", outcome.log);
}

#[test]
fn a_deleted_fork_is_judged_like_any_other() {
    let scene = Scene::usual().with_history();
    let outcome = scene.run_event("pull_request", "pull_request_of_a_deleted_fork", &[]);
    outcome.is(0, "passed");
    assert!(
        outcome.log.contains("pull request 7 from a fork"),
        "{}",
        outcome.log
    );
}

#[test]
fn on_the_base_the_head_is_read_once_it_is_fetched() {
    let scene = Scene::usual();
    let base = scene.base.clone();
    // The branch of a fork is none of the branches that are fetched.
    git(&scene.path("origin"), &["branch", "-q", "-D", "feature"]);
    let scene = scene.checkout("", &base, None);
    let run = || {
        scene.run_event(
            "pull_request_target",
            "pull_request",
            &[("fail-on", "medium")],
        )
    };
    let outcome = run();
    outcome.is(3, "incomplete");
    let remedy = "git fetch --no-tags origin refs/pull/7/head";
    assert!(outcome.log.contains(remedy), "{}", outcome.log);
    let arguments: Vec<&str> = remedy.split(' ').skip(1).collect();
    git(&scene.workspace(), &arguments);
    run().is(1, "blocked");
}

#[test]
fn a_merge_queue_and_a_push_compare_their_two_ends() {
    let scene = Scene::usual().with_history();
    for event in ["merge_group", "push"] {
        let outcome = scene.run(event, &[("fail-on", "medium")]);
        outcome.is(1, "blocked");
        outcome.counts("1", "0", "0");
    }
}

#[test]
fn without_a_change_everything_is_existing() {
    let scene = Scene::usual().with_history();
    for event in ["schedule", "workflow_dispatch"] {
        let outcome = scene.run(event, &[("fail-on", "low")]);
        outcome.is(0, "passed");
        outcome.counts("0", "1", "0");
        assert!(
            outcome.log.contains("no change started this run"),
            "{}",
            outcome.log
        );
        let inputs = [("fail-on", "low"), ("fail-on-existing", "true")];
        scene.run(event, &inputs).is(1, "blocked");
    }
    let payload = format!(
        r#"{{"before": "{}", "after": "{}"}}"#,
        "0".repeat(40),
        scene.head
    );
    fs::write(scene.path("event.json"), payload).expect("the event is written");
    let outcome = scene.run_with("push", &scene.head, &[], &[]);
    outcome.is(0, "passed");
    outcome.counts("0", "1", "0");
    assert!(
        outcome.log.contains("the push made a new branch"),
        "{}",
        outcome.log
    );
}

#[test]
fn after_a_forced_push_the_former_commit_is_asked_for() {
    let mut scene = Scene::usual().with_history();
    scene.base = "1".repeat(40);
    let outcome = scene.run("push", &[]);
    outcome.is(3, "incomplete");
    let remedy = format!("git fetch --no-tags origin {}", scene.base);
    assert!(outcome.log.contains(&remedy), "{}", outcome.log);
}

#[test]
fn a_schedule_needs_no_history() {
    let scene = Scene::usual();
    let head = scene.head.clone();
    let outcome = scene.checkout("", &head, Some(1)).run("schedule", &[]);
    outcome.is(0, "passed");
}

#[test]
fn other_events_and_other_places_are_told_what_to_do() {
    let scene = Scene::usual().with_history();
    let outcome = scene.run_event("issue_comment", "push", &[]);
    outcome.is(2, "error");
    assert!(
        outcome.log.contains("run tidegate on one of pull_request,"),
        "{}",
        outcome.log
    );
    let outcome = scene.run("pull_request", &[("fail-on", "severe")]);
    outcome.is(2, "error");
    assert!(
        outcome.log.contains("the input fail-on is 'severe'"),
        "{}",
        outcome.log
    );

    let scene = Scene::usual();
    fs::create_dir(scene.workspace()).expect("a folder");
    let outcome = scene.run("pull_request", &[("on-incomplete", "pass")]);
    outcome.is(2, "error");
    assert!(outcome.log.contains("actions/checkout"), "{}", outcome.log);
}

#[test]
fn files_that_the_runner_does_not_offer_are_a_warning() {
    let scene = Scene::usual().with_history();
    scene.run("pull_request", &[]);
    let none = [
        ("GITHUB_OUTPUT", ""),
        ("GITHUB_STEP_SUMMARY", "/nowhere/summary"),
    ];
    let inputs = [("fail-on", "medium")];
    let outcome = scene.run_with("pull_request", &scene.merge, &inputs, &none);
    assert_eq!(outcome.code, 1, "{}", outcome.log);
    assert!(
        outcome
            .log
            .contains("::warning title=tidegate wrote no outputs::GITHUB_OUTPUT is not set\n"),
        "{}",
        outcome.log
    );
    assert!(
        outcome
            .log
            .contains("::warning title=tidegate wrote no summary::")
    );
    assert!(outcome.log.contains("::endgroup::"));
}

#[test]
fn a_debug_run_tells_more() {
    let scene = Scene::usual().with_history();
    let quiet = scene.run("schedule", &[]);
    let debug = scene.run_with("schedule", &scene.head, &[], &[("RUNNER_DEBUG", "1")]);
    assert!(debug.log.len() > quiet.log.len(), "{}", debug.log);
}

#[test]
fn a_planted_link_is_not_written_through() {
    let scene = Scene::new(
        |root| {
            symlink("../victim", root.join("tidegate.sarif")).expect("a link");
            symlink("..", root.join("out")).expect("a link");
        },
        |root| write_file(root, "README.md", "later\n"),
    )
    .with_history();
    fs::write(scene.path("victim"), "precious").expect("a file");
    let precious = || fs::read_to_string(scene.path("victim")).expect("still there");
    scene.run("pull_request", &[]).is(0, "passed");
    assert_eq!(precious(), "precious");
    let file = scene.workspace().join("tidegate.sarif");
    assert!(fs::symlink_metadata(&file).expect("SARIF").is_file());

    let outcome = scene.run("pull_request", &[("sarif-file", "out/victim")]);
    outcome.is(2, "error");
    assert!(outcome.log.contains("symbolic link"), "{}", outcome.log);
    assert_eq!(precious(), "precious");
    scene
        .run("pull_request", &[("sarif-file", "new/folder/a.sarif")])
        .is(0, "passed");
    assert!(scene.workspace().join("new/folder/a.sarif").is_file());
}

#[test]
fn a_sarif_file_that_cannot_be_written_fails_a_run_that_would_pass() {
    let scene = Scene::usual().with_history();
    fs::create_dir(scene.workspace().join("taken")).expect("a folder");
    let outcome = scene.run("pull_request", &[("sarif-file", "taken")]);
    outcome.is(2, "error");
    assert_eq!(outcome.output("sarif-file"), "");
}

#[test]
fn a_checkout_below_the_workspace_keeps_paths_whole() {
    let scene = Scene::usual();
    let merge = scene.merge.clone();
    let scene = scene.checkout("source", &merge, None);
    let outcome = scene.run("pull_request", &[]);
    outcome.is(2, "error");
    let outcome = scene.run("pull_request", &[("working-directory", "source")]);
    outcome.is(0, "passed");
    assert!(
        outcome
            .log
            .contains("::warning file=source/deploy/web.yaml,line=7,"),
        "{}",
        outcome.log
    );
    assert!(
        outcome.summary.contains("[`deploy/web.yaml:7`]"),
        "{}",
        outcome.summary
    );
    let inputs = [("working-directory", "source/deploy"), ("path", "web.yaml")];
    scene.run("pull_request", &inputs).counts("1", "0", "0");
}

#[test]
fn paths_limit_what_is_gated() {
    let scene = Scene::new(
        |root| {
            write_file(root, "deploy/web.yaml", BAD);
            write_file(root, "docs/web.yaml", &BAD.replace("web", "docs"));
        },
        |root| write_file(root, "README.md", "later\n"),
    )
    .with_history();
    scene.run("pull_request", &[]).counts("2", "0", "0");
    scene
        .run("pull_request", &[("path", "docs\ndeploy")])
        .counts("2", "0", "0");
    scene
        .run("pull_request", &[("path", "docs")])
        .counts("1", "0", "0");
    scene
        .run("pull_request", &[("working-directory", "deploy")])
        .counts("1", "0", "0");
    scene
        .run(
            "pull_request",
            &[("path", "docs"), ("working-directory", ".")],
        )
        .counts("1", "0", "0");
    let outcome = scene.run("pull_request", &[("path", "typo")]);
    outcome.is(2, "error");
    assert!(
        outcome.log.contains("the path typo does not exist"),
        "{}",
        outcome.log
    );
}

#[test]
fn a_linked_working_directory_is_refused() {
    let scene = Scene::new(
        |root| {
            symlink("docs", root.join("services")).expect("a link");
            write_file(root, "docs/web.yaml", GOOD);
        },
        |root| write_file(root, "README.md", "later\n"),
    )
    .with_history();
    let outcome = scene.run("pull_request", &[("working-directory", "services")]);
    outcome.is(2, "error");
    assert!(outcome.log.contains("symbolic link"), "{}", outcome.log);
}

#[test]
fn an_unreadable_manifest_is_incomplete() {
    let scene = Scene::new(
        |root| {
            write_file(
                root,
                "deploy/web.yaml",
                "apiVersion: v1\nkind: ConfigMap\n  metadata: [\n",
            );
        },
        |root| write_file(root, "README.md", "later\n"),
    )
    .with_history();
    let outcome = scene.run("pull_request", &[]);
    outcome.is(3, "incomplete");
    assert!(
        outcome
            .log
            .contains("::error title=tidegate could not see everything::")
    );
    assert!(
        outcome.summary.contains("### Not seen"),
        "{}",
        outcome.summary
    );
    scene
        .run("pull_request", &[("on-incomplete", "pass")])
        .is(0, "incomplete");
}

#[test]
fn a_workspace_of_another_owner_is_read() {
    let scene = Scene::usual().with_history();
    let workspace = scene.workspace();
    if fs::metadata(&workspace).expect("it is there").uid() != 0 {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let status = Command::new("chown")
        .args(["-R", "12345:12345"])
        .arg(&workspace)
        .status();
    assert!(status.expect("chown runs").success());
    scene
        .run("pull_request", &[("fail-on", "medium")])
        .is(1, "blocked");
}

#[test]
fn nothing_of_a_pull_request_becomes_a_command() {
    let hostile = "deploy/::error::x\n::stop-commands::y\r##[group]@org/team `|<!-- ,%0A.yaml";
    let name = "::error::x ##[error]y @org/team #12 `|<img src=x>";
    let scene = Scene::new(
        |root| {
            write_file(
                root,
                hostile,
                &BAD.replace("name: web", &format!("name: '{name}'")),
            );
            write_file(
                root,
                "deploy/b.yaml",
                "apiVersion: v1\nkind: \"::error::x\\n::warning::y\"\n  metadata: [\n",
            );
            write_file(
                root,
                "deploy/c.yaml",
                &BAD.replace("level", "\"a\\n::error::x\\u2028::debug::\""),
            );
        },
        |root| write_file(root, "README.md", "later\n"),
    )
    .with_history();
    for debug in ["0", "1"] {
        scene.run("pull_request", &[]);
        let variables = [("RUNNER_DEBUG", debug)];
        let outcome = scene.run_with("pull_request", &scene.merge, &[], &variables);
        assert_eq!(outcome.output("introduced"), "3", "{}", outcome.log);
        for line in outcome.log.split(['\n', '\r']) {
            let is_ours = [
                "::error ",
                "::warning ",
                "::notice ",
                "::group::tidegate report",
                "::endgroup::",
            ]
            .iter()
            .any(|start| line.starts_with(start));
            assert!(is_ours || !line.trim_start().starts_with("::"), "{line}");
            assert!(line.starts_with("::") || !line.contains("##["), "{line}");
        }
        assert_eq!(outcome.log.matches("::group::").count(), 1);
        let annotation = "file=deploy/%3A%3Aerror%3A%3Ax%0A%3A%3Astop-commands%3A%3Ay%0D##[group]@org/team `|<!-- %2C%250A.yaml,line=7,";
        assert!(outcome.log.contains(annotation), "{}", outcome.log);
        for forbidden in ["<!--", "<img", "@org", "#12"] {
            // Within code all of this is text.
            let prose: String = outcome.summary.lines().map(without_code).collect();
            assert!(!prose.contains(forbidden), "{forbidden}: {prose}");
        }
    }
}
