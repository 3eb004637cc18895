//! Over several pushes: what is said, what is left alone, and what is taken back.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Parser, Tag};

use super::anchor::{Anchor, ChangedFile, ChangedFiles};
use super::digest::Digest;
use super::known::Known;
use super::marker::{FindingMarker, Key};
use super::patch::Side;
use super::placed::{FixEdit, PlacedFinding, PlacedRelated, Stretch};
use super::reconcile::{MOST_COMMENTS, MOST_FILES, Plan};
use super::standing::{Spot, StandingComment};
use super::sticky::{self, Told};
use crate::finding::Severity;
use crate::report::occurrence::Occurrence;
use crate::report::summary::Links;
use crate::syntax::Position;
use crate::verdict::Outcome;

mod copies;
mod edited;
mod left_behind;
mod moved;
mod returns;
mod summary;

const HEAD: &str = "0123456789012345678901234567890123456789";

fn key() -> Key {
    Key::of("check")
}

fn fingerprint(number: usize) -> String {
    format!("{number:032x}")
}

/// The finding of this number in `a.yaml`.
fn told(number: usize) -> Occurrence {
    Occurrence {
        fingerprint: fingerprint(number),
        path: Some("a.yaml".into()),
        copy: 0,
    }
}

/// A finding on a line of `a.yaml`, which is new as a whole.
fn finding(number: usize, line: u32) -> PlacedFinding {
    PlacedFinding {
        rule: "pod-security/privileged".to_owned(),
        severity: Severity::High,
        message: format!("container `c{number}`: privileged is true"),
        fingerprint: fingerprint(number),
        copy: 0,
        text: None,
        location: Stretch {
            path: "a.yaml".into(),
            first: line,
            last: line,
        },
        changed_at: None,
        related: Vec::new(),
        fix: Vec::new(),
        fixed_with: BTreeSet::new(),
    }
}

fn files() -> ChangedFiles {
    let added = (1..=100).map(|line| format!("+line {line}"));
    let patch: Vec<String> = std::iter::once("@@ -0,0 +1,100 @@".to_owned())
        .chain(added)
        .collect();
    let file = |path: &str, patch: Option<String>| ChangedFile {
        path: path.to_owned(),
        previous_path: None,
        is_removed: false,
        patch,
    };
    let large = (0..20).map(|number| file(&format!("large-{number}.json"), None));
    ChangedFiles::new(std::iter::once(file("a.yaml", Some(patch.join("\n")))).chain(large))
}

fn digest(findings: Vec<PlacedFinding>) -> Digest {
    Digest {
        outcome: if findings.is_empty() {
            Outcome::Passed
        } else {
            Outcome::Blocked
        },
        headline: "blocked by findings".to_owned(),
        incomplete: Vec::new(),
        findings,
        existing: Some(0),
        fixed: 0,
        waived: 0,
        levels: Vec::new(),
        access: Vec::new(),
        ways: Vec::new(),
        network: Vec::new(),
        network_picture: String::new(),
        packages: Vec::new(),
        coverage: "read 1 file".to_owned(),
        base_commit: None,
        known: Known::default(),
    }
}

fn plan(findings: Vec<PlacedFinding>, standing: &[StandingComment]) -> Plan {
    super::plan(&digest(findings), &files(), standing, &key(), HEAD)
}

/// What GitHub has after a plan was carried out.
fn carry_out(plan: &Plan, standing: &mut Vec<StandingComment>) {
    for draft in plan.review.iter().chain(&plan.files) {
        let id = standing.len() as u64 + 1;
        standing.push(StandingComment {
            id,
            node_id: format!("node {id}"),
            thread_id: Some(format!("thread {id}")),
            path: Some(match &draft.anchor {
                Anchor::Lines { path, .. } | Anchor::File { path } => path.to_string(),
                Anchor::Summary => panic!("it is a comment"),
            }),
            spot: match draft.anchor {
                Anchor::Lines {
                    side, first, last, ..
                } => Spot::Lines { side, first, last },
                Anchor::File { .. } | Anchor::Summary => Spot::File,
            },
            is_ours: true,
            body: draft.body.clone(),
            is_minimized: false,
            is_resolved: false,
            is_outdated: false,
            has_reply: false,
        });
    }
    let edits = plan.edited.iter();
    let edits = edits.chain(plan.settled.iter().map(|settled| &settled.edit));
    let edits = edits.map(|edit| (edit.id, &edit.body));
    let reopened = plan.reopened.iter();
    let edits = edits.chain(reopened.map(|reopened| (reopened.id, &reopened.body)));
    for (id, body) in edits {
        let comment = standing.iter_mut().find(|comment| comment.id == id);
        comment.expect("it stands there").body.clone_from(body);
    }
    for comment in standing {
        let node = Some(comment.node_id.clone());
        let is_folded = plan.folded.contains(&comment.node_id);
        if is_folded || plan.settled.iter().any(|settled| settled.minimize == node) {
            comment.is_minimized = true;
        }
        if plan
            .reopened
            .iter()
            .any(|reopened| reopened.unminimize == node)
        {
            comment.is_minimized = false;
        }
        if plan
            .reopened
            .iter()
            .any(|reopened| reopened.unresolve == comment.thread_id)
        {
            comment.is_resolved = false;
        }
    }
}

/// The line of a comment is another one by now.
fn goes_to(comment: &mut StandingComment, line: u32) {
    comment.spot = Spot::Lines {
        side: Side::Right,
        first: line,
        last: line,
    };
}

fn first_push(findings: Vec<PlacedFinding>) -> Vec<StandingComment> {
    let mut standing = Vec::new();
    carry_out(&plan(findings, &[]), &mut standing);
    standing
}

#[test]
fn what_has_one_cause_is_one_comment() {
    let mut other = finding(3, 5);
    other.rule = "pod-security/host-path".to_owned();
    other.severity = Severity::Critical;
    let plan = plan(
        vec![finding(1, 5), finding(2, 5), other, finding(4, 6)],
        &[],
    );
    assert_eq!(plan.review.len(), 2);
    let body = &plan.review[0].body;
    assert!(
        body.starts_with("**3 findings** with one cause:\n\n- **critical**: container `c3`"),
        "{body}"
    );
    let marker = FindingMarker::read(body, &key()).expect("a marker");
    let severities = [Severity::High, Severity::High, Severity::Critical];
    let expected = [1, 2, 3].map(told).into_iter().zip(severities).collect();
    assert_eq!(marker.findings, expected);
    assert_eq!(marker.severity(), Severity::Critical);
}

#[test]
fn a_comment_says_what_why_and_what_to_write() {
    let plan = plan(vec![finding(1, 5)], &[]);
    let body = &plan.review[0].body;
    let parts = [
        "**high**: container `c1`: privileged is true\n\n",
        "Whoever gets into it owns the node",
        "<details><summary>What to write instead</summary>\n\n",
        "[`pod-security/privileged`](https://github.com/tidegate/tidegate/blob/v",
        "`tidegate explain pod-security/privileged`",
        "<!-- tidegate:finding ",
    ];
    let places = parts.map(|part| body.find(part).unwrap_or_else(|| panic!("{part}: {body}")));
    assert!(places.is_sorted(), "{body}");
    assert!(!body.contains("yaml good"), "{body}");
}

#[test]
fn a_fix_is_offered_where_it_lies_within_the_lines() {
    let edit = |line, replacement: &str| FixEdit {
        path: "a.yaml".into(),
        start: Position { line, column: 1 },
        end: Position { line, column: 5 },
        replacement: replacement.to_owned(),
    };
    let mut one = finding(1, 5);
    one.fix = vec![edit(5, "row")];
    let body = plan(vec![one.clone()], &[]).review.remove(0).body;
    assert!(body.contains("\n```suggestion\nrow 5\n```\n"), "{body}");
    one.fix = vec![edit(6, "row")];
    let body = plan(vec![one], &[]).review.remove(0).body;
    assert!(!body.contains("suggestion"), "{body}");
}

#[test]
fn the_gravest_have_comments_and_the_rest_is_in_the_summary() {
    let mut findings: Vec<_> = (1..=40)
        .zip(0..)
        .map(|(line, number)| finding(number, line))
        .collect();
    findings[39].severity = Severity::Critical;
    for number in 0..8 {
        let mut on_file = finding(100 + number, 1);
        on_file.location.path = format!("large-{number}.json").into();
        findings.push(on_file);
    }
    let mut elsewhere = finding(200, 1);
    elsewhere.location.path = "other.yaml".into();
    findings.push(elsewhere);
    let plan = plan(findings, &[]);
    assert_eq!(plan.review.len(), MOST_COMMENTS);
    assert_eq!(plan.files.len(), MOST_FILES);
    assert_eq!(plan.rest.len(), 10 + 3 + 1);
    assert_eq!(
        plan.review[0].anchor,
        Anchor::Lines {
            path: "a.yaml".into(),
            side: Side::Right,
            first: 40,
            last: 40
        }
    );
    let mut rest = plan.rest.iter();
    assert!(rest.any(|one| one.fingerprint == fingerprint(200)));
    assert!(
        plan.files[0].body.contains("(`large-0.json:1`)"),
        "{}",
        plan.files[0].body
    );
}

#[test]
fn what_stands_is_left_alone_wherever_its_line_went() {
    let related = |line| {
        let mut related = finding(1, line);
        related.related.push(PlacedRelated {
            path: "a.yaml".into(),
            line: line + 1,
            message: "see here".to_owned(),
        });
        related
    };
    let mut standing = first_push(vec![related(5), finding(2, 9)]);
    goes_to(&mut standing[0], 50);
    goes_to(&mut standing[1], 90);
    let plan = plan(vec![related(50), finding(2, 90)], &standing);
    assert!(plan.is_empty(), "{plan:?}");
    assert_eq!((plan.standing, plan.rest.len()), (2, 0));
}

#[test]
fn what_changed_is_edited() {
    let standing = first_push(vec![finding(1, 5)]);
    let mut graver = finding(1, 5);
    graver.severity = Severity::Critical;
    let plan = plan(vec![graver], &standing);
    assert_eq!(plan.edited.len(), 1);
    assert!(plan.edited[0].body.contains("**critical**"));
    assert!(plan.review.is_empty());
}

#[test]
fn what_is_fixed_is_folded_away_and_comes_back_as_the_same_comment() {
    let mut offered = finding(1, 5);
    offered.fix = vec![FixEdit {
        path: "a.yaml".into(),
        start: Position { line: 5, column: 1 },
        end: Position { line: 5, column: 5 },
        replacement: "row".to_owned(),
    }];
    let mut standing = first_push(vec![offered.clone()]);
    let fixed = plan(Vec::new(), &standing);
    assert_eq!(fixed.settled.len(), 1);
    assert_eq!(fixed.settled[0].minimize.as_deref(), Some("node 1"));
    assert_eq!(fixed.settled[0].resolve.as_deref(), Some("thread 1"));
    let body = &fixed.settled[0].edit.body;
    assert!(
        body.starts_with("**Fixed** as of `012345678901`."),
        "{body}"
    );
    assert!(
        body.contains("```text\nrow 5\n```\n") && !body.contains("```suggestion"),
        "{body}"
    );
    carry_out(&fixed, &mut standing);
    assert!(plan(Vec::new(), &standing).is_empty(), "it is settled once");
    standing[0].is_resolved = true;
    let again = plan(vec![offered.clone()], &standing);
    assert!(again.review.is_empty());
    assert_eq!(again.reopened[0].unminimize.as_deref(), Some("node 1"));
    assert_eq!(again.reopened[0].unresolve.as_deref(), Some("thread 1"));
    carry_out(&again, &mut standing);
    assert!(plan(vec![offered], &standing).is_empty());
}

#[test]
fn a_reply_keeps_the_comment_in_sight() {
    let mut standing = first_push(vec![finding(1, 5)]);
    standing[0].has_reply = true;
    let plan = plan(Vec::new(), &standing);
    assert_eq!(plan.settled[0].minimize, None);
    assert_eq!(plan.settled[0].resolve, None);
    carry_out(&plan, &mut standing);
    let again = super::tests::plan(Vec::new(), &standing);
    assert!(again.is_empty(), "{again:?}");
}

#[test]
fn whoever_resolved_a_thread_has_answered_unless_it_got_worse() {
    let mut standing = first_push(vec![finding(1, 5)]);
    standing[0].is_resolved = true;
    let mut other = finding(1, 5);
    other.message.push_str(" still");
    assert!(plan(vec![other.clone()], &standing).is_empty());
    other.severity = Severity::Critical;
    let graver = plan(vec![other], &standing);
    assert_eq!(graver.reopened[0].unresolve.as_deref(), Some("thread 1"));
}

#[test]
fn a_marker_of_somebody_else_is_no_comment_of_ours() {
    let mut standing = first_push(vec![finding(1, 5)]);
    standing[0].is_ours = false;
    let again = plan(vec![finding(1, 5)], &standing);
    assert_eq!(again.review.len(), 1);
    assert!(plan(Vec::new(), &standing).is_empty());
    let other = super::plan(
        &digest(Vec::new()),
        &files(),
        &standing,
        &Key::of("web"),
        HEAD,
    );
    assert!(
        other.is_empty(),
        "another configuration has its own comments"
    );
}

#[test]
fn what_was_not_seen_is_not_fixed() {
    let standing = first_push(vec![finding(1, 5)]);
    let settled = |change: fn(&mut Known)| {
        let mut digest = digest(Vec::new());
        change(&mut digest.known);
        let plan = super::plan(&digest, &files(), &standing, &key(), HEAD);
        plan.settled.first().map(|settled| {
            settled
                .edit
                .body
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        })
    };
    assert_eq!(settled(|known| known.is_partial = true), None);
    let start = |text: Option<String>| {
        text.unwrap_or_default()
            .split("**")
            .nth(1)
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        start(settled(|known| {
            known.waived.insert(told(1));
        })),
        "Accepted"
    );
    assert_eq!(
        start(settled(|known| {
            known.existing.insert(told(1));
        })),
        "Not introduced"
    );
}

#[test]
fn a_comment_that_is_told_by_another_one_is_no_fix() {
    let mut standing = first_push(vec![finding(1, 5), finding(2, 9)]);
    // Both moved to one line.
    goes_to(&mut standing[0], 20);
    goes_to(&mut standing[1], 20);
    let plan = plan(vec![finding(1, 20), finding(2, 20)], &standing);
    assert_eq!(plan.edited.len(), 1);
    assert!(plan.settled[0].edit.body.starts_with("**Moved**"));
    assert!(plan.review.is_empty());
}

/// A text that tries whatever Markdown can do.
fn hostile() -> PlacedFinding {
    let mut hostile = finding(1, 5);
    hostile.message = format!(
        "{}\n```suggestion\nevil\n```\n@all #1 <img src=x onerror=y> ![x](https://evil.test) [a](javascript:x) {}",
        "a".repeat(10),
        FindingMarker {
            is_open: false,
            findings: [(told(9), Severity::Note)].into(),
            texts: [].into(),
            hash: String::new(),
            is_intact: true,
        }
        .line("", &key()),
    );
    hostile.rule = "`@evil/rule`](https://evil.test)".to_owned();
    hostile.location.path = "a`|<b>\u{202e}@all.yaml".into();
    hostile
}

fn acts(body: &str) -> Vec<String> {
    let acts = Parser::new(body).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some(dest_url.into_string())
        }
        Event::Html(html) | Event::InlineHtml(html) => Some(html.into_string()),
        Event::Start(Tag::CodeBlock(kind)) => Some(format!("{kind:?}")),
        _ => None,
    });
    acts.collect()
}

#[test]
fn nothing_of_a_pull_request_acts_in_a_comment() {
    let mut digest = digest(vec![hostile()]);
    digest.findings[0].location.path = "a.yaml".into();
    let body = super::plan(&digest, &files(), &[], &key(), HEAD)
        .review
        .remove(0)
        .body;
    let acting = acts(&body);
    assert_eq!(acting.len(), 1, "{acting:?}\n{body}");
    assert!(acting[0].starts_with("<!-- tidegate:finding "), "{body}");
    let marker = FindingMarker::read(&body, &key()).expect("ours");
    assert_eq!(marker.findings, [(told(1), Severity::High)].into());

    digest.findings = vec![hostile()];
    digest.incomplete = vec![hostile().message];
    let told = Told {
        note: Some(&hostile().message),
        ..Told::default()
    };
    let text = sticky::render(&digest, &Links::default(), told);
    assert!(acts(&text).is_empty(), "{:?}\n{text}", acts(&text));
}

#[test]
fn no_body_is_longer_than_github_takes() {
    let findings: Vec<_> = (0..2000)
        .map(|number| {
            let mut long = finding(number, 5);
            long.message = "`@é".repeat(1_000);
            long
        })
        .collect();
    let digest = digest(findings);
    let plan = super::plan(&digest, &files(), &[], &key(), HEAD);
    assert_eq!(plan.review.len(), 1);
    let mut standing = Vec::new();
    carry_out(&plan, &mut standing);
    let settled = super::plan(
        &super::tests::digest(Vec::new()),
        &files(),
        &standing,
        &key(),
        HEAD,
    );
    let text = sticky::render(&digest, &Links::default(), Told::default());
    for body in [&plan.review[0].body, &settled.settled[0].edit.body, &text] {
        assert!(body.chars().count() < 65_000, "{}", body.chars().count());
        assert!(body.len() > 20_000);
    }
    assert!(
        text.contains("left out** to stay within what GitHub shows"),
        "{}",
        &text[text.len() - 300..]
    );
}
