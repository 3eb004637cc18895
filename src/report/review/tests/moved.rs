//! A comment and its answer go with a finding to another file, and with nothing else.

use std::sync::Arc;

use super::super::known::{Files, Known};
use super::super::marker;
use super::super::placed::PlacedFinding;
use super::super::standing::StandingComment;
use super::carry_out;
use super::copies::{is_on, standing, told, within, words};

/// The finding in a further copy of the object in `path`.
fn copy(path: &str, copy: u32, line: u32) -> PlacedFinding {
    PlacedFinding {
        copy,
        ..within(path, line)
    }
}

/// The finding in an object of this text.
fn reading(path: &str, number: u32, line: u32, text: &str) -> PlacedFinding {
    PlacedFinding {
        text: Some(marker::text(text)),
        ..copy(path, number, line)
    }
}

/// A comment on each of some findings, of which some are answered.
fn told_of(findings: Vec<(PlacedFinding, bool)>) -> Vec<StandingComment> {
    let mut all = Vec::new();
    for (finding, is_answered) in findings {
        let mut one = standing(vec![finding]);
        one[0].is_resolved = is_answered;
        one[0].id = all.len() as u64 + 1;
        all.extend(one);
    }
    all
}

/// What a run knows that has seen the object of the finding in these files.
fn object_in(head: &[&str], base: &[&str]) -> Known {
    let paths = |all: &[&str]| all.iter().map(|path| Arc::from(*path)).collect();
    let files = Files {
        head: paths(head),
        base: paths(base),
    };
    let fingerprint = within("a.yaml", 5).fingerprint;
    Known {
        objects: [(fingerprint, Arc::new(files))].into(),
        ..Known::default()
    }
}

#[test]
fn an_answer_stays_when_its_file_is_renamed_and_a_copy_follows() {
    // Renamed in the pull request, or since the last push.
    for (from, to) in [("old.yaml", "b.yaml"), ("gone.yaml", "new.yaml")] {
        let caused = |path: &str, number, line| {
            let text = if number == 0 { "it" } else { "copy" };
            let mut caused = reading(path, number, line, text);
            caused.changed_at = Some(within("a.yaml", line).location);
            caused
        };
        let mut all = standing(vec![caused(from, 0, 5)]);
        all[0].is_resolved = true;
        let both = || vec![caused(to, 0, 5), caused(to, 1, 25)];
        let followed = told(both(), Known::default(), &all);
        assert_eq!(followed.review.len(), 1, "{followed:?}");
        assert_eq!((followed.standing, followed.settled.len()), (1, 0));
        assert_eq!(followed.edited.len(), 1, "it learns its name");
        carry_out(&followed, &mut all);
        let again = told(both(), Known::default(), &all);
        assert!(again.is_empty(), "{again:?}");
        // The copy goes again, and takes its own comment along.
        let without = told(vec![caused(to, 0, 5)], Known::default(), &all);
        assert!(without.review.is_empty(), "{without:?}");
        assert_eq!(
            (words(&without), without.settled[0].edit.id),
            (vec!["Fixed"], 2)
        );
        carry_out(&without, &mut all);
        let again = told(vec![caused(to, 0, 5)], Known::default(), &all);
        assert!(again.is_empty(), "{again:?}");
    }
}

#[test]
fn a_comment_follows_its_object_to_a_file_that_was_there() {
    let known = || object_in(&["prod.yaml"], &["a.yaml"]);
    let there = |text| vec![reading("prod.yaml", 0, 5, text)];
    let mut all = told_of(vec![(reading("a.yaml", 0, 5, "it"), false)]);
    let moved = told(there("it"), known(), &all);
    assert!(is_on(&moved, "prod.yaml"), "{moved:?}");
    assert_eq!(words(&moved), ["Moved"]);
    all[0].is_resolved = true;
    let answered = told(there("it"), known(), &all);
    assert!(
        answered.review.is_empty() && answered.settled.is_empty(),
        "{answered:?}"
    );
    assert_eq!(
        (answered.standing, answered.edited.len()),
        (1, 1),
        "it learns its name"
    );
    carry_out(&answered, &mut all);
    let again = told(there("it"), known(), &all);
    assert!(again.is_empty() && again.standing == 1, "{again:?}");
    // What is in its place by now is another one.
    let both = vec![
        reading("a.yaml", 0, 5, "new"),
        reading("prod.yaml", 0, 5, "it"),
    ];
    let replaced = told(both, object_in(&["a.yaml", "prod.yaml"], &["a.yaml"]), &all);
    assert!(
        is_on(&replaced, "a.yaml") && replaced.settled.is_empty(),
        "{replaced:?}"
    );
    // An answer is about one text.
    let all = told_of(vec![(reading("a.yaml", 0, 5, "it"), true)]);
    let changed = told(there("other"), known(), &all);
    assert!(is_on(&changed, "prod.yaml"), "{changed:?}");
    // Where it was before, the base may have had it.
    let back = told(
        vec![reading("staging.yaml", 0, 5, "it")],
        object_in(&["staging.yaml"], &["staging.yaml"]),
        &all,
    );
    assert!(
        back.review.is_empty() && back.settled.is_empty(),
        "{back:?}"
    );
}

#[test]
fn of_two_answers_and_two_files_each_stays_with_its_text() {
    let known = || object_in(&["a.yaml", "staging.yaml"], &[]);
    let gone = |path: &str, text: &str| {
        let mut gone = reading(path, 0, 5, text);
        gone.changed_at = Some(within("prod.yaml", 90).location);
        gone
    };
    let all = told_of(vec![
        (gone("old-live.yaml", "live"), false),
        (gone("old-test.yaml", "test"), true),
    ]);
    let moved = vec![
        reading("a.yaml", 0, 5, "live"),
        reading("staging.yaml", 0, 5, "test"),
    ];
    let crossed = vec![
        reading("a.yaml", 0, 5, "test"),
        reading("staging.yaml", 0, 5, "live"),
    ];
    for (findings, to) in [(moved, "a.yaml"), (crossed, "staging.yaml")] {
        let plan = told(findings, known(), &all);
        assert!(is_on(&plan, to), "{plan:?}");
        assert_eq!((words(&plan), plan.standing), (vec!["Moved"], 1));
    }
    // Of two that one may be, the one moves that nobody answered.
    let one = told(vec![reading("a.yaml", 0, 5, "new")], known(), &all);
    assert!(is_on(&one, "a.yaml"), "{one:?}");
    let mut words = words(&one);
    words.sort_unstable();
    assert_eq!(words, ["Fixed", "Moved"]);
}

#[test]
fn an_answer_stays_with_its_copy_in_a_file() {
    let all = told_of(vec![(reading("a.yaml", 0, 5, "it"), true)]);
    // Another one is put above it.
    let above = vec![
        reading("a.yaml", 0, 5, "new"),
        reading("a.yaml", 1, 25, "it"),
    ];
    let plan = told(above, Known::default(), &all);
    assert_eq!((plan.review.len(), plan.standing), (1, 1), "{plan:?}");
    assert!(
        plan.settled.is_empty() && plan.edited.len() == 1,
        "{plan:?}"
    );
    // Of two the answered one goes.
    let both = told_of(vec![
        (reading("a.yaml", 0, 5, "it"), true),
        (reading("a.yaml", 1, 25, "other"), false),
    ]);
    let mut after = both.clone();
    super::goes_to(&mut after[1], 5);
    let plan = told(
        vec![reading("a.yaml", 0, 5, "other")],
        Known::default(),
        &after,
    );
    assert!(plan.review.is_empty(), "{plan:?}");
    assert_eq!((words(&plan), plan.settled[0].edit.id), (vec!["Fixed"], 1));
    // With other words it is the same one, and both learn these.
    let edited = || {
        vec![
            reading("a.yaml", 0, 5, "more"),
            reading("a.yaml", 1, 25, "others"),
        ]
    };
    let mut learnt = both.clone();
    let plan = told(edited(), Known::default(), &learnt);
    assert!(
        plan.review.is_empty() && plan.settled.is_empty(),
        "{plan:?}"
    );
    assert_eq!((plan.standing, plan.edited.len()), (2, 2));
    carry_out(&plan, &mut learnt);
    assert!(told(edited(), Known::default(), &learnt).is_empty());
    // Then the answered one goes, with or without a last edit of the other one; or nobody knows the texts.
    for (all, left) in [
        (&learnt, reading("a.yaml", 0, 5, "others")),
        (&learnt, reading("a.yaml", 0, 5, "last")),
        (&both, copy("a.yaml", 0, 5)),
    ] {
        let mut after = all.clone();
        super::goes_to(&mut after[1], 5);
        let plan = told(vec![left], Known::default(), &after);
        assert!(plan.review.is_empty(), "{plan:?}");
        let settled = (words(&plan), plan.settled[0].edit.id);
        assert_eq!(settled, (vec!["Fixed"], 1), "{plan:?}");
    }
}

#[test]
fn an_answer_goes_to_no_other_object_of_the_same_name() {
    let all = told_of(vec![(reading("a.yaml", 0, 5, "it"), true)]);
    // It is mended where it was.
    let mended = object_in(&["a.yaml", "prod.yaml"], &["a.yaml"]);
    let same = told(vec![reading("prod.yaml", 0, 5, "it")], mended.clone(), &all);
    assert!(is_on(&same, "prod.yaml"), "{same:?}");
    for known in [
        mended,
        // It went, and the base had the other one.
        object_in(&["prod.yaml"], &["a.yaml", "prod.yaml"]),
        // It went, and the other one was there before.
        object_in(&["prod.yaml"], &["a.yaml"]),
        // It is no object of this file that something was found in.
        object_in(&["staging.yaml"], &["staging.yaml"]),
    ] {
        let other = told(vec![reading("prod.yaml", 0, 5, "other")], known, &all);
        assert!(is_on(&other, "prod.yaml"), "{other:?}");
        assert_eq!(words(&other), ["Fixed"]);
    }
}

/// It moves twice, or there and back; what the first comment told is settled by then.
#[test]
fn a_settled_comment_takes_nothing_from_the_one_that_tells_it() {
    for last in ["prod.yaml", "a.yaml"] {
        for is_answered in [true, false] {
            let known = |path: &str| object_in(&[path], &[]);
            let it = |path: &str| vec![reading(path, 0, 5, "it")];
            let mut all = told_of(vec![(reading("a.yaml", 0, 5, "it"), false)]);
            let moved = told(it("staging.yaml"), known("staging.yaml"), &all);
            assert!(is_on(&moved, "staging.yaml"), "{moved:?}");
            carry_out(&moved, &mut all);
            all[1].is_resolved = is_answered;
            let moved = told(it(last), known(last), &all);
            if is_answered {
                assert!(
                    moved.review.is_empty() && moved.reopened.is_empty(),
                    "{last}: {moved:?}"
                );
                assert_eq!((moved.standing, moved.settled.len()), (1, 0), "{last}");
            } else {
                let is_back = moved.reopened.iter().any(|reopened| reopened.id == 1);
                assert_eq!(is_back, last == "a.yaml", "{moved:?}");
                assert_eq!(is_on(&moved, last), last != "a.yaml", "{moved:?}");
                assert_eq!(words(&moved), ["Moved"], "{last}: {moved:?}");
            }
            carry_out(&moved, &mut all);
            let again = told(it(last), known(last), &all);
            assert!(again.is_empty() && again.standing == 1, "{last}: {again:?}");
        }
    }
}
