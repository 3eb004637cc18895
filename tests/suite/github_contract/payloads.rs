//! Events as GitHub sends them, from github.com and from GitHub Enterprise Server.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tidegate::event::{Base, Environment, Target};

const RUN: &str = "3333333333333333333333333333333333333333";

fn payload(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/github/events");
    fs::read(folder.join(format!("{name}.json"))).expect("it is committed")
}

fn read(event: &str, name: &str) -> Result<Target, String> {
    let variables = [
        ("GITHUB_EVENT_NAME", event),
        ("GITHUB_SHA", RUN),
        ("GITHUB_REPOSITORY", "Codertocat/Hello-World"),
    ];
    let environment: Environment = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into_iter()
        .collect();
    Target::parse(&environment, &payload(name)).map_err(|error| error.to_string())
}

/// What the payload itself says, read without the code under test.
fn said(name: &str, pointer: &str) -> String {
    let value: Value = serde_json::from_slice(&payload(name)).expect("it is JSON");
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.expect("it is there").to_owned()
}

#[test]
fn pull_requests_tell_their_ends_and_where_they_come_from() {
    for (name, is_fork) in [
        ("pull_request.opened", false),
        ("pull_request.synchronize", false),
        ("pull_request.fork", true),
        ("pull_request.deleted_fork", true),
        ("ghes.pull_request.opened", false),
    ] {
        for event in ["pull_request", "pull_request_target"] {
            let target = read(event, name).expect(name);
            assert_eq!(
                target.base,
                Base::Tip(said(name, "/pull_request/base/sha")),
                "{name}"
            );
            assert_eq!(target.head, said(name, "/pull_request/head/sha"), "{name}");
            assert_eq!(target.is_fork, is_fork, "{name}");
            assert_eq!(target.pull_request, Some(2), "{name}");
            let merge = (event == "pull_request").then(|| RUN.to_owned());
            assert_eq!(target.merge, merge, "{name}");
        }
    }
}

#[test]
fn a_merge_group_tells_both_its_ends() {
    let target = read("merge_group", "merge_group").expect("it is read");
    let base = said("merge_group", "/merge_group/base_sha");
    assert_eq!(target.base, Base::Tip(base));
    assert_eq!(target.head, said("merge_group", "/merge_group/head_sha"));
    assert_eq!(target.pull_request, None);
}

#[test]
fn pushes_tell_what_was_before() {
    let target = read("push", "push").expect("it is read");
    assert_eq!(target.base, Base::Tip(said("push", "/before")));
    // The commit of the run goes before the tag that a push may be of.
    assert_eq!(target.head, RUN);
    for name in ["push.new_branch", "ghes.push.new_branch"] {
        let target = read("push", name).expect(name);
        assert!(matches!(target.base, Base::Head(_)), "{name}");
    }
    let told = read("push", "push.deleted").expect_err("nothing is left");
    assert!(told.contains("deleted"), "{told}");
}

#[test]
fn the_button_judges_the_commit_of_the_run() {
    for name in ["workflow_dispatch", "ghes.workflow_dispatch"] {
        let target = read("workflow_dispatch", name).expect(name);
        assert!(matches!(target.base, Base::Head(_)));
        assert_eq!(target.head, RUN);
    }
}

#[test]
fn each_committed_event_says_where_it_comes_from_and_is_used_here() {
    let source = include_str!("payloads.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/github/events");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name");
        assert!(said(name, "/_source").contains("MIT"), "{name}");
        // `tidegate publish` reads the events of finished workflows, in tests of its own.
        let is_used = source.contains(&format!("\"{name}\"")) || name.ends_with("workflow_run");
        assert!(is_used, "{name}");
        count += 1;
    }
    assert_eq!(count, 14);
}
