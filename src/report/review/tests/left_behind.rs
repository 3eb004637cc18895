//! Comments that stand where their findings are no longer.

use std::collections::BTreeSet;

use super::super::anchor::Anchor;
use super::super::known::Files;
use super::super::placed::PlacedFinding;
use super::super::standing::StandingComment;
use super::{HEAD, Plan, carry_out, digest, files, finding, first_push, key, plan, told};
use crate::finding::Severity;

/// A plan of a run that sees that `a.yaml` is `other.yaml` by now.
fn plan_renamed(standing: &[StandingComment]) -> Plan {
    let mut digest = digest(vec![elsewhere()]);
    digest.known.files = Some(Files {
        head: ["other.yaml".into()].into(),
        base: BTreeSet::new(),
    });
    super::super::plan(&digest, &files(), standing, &key(), HEAD)
}

/// The first finding, which stands where the pull request changes nothing any more.
fn elsewhere() -> PlacedFinding {
    let mut elsewhere = finding(1, 5);
    elsewhere.location.path = "other.yaml".into();
    elsewhere
}

#[test]
fn what_moved_out_of_sight_is_told_where_it_is_now() {
    let outdated = |comment: &mut StandingComment| comment.is_outdated = true;
    let in_another_file = |comment: &mut StandingComment| comment.path = Some("old.yaml".into());
    for leave in [outdated, in_another_file] {
        let mut standing = first_push(vec![finding(1, 5), finding(2, 9)]);
        leave(&mut standing[0]);
        let findings = || vec![finding(1, 50), finding(2, 9)];
        let moved = plan(findings(), &standing);
        assert_eq!((moved.review.len(), moved.settled.len()), (1, 1));
        assert!(
            moved.rest.is_empty() && moved.edited.is_empty(),
            "{moved:?}"
        );
        let Anchor::Lines { first, .. } = moved.review[0].anchor else {
            panic!("{moved:?}")
        };
        assert_eq!(first, 50);
        let old = &moved.settled[0];
        assert_eq!((old.edit.id, old.minimize.as_deref()), (1, Some("node 1")));
        assert!(old.edit.body.starts_with("**Moved**"), "{}", old.edit.body);
        // A run that ended between the two is taken up, and says nothing twice.
        let mut cut_short = standing.clone();
        let review_alone = Plan {
            review: moved.review.clone(),
            ..Plan::default()
        };
        carry_out(&review_alone, &mut cut_short);
        let rest = plan(findings(), &cut_short);
        assert_eq!((rest.review.len(), rest.settled.len()), (0, 1), "{rest:?}");
        assert_eq!(rest.settled[0].edit.id, 1);

        carry_out(&moved, &mut standing);
        assert!(plan(findings(), &standing).is_empty(), "it is told once");
        // Gone and back, it is the newer comment that says so.
        let gone = plan(vec![finding(2, 9)], &standing);
        assert_eq!(gone.settled[0].edit.id, 3);
        carry_out(&gone, &mut standing);
        let back = plan(findings(), &standing);
        assert_eq!((back.review.len(), back.reopened.len()), (0, 1), "{back:?}");
        assert_eq!(back.reopened[0].id, 3);
    }
}

#[test]
fn what_comes_back_is_not_opened_where_nobody_sees_it() {
    let mut standing = first_push(vec![finding(1, 5)]);
    let gone = plan(Vec::new(), &standing);
    carry_out(&gone, &mut standing);
    standing[0].is_outdated = true;
    let back = plan(vec![finding(1, 7)], &standing);
    assert_eq!((back.review.len(), back.reopened.len()), (1, 0), "{back:?}");
    assert!(back.settled.is_empty());
    // Where it has no line any more, the comment comes back, and the summary tells it too.
    let mut on_file = finding(1, 500);
    on_file.location.path = "a.yaml".into();
    let back = plan(vec![on_file], &standing);
    assert_eq!((back.files.len(), back.reopened.len()), (0, 1), "{back:?}");
    assert_eq!(back.rest, [told(1)].into());
}

#[test]
fn where_there_is_no_line_to_go_to_the_summary_tells_it() {
    let mut standing = first_push(vec![finding(1, 5)]);
    standing[0].is_outdated = true;
    let gone = plan_renamed(&standing);
    assert!(
        gone.review.is_empty() && gone.settled.is_empty(),
        "{gone:?}"
    );
    assert_eq!(gone.rest, [elsewhere().occurrence()].into());
    // A comment on the whole file would say no more than the one that is there.
    let mut on_file = finding(1, 500);
    on_file.location.path = "a.yaml".into();
    let whole = plan(vec![on_file], &standing);
    assert!(
        whole.files.is_empty() && whole.settled.is_empty(),
        "{whole:?}"
    );
    assert_eq!(whole.rest, [told(1)].into());
    // As long as GitHub shows it, it is told.
    standing[0].is_outdated = false;
    assert!(plan_renamed(&standing).rest.is_empty());
}

#[test]
fn an_answer_is_an_answer_wherever_the_finding_goes() {
    let mut standing = first_push(vec![finding(1, 5)]);
    (standing[0].is_outdated, standing[0].is_resolved) = (true, true);
    let moved = plan(vec![finding(1, 50)], &standing);
    assert!(moved.is_empty() && moved.rest.is_empty(), "{moved:?}");
    let mut graver = finding(1, 50);
    graver.severity = Severity::Critical;
    let moved = plan(vec![graver], &standing);
    assert_eq!(
        (moved.review.len(), moved.reopened.len()),
        (1, 0),
        "{moved:?}"
    );
    assert_eq!(moved.settled[0].resolve, None, "it is resolved");
}

#[test]
fn a_reply_keeps_what_was_left_behind_in_sight() {
    let mut standing = first_push(vec![finding(1, 5)]);
    (standing[0].is_outdated, standing[0].has_reply) = (true, true);
    let moved = plan(vec![finding(1, 50)], &standing);
    assert_eq!(moved.review.len(), 1);
    assert_eq!(moved.settled[0].minimize, None);
}

#[test]
fn what_stayed_keeps_its_comment_when_a_part_of_it_went() {
    let standing = first_push(vec![finding(1, 5), finding(2, 5)]);
    let mut went = finding(2, 1);
    went.location.path = "large-0.json".into();
    went.severity = Severity::Critical;
    let parted = plan(vec![finding(1, 5), went], &standing);
    assert_eq!((parted.files.len(), parted.edited.len()), (1, 1));
    assert!(parted.settled.is_empty() && parted.review.is_empty());
    assert_eq!(parted.edited[0].id, 1);
}
