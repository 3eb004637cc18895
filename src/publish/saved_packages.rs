//! Packages that changed, as a saved report says it.

use serde::Deserialize;

use crate::packages::Scope;
use crate::packages::difference::What;
use crate::verdict::PackageChange;

use super::first::First;

/// The most dependencies of one way that are taken over.
const MOST_STEPS: usize = 20;

/// A change as the report has it.
#[derive(Deserialize)]
pub(super) struct WirePackage {
    name: String,
    change: String,
    before: Option<String>,
    after: Option<String>,
    scope: String,
    #[serde(default)]
    via: First<String, MOST_STEPS>,
}

/// The changes, each text made fit to be shown by `name`; without those of which it is not known what they are.
pub(super) fn changes(wire: &[WirePackage], name: impl Fn(&str) -> String) -> Vec<PackageChange> {
    wire.iter()
        .filter_map(|change| {
            let mut scopes = Scope::ALL.into_iter();
            Some(PackageChange {
                what: What::named(&change.change)?,
                name: name(&change.name),
                before: change.before.as_deref().map(&name),
                after: change.after.as_deref().map(&name),
                scope: scopes.find(|scope| scope.name() == change.scope)?,
                via: change.via.0.iter().map(|text| name(text)).collect(),
            })
        })
        .collect()
}
