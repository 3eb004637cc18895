//! Comments whose words are no longer those that were written.

use super::super::marker::{Key, RunNumber, SummaryMarker};
use super::super::standing::StandingSummary;
use super::super::sticky::{self, SummaryStep, Writer};
use super::{HEAD, carry_out, finding, first_push, key, plan, told};

fn marker(body: &str) -> &str {
    body.trim_end().lines().next_back().expect("a marker")
}

#[test]
fn a_comment_is_believed_for_what_it_says() {
    let mut standing = first_push(vec![finding(1, 5)]);
    let before = standing[0].body.clone();
    standing[0].body = format!("LGTM, nothing to see\n\n{}", marker(&before));
    let mended = plan(vec![finding(1, 5)], &standing);
    assert_eq!(mended.edited.len(), 1, "{mended:?}");
    assert_eq!(mended.edited[0].body, before);
    // Until that is done, nobody tells it.
    assert_eq!(mended.edited[0].news, [told(1)].into());
    carry_out(&mended, &mut standing);
    assert!(plan(vec![finding(1, 5)], &standing).is_empty());
    // Nor is it believed when it says that it is settled.
    standing[0].body = before.replace("state=open", "state=settled");
    let opened = plan(vec![finding(1, 5)], &standing);
    assert_eq!(opened.reopened.len(), 1, "{opened:?}");
}

#[test]
fn a_line_below_the_marker_makes_no_second_comment() {
    let mut standing = first_push(vec![finding(1, 5)]);
    standing[0].body.push_str("\nadded by a person");
    assert!(plan(vec![finding(1, 5)], &standing).is_empty());
    let fixed = plan(Vec::new(), &standing);
    let body = &fixed.settled[0].edit.body;
    assert!(body.contains("added by a person"), "{body}");
    assert_eq!(body.matches("<!-- tidegate:").count(), 1, "{body}");
    carry_out(&fixed, &mut standing);
    assert!(plan(Vec::new(), &standing).is_empty());
}

const TEXT: &str = "## tidegate: blocked by 1 finding\n\nmore";

fn summary(run: u64, standing: &[(u64, &str)]) -> sticky::SummaryPlan {
    let standing: Vec<StandingSummary> = standing
        .iter()
        .map(|(id, body)| StandingSummary {
            id: *id,
            is_ours: true,
            body: (*body).to_owned(),
        })
        .collect();
    let writer = Writer {
        key: &key(),
        run: RunNumber { run, attempt: 1 },
        head: HEAD,
    };
    sticky::plan(TEXT, true, &standing, writer)
}

fn genuine() -> String {
    let SummaryStep::Create { body } = summary(1, &[]).step else {
        panic!("it is new");
    };
    body
}

#[test]
fn a_summary_with_other_words_is_written_anew() {
    let genuine = genuine();
    assert_eq!(summary(2, &[(7, &genuine)]).step, SummaryStep::Nothing);
    let below = format!("{genuine}\na word of a person");
    assert_eq!(summary(2, &[(7, &below)]).step, SummaryStep::Nothing);
    for edited in [
        format!("## passed, merge it\n\n{}", marker(&genuine)),
        genuine.replace("blocked by 1 finding", "passed"),
        format!("Thanks for your PR!\n\n{genuine}"),
        // One that claims to be of a run that is still to come.
        genuine.replace("run=1.1", "run=99.1"),
    ] {
        let plan = summary(2, &[(7, &edited)]);
        assert!(
            matches!(&plan.step, SummaryStep::Edit { id: 7, body } if body.starts_with(TEXT)),
            "{edited}: {plan:?}"
        );
    }
}

#[test]
fn who_repeats_the_marker_takes_nobodys_place() {
    let genuine = genuine();
    let echo = format!("Thanks for your PR!\n\n{}", marker(&genuine));
    let plan = summary(2, &[(3, &echo), (7, &genuine)]);
    assert_eq!(plan.step, SummaryStep::Nothing);
    assert!(plan.duplicates.is_empty(), "{plan:?}");
    // What starts as a summary does is one of ours that somebody edited.
    let edited = genuine.replace("1 finding", "nothing");
    assert_eq!(summary(2, &[(3, &edited), (7, &genuine)]).duplicates, [3]);
}

#[test]
fn a_saved_report_speaks_for_itself_alone() {
    let (own, saved) = (Key::of("check"), Key::of_saved("check"));
    let standing = first_push(vec![finding(1, 5)]);
    let none = super::digest(Vec::new());
    let settled = |key| super::super::plan(&none, &super::files(), &standing, key, HEAD).settled;
    assert_eq!(settled(&own).len(), 1);
    assert!(settled(&saved).is_empty());
    assert_eq!(SummaryMarker::read(&genuine(), &saved), None);
}
