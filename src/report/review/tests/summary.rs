//! The one comment that sums up.

use std::collections::BTreeSet;

use super::super::marker::{RunNumber, SummaryMarker};
use super::super::standing::StandingSummary;
use super::super::sticky::{self, SummaryStep, Told, Writer};
use super::{HEAD, digest, finding, key, told};
use crate::report::occurrence::Occurrence;
use crate::report::summary::Links;

#[test]
fn the_summary_is_kept_in_place() {
    let key = key();
    let run = |run, attempt| RunNumber { run, attempt };
    let writer = |run| Writer {
        key: &key,
        run,
        head: HEAD,
    };
    let plan = |text: &str, wanted, standing: &[StandingSummary], number| {
        sticky::plan(text, wanted, standing, writer(number))
    };
    assert_eq!(
        plan("a", false, &[], run(1, 1)).step,
        SummaryStep::Nothing,
        "silent when clean"
    );
    let text = "## tidegate: a";
    let SummaryStep::Create { body } = plan(text, true, &[], run(5, 1)).step else {
        panic!("it is new");
    };
    assert_eq!(
        SummaryMarker::read(&body, &key).map(|marker| marker.run),
        Some(run(5, 1))
    );
    let standing = |id, is_ours, body: &str| StandingSummary {
        id,
        is_ours,
        body: body.to_owned(),
    };
    let ours = standing(7, true, &body);
    let forged = standing(3, false, &body);
    let both = [forged, ours.clone()];
    assert_eq!(
        plan(text, true, &both, run(6, 1)).step,
        SummaryStep::Nothing,
        "it says the same"
    );
    let edited = plan("b", false, &both, run(6, 1));
    assert!(
        matches!(edited.step, SummaryStep::Edit { id: 7, .. }),
        "{edited:?}"
    );
    assert!(edited.duplicates.is_empty());
    assert_eq!(plan("b", true, &both, run(4, 9)).step, SummaryStep::Newer);
    // What is said of another commit is old, whatever its number.
    let later = Writer {
        head: "abc",
        ..writer(run(4, 9))
    };
    let moved = sticky::plan("b", true, &both, later);
    assert!(
        matches!(moved.step, SummaryStep::Edit { id: 7, .. }),
        "{moved:?}"
    );
    let twice = plan(
        "b",
        true,
        &[ours.clone(), standing(9, true, &body)],
        run(5, 2),
    );
    assert!(
        matches!(twice.step, SummaryStep::Edit { id: 7, .. }),
        "{twice:?}"
    );
    assert_eq!(twice.duplicates, [9]);
}

#[test]
fn the_summary_tells_what_has_no_comment() {
    let digest = digest(vec![finding(1, 5), finding(2, 6)]);
    let rest: BTreeSet<Occurrence> = [told(2)].into();
    let told = Told {
        rest: Some(&rest),
        ..Told::default()
    };
    let text = sticky::render(&digest, &Links::default(), told);
    assert!(
        text.contains("1 finding has its comment on the changed lines and files.\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "### Without a comment of their own\n\n- **high** `a.yaml:6`: container `c2`"
        ),
        "{text}"
    );
    assert!(!text.contains("`c1`"), "{text}");
    let text = sticky::render(&digest, &Links::default(), Told::default());
    assert!(text.contains("`c1`") && text.contains("`c2`"), "{text}");
}
