//! One cause is one comment, however many findings it has.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::anchor::{Anchor, ChangedFiles, choose};
use super::placed::PlacedFinding;
use crate::report::occurrence::Occurrence;

/// The findings that one comment tells.
#[derive(Clone, Debug)]
pub struct Group<'f> {
    /// Where it stands.
    pub anchor: Anchor,
    /// What it tells, the most urgent first; never empty.
    pub findings: Vec<&'f PlacedFinding>,
    /// The number of the comment by closing which a person has answered it.
    pub answered: Option<u64>,
}

/// Findings by where their comment would stand: those of the most urgent groups first, then by place.
///
/// Findings of the same lines have the same cause: the label of a namespace that twenty workloads relied on, the version
/// in a lockfile that has ten advisories, the container that sets nothing. What stands on a whole file is parted by
/// rule, as a file has room for many causes. What a person has answered, as `answer_to` says, by the comment that was
/// closed, stays with that comment: whatever else is found there has not been answered.
#[must_use]
pub fn groups<'f>(
    findings: &'f [PlacedFinding],
    files: &ChangedFiles,
    answer_to: impl Fn(&Occurrence) -> Option<u64>,
) -> Vec<Group<'f>> {
    let mut by_place: BTreeMap<(Anchor, &str, Option<u64>), Vec<&PlacedFinding>> = BTreeMap::new();
    for finding in findings {
        let anchor = choose(finding, files);
        let rule = match anchor {
            Anchor::Lines { .. } => "",
            Anchor::File { .. } | Anchor::Summary => finding.rule.as_str(),
        };
        let key = (anchor, rule, answer_to(&finding.occurrence()));
        by_place.entry(key).or_default().push(finding);
    }
    let mut groups: Vec<Group<'_>> = by_place
        .into_iter()
        .map(|((anchor, _, answered), mut findings)| {
            // Stable: what is equally urgent stays in the order of the report.
            findings.sort_by_key(|finding| Reverse(finding.severity));
            Group {
                anchor,
                findings,
                answered,
            }
        })
        .collect();
    groups.sort_by_key(|group| Reverse(group.findings.first().map(|finding| finding.severity)));
    groups
}
