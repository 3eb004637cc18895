//! Waivers: what they cover, when they hold, and what is said of them.

use serde_json::Value as Json;

use crate::configuration::{POD, check, repository, told};
use crate::program::{commit, git, tidegate, write};

const HOST_PATH: &str = "high pod-security/host-path";

/// The finding about the path of the node, of a change that adds the pod to a `main` with this configuration.
fn host_path(config: &str, pod: &str) -> (i32, Json) {
    let folder = repository(&[(".tidegate.yaml", config)], &[("deploy/pod.yaml", pod)]);
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    let findings = json["findings"].as_array().unwrap().clone();
    let found = findings
        .into_iter()
        .find(|finding| finding["rule"] == "pod-security/host-path");
    (
        answer.code,
        found.unwrap_or_else(|| panic!("{}", answer.stdout)),
    )
}

fn waiver(selectors: &str) -> String {
    format!("waivers: [{{{selectors}, reason: needs it}}]\n")
}

#[test]
fn a_waiver_covers_what_all_its_selectors_fit() {
    for (selectors, covers) in [
        ("rule: pod-security/host-path", true),
        ("rule: 'pod-security/*'", true),
        ("rule: '*'", true),
        ("rule: pod-security/privileged", false),
        ("rule: pod-security/host-path, resource: Pod/shop/web", true),
        ("rule: pod-security/host-path, resource: '*/shop/w*'", true),
        ("rule: pod-security/host-path, resource: Pod/web", false),
        (
            "rule: pod-security/host-path, resource: Pod/other/web",
            false,
        ),
        ("rule: pod-security/host-path, path: 'deploy/**'", true),
        ("rule: pod-security/host-path, path: deploy/pod.yaml", true),
        ("rule: pod-security/host-path, path: '*.yaml'", false),
        ("rule: pod-security/host-path, value: /opt", true),
        ("rule: pod-security/host-path, value: /etc", false),
        ("rule: pod-security/host-path, container: web", false),
        ("rule: pod-security/host-path, package: web", false),
        ("rule: pod-security/host-path, until: 2999-01-01", true),
        ("rule: pod-security/host-path, until: 2020-01-01", false),
    ] {
        let (code, finding) = host_path(&waiver(selectors), POD);
        assert_eq!(
            !finding["waived"].is_null(),
            covers,
            "{selectors}: {finding}"
        );
        assert_eq!(code, i32::from(!covers), "{selectors}");
        if covers {
            assert_eq!(finding["waived"]["reason"], "needs it");
            assert_eq!(finding["waived"]["source"], ".tidegate.yaml");
        }
    }
}

#[test]
fn a_comment_covers_its_line_or_the_next() {
    let with = |from: &str, to: &str| {
        let pod = POD.replace(from, to);
        assert_ne!(pod, POD);
        let folder = repository(&[], &[("pod.yaml", &pod)]);
        let (answer, json) = check(folder.path(), &["--base", "main"]);
        (answer.code, told(&json))
    };
    let allow = "# tidegate: allow(pod-security/host-path) reason=\"needs it\"";
    let (code, lines) = with("path: /opt", &format!("path: /opt {allow}"));
    assert_eq!(code, 0);
    assert_eq!(
        lines,
        [
            "introduced high pod-security/host-path pod.yaml:13 waived",
            "introduced medium gate/waiver-added pod.yaml:13",
        ]
    );
    let (code, lines) = with(
        "      path: /opt",
        &format!("      {allow}\n      # why\n\n      path: /opt"),
    );
    assert_eq!(code, 0, "{lines:?}");
    let (code, lines) = with("    hostPath:", &format!("    hostPath: {allow}"));
    assert_eq!(code, 1, "another line: {lines:?}");
    assert!(
        lines.contains(&"introduced low gate/unused-waiver pod.yaml:12".to_owned()),
        "{lines:?}"
    );
    let (code, lines) = with(
        "path: /opt",
        "path: /opt # tidegate: allow(pod-security/host-path)",
    );
    assert_eq!(code, 1, "no reason");
    assert!(
        lines.contains(&"introduced medium gate/invalid-waiver pod.yaml:13".to_owned()),
        "{lines:?}"
    );
    let (code, _) = with(
        "path: /opt",
        "path: \"/opt # tidegate: allow(pod-security/host-path) reason=x\"",
    );
    assert_eq!(code, 1, "text is no comment");
}

#[test]
fn a_new_waiver_holds_at_once_or_after_the_merge() {
    let entry = waiver("rule: pod-security/host-path, resource: Pod/shop/web");
    let run = |main: &str, feature: &str| {
        let folder = repository(
            &[(".tidegate.yaml", main)],
            &[(".tidegate.yaml", feature), ("pod.yaml", POD)],
        );
        let (answer, json) = check(folder.path(), &["--base", "main"]);
        (answer.code, told(&json))
    };
    let (code, lines) = run("fail-on: high\n", &entry);
    assert_eq!(code, 0, "{lines:?}");
    assert!(
        lines.contains(&"introduced medium gate/waiver-added .tidegate.yaml:1".to_owned()),
        "{lines:?}"
    );
    let later = format!("new-waivers: after-merge\n{entry}");
    let (code, lines) = run("new-waivers: after-merge\n", &later);
    assert_eq!(code, 1, "{lines:?}");
    assert!(
        lines.contains(&"introduced medium gate/waiver-added .tidegate.yaml:2".to_owned()),
        "{lines:?}"
    );
    // It was there before: nothing is added.
    let (code, lines) = run(&later, &format!("# moved\n{later}"));
    assert_eq!(
        (code, lines),
        (
            0,
            vec![
                format!("introduced {HOST_PATH} pod.yaml:13 waived"),
                "fixed low gate/unused-waiver .tidegate.yaml:2".to_owned(),
            ]
        )
    );
    // A comment goes by the same word.
    let allow = "path: /opt # tidegate: allow(pod-security/host-path) reason=x";
    let folder = repository(
        &[(".tidegate.yaml", "new-waivers: after-merge\n")],
        &[("pod.yaml", &POD.replace("path: /opt", allow))],
    );
    assert_eq!(check(folder.path(), &["--base", "main"]).0.code, 1);
}

#[test]
fn a_new_waiver_has_no_say_over_the_gate_nor_over_what_is_unread() {
    let all = "waivers: [{rule: '*', reason: x}, {rule: 'gate/*', reason: x}, {rule: input/unreadable, path: a.yaml, reason: x}]\n";
    let lax = format!("fail-on: never\n{all}");
    let broken = "apiVersion: v1\nkind: Pod\nmetadata: {name: web\n";
    let folder = repository(&[], &[(".tidegate.yaml", &lax), ("a.yaml", broken)]);
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(
        (answer.code, &json["outcome"]),
        (1, &"blocked".into()),
        "{}",
        answer.stdout
    );
    assert!(!json["incomplete"].as_array().unwrap().is_empty());
    assert!(
        !told(&json)
            .iter()
            .any(|line| line.contains("gate/") && line.ends_with("waived"))
    );
    // Those of the base have.
    let folder = repository(&[(".tidegate.yaml", all)], &[("a.yaml", broken)]);
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(answer.code, 0, "{}", answer.stdout);
    assert!(json["incomplete"].as_array().unwrap().is_empty());
}

#[test]
fn forks_waive_nothing_of_their_own() {
    use crate::runner::{BAD, Scene, write_file};
    let scene = || {
        Scene::new(
            |root| {
                let entry =
                    "waivers: [{rule: input/duplicate-key, path: deploy/web.yaml, reason: x}]\n";
                write(root, &[("deploy/web.yaml", BAD), (".tidegate.yaml", entry)]);
            },
            |root| write_file(root, "README.md", "later\n"),
        )
        .with_history()
    };
    let own = scene().run("pull_request", &[]);
    own.is(0, "passed");
    assert!(own.log.contains("1 waived"), "{}", own.log);
    let fork = scene().run_event("pull_request", "pull_request_of_a_deleted_fork", &[]);
    fork.is(0, "passed");
    assert!(!fork.log.contains("1 waived"), "{}", fork.log);
}

#[test]
fn a_waiver_moves_with_its_dockerfile() {
    let waived = "# tidegate: allow(dockerfile/unpinned-base) reason=x\nFROM nginxinc/nginx-unprivileged\nCOPY a /a\n";
    let folder = repository(
        &[
            (".tidegate.yaml", "new-waivers: after-merge\n"),
            ("svc/Dockerfile.prod", waived),
        ],
        &[],
    );
    git(
        folder.path(),
        &["mv", "svc/Dockerfile.prod", "svc/Dockerfile"],
    );
    commit(folder.path(), "moved");
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(
        (answer.code, told(&json)),
        (
            0,
            vec!["existing medium dockerfile/unpinned-base svc/Dockerfile:2 waived".to_owned()]
        )
    );
}

#[test]
fn a_waiver_is_bound_to_its_finding() {
    let allow = "path: /opt # tidegate: allow(pod-security/host-path) reason=x";
    let waived = POD.replace("path: /opt", allow);
    // It moves with its object and adds nothing.
    let folder = repository(
        &[
            (".tidegate.yaml", "new-waivers: after-merge\n"),
            ("pod.yaml", &waived),
        ],
        &[],
    );
    git(folder.path(), &["mv", "pod.yaml", "moved.yaml"]);
    let moved = format!("# moved\n\n{waived}");
    write(folder.path(), &[("moved.yaml", &moved)]);
    commit(folder.path(), "moved");
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(
        (answer.code, told(&json)),
        (
            0,
            vec!["existing high pod-security/host-path moved.yaml:15 waived".to_owned()]
        )
    );
    // It dies with the mending.
    write(
        folder.path(),
        &[(
            "moved.yaml",
            &moved
                .replace("hostPath", "emptyDir")
                .replace("path: /opt", "medium: Memory"),
        )],
    );
    commit(folder.path(), "mended");
    let (_, json) = check(folder.path(), &["--base", "main"]);
    let lines = told(&json);
    assert!(
        lines.contains(&"fixed high pod-security/host-path pod.yaml:13".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("introduced low gate/unused-waiver")),
        "{lines:?}"
    );
    // A copy is a new one.
    write(
        folder.path(),
        &[("moved.yaml", &moved), ("copy.yaml", &waived)],
    );
    commit(folder.path(), "copied");
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(answer.code, 1, "{:?}", told(&json));
}

#[test]
fn a_comment_covers_nothing_that_it_was_not_written_for() {
    let allow = "hostPath: {path: /opt} # tidegate: allow(pod-security/host-path) reason=x";
    let flow = POD.replace("hostPath:\n      path: /opt", allow);
    let more = flow.replace("path: /opt", "path: /etc/kubernetes");
    for (config, code, waived) in [
        ("new-waivers: accept\n", 0, " waived"),
        ("new-waivers: after-merge\n", 1, ""),
    ] {
        let before = [(".tidegate.yaml", config), ("pod.yaml", &*flow)];
        let folder = repository(&before, &[("pod.yaml", &more)]);
        let (answer, json) = check(folder.path(), &["--base", "main"]);
        let lines = told(&json);
        let path = format!("introduced critical pod-security/host-path pod.yaml:12{waived}");
        let added = "introduced medium gate/waiver-added pod.yaml:12".to_owned();
        assert_eq!(answer.code, code, "{lines:?}");
        assert!(lines.contains(&path), "{lines:?}");
        assert!(lines.contains(&added), "{lines:?}");
    }
}

#[test]
fn what_is_wrong_with_a_waiver_is_told() {
    let run = |entries: &str| {
        let folder = repository(
            &[],
            &[
                (".tidegate.yaml", &format!("waivers:\n{entries}")),
                ("pod.yaml", POD),
            ],
        );
        told(&check(folder.path(), &["--base", "main"]).1)
    };
    for (entry, expected) in [
        (
            "- {rule: pod-security/host-path, reason: x}\n",
            "medium gate/broad-waiver",
        ),
        ("- {rule: '*', reason: x}\n", "high gate/broad-waiver"),
        (
            "- {rule: pod-security/host-paht, path: pod.yaml, reason: x}\n",
            "medium gate/unknown-rule",
        ),
        (
            "- {rule: pod-security/privileged, path: pod.yaml, reason: x}\n",
            "low gate/unused-waiver",
        ),
        (
            "- {rule: pod-security/host-path, path: pod.yaml, reason: x, until: 2020-01-01}\n",
            "medium gate/expired-waiver",
        ),
    ] {
        let lines = run(entry);
        let expected = format!("introduced {expected} .tidegate.yaml:2");
        assert!(lines.contains(&expected), "{entry}: {lines:?}");
        let of_gate = lines.iter().filter(|line| line.contains(" gate/")).count();
        assert_eq!(of_gate, 2, "and that it was added: {lines:?}");
    }
    // To let one hold for longer is to add it; to let it end sooner is not.
    let until = |day: &str| {
        format!(
            "waivers: [{{rule: pod-security/host-path, path: pod.yaml, reason: x, until: {day}}}]\n"
        )
    };
    let extended = |before: &str, after: &str| {
        let folder = repository(
            &[(".tidegate.yaml", &until(before)), ("pod.yaml", POD)],
            &[(".tidegate.yaml", &until(after))],
        );
        let (_, json) = check(folder.path(), &["--base", "main"]);
        json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["rule"] == "gate/waiver-added")
            .map(|finding| finding["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        extended("2998-01-01", "2999-01-01").as_deref(),
        Some(
            "the waiver of pod-security/host-path now holds until 2999-01-01, and held until 2998-01-01"
        )
    );
    assert_eq!(extended("2999-01-01", "2998-01-01"), None);
}

#[test]
fn the_terminal_counts_and_shows_what_is_waived() {
    let waiver = waiver("rule: pod-security/host-path, resource: Pod/shop/web");
    let config = format!("rules: {{'workload/*': off}}\n{waiver}");
    let folder = repository(&[(".tidegate.yaml", &config)], &[("pod.yaml", POD)]);
    let run = |more: &[&str]| {
        let mut arguments = vec!["check", "--base", "main"];
        arguments.extend(more);
        tidegate(folder.path(), &arguments, &[]).stdout
    };
    let text = run(&[]);
    assert!(
        text.contains("0 introduced, 0 existing, 1 fixed, 1 waived"),
        "{text}"
    );
    assert!(!text.contains("host-path"), "{text}");
    let text = run(&["--verbose"]);
    assert!(
        text.contains("waived[pod-security/host-path]: Pod shop/web: "),
        "{text}"
    );
    assert!(text.contains("(pod.yaml:13): needs it"), "{text}");
    let sarif = run(&["--format", "sarif"]);
    assert!(!sarif.contains("host-path"), "{sarif}");
}

#[test]
fn a_waiver_is_found_among_many() {
    let number = 500;
    let pods: Vec<String> = (0..number)
        .map(|index| {
            let comment =
                "  # tidegate: allow(pod-security/host-path) reason=\"r\"\n      path: /opt";
            let pod = POD.replace("name: web, n", &format!("name: web-{index}, n"));
            pod.replace("path: /opt", comment)
        })
        .collect();
    let lines: Vec<String> = (0..number)
        .map(|index| format!("- {{rule: '*', path: '**/team-{index}/*.yaml', reason: r}}\n"))
        .collect();
    let config = format!(
        "waivers:\n{}- {{rule: 'pod-*/*', path: '**/team-7/**', reason: s}}\n",
        lines.concat()
    );
    let folder = repository(
        &[(".tidegate.yaml", &config)],
        &[
            ("lines/pods.yaml", &pods.join("---\n")),
            ("team-7/x/pod.yaml", POD),
            ("a/team-8/pod.yaml", POD),
            ("team-x/pod.yaml", POD),
        ],
    );
    let (_, json) = check(folder.path(), &["--base", "main"]);
    let told = told(&json);
    let of = |path: &str| {
        let lines = told.iter().filter(|line| line.contains(path));
        lines
            .filter(|line| line.contains("pod-security/host-path") && line.ends_with(" waived"))
            .count()
    };
    assert_eq!(of("lines/pods.yaml"), number);
    assert_eq!(of("team-7/x/pod.yaml"), 1);
    assert_eq!(of("a/team-8/pod.yaml"), 1);
    assert_eq!(of("team-x/pod.yaml"), 0);
}
