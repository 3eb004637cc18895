//! Copies of one object share the identities of their findings, and each has its own comment and its own answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::anchor::{Anchor, ChangedFile, ChangedFiles};
use super::super::digest::Digest;
use super::super::known::{Files, Known};
use super::super::marker::{self, FindingMarker};
use super::super::placed::{FixEdit, PlacedFinding};
use super::super::standing::StandingComment;
use super::{HEAD, Plan, carry_out, digest, finding, fingerprint, goes_to, key, plan};
use crate::finding::Severity;
use crate::report::occurrence::Occurrence;
use crate::syntax::Position;

/// The same finding in this file.
pub(super) fn within(path: &str, line: u32) -> PlacedFinding {
    let mut one = finding(1, line);
    one.location.path = path.into();
    one
}

/// The same finding in a further object of `a.yaml`.
fn copy(copy: u32, line: u32) -> PlacedFinding {
    PlacedFinding {
        copy,
        ..finding(1, line)
    }
}

/// Files whose lines are all new; `b.yaml` was `old.yaml`.
fn changed() -> ChangedFiles {
    let lines: Vec<String> = (1..=100).map(|line| format!("+line {line}")).collect();
    let lines = lines.join("\n");
    let files = ["a.yaml", "b.yaml", "prod.yaml", "staging.yaml"];
    ChangedFiles::new(files.map(|path| ChangedFile {
        path: path.to_owned(),
        previous_path: (path == "b.yaml").then(|| "old.yaml".to_owned()),
        is_removed: false,
        patch: Some(format!("@@ -0,0 +1,100 @@\n{lines}")),
    }))
}

pub(super) fn planned(digest: &Digest, standing: &[StandingComment]) -> Plan {
    super::super::plan(digest, &changed(), standing, &key(), HEAD)
}

/// What a run says that has seen these files on both sides, beside those that `digest` tells.
pub(super) fn told(
    findings: Vec<PlacedFinding>,
    known: Known,
    standing: &[StandingComment],
) -> Plan {
    let paths =
        |all: &[&str]| -> BTreeSet<Arc<str>> { all.iter().map(|it| Arc::from(*it)).collect() };
    let files = Files {
        head: paths(&["a.yaml", "b.yaml", "new.yaml", "prod.yaml", "staging.yaml"]),
        base: paths(&["a.yaml", "old.yaml", "prod.yaml", "staging.yaml"]),
    };
    let mut digest = digest(findings);
    digest.known = Known {
        files: Some(files),
        ..known
    };
    planned(&digest, standing)
}

pub(super) fn standing(findings: Vec<PlacedFinding>) -> Vec<StandingComment> {
    let mut standing = Vec::new();
    carry_out(&planned(&digest(findings), &[]), &mut standing);
    standing
}

pub(super) fn is_on(plan: &Plan, path: &str) -> bool {
    let paths = plan.review.iter().map(|draft| draft.anchor.path());
    paths.eq([Some(path)])
}

/// How the settled comments start.
pub(super) fn words(plan: &Plan) -> Vec<&str> {
    let settled = plan.settled.iter();
    settled
        .map(|it| it.edit.body.split("**").nth(1).unwrap_or_default())
        .collect()
}

#[test]
fn an_answer_about_one_copy_is_none_about_another() {
    let mut standing = standing(vec![within("staging.yaml", 5)]);
    standing[0].is_resolved = true;
    let both = || vec![within("prod.yaml", 5), within("staging.yaml", 5)];
    let other = told(both(), Known::default(), &standing);
    assert!(is_on(&other, "prod.yaml"), "{other:?}");
    assert_eq!(other.standing, 1);
    assert!(other.settled.is_empty() && other.reopened.is_empty() && other.edited.is_empty());
    // Mended in the same push, the answered one is no reason to be silent about the other.
    let mended = told(vec![within("prod.yaml", 5)], Known::default(), &standing);
    assert!(is_on(&mended, "prod.yaml"), "{mended:?}");
    assert_eq!(words(&mended), ["Fixed"]);

    carry_out(&other, &mut standing);
    let again = told(both(), Known::default(), &standing);
    assert!(again.is_empty(), "{again:?}");
    // When the other is mended, the answer stays what it is.
    let prod = told(vec![within("staging.yaml", 5)], Known::default(), &standing);
    assert!(prod.review.is_empty() && prod.edited.is_empty() && prod.reopened.is_empty());
    assert_eq!((words(&prod), prod.settled[0].edit.id), (vec!["Fixed"], 2));
}

#[test]
fn what_became_of_one_copy_is_not_said_of_another() {
    let prod: BTreeSet<Occurrence> = [within("prod.yaml", 5).occurrence()].into();
    let both = standing(vec![within("prod.yaml", 5), within("staging.yaml", 5)]);
    let left = told(vec![within("prod.yaml", 5)], Known::default(), &both);
    assert_eq!((words(&left), left.settled[0].edit.id), (vec!["Fixed"], 2));
    let alone = standing(vec![within("staging.yaml", 5)]);
    let existing = Known {
        existing: prod.clone(),
        ..Known::default()
    };
    assert_eq!(words(&told(Vec::new(), existing, &alone)), ["Fixed"]);
    let waived = Known {
        waived: prod,
        ..Known::default()
    };
    assert_eq!(words(&told(Vec::new(), waived, &alone)), ["Fixed"]);
}

#[test]
fn of_two_objects_in_one_file_each_keeps_its_own_comment() {
    let standing = standing(vec![copy(0, 5), copy(1, 25)]);
    assert_eq!(standing.len(), 2);
    let waived = Known {
        waived: [copy(0, 5).occurrence()].into(),
        ..Known::default()
    };
    let first_waived = told(vec![copy(1, 25)], waived, &standing);
    assert_eq!(words(&first_waived), ["Accepted"]);
    assert_eq!(first_waived.settled[0].edit.id, 1);
    assert!(first_waived.edited.is_empty() && first_waived.review.is_empty());
    // Another one is put above both: the comments stay with what they tell.
    let mut moved = standing.clone();
    goes_to(&mut moved[0], 25);
    goes_to(&mut moved[1], 45);
    let above = told(
        vec![copy(0, 5), copy(1, 25), copy(2, 45)],
        Known::default(),
        &moved,
    );
    let Anchor::Lines { first, .. } = above.review[0].anchor else {
        panic!("{above:?}")
    };
    assert_eq!((above.review.len(), first, above.settled.len()), (1, 5, 0));
    // An answer to one is no answer to the other, whether or not GitHub still shows where.
    for is_outdated in [false, true] {
        let mut answered = standing.clone();
        answered.truncate(1);
        (answered[0].is_resolved, answered[0].is_outdated) = (true, is_outdated);
        let second = told(vec![copy(1, 25)], Known::default(), &answered);
        assert_eq!(second.review.len(), 1, "{second:?}");
    }
}

#[test]
fn a_comment_follows_its_file_to_another_path() {
    let caused = |path: &str| {
        let mut caused = within(path, 5);
        caused.text = Some(marker::text("it"));
        caused.changed_at = Some(finding(0, 9).location);
        caused
    };
    // Renamed in the pull request, or since the last push.
    for (from, to) in [("old.yaml", "b.yaml"), ("gone.yaml", "new.yaml")] {
        let mut standing = standing(vec![caused(from)]);
        let renamed = told(vec![caused(to)], Known::default(), &standing);
        assert!(
            renamed.review.is_empty() && renamed.settled.is_empty(),
            "{renamed:?}"
        );
        let body = &renamed.edited[0].body;
        assert!(
            body.contains(&format!("(`{to}:5`)")) && !body.contains(from),
            "{body}"
        );
        assert!(renamed.edited[0].news.is_empty());
        let existing = Known {
            existing: [within(to, 5).occurrence()].into(),
            ..Known::default()
        };
        assert_eq!(
            words(&told(Vec::new(), existing, &standing)),
            ["Not introduced"]
        );
        standing[0].is_resolved = true;
        let answered = told(vec![caused(to)], Known::default(), &standing);
        assert!(answered.review.is_empty() && answered.settled.is_empty());
        assert_eq!((answered.standing, answered.edited.len()), (1, 1));
        carry_out(&answered, &mut standing);
        let again = told(vec![caused(to)], Known::default(), &standing);
        assert!(again.is_empty(), "{again:?}");
    }
    // A file that the base has came from nowhere.
    let mut deleted = standing(vec![within("gone.yaml", 500)]);
    assert!(deleted.is_empty(), "it has no place");
    deleted = standing(vec![caused("gone.yaml")]);
    deleted[0].is_resolved = true;
    let mut other = caused("prod.yaml");
    other.text = Some(marker::text("other"));
    let other = told(vec![other], Known::default(), &deleted);
    assert_eq!(other.review.len(), 1, "{other:?}");
}

#[test]
fn a_place_that_a_comment_names_is_kept_right() {
    let related = |path: &str| {
        let mut related = finding(1, 5);
        related.related.push(super::PlacedRelated {
            path: path.into(),
            line: 3,
            message: "see here".to_owned(),
        });
        related
    };
    let standing = standing(vec![related("old.yaml")]);
    let renamed = told(vec![related("b.yaml")], Known::default(), &standing);
    assert_eq!(renamed.edited.len(), 1, "{renamed:?}");
    assert!(renamed.edited[0].body.contains("- `b.yaml:3`: see here"));
}

#[test]
fn a_comment_whose_line_went_to_another_object_is_left_behind() {
    let edit = |line| FixEdit {
        path: "a.yaml".into(),
        start: Position { line, column: 1 },
        end: Position { line, column: 5 },
        replacement: "row".to_owned(),
    };
    let fixable = |number, line| {
        let mut one = finding(number, line);
        one.fix = vec![edit(line)];
        one
    };
    let mut standing = standing(vec![fixable(1, 5)]);
    // What it told is on line 5 still, and its line belongs to another object.
    goes_to(&mut standing[0], 25);
    let findings = || vec![fixable(1, 5), fixable(2, 25)];
    let moved = told(findings(), Known::default(), &standing);
    assert_eq!(
        (moved.review.len(), moved.edited.len()),
        (2, 0),
        "{moved:?}"
    );
    assert_eq!(words(&moved), ["Moved"]);
    carry_out(&moved, &mut standing);
    let again = told(findings(), Known::default(), &standing);
    assert!(again.is_empty(), "{again:?}");
}

#[test]
fn nothing_is_suggested_for_other_lines() {
    let mut long = finding(1, 5);
    long.location.last = 8;
    long.fix = vec![FixEdit {
        path: "a.yaml".into(),
        start: Position { line: 6, column: 1 },
        end: Position { line: 6, column: 5 },
        replacement: "row".to_owned(),
    }];
    let mut standing = standing(vec![long.clone()]);
    assert!(standing[0].body.contains("```suggestion\nline 5\nrow 6\n"));
    // A part of its lines is left: they are those of the finding, and not those that the suggestion replaces.
    goes_to(&mut standing[0], 8);
    let kept = told(vec![long.clone()], Known::default(), &standing);
    assert!(
        kept.review.is_empty() && kept.settled.is_empty(),
        "{kept:?}"
    );
    assert!(!kept.edited[0].body.contains("suggestion"), "{kept:?}");
    carry_out(&kept, &mut standing);
    let again = told(vec![long.clone()], Known::default(), &standing);
    assert!(again.is_empty(), "{again:?}");
    // Nor where it comes back.
    let gone = told(Vec::new(), Known::default(), &standing);
    carry_out(&gone, &mut standing);
    let back = told(vec![long], Known::default(), &standing);
    assert!(!back.reopened[0].body.contains("suggestion"), "{back:?}");
}

#[test]
fn what_got_worse_within_an_answered_group_is_told() {
    let of = |number, severity| {
        let mut one = finding(number, 5);
        one.severity = severity;
        one
    };
    let mut standing = standing(vec![of(1, Severity::Critical), of(2, Severity::Medium)]);
    standing[0].is_resolved = true;
    let same = told(vec![of(2, Severity::Medium)], Known::default(), &standing);
    assert!(same.is_empty(), "{same:?}");
    let worse = told(vec![of(2, Severity::High)], Known::default(), &standing);
    assert_eq!(
        (worse.reopened.len(), worse.review.len()),
        (1, 0),
        "{worse:?}"
    );
    // What is answered is answered wherever it goes, also in two places.
    let parted = vec![of(1, Severity::Critical), finding(2, 50)];
    let parted = parted.into_iter().map(|one| PlacedFinding {
        severity: Severity::Medium,
        ..one
    });
    let parted = told(parted.collect(), Known::default(), &standing);
    assert!(parted.is_empty() && parted.rest.is_empty(), "{parted:?}");
}

#[test]
fn what_left_the_paths_that_are_looked_at_is_not_called_fixed() {
    let mut caused = within("a.yaml", 5);
    caused.changed_at = Some(within("prod.yaml", 9).location);
    let asked = |path: &str| Known {
        paths: vec![path.to_owned()],
        ..Known::default()
    };
    // The scope is that of the finding, wherever its comment is.
    let standing_there = standing(vec![caused]);
    assert_eq!(standing_there[0].path.as_deref(), Some("prod.yaml"));
    assert_eq!(
        words(&told(Vec::new(), asked("a.yaml"), &standing_there)),
        ["Fixed"]
    );
    assert!(told(Vec::new(), asked("prod.yaml"), &standing_there).is_empty());
    let mut gone = within("a.yaml", 5);
    gone.location.path = "w/gone.yaml".into();
    gone.changed_at = Some(finding(1, 5).location);
    let standing = standing(vec![gone]);
    assert_eq!(
        words(&told(Vec::new(), asked("w"), &standing)),
        ["No longer here"]
    );
    assert_eq!(
        words(&told(Vec::new(), Known::default(), &standing)),
        ["Fixed"]
    );
}

#[test]
fn a_comment_of_an_earlier_version_is_taken_up() {
    let mut standing = standing(vec![within("prod.yaml", 5)]);
    let line = format!(
        "<!-- tidegate:finding format=1 version=0.1.0 {} state=open severity=high hash=x fingerprints={} seal=x -->",
        standing[0]
            .body
            .split_whitespace()
            .find(|it| it.starts_with("key="))
            .unwrap(),
        fingerprint(1),
    );
    standing[0].body = format!("**high**: it says\n\n{line}\n");
    let same = told(vec![within("prod.yaml", 5)], Known::default(), &standing);
    assert_eq!((same.edited.len(), same.review.len()), (1, 0), "{same:?}");
    let read = FindingMarker::read(&same.edited[0].body, &key()).unwrap();
    assert_eq!(
        read.findings,
        [(within("prod.yaml", 5).occurrence(), Severity::High)].into()
    );
    assert_eq!(
        words(&told(Vec::new(), Known::default(), &standing)),
        ["Fixed"]
    );
    assert_eq!(words(&plan(Vec::new(), &standing)), ["Fixed"]);
}
