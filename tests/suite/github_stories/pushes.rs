//! From push to push: what is new is said once, what is old is left alone, what is fixed is settled.

use super::runner::Story;
use super::{usual, with};
use crate::loopback_github::anchors::Side;
use crate::loopback_github::state::{Access, ReviewComment, Thread};
use crate::loopback_github::trouble::{Mishap, Trouble};
use crate::runner::{BAD, GOOD};

const UPLOAD: &[(&str, &str)] = &[("upload-sarif", "true")];

#[test]
fn a_first_push_gets_one_review_and_one_summary() {
    let mut story = Story::new("first", usual());
    let outcome = story.run_with("pull_request", &[("upload-sarif", "true")]);
    outcome.is_blocked().lacks("");
    assert_eq!(story.reviews(), 1);
    let comment = story.comment();
    assert_eq!(
        (comment.path.as_str(), comment.line, comment.side),
        ("deploy/web.yaml", Some(7), Side::Right)
    );
    assert!(
        comment.body.contains("`level` is set twice"),
        "{}",
        comment.body
    );
    let summary = story.summary();
    assert!(
        summary.body.contains("blocked by 1 finding"),
        "{}",
        summary.body
    );
    story.github.with(|state| {
        assert_eq!(state.reviews[0].state, "COMMENTED");
        assert_eq!(state.reviews[0].commit, state.pulls[&7].head);
        let upload = &state.uploads[0];
        assert_eq!(
            (upload.reference.as_str(), &upload.commit),
            ("refs/pull/7/head", &state.pulls[&7].head)
        );
        assert!(
            upload.errors.is_empty() && upload.polls > 1,
            "{:?}",
            upload.errors
        );
        assert_eq!(
            upload.sarif["runs"][0]["results"].as_array().map(Vec::len),
            Some(1)
        );
    });
    // What stands on the pull request is not repeated on it.
    assert!(!outcome.log.contains("::warning file="), "{}", outcome.log);
}

#[test]
fn nothing_new_posts_nothing() {
    let mut story = Story::new("again", usual());
    story.run().is_blocked();
    let before = (story.comment().body, story.summary().body);
    let outcome = story.run();
    outcome.is_blocked().lacks("");
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
    assert_eq!((story.comment().body, story.summary().body), before);
}

#[test]
fn a_clean_pull_request_is_left_in_peace() {
    let mut state = usual();
    state.push(7, &with(&GOOD.replace("info", "debug")));
    let mut story = Story::new("clean", state);
    let outcome = story.run();
    outcome.is_passed().lacks("");
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
    let outcome = story.run_with("pull_request", &[("summary", "always")]);
    outcome.is_passed();
    assert_eq!((outcome.writes().len(), story.summaries().len()), (1, 1));
}

#[test]
fn a_moved_line_is_the_same_finding() {
    let mut story = Story::new("moved", usual());
    story.run().is_blocked();
    let before = story.comment();
    story.push(&with(&format!("# a word before\n# and another\n{BAD}")));
    let outcome = story.run();
    outcome.is_blocked();
    assert_eq!(outcome.count("POST", "/reviews"), 0);
    let after = story.comment();
    assert_eq!((after.id, after.line), (before.id, Some(9)));
    assert_eq!((story.reviews(), story.summaries().len()), (1, 1));
    assert_eq!(after.minimized, None);
}

#[test]
fn a_fix_settles_its_comment_and_a_regression_opens_it_again() {
    let mut story = Story::new("fixed", usual());
    story.run().is_blocked();
    let first = story.comment();
    story.push(&with(&GOOD.replace("info", "debug")));
    let outcome = story.run();
    outcome.is_passed().lacks("");
    assert_eq!(outcome.count("POST", "/reviews"), 0);
    let settled = story.comment();
    assert_ne!(settled.body, first.body);
    assert_eq!(settled.minimized.as_deref(), Some("RESOLVED"));
    let summary = story.summary();
    assert!(!summary.body.contains("blocked"), "{}", summary.body);
    assert_eq!(summary.edits, 1);
    // What is settled stays so.
    let outcome = story.run();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());

    story.push(&with(BAD));
    let outcome = story.run();
    outcome.is_blocked();
    assert_eq!(outcome.count("POST", "/reviews"), 0);
    let again = story.comment();
    assert_eq!((again.id, again.minimized), (first.id, None));
    assert!(again.body.contains("is set twice"), "{}", again.body);
    assert!(story.summary().body.contains("blocked"));
}

#[test]
fn a_thread_is_resolved_only_by_a_token_that_happens_to_push() {
    for may_push in [false, true] {
        let mut state = usual();
        if may_push {
            state.token.permissions.insert("contents", Access::Write);
        }
        let mut story = Story::new(if may_push { "pusher" } else { "no-pusher" }, state);
        story.run().is_blocked();
        story.push(&with(&GOOD.replace("info", "debug")));
        // Nobody is told to grant it.
        let outcome = story.run();
        outcome.is_passed().lacks("");
        assert!(!outcome.log.contains("contents: write"), "{}", outcome.log);
        let resolved = story
            .github
            .with(|state| state.threads[0].resolved_by.is_some());
        assert_eq!(resolved, may_push);
        assert_eq!(story.comment().minimized.as_deref(), Some("RESOLVED"));
    }
}

#[test]
fn what_a_person_answered_stays_to_be_seen() {
    let mut story = Story::new("answered", usual());
    story.run().is_blocked();
    let id = story.comment().id;
    story
        .github
        .with(|state| state.reply(id, "reviewer", "we need both, see the page"));
    story.push(&with(&GOOD.replace("info", "debug")));
    story.run().is_passed();
    assert_eq!(story.comment().minimized, None);
    story.github.with(|state| {
        let mut replies = state.review_comments.iter();
        let reply = replies
            .find(|comment| comment.author == "reviewer")
            .expect("it is there");
        assert_eq!(
            (reply.body.as_str(), reply.edits),
            ("we need both, see the page", 0)
        );
    });
}

#[test]
fn a_person_who_resolved_a_thread_is_not_contradicted() {
    let mut story = Story::new("resolved", usual());
    story.run().is_blocked();
    story.github.with(|state| {
        state.threads[0].resolved_by = Some("reviewer".to_owned());
        state.token.permissions.insert("contents", Access::Write);
    });
    let outcome = story.run();
    outcome.is_blocked();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
    let resolved = story
        .github
        .with(|state| state.threads[0].resolved_by.clone());
    assert_eq!(resolved.as_deref(), Some("reviewer"));
}

#[test]
fn a_marker_in_a_strangers_comment_is_no_marker() {
    let mut rehearsal = Story::new("rehearsal", usual());
    rehearsal.run().is_blocked();
    let (comment, summary) = (rehearsal.comment(), rehearsal.summary());

    let mut state = usual();
    state.threads.push(Thread {
        pull: 7,
        resolved_by: None,
    });
    state.review_comments.push(ReviewComment {
        author: "author".to_owned(),
        thread: 0,
        review: None,
        ..comment.clone()
    });
    // Somebody else's bot is a stranger as well.
    for author in ["author", "github-actions", "other[bot]"] {
        state.say(7, author, &summary.body);
    }
    let mut story = Story::new("forged", state);
    story.run().is_blocked();
    assert_eq!((story.reviews(), story.summaries().len()), (1, 1));
    assert_eq!(story.comment().body, comment.body);
    story.push(&with(&GOOD.replace("info", "debug")));
    story.run().is_passed();
    story.github.with(|state| {
        let forged = &state.review_comments[0];
        assert_eq!(
            (&forged.body, forged.edits, &forged.minimized),
            (&comment.body, 0, &None)
        );
        let said = state
            .issue_comments
            .iter()
            .filter(|it| it.author != state.token.login);
        for comment in said {
            assert_eq!(
                (&comment.body, comment.edits, &comment.minimized),
                (&summary.body, 0, &None)
            );
        }
    });
}

#[test]
fn nothing_is_written_about_a_head_that_is_gone() {
    let mut state = usual();
    let push = Mishap::Meanwhile(Box::new(|state| {
        state.push(7, &with(GOOD));
    }));
    state.troubles.push(Trouble::once("GET", "/pulls/7", push));
    let mut story = Story::new("moved-on", state);
    let outcome = story.run_with("pull_request", UPLOAD);
    outcome
        .is_blocked()
        .says("moved on")
        .lacks("review,summary,code-scanning");
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
    outcome.annotates();
}

#[test]
fn no_analysis_is_handed_over_for_a_head_that_is_gone() {
    let push = |after| Trouble {
        after,
        ..Trouble::once(
            "GET",
            "/pulls/7",
            Mishap::Meanwhile(Box::new(|state| {
                state.push(7, &with(GOOD));
            })),
        )
    };
    // Where nothing else is said.
    let mut state = usual();
    state.troubles.push(push(0));
    let mut story = Story::new("moved-alone", state);
    let mut inputs = UPLOAD.to_vec();
    inputs.extend([("review", "false"), ("summary", "never")]);
    let outcome = story.run_with("pull_request", &inputs);
    outcome.is_blocked().lacks("code-scanning");
    outcome.says("code-scanning: no, the head of the pull request has moved on");
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());

    // Between the comments and the summary, and between that and the analysis.
    for (name, after, lacks, summaries) in [
        ("moved-meanwhile", 1, "summary,code-scanning", 0),
        ("moved-late", 2, "code-scanning", 1),
    ] {
        let mut state = usual();
        state.troubles.push(push(after));
        let mut story = Story::new(name, state);
        let outcome = story.run_with("pull_request", UPLOAD);
        outcome.is_blocked().lacks(lacks).says("moved on");
        assert_eq!((story.reviews(), story.summaries().len()), (1, summaries));
        assert!(story.github.with(|state| state.uploads.is_empty()));
    }
}

#[test]
fn comments_are_neither_edited_nor_added_for_a_head_that_moved_during_the_review() {
    let trouble = || Trouble {
        after: 1,
        ..Trouble::once(
            "GET",
            "/pulls/7",
            Mishap::Meanwhile(Box::new(|state| {
                state.push(7, &with(GOOD));
            })),
        )
    };
    let other = "  other: one\n  other: two\n";

    // The review of what is new is written, and what is fixed is not settled any more.
    let mut story = Story::new("moved-before-edits", usual());
    story.run().is_blocked();
    let (comment, summary) = (story.comment(), story.summary());
    story.push(&with(&format!("{GOOD}{other}")));
    story.github.with(|state| state.troubles.push(trouble()));
    let outcome = story.run();
    outcome
        .is_blocked()
        .lacks("review,summary")
        .says("moved on");
    assert_eq!(story.reviews(), 2);
    let after = &story.comments()[0];
    assert_eq!(
        (&after.body, after.edits, &after.minimized),
        (&comment.body, 0, &None)
    );
    assert_eq!(story.summary().body, summary.body);

    // What came back is opened, and what is new is not told any more but by annotations.
    let mut story = Story::new("moved-before-review", usual());
    story.run().is_blocked();
    story.push(&with(&GOOD.replace("info", "debug")));
    story.run().is_passed();
    story.push(&with(&format!("{BAD}{other}")));
    story.github.with(|state| state.troubles.push(trouble()));
    let outcome = story.run();
    outcome
        .is_blocked()
        .lacks("review,summary")
        .says("moved on");
    assert_eq!((story.reviews(), story.comments().len()), (1, 1));
    outcome.says("::warning file=deploy/web.yaml,line=9,");
}

#[test]
fn of_two_runs_at_once_one_summary_is_left() {
    let mut story = Story::new("two-runs", usual());
    story.run().is_blocked();
    // Another run found none either, and wrote its own a moment later.
    story.github.with(|state| {
        let body = state.own_summaries()[0].body.clone();
        let login = state.token.login.clone();
        state.say(7, &login, &body);
    });
    let first = story.summaries()[0].id;
    story.run().is_blocked();
    assert_eq!(story.summary().id, first);
}

#[test]
fn a_merge_queue_is_judged_and_told_nothing() {
    let mut story = Story::new("queue", usual());
    let outcome = story.run_with("merge_group", &[("upload-sarif", "true")]);
    outcome.is_blocked().lacks("").annotates();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}

#[test]
fn a_server_of_ones_own_is_told_the_same() {
    let mut state = usual();
    state.is_enterprise = true;
    let mut story = Story::new("enterprise", state);
    story
        .run_with("pull_request", &[("upload-sarif", "true")])
        .is_blocked()
        .lacks("");
    assert_eq!((story.reviews(), story.summaries().len()), (1, 1));
    assert_eq!(story.github.with(|state| state.uploads.len()), 1);
    let bodies = [story.comment().body, story.summary().body];
    assert!(
        bodies.iter().all(|body| !body.contains("github.com/shop")),
        "{bodies:?}"
    );
    story.push(&with(&GOOD.replace("info", "debug")));
    story.run().is_passed().lacks("");
    assert_eq!(story.comment().minimized.as_deref(), Some("RESOLVED"));
}
