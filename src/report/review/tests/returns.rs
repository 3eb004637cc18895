//! What comes back, what a person closed, what was cut short, and what a run was not about.

use super::super::body::Draft;
use super::super::placed::PlacedFinding;
use super::super::reconcile::{MOST_COMMENTS, MOST_FILES};
use super::super::standing::StandingComment;
use super::{HEAD, carry_out, digest, files, finding, fingerprint, first_push, key, plan, told};
use crate::finding::Severity;

#[test]
fn a_closed_comment_swallows_nothing_that_it_does_not_tell() {
    let closed = [
        |comment: &mut StandingComment| comment.is_resolved = true,
        |comment: &mut StandingComment| comment.is_minimized = true,
    ];
    for close in closed {
        let mut standing = first_push(vec![finding(1, 5)]);
        close(&mut standing[0]);
        let both = || vec![finding(1, 5), finding(2, 5)];
        let second = plan(both(), &standing);
        assert_eq!(second.review.len(), 1, "{second:?}");
        let mut new = second.review[0].occurrences();
        assert_eq!((new.next(), new.next()), (Some(told(2)), None));
        assert!(second.edited.is_empty() && second.reopened.is_empty());
        carry_out(&second, &mut standing);
        assert!(plan(both(), &standing).is_empty(), "it is told once");
        // Closed as well, each stays what it is.
        close(&mut standing[1]);
        let third = plan(both(), &standing);
        assert!(third.is_empty(), "{third:?}");
    }
}

#[test]
fn what_was_cut_short_is_taken_up() {
    let mut standing = first_push(vec![finding(1, 5)]);
    carry_out(&plan(Vec::new(), &standing), &mut standing);
    // It was unfolded, and the run that did it ended before it could say why.
    standing[0].is_minimized = false;
    let back = plan(vec![finding(1, 5)], &standing);
    assert_eq!(back.reopened.len(), 1);
    assert_eq!(back.reopened[0].unminimize, None);
    let gone = plan(Vec::new(), &standing);
    assert_eq!(gone.folded, ["node 1"]);
    carry_out(&gone, &mut standing);
    assert!(plan(Vec::new(), &standing).is_empty());
}

/// A finding on the line of its number.
fn of(severity: Severity) -> impl Fn(usize) -> PlacedFinding {
    move |number| {
        let mut one = finding(number, u32::try_from(number).unwrap());
        one.severity = severity;
        one
    }
}

#[test]
fn the_pile_of_comments_does_not_grow() {
    let one = of(Severity::Medium);
    let mut findings: Vec<_> = (1..=MOST_COMMENTS).map(&one).collect();
    let mut standing = first_push(findings.clone());
    findings.extend((60..80).map(&one));
    let full = plan(findings.clone(), &standing);
    assert!(full.is_empty(), "{full:?}");
    assert_eq!((full.standing, full.rest.len()), (MOST_COMMENTS, 20));
    // Ten are fixed, which makes room for ten; nor do these ten find room when they come back.
    let before = findings.clone();
    findings.drain(..10);
    let freed = plan(findings, &standing);
    assert_eq!((freed.settled.len(), freed.review.len()), (10, 10));
    assert_eq!(freed.rest.len(), 10);
    carry_out(&freed, &mut standing);
    let back = plan(before, &standing);
    assert!(back.is_empty(), "{back:?}");
    assert_eq!(back.rest.len(), 20);
    // What is left open as it was not seen takes its room as well.
    let mut digest = digest((60..80).map(one).collect());
    digest.known.is_partial = true;
    let partial = super::super::plan(&digest, &files(), &standing, &key(), HEAD);
    assert_eq!((partial.review.len(), partial.rest.len()), (0, 10));
}

#[test]
fn a_pile_of_trifles_hides_nothing_that_is_graver() {
    let mut findings: Vec<_> = (1..=MOST_COMMENTS).map(of(Severity::Low)).collect();
    let mut standing = first_push(findings.clone());
    findings.push(of(Severity::Medium)(50));
    findings.extend((51..=90).map(of(Severity::Critical)));
    let graver = plan(findings.clone(), &standing);
    // One review holds no more than ever; of what it holds, the gravest comes first.
    assert_eq!(graver.review.len(), MOST_COMMENTS);
    let is_critical = |draft: &Draft| draft.marker.severity() == Severity::Critical;
    assert!(graver.review.iter().all(is_critical), "{graver:?}");
    assert_eq!(graver.rest.len(), 10 + 1);
    assert!(graver.settled.is_empty(), "{graver:?}");
    carry_out(&graver, &mut standing);
    let again = plan(findings.clone(), &standing);
    assert!(again.is_empty(), "{again:?}");
    // The same with what comes back.
    let gone = plan(findings[..MOST_COMMENTS].to_vec(), &standing);
    assert_eq!(gone.settled.len(), MOST_COMMENTS);
    carry_out(&gone, &mut standing);
    let back = plan(findings, &standing);
    assert_eq!(back.reopened.len(), MOST_COMMENTS, "{back:?}");
}

#[test]
fn files_have_few_comments_of_their_own() {
    let on_file = |severity| {
        move |number: usize| {
            let mut one = of(severity)(1);
            one.fingerprint = fingerprint(number);
            one.location.path = format!("large-{number}.json").into();
            one
        }
    };
    let mut findings: Vec<_> = (0..MOST_FILES).map(on_file(Severity::Low)).collect();
    let standing = first_push(findings.clone());
    findings.extend((10..12).map(on_file(Severity::Low)));
    findings.extend((12..14).map(on_file(Severity::High)));
    let more = plan(findings, &standing);
    // However grave: the summary tells what finds no room.
    assert_eq!((more.files.len(), more.rest.len()), (0, 4));
    let mut rest = more.rest.iter();
    assert!(
        rest.any(|one| one.fingerprint == fingerprint(12)),
        "{more:?}"
    );
}

#[test]
fn what_was_not_asked_for_is_not_fixed() {
    let standing = first_push(vec![finding(1, 5)]);
    let settled = |paths: &[&str]| {
        let mut digest = digest(Vec::new());
        digest.known.paths = paths.iter().map(ToString::to_string).collect();
        let plan = super::super::plan(&digest, &files(), &standing, &key(), HEAD);
        plan.settled.len()
    };
    assert_eq!(settled(&["deploy"]), 0);
    assert_eq!(settled(&["a"]), 0);
    assert_eq!(settled(&["deploy", "a.yaml"]), 1);
}

#[test]
fn what_a_file_has_in_common_is_its_rule() {
    let on_file = |number| {
        let mut on_file = finding(number, 1);
        on_file.location.path = "large-0.json".into();
        on_file
    };
    let body = plan(vec![on_file(1), on_file(2)], &[]).files.remove(0).body;
    assert!(
        body.starts_with("**2 findings** of this rule in this file:\n\n"),
        "{body}"
    );
}
