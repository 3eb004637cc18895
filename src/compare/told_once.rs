//! What a change brings about is told once, though rules about the change and rules about the state both see it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::finding::{Finding, Location, Severity, Status};
use crate::rules;

use super::Identity;

/// Adds what is said of the change itself. What a change brings about is told once: where a rule about the change
/// covers one about the state, and says nothing less grave of the same object, the introduced state is left out.
pub fn join_changes(findings: &mut Vec<Finding>, mut of_change: Vec<Finding>) {
    leave_graver(findings, &mut of_change);
    let mut covered: HashMap<Covered<'_>, Severity> = HashMap::new();
    for finding in &of_change {
        let Some(rule) = rules::ALL.iter().find(|rule| rule.id == finding.rule) else {
            continue;
        };
        for state in rule.covers {
            let severity = covered
                .entry(covered_by(state, finding))
                .or_insert(finding.severity);
            *severity = finding.severity.max(*severity);
        }
    }
    findings.retain(|finding| {
        let by = covered.get(&covered_by(finding.rule, finding));
        finding.status != Status::Introduced || by.is_none_or(|by| *by < finding.severity)
    });
    findings.extend(of_change);
}

/// A rule about the state, and an object of a file; without one, the value that it is about.
type Covered<'a> = (&'static str, &'a str, Option<Identity<'a>>, &'a str);

fn covered_by<'a>(rule: &'static str, finding: &'a Finding) -> Covered<'a> {
    let resource = finding.subject.resource.as_ref();
    let value = match resource {
        Some(_) => "",
        None => &*finding.subject.discriminator,
    };
    let identity = resource.map(|resource| resource.identity());
    (rule, &finding.location.path, identity, value)
}

/// Of what two rules say of the same lines, leaves what is graver, and of what is as grave the state.
fn leave_graver(findings: &mut Vec<Finding>, of_change: &mut Vec<Finding>) {
    let overlaps = |finding: &Finding| {
        let rule = rules::ALL.iter().find(|rule| rule.id == finding.rule);
        rule.map(|rule| rule.overlaps).unwrap_or_default()
    };
    let mut open: HashMap<Covered<'_>, Vec<(usize, &Finding)>> = HashMap::new();
    for (number, finding) in of_change.iter().enumerate() {
        for state in overlaps(finding) {
            let same = open.entry(covered_by(state, finding)).or_default();
            same.push((number, finding));
        }
    }
    if open.is_empty() {
        return;
    }
    let others = told_of_lines(of_change, &overlaps);
    let is_first = |finding: &Finding| {
        let is_of_subjects = finding.subject.field.as_deref() == Some("/subjects");
        let mut rules = overlaps(finding).iter();
        !is_of_subjects
            || !rules.any(|rule| {
                let other = others.get(&(*rule, &finding.location));
                other.is_some_and(|severity| *severity >= finding.severity)
            })
    };
    let mut is_told: Vec<bool> = of_change.iter().map(is_first).collect();
    let mut is_left = Vec::new();
    for state in findings.iter() {
        let same = open.get(&covered_by(state.rule, state)).into_iter();
        let same = same
            .flatten()
            .filter(|(_, own)| are_of_same_lines(state, own));
        let mut is_covered = false;
        if state.status == Status::Introduced {
            for (number, own) in same {
                // What is said of a binding as a whole names its role, and what to write instead.
                let is_whole = state.subject.field != own.subject.field;
                let is_grave = is_whole && state.severity >= Severity::High;
                if own.severity > state.severity && !is_grave {
                    is_covered = true;
                } else if let Some(is_told) = is_told.get_mut(*number) {
                    *is_told = false;
                }
            }
        }
        is_left.push(!is_covered);
    }
    let mut is_left = is_left.into_iter();
    findings.retain(|_| is_left.next().unwrap_or(true));
    let mut is_told = is_told.into_iter();
    of_change.retain(|_| is_told.next().unwrap_or(true));
}

/// How gravely rules about the change that others overlap with speak of the lines that they name.
fn told_of_lines<'f>(
    of_change: &'f [Finding],
    overlaps: &impl Fn(&Finding) -> &'static [&'static str],
) -> BTreeMap<(&'static str, &'f Location), Severity> {
    let overlapped: BTreeSet<&str> = of_change
        .iter()
        .flat_map(|it| overlaps(it).iter().copied())
        .collect();
    let mut told: BTreeMap<(&'static str, &Location), Severity> = BTreeMap::new();
    for finding in of_change.iter().filter(|it| overlapped.contains(it.rule)) {
        let related = finding.related.iter().map(|related| &related.location);
        for place in related.chain([&finding.location]) {
            let severity = told
                .entry((finding.rule, place))
                .or_insert(finding.severity);
            *severity = finding.severity.max(*severity);
        }
    }
    told
}

/// True if both speak of the same entry of a list, or one of them of all its entries.
fn are_of_same_lines(state: &Finding, of_change: &Finding) -> bool {
    state.subject.field != of_change.subject.field || state.location == of_change.location
}
