//! What a change does to packages, in the words that reports share.

use std::collections::{BTreeMap, BTreeSet};

use super::count;
use crate::packages::difference::What;
use crate::verdict::PackageChange;

/// The longest list of changed packages that is printed without being asked for.
pub(super) const MOST_PACKAGES: usize = 20;

/// What a scope may be called.
pub(super) const SCOPES: [&str; 6] = [
    "production",
    "peer",
    "optional",
    "development",
    "environment",
    "unreached",
];

/// What a change may be called.
pub(super) const CHANGES: [&str; 10] = [
    "added",
    "removed",
    "upgraded",
    "downgraded",
    "source-changed",
    "integrity-changed",
    "integrity-lost",
    "integrity-gained",
    "moved-to-production",
    "moved-to-development",
];

/// `brings in lodash 4.17.20 through express@4.21.2`.
fn sentence(change: &PackageChange) -> String {
    let name = &change.name;
    let before = change.before.as_deref().unwrap_or_default();
    let after = change.after.as_deref().unwrap_or_default();
    let what = match change.what {
        What::Added => format!("brings in {name} {after}"),
        What::Removed => format!("drops {name} {before}"),
        What::Upgraded => format!("raises {name} from {before} to {after}"),
        What::Downgraded => format!("lowers {name} from {before} to {after}"),
        What::SourceChanged => format!("takes {name} {after} from another source"),
        What::IntegrityChanged => format!("puts another hash on {name} {after}"),
        What::IntegrityLost => format!("takes the hash off {name} {after}"),
        What::IntegrityGained => format!("puts a hash on {name} {after}"),
        What::MovedToProduction => format!("moves {name} {after} to production"),
        What::MovedToDevelopment => format!("moves {name} {after} out of production"),
    };
    let scope = match (change.what, change.scope.is_shipped()) {
        (What::MovedToProduction | What::MovedToDevelopment, _) | (_, true) => String::new(),
        (_, false) => format!(" ({})", change.scope.name()),
    };
    let way = if change.via.is_empty() {
        String::new()
    } else {
        format!(" through {}", change.via.join(" > "))
    };
    format!("{what}{scope}{way}")
}

/// So many packages that come or go through one dependency have a row each, with their way.
const MOST_THROUGH: usize = 3;

/// What a list says in one row: a change, and how many packages came or went with it.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// The change; the first of several where what they come through did not change.
    pub(super) change: &'a PackageChange,
    /// True if it stands for several that come or go through something that did not change.
    pub(super) is_of_several: bool,
    /// How many packages come in through it.
    brought: usize,
    /// How many go with it.
    dropped: usize,
}

impl Row<'_> {
    /// How many changes it tells.
    pub(super) fn len(&self) -> usize {
        usize::from(!self.is_of_several) + self.brought + self.dropped
    }

    /// `brings in express 4.21.2, and 57 packages through it`.
    pub(super) fn sentence(&self) -> String {
        if self.is_of_several {
            let verb = if self.change.what == What::Removed {
                "drops"
            } else {
                "brings in"
            };
            let scope = if self.change.scope.is_shipped() {
                String::new()
            } else {
                format!(" ({})", self.change.scope.name())
            };
            let through = self.change.via.first().map_or("", String::as_str);
            return format!("{verb} {}{scope} through {through}", self.name());
        }
        let own = sentence(self.change);
        match self.companions() {
            Some(companions) => format!("{own}, {companions}"),
            None => own,
        }
    }

    /// `and 57 packages through it`; none where it stands alone or for several.
    pub(super) fn companions(&self) -> Option<String> {
        if self.is_of_several {
            return None;
        }
        let brought = count(self.brought, "package");
        let dropped = count(self.dropped, "package");
        match (self.change.what, self.brought > 0, self.dropped > 0) {
            (_, false, false) => None,
            (What::Removed, false, true) => Some(format!("and {dropped} that it brought")),
            (What::Added, true, false) => Some(format!("and {brought} through it")),
            (_, true, false) => Some(format!("which brings in {brought}")),
            (_, false, true) => Some(format!("which drops {dropped}")),
            (_, true, true) => Some(format!("which brings in {brought} and drops {dropped}")),
        }
    }

    /// What it is about: a name, or how many packages.
    pub(super) fn name(&self) -> String {
        if self.is_of_several {
            return count(self.len(), "package");
        }
        self.change.name.clone()
    }
}

/// How the way to a package begins, whether it is gone, and whether it is shipped.
type Through = (String, bool, bool);

fn through(change: &PackageChange) -> Option<Through> {
    let first = change.via.first()?;
    let is_whole = matches!(change.what, What::Added | What::Removed);
    let is_gone = change.what == What::Removed;
    is_whole.then(|| (first.clone(), is_gone, change.scope.is_shipped()))
}

/// The rows of a list, in its order. Where many packages come in or go through one that a workspace asks for, they are
/// counted with that one.
pub(super) fn rows(changes: &[PackageChange]) -> Vec<Row<'_>> {
    let mut companions: BTreeMap<Through, usize> = BTreeMap::new();
    for through in changes.iter().filter_map(through) {
        *companions.entry(through).or_default() += 1;
    }
    companions.retain(|_, number| *number > MOST_THROUGH);
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut told: BTreeSet<Through> = BTreeSet::new();
    let labels = |change: &PackageChange| {
        let label =
            |version: &Option<String>| Some(format!("{}@{}", change.name, version.as_ref()?));
        (label(&change.before), label(&change.after))
    };
    for change in changes.iter().filter(|change| change.via.is_empty()) {
        let is_shipped = change.scope.is_shipped();
        let (before, after) = labels(change);
        let mut number = |label: Option<String>, is_gone| {
            let own = (label?, is_gone, is_shipped);
            let number = companions.get(&own).copied()?;
            told.insert(own).then_some(number)
        };
        rows.push(Row {
            change,
            is_of_several: false,
            dropped: number(before, true).unwrap_or(0),
            brought: number(after, false).unwrap_or(0),
        });
    }
    for change in changes.iter().filter(|change| !change.via.is_empty()) {
        let of_many = through(change).and_then(|own| {
            let number = *companions.get(&own)?;
            Some((own, number))
        });
        let Some((own, number)) = of_many else {
            rows.push(Row {
                change,
                is_of_several: false,
                brought: 0,
                dropped: 0,
            });
            continue;
        };
        if told.insert(own) {
            let is_gone = change.what == What::Removed;
            rows.push(Row {
                change,
                is_of_several: true,
                brought: if is_gone { 0 } else { number },
                dropped: if is_gone { number } else { 0 },
            });
        }
    }
    // What production gets comes first, as in the list of changes.
    rows.sort_by_key(|row| !row.change.scope.is_shipped());
    rows
}

/// How many changes a list leaves out that shows the first rows, as a line of its own; none where it shows all.
pub(super) fn left_out(rows: &[Row<'_>]) -> Option<String> {
    let more: usize = rows.iter().skip(MOST_PACKAGES).map(Row::len).sum();
    (more > 0).then(|| count(more, "more change"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::Scope;

    fn change(what: What, name: &str, via: &[&str], scope: Scope) -> PackageChange {
        let version = || Some("1.0.0".to_owned());
        PackageChange {
            what,
            name: name.to_owned(),
            before: version().filter(|_| what != What::Added),
            after: match what {
                What::Removed => None,
                What::Upgraded => Some("2.0.0".to_owned()),
                _ => version(),
            },
            scope,
            via: via.iter().map(|step| (*step).to_owned()).collect(),
        }
    }

    fn told(changes: &[PackageChange]) -> Vec<String> {
        rows(changes).iter().map(Row::sentence).collect()
    }

    fn several(what: What, first: &str, scope: Scope) -> Vec<PackageChange> {
        let names = ["a", "b", "c", "d", "e"].iter();
        names
            .map(|name| change(what, &format!("{first}-{name}"), &[first, "z@1.0.0"], scope))
            .collect()
    }

    #[test]
    fn what_many_come_and_go_through_is_told_with_it() {
        let (production, development) = (Scope::Production, Scope::Development);
        let mut changes = vec![
            change(What::Added, "koa", &[], production),
            change(What::Removed, "express", &[], production),
            change(What::Removed, "f", &["koa@1.0.0"], production),
        ];
        changes.extend(several(What::Removed, "express@1.0.0", production));
        changes.extend(several(What::Added, "koa@1.0.0", production));
        changes.extend(several(What::Removed, "pino@1.0.0", production));
        changes.push(change(What::Upgraded, "jest", &[], development));
        changes.extend(several(What::Added, "jest@2.0.0", development));
        changes.extend(several(What::Removed, "jest@1.0.0", development));
        assert_eq!(
            told(&changes),
            [
                "brings in koa 1.0.0, and 5 packages through it",
                "drops express 1.0.0, and 5 packages that it brought",
                "drops f 1.0.0 through koa@1.0.0",
                "drops 5 packages through pino@1.0.0",
                "raises jest from 1.0.0 to 2.0.0 (development), which brings in 5 packages and drops 5 packages",
            ]
        );
    }

    #[test]
    fn a_few_keep_their_ways_and_what_production_gets_is_not_hidden_behind_a_tool() {
        let (production, development) = (Scope::Production, Scope::Development);
        let mut changes = vec![
            change(What::Added, "a", &["koa@1.0.0", "b@1.0.0"], production),
            change(What::Added, "koa", &[], development),
        ];
        let way: &[&str] = &["koa@1.0.0"];
        changes.extend(["d", "e"].map(|name| change(What::Added, name, way, development)));
        assert_eq!(
            told(&changes),
            [
                "brings in a 1.0.0 through koa@1.0.0 > b@1.0.0",
                "brings in koa 1.0.0 (development)",
                "brings in d 1.0.0 (development) through koa@1.0.0",
                "brings in e 1.0.0 (development) through koa@1.0.0",
            ]
        );
        changes.extend(several(What::Added, "koa@1.0.0", production));
        assert_eq!(told(&changes)[0], "brings in 6 packages through koa@1.0.0");
    }

    #[test]
    fn the_rest_is_counted_in_changes() {
        let direct = (0..=MOST_PACKAGES).map(|number| {
            change(
                What::Added,
                &format!("d{number:02}"),
                &[],
                Scope::Production,
            )
        });
        let mut changes: Vec<PackageChange> = direct.collect();
        assert_eq!(left_out(&rows(&changes[..MOST_PACKAGES])), None);
        let last = format!("d{MOST_PACKAGES:02}@1.0.0");
        changes.extend(several(What::Added, &last, Scope::Production));
        assert_eq!(left_out(&rows(&changes)).as_deref(), Some("6 more changes"));
    }

    #[test]
    fn the_schema_knows_all_words() {
        let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.name()).collect();
        assert_eq!(scopes, SCOPES);
        for what in [
            What::Added,
            What::Upgraded,
            What::SourceChanged,
            What::IntegrityChanged,
            What::IntegrityLost,
            What::MovedToProduction,
        ] {
            assert!(CHANGES.contains(&what.name()));
            assert!(CHANGES.contains(&what.reversed().name()));
        }
    }
}
