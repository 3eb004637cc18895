//! Proves fixes: what is offered mends what it is offered for, and brings nothing else of its kind.
//!
//! A rule says what to write instead. Whether that is all there is to it depends on everything else in the revision: what
//! else the bytes stand for, what they kept from being judged. So the head is judged once more with the edit made, by
//! the rules that judged it before, and a fix is left only where its finding is gone and nothing new is found that is as
//! urgent, or that could not be read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::evaluate::{evaluate, evaluate_arrivals, evaluate_change};
use crate::finding::{Finding, Fingerprint, Fix, Resource, Severity, Status};
use crate::kubernetes::kinds::Declared;
use crate::rule::{Context, Pair};
use crate::snapshot::Snapshot;
use crate::snapshot::pairs::Pairs;
use crate::syntax::Lines;

/// So many fixes are tried in a run, those of the most urgent findings first: each costs about half of what judging the
/// change did.
pub const MOST: usize = 50;
/// So many files are judged once more in a run, all fixes taken together: in a repository of thousands, fewer fixes are
/// tried.
const MOST_FILES: usize = 10_000;

/// What makes findings the same one, before an edit and after it, and their file. What is said of a change says what came
/// of it, which another spelling of the same line changes: there it is the rule and the object.
type Identity = (
    Option<Fingerprint>,
    &'static str,
    Option<Arc<Resource>>,
    Arc<str>,
);

fn identity(finding: &Finding) -> Identity {
    let path = Arc::clone(&finding.location.path);
    match &finding.subject.resource {
        Some(resource) if finding.change => (None, finding.rule, Some(Arc::clone(resource)), path),
        _ => (Some(finding.fingerprint), "", None, path),
    }
}

/// How urgent the findings of an identity are in a file, the most urgent first.
type Standing = BTreeMap<Identity, Vec<Severity>>;

/// What the head is judged with again.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'t> {
    /// The revision that fixes are made in.
    pub head: &'t Snapshot,
    /// The change, where there is a base.
    pub pair: Option<&'t Pair<'t>>,
    /// What the rules were told.
    pub context: &'t Context,
    /// Kinds that make pods, beside the known ones.
    pub declared: &'t [Declared],
}

/// Takes every fix away that is not proven. `found` is what the rules found in the head by itself; without it, nothing is
/// tried.
pub fn prove(findings: &mut [Finding], found: Option<&[Finding]>, trial: &Trial<'_>) {
    let is_told = |finding: &Finding| {
        let is_new = finding.status == Status::Introduced && finding.waived.is_none();
        found.is_some() && is_new && !finding.unread
    };
    for finding in findings.iter_mut().filter(|finding| !is_told(finding)) {
        finding.fix = None;
    }
    let mut offered: Vec<&mut Finding> = findings
        .iter_mut()
        .filter(|finding| finding.fix.is_some())
        .collect();
    let Some(found) = found.filter(|_| !offered.is_empty()) else {
        return;
    };
    let before = standing(found.iter().chain(&trial.of_change(trial.head)));
    // Stable: what is equally urgent stays in the order of the report.
    offered.sort_by_key(|finding| Reverse(finding.severity));
    let mut left = tries(trial.head.files().len());
    for finding in &mut offered {
        let is_tried = left > 0 && is_exact(finding, trial.head);
        left = left.saturating_sub(usize::from(is_tried));
        if !(is_tried && trial.clears(&[finding], &before)) {
            finding.fix = None;
        }
    }
    let mut by_lines: BTreeMap<_, Vec<&mut Finding>> = BTreeMap::new();
    for finding in offered {
        if finding.fix.is_some() {
            let lines = lines(finding, trial.head);
            by_lines.entry(lines).or_default().push(finding);
        }
    }
    for mut members in by_lines.into_values() {
        let all: Vec<&Finding> = members.iter().map(|member| &**member).collect();
        if all.len() == 1 || left == 0 {
            continue;
        }
        left -= 1;
        if trial.clears(&all, &before) {
            let together: BTreeSet<_> = all.iter().map(|member| member.fingerprint).collect();
            let together = Arc::new(together);
            for fix in members.iter_mut().filter_map(|member| member.fix.as_mut()) {
                fix.together = Arc::clone(&together);
            }
        }
    }
}

/// How many fixes are tried in a head of so many files.
fn tries(files: usize) -> usize {
    (MOST_FILES / files.max(1)).clamp(1, MOST)
}

/// True for a fix whose bytes are what they seem: nothing else in the file can have them through an anchor, and nothing
/// makes others of them before they are used.
fn is_exact(finding: &Finding, head: &Snapshot) -> bool {
    let text = head
        .file(&finding.location.path)
        .and_then(|file| file.text());
    let fix = finding.fix.as_ref();
    text.zip(fix).is_some_and(|(text, fix)| {
        !text.contains('&')
            && !text.contains("{{")
            && text.get(fix.span.range()) == Some(&*fix.found)
    })
}

/// The lines that a comment about a finding would stand on: what stands on the same ones is offered as one.
fn lines(finding: &Finding, head: &Snapshot) -> (Arc<str>, u32, u32) {
    let place = finding.changed_at.as_ref().unwrap_or(&finding.location);
    let text = head.file(&place.path).and_then(|file| file.text());
    let lines = Lines::new(text.unwrap_or_default());
    let line = |at| lines.position(at).line;
    let path = Arc::clone(&place.path);
    (path, line(place.span.start), line(place.span.end))
}

fn standing<'f>(findings: impl Iterator<Item = &'f Finding>) -> Standing {
    let mut standing = Standing::new();
    for finding in findings {
        let identity = identity(finding);
        // What could not be read may be anything.
        let severity = if finding.unread {
            Severity::Critical
        } else {
            finding.severity
        };
        standing.entry(identity).or_default().push(severity);
    }
    for severities in standing.values_mut() {
        severities.sort_by_key(|severity| Reverse(*severity));
    }
    standing
}

impl Trial<'_> {
    /// What there is to say of the change to a head, or of all of it where there is no base.
    fn of_change(&self, head: &Snapshot) -> Vec<Finding> {
        let Some(pair) = self.pair else {
            return evaluate_arrivals(head, self.context);
        };
        let pairs = Pairs::between(pair.base, head, pair.renames);
        let pair = Pair {
            head,
            pairs: &pairs,
            ..*pair
        };
        evaluate_change(&pair, self.context)
    }

    /// True if the findings, which are of one file, are gone once all of their fixes are made, and nothing new is as
    /// urgent as the least urgent of them.
    fn clears(&self, mended: &[&Finding], before: &Standing) -> bool {
        let Some(edited) = self.edited(mended) else {
            return false;
        };
        let found = evaluate(&edited, self.context).findings;
        let after = standing(found.iter().chain(&self.of_change(&edited)));
        let standing = |standing: &Standing, finding: &Finding| {
            standing.get(&identity(finding)).map_or(0, Vec::len)
        };
        let are_gone = mended
            .iter()
            .all(|finding| standing(&after, finding) < standing(before, finding));
        let Some(least) = mended.iter().map(|finding| finding.severity).min() else {
            return false;
        };
        let brings = |(identity, severities): (&_, &Vec<Severity>)| {
            let known = before.get(identity).map_or(&[][..], Vec::as_slice);
            let mut urgent = severities.iter().take_while(|severity| **severity >= least);
            let mut known = known.iter();
            urgent.any(|severity| known.next().is_none_or(|known| known < severity))
        };
        are_gone && !after.iter().any(brings)
    }

    /// The head with these fixes made; none where they do not go together.
    fn edited(&self, mended: &[&Finding]) -> Option<Snapshot> {
        let path = &mended.first()?.location.path;
        let mut fixes: Vec<&Fix> = Vec::with_capacity(mended.len());
        for finding in mended {
            (finding.location.path == *path).then_some(())?;
            fixes.push(finding.fix.as_ref()?);
        }
        fixes.sort_by_key(|fix| fix.span.start);
        fixes.dedup_by(|one, other| one.span == other.span && one.replacement == other.replacement);
        let mut text = self.head.file(path)?.text()?.to_owned();
        let mut next = text.len();
        for (index, fix) in fixes.iter().rev().enumerate() {
            let range = fix.span.range();
            // Two edits of one place do not say which comes first.
            if range.end > next || index > 0 && range.end == next {
                return None;
            }
            text.get(range.clone())?;
            next = range.start;
            text.replace_range(range, &fix.replacement);
        }
        self.head.edited(path, text, self.declared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_repositories_have_fewer_fixes_tried() {
        assert_eq!(
            [0, 1, 200, 1_000, 100_000].map(tries),
            [MOST, MOST, MOST, 10, 1]
        );
    }
}
