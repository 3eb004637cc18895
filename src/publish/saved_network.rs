//! Which connections are opened and closed, as a saved report says it.

use serde::Deserialize;

use crate::verdict::{NetworkChange, NetworkEnd, NetworkEnds};

/// A change as the report has it.
#[derive(Deserialize)]
pub(super) struct WireNetwork {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
}

/// The changes, each text made fit to be shown by `name`.
pub(super) fn changes(wire: &[WireNetwork], name: impl Fn(&str) -> String) -> Vec<NetworkChange> {
    let ends = |text: &str| NetworkEnds {
        named: vec![NetworkEnd {
            namespace: None,
            name: name(text),
        }],
        more: 0,
    };
    let changes = wire.iter().map(|change| NetworkChange {
        opens: true,
        from: ends(&change.from),
        to: ends(&change.to),
        before: name(&change.before),
        after: name(&change.after),
    });
    changes.collect()
}
