//! Who may do other things than before, as a saved report says it.

use serde::Deserialize;

use crate::verdict::AccessChange;

use super::first::First;

/// The most phrases of one change that are taken over.
const MOST_PHRASES: usize = 32;

/// A change as the report has it.
#[derive(Deserialize)]
pub(super) struct WireAccess {
    subject: String,
    scope: String,
    #[serde(default)]
    gained: First<String, MOST_PHRASES>,
    #[serde(default)]
    lost: First<String, MOST_PHRASES>,
}

/// The changes, each text made fit to be shown by `name`.
pub(super) fn changes(wire: &[WireAccess], name: impl Fn(&str) -> String) -> Vec<AccessChange> {
    let phrases =
        |phrases: &First<String, MOST_PHRASES>| phrases.0.iter().map(|it| name(it)).collect();
    wire.iter()
        .map(|change| AccessChange {
            subject: name(&change.subject),
            namespace: change.scope.strip_prefix("namespace/").map(&name),
            before: Vec::new(),
            after: Vec::new(),
            gained: phrases(&change.gained),
            lost: phrases(&change.lost),
        })
        .collect()
}
