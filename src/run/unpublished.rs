//! Packages that are installed and that the registry does not have: nothing that it would say is judged of them.
//!
//! A registry that knows nobody's private packages answers like one that never heard of a name, so that this is a note
//! in the coverage. One that knows nothing at all of what is installed is not the one that is installed from.

use std::collections::BTreeSet;

use crate::packages::registry::{Answer, RegistryAnswers};
use crate::packages::version::Version;
use crate::rule::Context;
use crate::snapshot::Snapshot;
use crate::snapshot::held::{Held, arrivals, held};
use crate::verdict::PassedOver;

use super::by_lockfile::ByLockfile;

/// What a change brings in, or without a base all, and the registry has no release of: a line for each lockfile.
pub(super) fn unpublished(
    base: Option<&Snapshot>,
    head: &Snapshot,
    context: &Context,
    in_scope: impl Fn(&str) -> bool,
) -> Vec<PassedOver> {
    let Some(answers) = context.facts.registry.known() else {
        return Vec::new();
    };
    let mut absent = ByLockfile::default();
    for held in arrivals(base, head) {
        let path = held.package.locked_at().path;
        if in_scope(&path) && is_absent(held, answers) {
            absent.add(path, held);
        }
    }
    absent.told(|named| {
        format!("the registry has no {named}, so that nothing is judged that it would say of that")
    })
}

fn is_absent(held: Held<'_>, answers: &RegistryAnswers) -> bool {
    let (name, version) = held.key();
    match answers.get(name) {
        Some(Answer::Absent) => true,
        Some(Answer::Known(document)) => {
            let version = Version::parse(version);
            version.is_some_and(|version| document.release(&version).is_none())
        }
        Some(Answer::Unavailable(_)) | None => false,
    }
}

/// Why a registry that has nothing of what is installed leaves the run without what it asked for. What has a scope may
/// be private, which a registry hides from those whom it does not know.
pub(super) fn ignorance(head: &Snapshot, context: &Context) -> Option<String> {
    let answers = context.facts.registry.known()?;
    let mut all = answers.iter();
    if all.any(|(_, answer)| matches!(answer, Answer::Known(_))) {
        return None;
    }
    let unknown: BTreeSet<&str> = held(head)
        .map(|held| held.key().0)
        .filter(|name| !name.starts_with('@'))
        .filter(|name| matches!(answers.get(name), Some(Answer::Absent)))
        .collect();
    let first = unknown.first()?;
    Some(format!(
        "the registry has nothing of what is installed, not even `{first}`, so that it is another one than is installed from; name that in .npmrc of the base, set packages.sources.registry to false, or run with --offline to do without"
    ))
}
