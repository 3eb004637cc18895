//! `bun.lock`.

use tidegate::packages::lockfile::LockfileKind;

use super::conformance::{Doubt, applications, labelled};

/// Where upstream's extractor says something else.
const DOUBTS: &[Doubt] = &[];

#[test]
fn bun_lockfiles_hold_what_is_labelled() {
    labelled("bun", LockfileKind::Bun, DOUBTS);
}

#[test]
fn bun_lockfiles_of_applications_hold_what_is_listed() {
    applications(LockfileKind::Bun, &[]);
}
