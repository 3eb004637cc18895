//! A comment and its answer go with a finding to another file, and with nothing else.

use std::sync::Arc;

use super::super::known::{Files, Known};
use super::super::placed::PlacedFinding;
use super::carry_out;
use super::copies::{is_on, standing, told, within, words};

/// The finding in a further copy of the object in `path`.
fn copy(path: &str, copy: u32, line: u32) -> PlacedFinding {
    PlacedFinding {
        copy,
        ..within(path, line)
    }
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
            let mut caused = copy(path, number, line);
            caused.changed_at = Some(within("a.yaml", line).location);
            caused
        };
        let mut all = standing(vec![caused(from, 0, 5)]);
        all[0].is_resolved = true;
        let both = || vec![caused(to, 0, 5), caused(to, 1, 25)];
        let followed = told(both(), Known::default(), &all);
        assert_eq!(followed.review.len(), 1, "{followed:?}");
        assert_eq!((followed.standing, followed.settled.len()), (1, 0));
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
    let there = || vec![within("prod.yaml", 5)];
    let mut all = standing(vec![within("a.yaml", 5)]);
    let moved = told(there(), known(), &all);
    assert!(is_on(&moved, "prod.yaml"), "{moved:?}");
    assert_eq!(words(&moved), ["Moved"]);
    all[0].is_resolved = true;
    let answered = told(there(), known(), &all);
    assert!(
        answered.is_empty() && answered.standing == 1,
        "{answered:?}"
    );
}

#[test]
fn an_answer_goes_to_no_other_object_of_the_same_name() {
    let mut all = standing(vec![within("a.yaml", 5)]);
    all[0].is_resolved = true;
    for known in [
        // It is mended where it was.
        object_in(&["a.yaml", "prod.yaml"], &["a.yaml"]),
        // It went, and the base had the other one.
        object_in(&["prod.yaml"], &["a.yaml", "prod.yaml"]),
        // It is no object of this file that something was found in.
        object_in(&["staging.yaml"], &["staging.yaml"]),
    ] {
        let other = told(vec![within("prod.yaml", 5)], known, &all);
        assert!(is_on(&other, "prod.yaml"), "{other:?}");
        assert_eq!(words(&other), ["Fixed"]);
    }
}
