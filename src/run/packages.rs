//! What a run says of packages beside its findings.

use std::sync::Arc;

use crate::facts::Facts;
use crate::inventory::{self, Answer};
use crate::packages::Scope;
use crate::packages::difference::Told;
use crate::packages::graph::Installed;
use crate::rule::Pair;
use crate::snapshot::installations::Installation;
use crate::snapshot::load::Loaded;
use crate::snapshot::pairs::Pairs;
use crate::verdict::PackageChange;

/// The packages that change within some paths: those that production gets first, then by how near they are and by name.
pub(super) fn changes(pair: &Pair<'_>, in_scope: impl Fn(&str) -> bool) -> Vec<PackageChange> {
    let mut all: Vec<(Scope, usize, PackageChange)> = Vec::new();
    for installed in pair.installations() {
        let both = [installed.base, installed.head].into_iter().flatten();
        let paths: Vec<&Arc<str>> = both.filter_map(Installation::lockfile_path).collect();
        let is_whole = paths.iter().any(|path| in_scope(path));
        for told in installed.changes() {
            let mut effects = told.change.effects.iter();
            let is_shown = is_whole
                || effects.any(|effect| {
                    let workspace = told.workspace(*effect);
                    workspace.is_some_and(|own| in_scope(&own.file))
                });
            if is_shown {
                all.extend(change(told));
            }
        }
    }
    all.sort_by(
        |(one_scope, one_way, one), (other_scope, other_way, other)| {
            let key = |scope: &Scope, way: usize| (!scope.is_shipped(), way);
            key(one_scope, *one_way)
                .cmp(&key(other_scope, *other_way))
                .then_with(|| one.name.cmp(&other.name))
                .then_with(|| one.what.cmp(&other.what))
                .then_with(|| (&one.before, &one.after).cmp(&(&other.before, &other.after)))
        },
    );
    let mut changes: Vec<PackageChange> = all.into_iter().map(|(_, _, change)| change).collect();
    // The same change of several installations is told once.
    changes.dedup();
    changes
}

fn change(told: Told<'_>) -> Option<(Scope, usize, PackageChange)> {
    let effect = told.main_effect()?;
    let scope = effect.after.min(effect.before);
    let release = |package: Option<Installed<'_>>| package.map(|own| own.release().to_owned());
    let via = told.through(effect);
    let change = PackageChange {
        what: told.what(),
        name: told.name().to_owned(),
        before: release(told.before()),
        after: release(told.after()),
        scope,
        via,
    };
    Some((scope, change.via.len(), change))
}

/// What `tidegate packages` answers of what was read.
pub(super) fn answer(mut loaded: Loaded, facts: &Facts, in_scope: impl Fn(&str) -> bool) -> Answer {
    let changes = loaded.changes();
    let Loaded { base, head, .. } = loaded;
    let Some(base) = base else {
        return inventory::answer(None, &head, facts, in_scope).with(None, head);
    };
    let touched = std::collections::BTreeSet::new();
    let pairs = Pairs::between(&base, &head, changes.renamed());
    let pair = Pair {
        base: &base,
        head: &head,
        changed: &touched,
        renames: changes.renamed(),
        moved: changes.moved(),
        pairs: &pairs,
    };
    let parts = inventory::answer(Some(&pair), &head, facts, in_scope);
    parts.with(Some(base), head)
}
