//! What cannot be told in one place is told in the next, and what stands nowhere is annotated.

use super::runner::{Outcome, Story};
use super::{usual, with};
use crate::loopback_github::objects::{Files, files};
use crate::loopback_github::state::State;
use crate::loopback_github::trouble::{Mishap, Trouble};
use crate::runner::{BAD, GOOD};

const DENIED: Mishap = Mishap::Refused(403, "Resource not accessible by integration");
const UNSEEN: &str = "title=tidegate could not see everything::";
const NO_SUMMARY: &[(&str, &str)] = &[("summary", "never")];

/// With a file that nobody can read beside the one that matters.
fn unreadable(text: &str) -> Files {
    files([
        ("deploy/web.yaml", text),
        ("deploy/broken.yaml", "apiVersion: v1\nkind: [\n"),
        ("README.md", "hello\n"),
    ])
}

fn incomplete(text: &str) -> State {
    let mut state = State::new(&with(GOOD));
    state.open_pull(7, &unreadable(text));
    state
}

fn annotations(outcome: &Outcome) -> usize {
    let kinds = ["::error ", "::warning ", "::notice "];
    let is_one = |line: &&str| kinds.iter().any(|kind| line.starts_with(kind));
    outcome.log.lines().filter(is_one).count()
}

#[test]
fn what_could_not_be_seen_is_annotated_where_no_summary_says_it() {
    let said = GOOD.replace("info", "debug");
    for text in [&said, BAD] {
        // That it cannot be read is a finding, too.
        let findings = 1 + usize::from(text == BAD);
        let mut story = Story::new("unseen-never", incomplete(text));
        let outcome = story.run_with("pull_request", NO_SUMMARY);
        outcome.says(UNSEEN).lacks("");
        // What has its comment is not repeated.
        assert_eq!(story.comments().len(), findings);
        assert!(!outcome.log.contains("::warning file="), "{}", outcome.log);

        let mut state = incomplete(text);
        let refused = Trouble::always("POST", "/issues/7/comments", DENIED);
        state.troubles.push(refused);
        let mut story = Story::new("unseen-refused", state);
        story.run().says(UNSEEN).lacks("summary");
        assert_eq!(story.comments().len(), findings);

        let mut story = Story::new("unseen-told", incomplete(text));
        let outcome = story.run();
        assert!(!outcome.log.contains(UNSEEN), "{}", outcome.log);
        let summary = story.summary().body;
        assert!(summary.contains("deploy/broken.yaml"), "{summary}");
    }
}

#[test]
fn what_the_review_cannot_read_leaves_the_summary() {
    let gone = || Mishap::Unavailable(500);
    for (name, method, what, mishap) in [
        ("files-denied", "GET", "/pulls/7/files", DENIED),
        ("files-gone", "GET", "/pulls/7/files", gone()),
        ("threads-denied", "POST", "reviewThreads", DENIED),
        ("graphql-denied", "POST", "/graphql", DENIED),
        ("threads-gone", "POST", "reviewThreads", gone()),
    ] {
        let mut state = usual();
        state.troubles.push(Trouble::always(method, what, mishap));
        let mut story = Story::new(name, state);
        let outcome = story.run();
        outcome.is_blocked().lacks("review").annotates();
        assert!(story.comments().is_empty());
        // Nothing has a comment, so that all of it is told here.
        let summary = story.summary().body;
        assert!(summary.contains("### Introduced"), "{summary}");
        assert!(summary.contains("`level` is set twice"), "{summary}");
    }
}

#[test]
fn what_the_summary_cannot_read_leaves_the_review() {
    let mut state = usual();
    let denied = Trouble::always("GET", "/issues/7/comments", DENIED);
    state.troubles.push(denied);
    let mut story = Story::new("issues-denied", state);
    let outcome = story.run();
    outcome.is_blocked().lacks("summary");
    assert_eq!((story.comments().len(), annotations(&outcome)), (1, 0));
}

#[test]
fn what_has_no_comment_of_its_own_is_annotated_although_the_summary_has_it() {
    let names: Vec<String> = (0..32).map(|at| format!("deploy/{at:02}.yaml")).collect();
    let of = |text: &str| {
        let texts: Vec<String> = (0..32)
            .map(|at| text.replace("name: web", &format!("name: web-{at}")))
            .collect();
        let pairs = names.iter().zip(&texts);
        files(pairs.map(|(name, text)| (name.as_str(), text.as_str())))
    };
    let mut state = State::new(&of(GOOD));
    state.open_pull(7, &of(BAD));
    let mut story = Story::new("beyond", state);
    for _ in 0..2 {
        let outcome = story.run();
        outcome.is_blocked().lacks("");
        assert_eq!((story.comments().len(), annotations(&outcome)), (30, 2));
        for file in ["deploy/30.yaml", "deploy/31.yaml"] {
            outcome.says(&format!("::warning file={file},line=7,"));
        }
        let summary = story.summary().body;
        assert!(summary.contains("deploy/31.yaml"), "{summary}");
    }
    // Who wants no comments on lines is told by the summary alone.
    let outcome = story.run_with("pull_request", &[("review", "false")]);
    assert_eq!(annotations(&outcome), 0, "{}", outcome.log);
}
