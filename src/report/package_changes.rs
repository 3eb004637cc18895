//! What a change does to packages, in the words that reports share.

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
pub(super) fn sentence(change: &PackageChange) -> String {
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

/// How many changes a list leaves out, as a line of its own; none where it shows all.
pub(super) fn left_out(changes: &[PackageChange]) -> Option<String> {
    let more = changes.len().checked_sub(MOST_PACKAGES)?;
    (more > 0).then(|| count(more, "more change"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::Scope;

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
