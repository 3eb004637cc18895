//! Large pull requests, and what GitHub does not show of them.

use super::runner::Story;
use super::{usual, with};
use crate::loopback_github::objects::{Files, files};
use crate::loopback_github::state::{Access, ReviewComment, State, Thread};
use crate::loopback_github::trouble::{Mishap, Trouble};
use crate::runner::{BAD, GOOD};

#[test]
fn thirty_comments_are_settled_at_once() {
    let mut state = State::new(&many(30, 0, false));
    state.open_pull(7, &many(30, 0, true));
    let mut story = Story::new("thirty", state);
    story.run().is_blocked().lacks("");
    assert_eq!(story.comments().len(), 30);
    let mut fixed = many(30, 0, false);
    fixed.insert("README.md".to_owned(), "hello\n".into());
    story.push(&fixed);
    let outcome = story.run();
    outcome.is_passed().lacks("");
    let comments = story.comments();
    assert!(
        comments
            .iter()
            .all(|it| it.minimized.is_some() && it.body.starts_with("**Fixed**"))
    );
    // Each is edited and folded, many of them at once; that threads are not ours to resolve is found out once.
    assert_eq!(outcome.writes().len(), 2 + 2 + 1 + 1);
}

#[test]
fn what_does_not_fit_into_one_run_is_told_and_done_by_the_next() {
    let mut state = State::new(&many(30, 0, false));
    state.open_pull(7, &many(30, 0, true));
    let mut story = Story::new("three-hundred", state);
    story.run().is_blocked().lacks("");
    // As of many runs that wrote at once.
    story.github.with(|state| {
        let first = state.review_comments.clone();
        for run in 1..10 {
            for mut comment in first.clone() {
                comment.id += 1_000_000 * run;
                comment.thread = state.threads.len();
                state.threads.push(Thread {
                    pull: 7,
                    resolved_by: None,
                });
                state.review_comments.push(comment);
            }
        }
    });
    let mut fixed = many(30, 0, false);
    fixed.insert("README.md".to_owned(), "hello\n".into());
    story.push(&fixed);
    let outcome = story.run();
    outcome
        .is_passed()
        .lacks("review")
        .says("60 comments are left for the next run to bring up to date");
    assert!(outcome.requests.len() <= 40, "{}", outcome.requests.len());
    story.run().is_passed().lacks("");
    let comments = story.comments();
    assert_eq!(comments.len(), 300);
    assert!(comments.iter().all(|it| it.minimized.is_some()));
}

/// As many files, the first ones with more findings than the others.
fn many(count: usize, twice: usize, is_bad: bool) -> Files {
    let names: Vec<String> = (0..count)
        .map(|at| format!("deploy/{at:04}.yaml"))
        .collect();
    let texts: Vec<String> = (0..count)
        .map(|at| {
            let mut text =
                (if is_bad { BAD } else { GOOD }).replace("name: web", &format!("name: web-{at}"));
            text.push_str("  other: one\n");
            if is_bad && at < twice {
                text.push_str("  other: two\n");
            }
            text
        })
        .collect();
    let pairs = names.iter().zip(&texts);
    files(pairs.map(|(name, text)| (name.as_str(), text.as_str())))
}

#[test]
fn three_hundred_files_with_five_hundred_findings_are_few_calls() {
    let mut state = State::new(&many(300, 200, false));
    state.open_pull(7, &many(300, 200, true));
    let mut story = Story::new("large", state);
    let outcome = story.run_with("pull_request", &[("upload-sarif", "true")]);
    outcome.is_blocked().lacks("");
    assert_eq!(outcome.outputs["introduced"], "500");
    assert_eq!(story.reviews(), 1);
    assert!(outcome.requests.len() <= 40, "{}", outcome.requests.len());
    assert!((1..=30).contains(&story.comments().len()));
    let summary = story.summary();
    assert!(summary.body.chars().count() <= 65_536);
    let again = story.run_with("pull_request", &[("upload-sarif", "true")]);
    assert_eq!(story.reviews(), 1);
    assert!(again.requests.len() <= 40, "{}", again.requests.len());
    assert!(
        again.writes().iter().all(|it| it.path.ends_with("/sarifs")),
        "{:?}",
        again.writes()
    );
}

#[test]
fn each_push_to_three_hundred_files_is_few_calls() {
    // The same files, with other findings from push to push.
    let keys = |key: &str| {
        let mut all = many(300, 0, false);
        for file in all.values_mut() {
            let again = format!("  {key}: two\n  {key}-b: one\n  {key}-b: two\n");
            file.bytes.extend(format!("  {key}: one\n{again}").bytes());
        }
        all
    };
    for may_push in [false, true] {
        let mut state = State::new(&many(300, 0, false));
        state.open_pull(7, &keys("first"));
        if may_push {
            state.token.permissions.insert("contents", Access::Write);
        }
        let name = if may_push { "pushes-w" } else { "pushes-r" };
        let mut story = Story::new(name, state);
        for (number, key) in ["first", "second", "third", "second", "first"]
            .into_iter()
            .enumerate()
        {
            if number > 0 {
                story.push(&keys(key));
            }
            let outcome = story.run_with("pull_request", &[("upload-sarif", "true")]);
            outcome.is_blocked().lacks("");
            assert_eq!(outcome.outputs["introduced"], "600");
            assert!(outcome.requests.len() <= 40, "{}", outcome.requests.len());
            let comments = story.comments();
            let open = comments.iter().filter(|it| it.minimized.is_none());
            let open: Vec<&str> = open.map(|it| it.body.as_str()).collect();
            assert_eq!(open.len(), 30, "{key}");
            assert!(open.iter().all(|body| body.contains(key)), "{key}");
        }
    }
}

#[test]
fn a_review_that_is_always_refused_adds_to_no_pile() {
    let mut state = State::new(&many(12, 0, false));
    state.open_pull(7, &many(12, 0, true));
    let refused = Mishap::Refused(422, "Unprocessable Entity");
    state
        .troubles
        .push(Trouble::always("POST", "/pulls/7/reviews", refused));
    let mut story = Story::new("refused-always", state);
    for run in 0..4 {
        story.run().is_blocked();
        let comments = story.comments();
        assert_eq!(comments.len(), 5, "run {run}");
        assert!(comments.iter().all(|comment| comment.is_on_file));
        // All others are told nevertheless.
        let summary = story.summary().body;
        assert!(summary.contains("deploy/0011.yaml"), "{summary}");
    }
    // What is fixed makes room.
    let mut fixed = many(12, 0, true);
    fixed.extend(many(3, 0, false));
    story.push(&fixed);
    story.run().is_blocked();
    let comments = story.comments();
    let open = comments
        .iter()
        .filter(|comment| comment.minimized.is_none());
    assert_eq!((comments.len(), open.count()), (8, 5));
}

#[test]
fn what_finds_no_room_on_files_is_told_in_the_summary() {
    let mut state = State::new(&many(12, 0, false));
    state.open_pull(7, &many(12, 0, true));
    let refused = Mishap::Refused(422, "Unprocessable Entity");
    state
        .troubles
        .push(Trouble::always("POST", "/pulls/7/reviews", refused));
    let mut story = Story::new("refused-graver", state);
    story.run().is_blocked();
    let mut graver = many(12, 0, true);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: own\nspec:\n  containers:\n    - name: own\n      image: ghcr.io/acme/own:1.2.3\n      securityContext:\n        privileged: true\n";
    graver.insert("deploy/pod.yaml".to_owned(), pod.into());
    story.push(&graver);
    story.run().is_blocked();
    let comments = story.comments();
    assert_eq!(comments.len(), 5, "{comments:?}");
    let summary = story.summary().body;
    assert!(summary.contains("privileged is true"), "{summary}");
}

#[test]
fn a_batch_without_an_answer_is_sent_in_halves() {
    for (name, mishap) in [
        ("batch-502", Mishap::Unavailable(502)),
        ("batch-lost", Mishap::LostAnswer),
    ] {
        let mut state = State::new(&many(30, 0, false));
        state.open_pull(7, &many(30, 0, true));
        let mut story = Story::new(name, state);
        story.run().is_blocked().lacks("");
        let mut fixed = many(30, 0, false);
        fixed.insert("README.md".to_owned(), "hello\n".into());
        story.push(&fixed);
        let what = "updatePullRequestReviewComment";
        let trouble = Trouble::once("POST", what, mishap);
        story.github.with(|state| state.troubles.push(trouble));
        let outcome = story.run();
        outcome.is_passed().lacks("");
        assert_eq!(outcome.count("POST", what), 4);
        let is_settled =
            |it: &ReviewComment| it.minimized.is_some() && it.body.starts_with("**Fixed**");
        assert!(story.comments().iter().all(is_settled));
    }
}

#[test]
fn a_comment_that_is_gone_keeps_no_other_from_being_settled() {
    let mut state = State::new(&many(30, 0, false));
    state.open_pull(7, &many(30, 0, true));
    let mut story = Story::new("one-gone", state);
    story.run().is_blocked().lacks("");
    let mut fixed = many(30, 0, false);
    fixed.insert("README.md".to_owned(), "hello\n".into());
    story.push(&fixed);
    let delete = Mishap::Meanwhile(Box::new(|state| {
        state.review_comments.remove(4);
    }));
    let trouble = Trouble::once("POST", "updatePullRequestReviewComment", delete);
    story.github.with(|state| state.troubles.push(trouble));
    story.run().is_passed().lacks("");
    let comments = story.comments();
    assert_eq!(comments.len(), 29);
    assert!(comments.iter().all(|it| it.minimized.is_some()));
}

#[test]
fn a_text_that_is_too_long_is_cut_where_a_finding_ends() {
    // Long names make long lines: what is to be said is far beyond 65,536 characters.
    let long = "x".repeat(200);
    let names: Vec<String> = (0..400)
        .map(|at| format!("deploy/{long}/{at}.yaml"))
        .collect();
    let of = |text: &str| files(names.iter().map(|name| (name.as_str(), text)));
    let mut state = State::new(&of(GOOD));
    state.open_pull(7, &of(BAD));
    let mut story = Story::new("long", state);
    story.run().is_blocked().lacks("");
    let summary = story.summary();
    let length = summary.body.chars().count();
    assert!((20_000..=65_536).contains(&length), "{length}");
    let (links, ends) = (
        summary.body.matches("](").count(),
        summary.body.matches("</details>").count(),
    );
    assert!(links > 10);
    assert_eq!(ends, summary.body.matches("<details>").count());
    // It is still known as ours.
    let outcome = story.run();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}

#[test]
fn more_results_than_code_scanning_takes_are_told() {
    let text = |at: usize, is_bad: bool| {
        let mut text =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-{at}\ndata:\n");
        for key in 0..1_001 {
            let again = if is_bad {
                format!("  k{key}: two\n")
            } else {
                String::new()
            };
            text = text + &format!("  k{key}: one\n") + &again;
        }
        text
    };
    let of = |is_bad| {
        let names: Vec<String> = (0..26).map(|at| format!("deploy/{at}.yaml")).collect();
        let texts: Vec<String> = (0..26).map(|at| text(at, is_bad)).collect();
        let pairs = names.iter().zip(&texts);
        files(pairs.map(|(name, text)| (name.as_str(), text.as_str())))
    };
    let mut state = State::new(&of(false));
    state.open_pull(7, &of(true));
    let mut story = Story::new("many-results", state);
    let outcome = story.run_with("pull_request", &[("upload-sarif", "true")]);
    assert_eq!(outcome.outputs["introduced"], "26000");
    outcome.is_blocked().lacks("code-scanning,sarif-file");
    let told = "leaves out the 1000 least urgent findings";
    outcome.says("code-scanning: in part, ").says(told);
    let summary = std::fs::read_to_string(story.path("summary")).expect("it is there");
    assert!(summary.contains(told));
    assert!(!summary.contains("all are in the SARIF file"));
    assert!(!story.summary().body.contains("SARIF"));
    story.github.with(|state| {
        let results = &state.uploads[0].sarif["runs"][0]["results"];
        assert_eq!(results.as_array().map(Vec::len), Some(25_000));
    });
}

#[test]
fn more_files_than_github_lists_are_judged_all_the_same() {
    let mut after = with(GOOD);
    for at in 0..3_000 {
        after.insert(format!("a/{at:04}.txt"), "x\n".into());
    }
    // The one that matters is beyond the list.
    after.insert("z/web.yaml".to_owned(), BAD.into());
    let mut state = State::new(&with(GOOD));
    state.open_pull(7, &after);
    let mut story = Story::new("3001", state);
    let outcome = story.run();
    outcome.is_blocked().lacks("").says("3000 of 3001");
    assert!(story.comments().is_empty());
    assert!(story.summary().body.contains("z/web.yaml"));
    assert!(outcome.requests.len() <= 40, "{}", outcome.requests.len());
}

#[test]
fn a_file_without_a_patch_is_commented_as_a_whole() {
    let mut state = usual();
    state.figures.patch.lines = 1;
    let mut story = Story::new("no-patch", state);
    let outcome = story.run();
    outcome.is_blocked().lacks("");
    assert_eq!(outcome.count("POST", "/pulls/7/reviews"), 0);
    let comment = story.comment();
    assert!(comment.is_on_file);
    assert!(comment.body.contains("is set twice"), "{}", comment.body);
    let outcome = story.run();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}
