//! What a token may not do is told once, with the line that grants it, and changes no verdict.

use super::runner::Story;
use super::usual;
use crate::loopback_github::state::Access;
use crate::loopback_github::trouble::{Mishap, Trouble};

const UPLOAD: &[(&str, &str)] = &[("upload-sarif", "true")];

#[test]
fn a_fork_asks_for_nothing_that_it_cannot_have() {
    let mut state = usual();
    state
        .pulls
        .get_mut(&7)
        .expect("it is there")
        .head_repository = Some("someone/deploy".to_owned());
    state.token.permissions = [("contents", Access::Read)].into();
    let mut story = Story::new("fork", state);
    let outcome = story.run_with("pull_request", UPLOAD);
    outcome
        .is_blocked()
        .lacks("review,summary,code-scanning")
        .annotates();
    outcome.says("tidegate publish").says("upload-sarif");
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}

#[test]
fn a_fork_that_is_gone_is_a_fork() {
    let mut state = usual();
    state
        .pulls
        .get_mut(&7)
        .expect("it is there")
        .head_repository = None;
    state.token.permissions = [("contents", Access::Read)].into();
    let mut story = Story::new("gone", state);
    let outcome = story.run();
    outcome.is_blocked().lacks("review,summary").annotates();
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}

#[test]
fn a_fork_is_told_where_the_token_is_that_of_the_base() {
    let mut state = usual();
    state
        .pulls
        .get_mut(&7)
        .expect("it is there")
        .head_repository = Some("someone/deploy".to_owned());
    let mut story = Story::new("target", state);
    story
        .run_with("pull_request_target", &[])
        .is_blocked()
        .lacks("");
    assert_eq!((story.reviews(), story.summaries().len()), (1, 1));
}

#[test]
fn a_token_that_only_reads_leaves_annotations() {
    // Dependabot's, or that of a workflow that asks for nothing.
    let mut state = usual();
    state.token.permissions = [("contents", Access::Read)].into();
    let mut story = Story::new("reader", state);
    let outcome = story.run_with("pull_request", UPLOAD);
    outcome
        .is_blocked()
        .lacks("review,summary,code-scanning")
        .annotates();
    outcome
        .says("pull-requests: write")
        .says("security-events: write");
    // Each is tried once, and the table is printed once.
    assert!(outcome.writes().len() <= 3, "{:?}", outcome.writes());
    // What was planned comes first, and what became of it after that.
    let parts: Vec<&str> = outcome.log.split("to be told on GitHub:\n").collect();
    let [_, planned] = parts[..] else {
        panic!("{}", outcome.log)
    };
    assert!(
        planned.starts_with("  review: yes\n  summary: yes\n  code-scanning: yes\n"),
        "{planned}"
    );
    let (_, became) = planned
        .split_once("otherwise than planned:\n")
        .expect("it came otherwise");
    assert!(became.starts_with("  review: no, "), "{became}");
    assert!(story.comments().is_empty() && story.summaries().is_empty());
}

#[test]
fn a_token_that_may_comment_on_issues_alone_leaves_the_summary() {
    let mut state = usual();
    state.token.permissions = [("contents", Access::Read), ("issues", Access::Write)].into();
    let mut story = Story::new("issues", state);
    let outcome = story.run();
    outcome
        .is_blocked()
        .lacks("review")
        .says("pull-requests: write");
    assert!(story.comments().is_empty());
    let summary = story.summary();
    assert!(
        summary.body.contains("`level` is set twice"),
        "{}",
        summary.body
    );
}

#[test]
fn a_token_of_a_person_is_told_what_widens_it() {
    for (value, grant) in [
        (
            "github_pat_11AAAAAAA0abcdefghij",
            "permission \"Pull requests: write\"",
        ),
        ("ghp_tOkEnOfAPerson0123456789", "scope `repo`"),
    ] {
        let mut state = usual();
        state.token.value = value.to_owned();
        state.token.permissions = [("contents", Access::Read)].into();
        let mut story = Story::new(value.split('_').next().expect("a prefix"), state);
        let outcome = story.run();
        outcome.is_blocked().lacks("review,summary").says(grant);
        assert!(!outcome.log.contains("`permissions:`"), "{}", outcome.log);
    }
}

#[test]
fn code_scanning_may_be_missing_for_two_reasons() {
    let mut state = usual();
    state.withhold(&["security_events"]);
    let mut story = Story::new("no-events", state);
    let outcome = story.run_with("pull_request", UPLOAD);
    outcome
        .is_blocked()
        .lacks("code-scanning")
        .says("security-events: write");
    assert_eq!((story.reviews(), story.summaries().len()), (1, 1));

    let mut state = usual();
    (state.is_private, state.has_code_security) = (true, false);
    let mut story = Story::new("no-security", state);
    let outcome = story.run_with("pull_request", UPLOAD);
    outcome
        .is_blocked()
        .lacks("code-scanning")
        .says("not enabled");
    // What it lacks is no permission.
    assert!(
        !outcome.log.contains("security-events: write"),
        "{}",
        outcome.log
    );
    assert_eq!((story.reviews(), story.summaries().len()), (1, 1));
}

#[test]
fn a_token_that_is_none_changes_no_verdict() {
    let mut story = Story::new("stranger", usual());
    let outcome = story.run_with("pull_request", &[("github-token", "ghs_nobody")]);
    outcome
        .is_blocked()
        .lacks("review,summary")
        .annotates()
        .says("does not accept the token");
    assert!(outcome.writes().iter().all(|request| request.status == 401));
}

#[test]
fn a_server_that_repeats_the_token_is_not_repeated() {
    let mut state = usual();
    let words = format!("the token {} is bad", state.token.value);
    let refused = Mishap::Refused(403, words.leak());
    state.troubles.push(Trouble::always("POST", "", refused));
    let mut story = Story::new("parrot", state);
    // That the token is in no text, every run of a story looks for.
    let outcome = story.run_with("pull_request", UPLOAD);
    outcome.is_blocked().says("the token [redacted] is bad");
}

#[test]
fn what_no_permission_grants_asks_for_none() {
    for (name, status, words) in [
        (
            "locked",
            403,
            "Unable to create comment because issue is locked.",
        ),
        (
            "saml",
            403,
            "Resource protected by organization SAML enforcement.",
        ),
        ("blocked", 451, "Repository access blocked"),
    ] {
        let mut state = usual();
        for what in ["/pulls/7/reviews", "/comments"] {
            let refused = Mishap::Refused(status, words);
            state.troubles.push(Trouble::always("POST", what, refused));
        }
        let mut story = Story::new(name, state);
        let outcome = story.run();
        outcome.is_blocked().lacks("review,summary").says(words);
        assert!(
            !outcome.log.contains("under `permissions:`"),
            "{}",
            outcome.log
        );
    }
}

#[test]
fn a_repository_that_was_renamed_meanwhile_is_told_once() {
    for is_enterprise in [false, true] {
        let mut state = usual();
        state.is_enterprise = is_enterprise;
        state.former_name = Some("shop/old".to_owned());
        let name = if is_enterprise {
            "renamed-own"
        } else {
            "renamed-com"
        };
        let mut story = Story::new(name, state);
        let outcome = story.run_with("pull_request", UPLOAD);
        outcome.is_blocked().lacks("");
        let counts = (
            story.reviews(),
            story.comments().len(),
            story.summaries().len(),
        );
        assert_eq!(counts, (1, 1, 1));
        assert_eq!(story.github.with(|state| state.uploads.len()), 1);
        let led = outcome
            .writes()
            .iter()
            .filter(|it| it.status == 307)
            .count();
        assert_eq!((led, outcome.writes().len()), (3, 6));
    }
}

#[test]
fn a_refused_review_goes_to_the_file() {
    let mut state = usual();
    let refused = Mishap::Refused(422, "Unprocessable Entity");
    state
        .troubles
        .push(Trouble::always("POST", "/pulls/7/reviews", refused));
    let mut story = Story::new("refused", state);
    let outcome = story.run();
    outcome.is_blocked().says("Unprocessable Entity");
    assert_eq!(outcome.count("POST", "/pulls/7/reviews"), 1);
    let comment = story.comment();
    assert!(comment.is_on_file, "{comment:?}");
    assert_eq!(story.summaries().len(), 1);
}
