//! Limits and outages: what can be waited for is waited for, nothing is said twice, and no verdict changes.

use super::runner::Story;
use super::usual;
use crate::loopback_github::trouble::{Mishap, Trouble};

fn story(name: &'static str, trouble: Trouble) -> Story {
    let mut state = usual();
    state.troubles.push(trouble);
    Story::new(name, state)
}

fn slow(retry_after: Option<u64>) -> Mishap {
    Mishap::SecondaryLimit {
        status: 429,
        retry_after,
    }
}

#[track_caller]
fn all_is_said(story: &Story) {
    let counts = (
        story.reviews(),
        story.comments().len(),
        story.summaries().len(),
    );
    assert_eq!(counts, (1, 1, 1));
}

#[test]
fn a_limit_that_ends_soon_is_waited_for() {
    for (name, retry_after) in [("429-after", Some(1)), ("429-silent", None)] {
        let mut story = story(name, Trouble::once("POST", "/reviews", slow(retry_after)));
        let outcome = story.run();
        outcome.is_blocked().lacks("");
        assert_eq!(outcome.count("POST", "/pulls/7/reviews"), 2);
        all_is_said(&story);
    }
}

#[test]
fn a_limit_on_questions_is_waited_for_as_well() {
    for (name, what) in [
        ("429-pull", "/pulls/7"),
        ("429-comments", "/comments"),
        ("429-files", "/files"),
    ] {
        let mut story = story(name, Trouble::once("GET", what, slow(Some(0))));
        story.run().is_blocked().lacks("");
        all_is_said(&story);
    }
}

#[test]
fn a_limit_that_lasts_ends_the_talk_and_not_the_run() {
    for (name, mishap) in [
        ("429-long", slow(Some(3_600))),
        ("429-ever", slow(None)),
        (
            "403-hour",
            Mishap::PrimaryLimit {
                status: 403,
                reset_in: 3_600,
            },
        ),
    ] {
        let mut story = story(name, Trouble::always("POST", "", mishap));
        let outcome = story.run();
        outcome.is_blocked().lacks("review,summary").annotates();
        assert!(story.comments().is_empty() && story.summaries().is_empty());
        assert!(outcome.writes().len() <= 4, "{:?}", outcome.writes());
    }
}

#[test]
fn an_answer_that_was_lost_is_not_asked_for_twice() {
    for (name, what) in [
        ("502-review", "/pulls/7/reviews"),
        ("502-summary", "/issues/7/comments"),
    ] {
        let mut story = story(name, Trouble::once("POST", what, Mishap::LostAnswer));
        story.run().is_blocked().lacks("");
        all_is_said(&story);
        let outcome = story.run();
        assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
    }
}

#[test]
fn an_outage_that_kept_nothing_is_tried_again_once() {
    for (name, what) in [
        ("503-review", "/pulls/7/reviews"),
        ("503-summary", "/issues/7/comments"),
    ] {
        let mut story = story(name, Trouble::once("POST", what, Mishap::Unavailable(503)));
        story.run().is_blocked().lacks("");
        all_is_said(&story);
    }
}

#[test]
fn a_github_that_is_gone_changes_no_verdict() {
    let mut state = usual();
    for method in ["GET", "POST"] {
        state
            .troubles
            .push(Trouble::always(method, "", Mishap::Unavailable(503)));
    }
    let mut story = Story::new("gone-github", state);
    let outcome = story.run_with("pull_request", &[("upload-sarif", "true")]);
    outcome
        .is_blocked()
        .lacks("review,summary,code-scanning")
        .annotates();
}

#[test]
fn an_upload_without_an_answer_is_looked_for_before_it_is_sent_again() {
    for (name, mishap, sent) in [
        ("502-sarif", Mishap::LostAnswer, 1),
        ("503-sarif", Mishap::Unavailable(503), 2),
    ] {
        let mut story = story(name, Trouble::once("POST", "/sarifs", mishap));
        let outcome = story.run_with("pull_request", &[("upload-sarif", "true")]);
        outcome.is_blocked().lacks("");
        assert_eq!(outcome.count("POST", "/sarifs"), sent, "{name}");
        assert_eq!(story.github.with(|state| state.uploads.len()), 1, "{name}");
    }
}

#[test]
fn an_upload_that_nobody_can_look_for_is_not_sent_twice() {
    let mut story = story(
        "502-blind",
        Trouble::once("POST", "/sarifs", Mishap::LostAnswer),
    );
    let blind = Trouble::always("GET", "/analyses", Mishap::Unavailable(502));
    story.github.with(|state| state.troubles.push(blind));
    let outcome = story.run_with("pull_request", &[("upload-sarif", "true")]);
    outcome
        .is_blocked()
        .lacks("code-scanning")
        .says("GitHub did not say whether it took the file");
    assert_eq!(outcome.count("POST", "/sarifs"), 1);
}
