//! The jobs that a job waits for: where one of them is skipped or fails, so is whatever waits for it.

use std::collections::BTreeSet;

use crate::syntax::{Entry, Node, Span};

use super::scalar;
use super::step::{Setting, condition};

/// The most jobs that are followed from one.
const MOST: usize = 64;

/// A job that another one waits for.
#[derive(Clone, Debug)]
pub(super) struct Needed {
    pub(super) job: String,
    /// What may skip it.
    pub(super) condition: Option<Setting>,
    /// Where it is asked for, in the job itself or in one that it waits for.
    pub(super) at: Span,
}

/// The jobs that may keep a job from running, those that they wait for included.
pub(super) fn needed(root: Node<'_>, job: Entry<'_>) -> Vec<Needed> {
    let mut found = Vec::new();
    let Some(jobs) = root.get("jobs") else {
        return found;
    };
    let mut seen = BTreeSet::from([job.key.key_text()]);
    let mut open = vec![job.value];
    while let Some(job) = open.pop() {
        if runs_anyway(job) {
            continue;
        }
        let Some(needs) = job.entry("needs") else {
            continue;
        };
        let listed = needs.value.items().chain(Some(needs.value));
        for name in listed.filter_map(scalar) {
            if !seen.insert(name) || found.len() == MOST {
                continue;
            }
            let other = jobs.get(name);
            found.push(Needed {
                job: name.to_owned(),
                condition: other.and_then(condition),
                at: needs.key.span().to(needs.value.span()),
            });
            open.extend(other);
        }
    }
    found
}

/// True if a job runs whatever became of those that it waits for.
fn runs_anyway(job: Node<'_>) -> bool {
    let condition = job.get("if").and_then(scalar).unwrap_or_default();
    let plain: String = condition
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    plain.contains("always()") || plain.contains("!cancelled()")
}
