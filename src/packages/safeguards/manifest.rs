//! `package.json`: the settings that package managers keep there, and the manager that it asks for.

use crate::syntax::{Node, Tree};

use super::pnpm_workspace::{permitted, settings};
use super::{Pinned, Safeguard, Said, Value, list, listed, said};

/// The setting of Bun that names the packages that may run their scripts.
pub(super) const TRUSTED: &str = "trustedDependencies";

/// Reads a file.
#[must_use]
pub fn read(tree: &Tree) -> (Vec<Said>, Option<Pinned>) {
    let Some(root) = tree.documents().first().map(|document| tree.root(document)) else {
        return (Vec::new(), None);
    };
    let mut found = root.get("pnpm").map(settings).unwrap_or_default();
    if let Some(trusted) = root.get(TRUSTED) {
        found.push(list(TRUSTED, trusted.span()));
        found.extend(listed(Safeguard::Script, TRUSTED, trusted));
    }
    for entry in root
        .get("dependenciesMeta")
        .into_iter()
        .flat_map(Node::entries)
    {
        let Some(built) = entry.value.entry("built") else {
            continue;
        };
        let what = match built.value.as_bool() {
            Some(true) => Safeguard::Built,
            Some(false) => Safeguard::NoScript,
            None => continue,
        };
        let at = built.key.span().to(built.value.span());
        let (key, name) = (entry.key.key_text(), "dependenciesMeta");
        found.push(said(what, key, Value::Listed, name, at));
    }
    if let Some(allowed) = root.get("allowScripts") {
        found.extend(permitted("allowScripts", allowed));
    }
    let pinned = root.entry("packageManager");
    if let Some(entry) = pinned
        && let Some(release) = entry.value.as_str()
    {
        let at = entry.key.span().to(entry.value.span());
        let value = Value::Word(release.into());
        found.push(said(Safeguard::Release, "", value, "packageManager", at));
    }
    let pinned = pinned.and_then(|entry| entry.value.as_str());
    (found, pinned.and_then(Pinned::parse))
}
