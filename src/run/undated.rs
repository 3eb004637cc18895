//! Packages that a change brings in and whose age nobody knows: the cooldown is not judged of them.

use crate::packages::freshness::Maturity;
use crate::rule::Context;
use crate::rules;
use crate::snapshot::Snapshot;
use crate::snapshot::cooldowns::visit_arrivals;
use crate::verdict::PassedOver;

use super::by_lockfile::ByLockfile;

/// The rule that is about ages.
const RULE: &str = "package/too-new";

/// The releases of the head whose age cannot be told from the dates of a registry that has some, a line for each
/// lockfile. Where it has none at all, the rule did not run, which is told elsewhere.
pub(super) fn undated(
    base: Option<&Snapshot>,
    head: &Snapshot,
    context: &Context,
    in_scope: impl Fn(&str) -> bool,
) -> Vec<PassedOver> {
    let runs = rules::ALL
        .iter()
        .any(|rule| rule.id == RULE && !context.is_off(rule) && context.lacks(rule).is_none());
    let (Some(answers), Some(now)) = (context.facts.registry.known(), context.facts.now) else {
        return Vec::new();
    };
    if !runs {
        return Vec::new();
    }
    let mut undated = ByLockfile::default();
    let own = context.packages.cooldown;
    visit_arrivals(
        base,
        head,
        answers,
        own,
        &mut |held, document, release, cooldown| {
            let (name, _) = held.key();
            let maturity = cooldown.judge_release(name, document, release, now, false);
            let path = held.package.locked_at().path;
            if maturity == Maturity::Unknown && in_scope(&path) {
                undated.add(path, held);
            }
        },
    );
    undated.told(|named| {
        format!(
            "the registry does not know when {named} was published, so that the cooldown is not judged"
        )
    })
}
