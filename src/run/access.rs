//! What a run says of who may do what, beside its findings.

use std::collections::BTreeSet;

use crate::access::proof::Proof;
use crate::finding::{Finding, Status};
use crate::permissions::{self, Answer, Asked};
use crate::rule::{Context, Pair};
use crate::snapshot::load::Loaded;
use crate::snapshot::pairs::Pairs;
use crate::verdict::{AccessChange, PassedOver};

use super::coverage::skipped;
use super::touched;

/// What changes within some paths, by subject and scope; nothing where there is no base.
pub(super) fn changes(
    pair: Option<&Pair<'_>>,
    context: &Context,
    in_scope: &dyn Fn(&str) -> bool,
) -> Vec<AccessChange> {
    let Some(pair) = pair else {
        return Vec::new();
    };
    let comparison = pair.access(&context.clusters, context.targets);
    let changes = permissions::changes(comparison, in_scope).into_iter();
    let mut changes: Vec<AccessChange> = changes.map(|it| it.change).collect();
    changes.dedup();
    changes
}

/// The rule that tells of new ways.
const NEW_WAY: &str = "rbac/escalation-path-added";

/// The ways that findings say are opened, the gravest first.
pub(super) fn ways_told(
    pair: &Pair<'_>,
    context: &Context,
    findings: &[Finding],
    in_scope: &dyn Fn(&str) -> bool,
) -> Vec<Proof> {
    let told: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| finding.rule == NEW_WAY)
        .filter(|finding| finding.status == Status::Introduced && finding.waived.is_none())
        .map(|finding| &*finding.subject.discriminator)
        .collect();
    if told.is_empty() {
        return Vec::new();
    }
    let comparison = pair.access(&context.clusters, context.targets);
    let mut ways = permissions::new_ways(comparison, in_scope);
    ways.retain(|proof| !proof.is_possession && told.contains(&*proof.told_as()));
    ways.sort_by_key(|proof| proof.goal);
    ways
}

/// What `tidegate access` answers of what was read.
pub(super) fn answer(
    mut loaded: Loaded,
    asked: &Asked,
    context: &Context,
    in_scope: &dyn Fn(&str) -> bool,
) -> Answer {
    let changes = loaded.changes();
    let Loaded { base, head, .. } = loaded;
    let touched = touched(&changes);
    let mut told = None;
    let mut new_ways = Vec::new();
    let mut unreadable = permissions::unreadable(&head, in_scope);
    let mut not_judged = Vec::new();
    if let Some(base) = &base {
        let pair = Pair {
            base,
            head: &head,
            changed: &touched,
            renames: changes.renamed(),
            moved: changes.moved(),
            pairs: &Pairs::between(base, &head, changes.renamed()),
        };
        let comparison = pair.access(&context.clusters, context.targets);
        let is_asked = |subject: &str| {
            let own = asked.subject.as_ref();
            own.is_none_or(|own| {
                let mut who = own.groups();
                who.push(own.clone());
                who.iter().any(|who| who.to_string() == subject)
            })
        };
        let mut news = permissions::changes(comparison, in_scope);
        news.retain(|it| is_asked(&it.change.subject));
        new_ways = permissions::new_ways(comparison, in_scope);
        new_ways.retain(|proof| is_asked(&proof.subject.to_string()));
        told = Some(news);
        not_judged = permissions::not_judged(&pair, context, in_scope);
        let before = permissions::unreadable(base, in_scope).into_iter();
        unreadable.extend(
            before
                .filter(|it| touched.contains(&it.path) || head.file(&it.path).is_none())
                .map(|it| PassedOver {
                    reason: format!("in the base: {}", it.reason),
                    ..it
                }),
        );
    } else {
        not_judged.extend(skipped(&head, in_scope));
    }
    let access = head.access(&context.clusters, context.targets);
    let clusters = permissions::answer(access, asked, in_scope);
    Answer {
        clusters,
        changes: told,
        new_ways,
        is_question: asked.question.is_some(),
        unreadable,
        not_judged,
        head,
    }
}
