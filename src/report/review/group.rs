//! One cause is one comment, however many findings it has.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::anchor::{Anchor, ChangedFiles, choose};
use super::placed::PlacedFinding;

/// The findings that one comment tells.
#[derive(Clone, Debug)]
pub struct Group<'f> {
    /// Where it stands.
    pub anchor: Anchor,
    /// What it tells, the most urgent first; never empty.
    pub findings: Vec<&'f PlacedFinding>,
}

/// Findings by where their comment would stand: those of the most urgent groups first, then by place.
///
/// Findings of the same lines have the same cause: the label of a namespace that twenty workloads relied on, the version
/// in a lockfile that has ten advisories, the container that sets nothing. What stands on a whole file is parted by
/// rule, as a file has room for many causes. What a person has answered, as `answered` says, by the comment that was
/// closed, stays with that comment: whatever else is found there has not been answered.
#[must_use]
pub fn groups<'f>(
    findings: &'f [PlacedFinding],
    files: &ChangedFiles,
    answered: &BTreeMap<String, u64>,
) -> Vec<Group<'f>> {
    let mut by_place: BTreeMap<(Anchor, &str, Option<u64>), Vec<&PlacedFinding>> = BTreeMap::new();
    for finding in findings {
        let anchor = choose(finding, files);
        let rule = match anchor {
            Anchor::Lines { .. } => "",
            Anchor::File { .. } | Anchor::Summary => finding.rule.as_str(),
        };
        let answer = answered.get(&finding.fingerprint).copied();
        let key = (anchor, rule, answer);
        by_place.entry(key).or_default().push(finding);
    }
    let mut groups: Vec<Group<'_>> = by_place
        .into_iter()
        .map(|((anchor, _, _), mut findings)| {
            // Stable: what is equally urgent stays in the order of the report.
            findings.sort_by_key(|finding| Reverse(finding.severity));
            Group { anchor, findings }
        })
        .collect();
    groups.sort_by_key(|group| Reverse(group.findings.first().map(|finding| finding.severity)));
    groups
}
