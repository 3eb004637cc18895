//! `package-lock.json` and `npm-shrinkwrap.json`.

use tidegate::packages::lockfile::LockfileKind;

use super::conformance::{Doubt, applications, labelled};

/// Where upstream's extractor says something else.
const DOUBTS: &[Doubt] = &[Doubt {
    file: "osv-scalibr/npm/both/package-lock.json",
    missing: &[],
    extra: &[("supports-color", "5.5.0"), ("wrappy", "1.0.2")],
    why: "it is shadowed by the npm-shrinkwrap.json beside it, which a reader of one text cannot know",
}];

#[test]
fn npm_lockfiles_hold_what_is_labelled() {
    labelled("npm", LockfileKind::Npm, DOUBTS);
}

#[test]
fn npm_lockfiles_of_applications_hold_what_is_listed() {
    applications(LockfileKind::Npm, &[]);
}
