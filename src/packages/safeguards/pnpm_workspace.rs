//! `pnpm-workspace.yaml`, and `pnpm` of `package.json`, which says the same in older projects.
//!
//! Format: <https://pnpm.io/settings>.

use crate::syntax::{Node, Tree};

use super::{Safeguard, Said, Value, listed, said, text};

/// Reads a file.
#[must_use]
pub fn read(tree: &Tree) -> Vec<Said> {
    let root = tree.documents().first().map(|document| tree.root(document));
    root.map(settings).unwrap_or_default()
}

/// The settings of a mapping.
pub(super) fn settings(mapping: Node<'_>) -> Vec<Said> {
    let mut found = Vec::new();
    for entry in mapping.entries() {
        let (name, node, at) = (entry.key.key_text(), entry.value, entry.key.span());
        let switch = node.as_bool().map(Value::Switch);
        let (what, value) = match name {
            "minimumReleaseAge" => (
                Safeguard::Cooldown,
                text(node).parse().ok().map(Value::Minutes),
            ),
            "trustPolicy" => (Safeguard::TrustPolicy, Some(Value::Word(text(node).into()))),
            "ignoreScripts" => (Safeguard::NoScripts, switch),
            "dangerouslyAllowAllBuilds" => (Safeguard::AllScripts, switch),
            "blockExoticSubdeps" => (Safeguard::NoExotic, switch),
            "verifyStoreIntegrity" => (Safeguard::StoreVerified, switch),
            "strictSsl" => (Safeguard::StrictTls, switch),
            "lockfile" => (Safeguard::Lockfile, switch),
            "minimumReleaseAgeExclude" => {
                found.extend(listed(Safeguard::Young, name, node));
                continue;
            }
            "pnpmfile" | "globalPnpmfile" => {
                found.extend(listed(Safeguard::Code, name, node));
                continue;
            }
            "onlyBuiltDependencies" => {
                found.extend(listed(Safeguard::Script, name, node));
                continue;
            }
            "allowBuilds" => {
                found.extend(permitted(name, node));
                continue;
            }
            "registries" => {
                found.extend(node.entries().map(|registry| {
                    let scope = registry.key.key_text();
                    let key = if scope == "default" { "" } else { scope };
                    let value = Value::Word(text(registry.value).into());
                    said(Safeguard::Registry, key, value, name, registry.key.span())
                }));
                continue;
            }
            _ => continue,
        };
        found.extend(value.map(|value| said(what, "", value, name, at)));
    }
    found
}

/// The packages that a mapping of names lets run their scripts.
pub(super) fn permitted<'a>(name: &'a str, node: Node<'a>) -> impl Iterator<Item = Said> + use<'a> {
    let is_on = |entry: &crate::syntax::Entry<'_>| entry.value.as_bool() == Some(true);
    node.entries().filter(is_on).map(move |entry| {
        let (key, at) = (entry.key.key_text(), entry.key.span());
        said(Safeguard::Script, key, Value::Listed, name, at)
    })
}
