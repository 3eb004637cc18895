//! What comes back, what a person closed, what was cut short, and what a run was not about: nothing gets lost, and
//! nothing is said that is not so.

use super::runner::Story;
use super::{usual, with};
use crate::loopback_github::objects::files;
use crate::loopback_github::state::{Access, State};
use crate::loopback_github::trouble::{Mishap, Trouble};
use crate::runner::{BAD, GOOD};

fn fixed() -> String {
    GOOD.replace("info", "debug")
}

#[test]
fn a_closed_thread_does_not_swallow_what_is_new() {
    let mut state = usual();
    // On a whole file, both are told in one place.
    state.figures.patch.lines = 1;
    let mut story = Story::new("swallow", state);
    story.run().is_blocked();
    story
        .github
        .with(|state| state.threads[0].resolved_by = Some("reviewer".to_owned()));
    let words = |body: &str| body.split("<!-- tidegate:").next().map(str::to_owned);
    let before = words(&story.comment().body);
    story.push(&with(&format!("{BAD}  other: one\n  other: two\n")));
    story.run().is_blocked().lacks("");
    let comments = story.comments();
    assert_eq!(comments.len(), 2);
    assert!(
        comments[1].body.contains("`other` is set twice"),
        "{}",
        comments[1].body
    );
    // It remembers the text that its object has by now, and says what it said.
    assert_eq!(comments[0].edits, 1);
    assert_eq!(words(&comments[0].body), before);
    story.run().is_blocked().lacks("");
    assert_eq!(story.comments()[0].edits, 1);
}

#[test]
fn a_token_that_may_not_fold_is_told_so_and_lacks_nothing() {
    let mut story = Story::new("unfoldable", usual());
    story.run().is_blocked();
    story.push(&with(&fixed()));
    let refused = Mishap::Refused(403, "Resource not accessible by integration");
    let trouble = Trouble::always("POST", "minimizeComment", refused);
    story.github.with(|state| state.troubles.push(trouble));
    for _ in 0..2 {
        let outcome = story.run();
        outcome.is_passed().lacks("").says("fold no comments");
        let folds = outcome
            .writes()
            .iter()
            .filter(|it| it.status == 403)
            .count();
        assert_eq!(folds, 1, "{:?}", outcome.writes());
        assert!(story.comment().body.starts_with("**Fixed**"));
        assert_eq!(story.comment().edits, 1);
    }
}

#[test]
fn a_reopening_that_is_cut_short_is_done_by_the_next_run() {
    for (name, mishap) in [
        ("unfold-502", Mishap::Unavailable(502)),
        ("unfold-lost", Mishap::LostAnswer),
    ] {
        let mut story = Story::new(name, usual());
        story.run().is_blocked();
        story.push(&with(&fixed()));
        story.run().is_passed();
        story.push(&with(BAD));
        let trouble = Trouble::once("POST", "unminimizeComment", mishap);
        story.github.with(|state| state.troubles.push(trouble));
        story.run().is_blocked().lacks("review");
        assert!(story.comment().body.starts_with("**Fixed**"));
        let summary = story.summary().body;
        assert!(summary.contains("`level` is set twice"), "{summary}");

        story.run().is_blocked().lacks("");
        let comment = story.comment();
        assert_eq!(comment.minimized, None);
        assert!(comment.body.contains("`level` is set twice"));
        let summary = story.summary().body;
        assert!(!summary.contains("`level` is set twice"), "{summary}");
    }
}

#[test]
fn a_comment_that_was_not_folded_is_folded_by_the_next_run() {
    let mut story = Story::new("fold-502", usual());
    story.run().is_blocked();
    story.push(&with(&fixed()));
    let trouble = Trouble::once("POST", "minimizeComment", Mishap::Unavailable(502));
    story.github.with(|state| state.troubles.push(trouble));
    story.run().is_passed().lacks("review");
    assert_eq!(story.comment().minimized, None);
    story.run().is_passed().lacks("");
    assert_eq!(story.comment().minimized.as_deref(), Some("RESOLVED"));
    let outcome = story.run();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}

#[test]
fn what_comes_back_below_a_closed_thread_is_told_anew() {
    for may_push in [false, true] {
        let mut state = usual();
        if may_push {
            state.token.permissions.insert("contents", Access::Write);
        }
        let name = if may_push { "unresolve" } else { "anew" };
        let mut story = Story::new(name, state);
        story.run().is_blocked();
        story.push(&with(&fixed()));
        story.run().is_passed();
        story
            .github
            .with(|state| state.threads[0].resolved_by = Some("reviewer".to_owned()));
        story.push(&with(BAD));
        story.run().is_blocked().lacks("");
        let comments = story.comments();
        let last = comments.last().expect("there is one");
        assert_eq!(comments.len(), if may_push { 1 } else { 2 });
        assert_eq!(last.minimized, None);
        assert!(last.body.contains("`level` is set twice"), "{}", last.body);
        let thread = last.thread;
        let resolved_by = story
            .github
            .with(|state| state.threads[thread].resolved_by.clone());
        assert_eq!(resolved_by, None);
        let outcome = story.run();
        assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
    }
}

#[test]
fn a_thread_with_an_answer_is_not_resolved() {
    let mut state = usual();
    state.token.permissions.insert("contents", Access::Write);
    let mut story = Story::new("answered-open", state);
    story.run().is_blocked();
    let id = story.comment().id;
    story
        .github
        .with(|state| state.reply(id, "reviewer", "no, we need that"));
    story.push(&with(&fixed()));
    story.run().is_passed().lacks("");
    let resolved_by = story
        .github
        .with(|state| state.threads[0].resolved_by.clone());
    assert_eq!(resolved_by, None);
    assert!(story.comment().body.starts_with("**Fixed**"));
}

#[test]
fn what_a_run_is_not_about_is_not_fixed() {
    let other = |text: &str| text.replace("name: web", "name: shop");
    let both = |text: &str| files([("x/web.yaml", text), ("y/web.yaml", &other(text))]);
    let mut state = State::new(&both(GOOD));
    state.open_pull(7, &both(BAD));
    let mut story = Story::new("paths", state);
    for path in ["x", "y", "x"] {
        story
            .run_with("pull_request", &[("path", path)])
            .is_blocked();
    }
    let comments = story.comments();
    assert_eq!(comments.len(), 2);
    for comment in comments {
        assert_eq!((comment.edits, comment.minimized), (0, None));
    }
    story.push(&files([
        ("x/web.yaml", fixed().as_str()),
        ("y/web.yaml", other(BAD).as_str()),
    ]));
    story.run_with("pull_request", &[("path", "x")]).is_passed();
    let is_folded = |path: &str| {
        let comments = story.comments();
        let mut comments = comments.iter();
        comments
            .find(|comment| comment.path == path)
            .is_some_and(|comment| comment.minimized.is_some())
    };
    assert!(is_folded("x/web.yaml") && !is_folded("y/web.yaml"));
}

#[test]
fn the_summary_of_another_commit_is_old_whatever_its_number() {
    let mut story = Story::new("renamed", usual());
    story.count_from(500);
    story.run().is_blocked();
    story.push(&with(&fixed()));
    story.count_from(2);
    story.run().is_passed().lacks("");
    let summary = story.summary();
    assert!(!summary.body.contains("blocked"), "{}", summary.body);
}

#[test]
fn what_a_newer_run_left_out_is_annotated() {
    let mut story = Story::new("newer", usual());
    let no_review = [("review", "false")];
    story.count_from(500);
    story.run_with("pull_request", &no_review).is_blocked();
    let before = story.summary().body;
    story.count_from(2);
    let outcome = story.run_with("pull_request", &no_review);
    outcome.is_blocked().says("a newer run").annotates();
    assert_eq!(story.summary().body, before);
}

#[test]
fn a_comment_stands_until_the_one_that_takes_its_place_does() {
    let mut story = Story::new("no-successor", usual());
    story.run().is_blocked();
    story.push(&files([
        ("deploy/sub/web.yaml", BAD),
        ("README.md", "hello\n"),
    ]));
    let trouble = Trouble::always("POST", "/pulls/7/reviews", Mishap::Unavailable(502));
    story.github.with(|state| state.troubles.push(trouble));
    story.run().is_blocked();
    let [old] = story.comments().try_into().expect("one comment");
    assert!(
        old.minimized.is_none() && !old.body.contains("**Moved**"),
        "{old:?}"
    );
}

#[test]
fn a_finding_that_moves_into_another_file_is_told_there() {
    let mut story = Story::new("other-file", usual());
    story.run().is_blocked();
    let first = story.comment();
    story.push(&files([
        ("deploy/sub/web.yaml", BAD),
        ("README.md", "hello\n"),
    ]));
    let outcome = story.run();
    outcome.is_blocked().lacks("");
    assert_eq!(outcome.count("POST", "/reviews"), 1);
    let [old, new] = story.comments().try_into().expect("two comments");
    assert_eq!(
        (old.id, old.minimized.as_deref()),
        (first.id, Some("RESOLVED"))
    );
    assert!(old.body.starts_with("**Moved**"), "{}", old.body);
    assert_eq!(
        (new.path.as_str(), new.line),
        ("deploy/sub/web.yaml", Some(7))
    );
    assert!(new.body.contains("is set twice"), "{}", new.body);
    let outcome = story.run();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}

#[test]
fn a_finding_whose_line_is_gone_is_told_on_the_one_that_has_it() {
    let mut story = Story::new("outdated", usual());
    story.run().is_blocked();
    // The same finding by other bytes: GitHub shows the thread as outdated.
    let other = BAD.replace("level: debug", "\"level\": debug");
    story.push(&with(&other));
    let outcome = story.run();
    outcome.is_blocked().lacks("");
    assert_eq!(outcome.count("POST", "/reviews"), 1);
    let [old, new] = story.comments().try_into().expect("two comments");
    assert_eq!(
        (old.line, old.minimized.as_deref()),
        (None, Some("RESOLVED"))
    );
    assert_eq!((new.line, new.minimized), (Some(7), None));
    let outcome = story.run();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}

#[test]
fn other_words_above_our_marker_are_not_left_standing() {
    let mut story = Story::new("vandal", usual());
    story.run().is_blocked();
    let without = |body: String| body.split("<!-- ").next().map(str::to_owned);
    let told = |story: &Story| [story.comment().body, story.summary().body].map(without);
    let before = told(&story);
    let marker = |body: &str| body.trim_end().lines().next_back().map(str::to_owned);
    let edit = |words: &str, body: &mut String| {
        *body = format!("{words}\n\n{}", marker(body).expect("a marker"));
    };
    story.github.with(|state| {
        edit("LGTM", &mut state.review_comments[0].body);
        edit("## passed, merge it", &mut state.issue_comments[0].body);
    });
    let outcome = story.run();
    outcome.is_blocked().lacks("");
    assert_eq!(outcome.writes().len(), 2, "{:?}", outcome.writes());
    assert_eq!(told(&story), before);
    // What a person adds below is theirs, and no reason to say it all again.
    story.github.with(|state| {
        state.review_comments[0].body.push_str("\nsee the wiki");
        state.issue_comments[0].body.push_str("\nsee the wiki");
    });
    let outcome = story.run();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}
