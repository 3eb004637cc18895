//! What a change brings about: the findings of both sides held against each other, and the line that caused each.

use crate::compare::{
    BuiltFindings, RightsReasons, compare_evaluations, join_changes, keep_policies, keep_rights,
    keep_workloads,
};
use crate::evaluate::{Evaluation, evaluate_change};
use crate::finding::{Finding, Related, Status};
use crate::rule::{Context, Pair};
use crate::snapshot::built_before::BuiltBefore;
use crate::syntax::Span;

use super::cause::Causes;

/// The findings of both sides held against each other, with those about the change itself, and what caused each.
pub(super) fn of_change(
    pair: &Pair<'_>,
    before: Evaluation,
    after: Evaluation,
    context: &Context,
) -> Vec<Finding> {
    let (base, head) = (pair.base, pair.head);
    let of_rights: Vec<Finding> = before
        .findings
        .iter()
        .filter(|finding| is_of_rights(finding))
        .cloned()
        .collect();
    let built = BuiltFindings::of(pair, &before.findings);
    let mut all = compare_evaluations((base, before), (head, after), pair.renames, pair.pairs);
    keep_rights(&mut all, &of_rights, pair, context);
    keep_workloads(&mut all, pair, context);
    keep_policies(&mut all, base, head);
    built.keep(&mut all, pair);
    join_changes(&mut all, evaluate_change(pair, context));
    let mut causes = Causes::new(base, head, pair.renames);
    let mut reasons: Option<RightsReasons<'_>> = None;
    let mut built_before: Option<BuiltBefore<'_>> = None;
    for finding in &mut all {
        if finding.status == Status::Introduced {
            finding.changed_at = causes.of(finding).or(finding.changed_at.take());
            if finding.changed_at.is_none() && is_of_rights(finding) {
                let reasons = reasons.get_or_insert_with(|| RightsReasons::of(pair, context));
                explain(finding, reasons, &mut causes);
            }
            if finding.changed_at.is_none() && finding.subject.resource.is_some() {
                let before = built_before.get_or_insert_with(|| BuiltBefore::of(pair, |_| true));
                finding.changed_at = causes.built(finding, pair, before);
            }
            // What is gone has no place of its own: the one where it was taken out is the nearest.
            if let Some(at) = &finding.changed_at
                && finding.location.span == Span::default()
            {
                finding.location = at.clone();
            }
            if finding.changed_at.is_none() && is_of_kustomizations(finding) {
                finding.changed_at = causes.taken(finding);
            }
        }
    }
    all
}

/// Names the changed line that a finding about rights comes from, which may be far from all that it names itself.
fn explain(finding: &mut Finding, reasons: &RightsReasons<'_>, causes: &mut Causes<'_>) {
    let mut lines = reasons.behind(finding).into_iter();
    let found = lines.find_map(|line| Some((causes.of_line(&line.at)?, line)));
    if let Some((at, line)) = found {
        finding.changed_at = Some(at);
        finding.related.push(Related {
            location: line.at,
            message: line.what,
        });
    }
}

/// True if what kustomizations take in decides about it.
fn is_of_kustomizations(finding: &Finding) -> bool {
    is_of_rights(finding) || finding.rule.starts_with("network-policy/")
}

fn is_of_rights(finding: &Finding) -> bool {
    finding.rule.starts_with("rbac/")
}
