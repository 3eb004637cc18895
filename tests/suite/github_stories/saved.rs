//! The two steps of a fork: one run judges and may only read, another posts what it saved, and believes GitHub alone.

use std::fs;

use serde_json::{Value, json};

use super::runner::Story;
use super::{usual, with};
use crate::loopback_github::state::{Access, State, Token};
use crate::runner::GOOD;

fn fork() -> State {
    let mut state = usual();
    let pull = state.pulls.get_mut(&7).expect("it is there");
    pull.head_repository = Some("someone/deploy".to_owned());
    state.token.permissions = [("contents", Access::Read)].into();
    state
}

/// A story whose first run saved its report, and whose second may write.
fn judged(name: &'static str) -> Story {
    let mut story = Story::new(name, fork());
    story.run().is_blocked().lacks("review,summary");
    story.github.with(|state| state.token = Token::usual());
    story
}

fn ended(story: &Story) -> Value {
    let head = story.github.with(|state| state.pulls[&7].head.clone());
    json!({"action": "completed", "workflow_run": {
        "event": "pull_request",
        "head_sha": head,
        "head_branch": "feature",
        "head_repository": {"full_name": "someone/deploy", "owner": {"login": "someone"}},
        "pull_requests": [],
    }})
}

#[test]
fn a_saved_report_is_posted_where_github_says() {
    let mut story = judged("saved");
    let event = ended(&story);
    let posted = story.publish(&event);
    assert_eq!(posted.code, 0, "{}", posted.log);
    assert_eq!((story.reviews(), story.comment().line), (1, Some(7)));
    // It promises nothing that it does not do.
    assert_eq!(
        posted.log,
        "told on GitHub:\n  review: yes\n  summary: yes\n"
    );
    assert_eq!(posted.summary, "");
    // GitHub knows no pull request of a commit that only a fork has.
    let head = story.github.with(|state| state.pulls[&7].head.clone());
    assert_eq!(posted.count("GET", &format!("/commits/{head}/pulls")), 0);
    let summary = story.summary();
    // What a person reads is told whose words it is.
    for told in [
        "blocked by 1 finding, says the pull request's own run",
        "its author's to change",
    ] {
        assert!(summary.body.contains(told), "{}", summary.body);
    }
    let again = story.publish(&event);
    assert_eq!(again.code, 0, "{}", again.log);
    assert!(again.writes().is_empty(), "{:?}", again.writes());
}

#[test]
fn the_report_does_not_choose_its_pull_request() {
    let mut story = judged("elsewhere");
    let event = ended(&story);
    // Other pull requests with the same commit, from another repository, also of the same owner.
    story.github.with(|state| {
        for (number, from) in [(6, "shop/deploy"), (8, "someone/deploy-2")] {
            let mut other = state.pulls[&7].clone();
            other.number = number;
            other.head_repository = Some(from.to_owned());
            state.pulls.insert(number, other);
        }
    });
    assert_eq!(story.publish(&event).code, 0);
    assert!(story.comments().iter().all(|comment| comment.pull == 7));
    assert_eq!(story.summary().pull, 7);

    let file = story.path("workspace/tidegate.json");
    let text = fs::read_to_string(&file).expect("it was saved");
    let mut report: Value = serde_json::from_str(&text).expect("it is JSON");
    report["head"]["commit"] = "1".repeat(40).into();
    fs::write(&file, report.to_string()).expect("written");
    let outcome = story.publish(&event);
    assert_ne!(outcome.code, 0);
    assert!(outcome.requests.is_empty(), "{:?}", outcome.requests);
}

#[test]
fn a_pull_request_that_moved_on_is_left_alone() {
    let mut story = judged("late");
    let event = ended(&story);
    story.push(&with(GOOD));
    let outcome = story.publish(&event);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
    let why =
        "no, the head of the pull request has moved on meanwhile, and the next run will speak";
    let table = format!("told on GitHub:\n  review: {why}\n  summary: {why}\n");
    assert_eq!(outcome.log, table);
    let summary = format!("## tidegate publish: nothing was posted\n\n```text\n{table}```\n");
    assert_eq!(outcome.summary, summary);
}

#[test]
fn a_pull_request_that_is_not_found_is_no_silence() {
    let mut story = judged("not-found");
    let mut event = ended(&story);
    event["workflow_run"]["head_branch"] = "it's\n::error::x".into();
    let outcome = story.publish(&event);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
    outcome.says("::warning title=tidegate posted nothing::No open pull request from someone/deploy, branch `it's");
    outcome.says("  review: no, no open pull request has this commit at its tip\n");
    assert!(
        !outcome.log.lines().any(|line| line.starts_with("::error")),
        "{}",
        outcome.log
    );
    let told = "No open pull request from someone/deploy, branch `it's";
    assert!(outcome.summary.contains(told), "{}", outcome.summary);

    let event = ended(&story);
    story
        .github
        .with(|state| state.pulls.get_mut(&7).expect("it is there").state = "closed");
    story
        .publish(&event)
        .says("::warning title=tidegate posted nothing::");
}

#[test]
fn without_a_branch_the_commit_leads_to_its_pull_request() {
    let mut story = judged("no-branch");
    let mut event = ended(&story);
    let run = &mut event["workflow_run"];
    run["head_branch"] = Value::Null;
    run["head_repository"]["full_name"] = "shop/deploy".into();
    // As of a branch of this repository, which was deleted since.
    story.github.with(|state| {
        let pull = state.pulls.get_mut(&7).expect("it is there");
        pull.head_repository = Some("shop/deploy".to_owned());
    });
    let posted = story.publish(&event);
    assert_eq!(posted.code, 0, "{}", posted.log);
    assert_eq!(story.reviews(), 1);
}

#[test]
fn what_is_refused_is_in_the_summary_of_the_job() {
    let mut story = judged("refused-publish");
    let event = ended(&story);
    story
        .github
        .with(|state| state.withhold(&["pull_requests"]));
    let outcome = story.publish(&event);
    assert_eq!(outcome.code, 3, "{}", outcome.log);
    for text in [
        "## tidegate publish: nothing was posted",
        "pull-requests: write",
    ] {
        assert!(outcome.summary.contains(text), "{}", outcome.summary);
    }
    fs::write(story.path("workspace/tidegate.json"), "[1").expect("written");
    let outcome = story.publish(&event);
    assert_eq!(outcome.code, 2, "{}", outcome.log);
    assert!(
        outcome.summary.contains("the report cannot be understood"),
        "{}",
        outcome.summary
    );
}

#[test]
fn a_report_is_as_large_as_its_repository() {
    let mut story = judged("huge");
    let event = ended(&story);
    let file = story.path("workspace/tidegate.json");
    let text = fs::read_to_string(&file).expect("it was saved");
    let mut report: Value = serde_json::from_str(&text).expect("it is JSON");
    let mut existing = report["findings"][0].clone();
    existing["status"] = "existing".into();
    existing["message"] = "x".repeat(1_000).into();
    let findings = report["findings"].as_array_mut().expect("a list");
    for number in 0..26_000 {
        existing["fingerprint"] = format!("{number:032x}").into();
        findings.push(existing.clone());
    }
    let text = report.to_string();
    assert!(text.len() > 32 << 20, "{}", text.len());
    fs::write(&file, text).expect("written");
    let outcome = story.publish(&event);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert_eq!(story.comment().line, Some(7));
    assert!(story.summary().body.contains("Existing before: 26000."));
}

#[test]
fn what_is_no_report_is_not_repeated() {
    let mut story = judged("no-report");
    let event = ended(&story);
    let text = format!("\"{}\"", "x".repeat(5_000_000));
    fs::write(story.path("workspace/tidegate.json"), text).expect("written");
    let outcome = story.publish(&event);
    assert_eq!(outcome.code, 2);
    assert!(outcome.log.len() < 500, "{}", outcome.log.len());
    assert!(outcome.requests.is_empty(), "{:?}", outcome.requests);
}

#[test]
fn what_a_report_says_acts_nowhere() {
    let mut story = judged("hostile");
    let event = ended(&story);
    let file = story.path("workspace/tidegate.json");
    let text = fs::read_to_string(&file).expect("it was saved");
    let mut report: Value = serde_json::from_str(&text).expect("it is JSON");
    let hostile = "@everyone closes #1 <!-- tidegate:summary --> ![x](https://evil.example/x.png) <img src=x>\n::error::gotcha";
    report["findings"][0]["message"] = hostile.into();
    fs::write(&file, report.to_string()).expect("written");
    let outcome = story.publish(&event);
    assert!(
        !outcome.log.lines().any(|line| line.starts_with("::error")),
        "{}",
        outcome.log
    );
    let bodies = story.comments().into_iter().map(|comment| comment.body);
    for body in bodies.chain(story.summaries().into_iter().map(|it| it.body)) {
        let mut shown = String::new();
        // In code, nothing acts; outside of it, nothing of the message may stand.
        for (at, part) in body.split('`').enumerate() {
            if at % 2 == 0 {
                shown.push_str(part);
            }
        }
        for bad in ["@everyone", "![x](https", "<img"] {
            assert!(!shown.contains(bad), "{bad}: {body}");
        }
        assert_eq!(body.matches("<!-- tidegate:").count(), 1, "{body}");
    }
}

#[test]
fn a_saved_report_settles_nothing_that_the_base_has_said() {
    let mut story = judged("two-voices");
    let trusted = story.run_with("pull_request_target", &[]);
    trusted.is_blocked().lacks("");
    let before = (story.comment().body, story.summary().body);
    let event = ended(&story);
    let file = story.path("workspace/tidegate.json");
    let text = fs::read_to_string(&file).expect("it was saved");
    let mut report: Value = serde_json::from_str(&text).expect("it is JSON");
    report["outcome"] = "passed".into();
    for status in ["gone", "existing"] {
        if status == "existing" {
            report["findings"][0]["status"] = status.into();
            fs::write(&file, report.to_string()).expect("written");
        } else {
            let mut without = report.clone();
            without["findings"] = json!([]);
            fs::write(&file, without.to_string()).expect("written");
        }
        let outcome = story.publish(&event);
        assert_eq!(outcome.code, 0, "{}", outcome.log);
        assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
        assert_eq!((story.comment().body, story.summary().body), before.clone());
        assert_eq!(story.comment().minimized, None);
    }
}
