//! `package.json`: the settings that package managers keep there, and the manager that it asks for.

use crate::syntax::{Node, Tree};

use super::pnpm_workspace::{permitted, settings};
use super::{Pinned, Safeguard, Said, listed};

/// Reads a file.
#[must_use]
pub fn read(tree: &Tree) -> (Vec<Said>, Option<Pinned>) {
    let Some(root) = tree.documents().first().map(|document| tree.root(document)) else {
        return (Vec::new(), None);
    };
    let mut found = root.get("pnpm").map(settings).unwrap_or_default();
    if let Some(trusted) = root.get("trustedDependencies") {
        found.extend(listed(Safeguard::Script, "trustedDependencies", trusted));
    }
    if let Some(allowed) = root.get("allowScripts") {
        found.extend(permitted("allowScripts", allowed));
    }
    let pinned = root.get("packageManager").and_then(Node::as_str);
    (found, pinned.and_then(Pinned::parse))
}
