//! `pnpm-workspace.yaml`, and `pnpm` of `package.json`, which says the same in older projects.
//!
//! Format: <https://pnpm.io/settings>.

use crate::packages::pnpm_workspace::{Served, routes};
use crate::syntax::{Node, Tree};

use super::install_tools::{loaded_code, other_shell};
use super::{BY_BRANCH, Safeguard, Said, Value, list, listed, said, text};

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
            "trustPolicyIgnoreAfter" => (
                Safeguard::TrustIgnored,
                text(node).parse().ok().map(Value::Minutes),
            ),
            "ignoreScripts" => (Safeguard::NoScripts, switch),
            "dangerouslyAllowAllBuilds" => (Safeguard::AllScripts, switch),
            "blockExoticSubdeps" => (Safeguard::NoExotic, switch),
            "verifyStoreIntegrity" => (Safeguard::StoreVerified, switch),
            "strictSsl" => (Safeguard::StrictTls, switch),
            "lockfile" => (Safeguard::Lockfile, switch),
            "gitBranchLockfile" if node.as_bool() == Some(true) => {
                let (what, at) = (Safeguard::OtherLockfile, at.to(node.span()));
                found.push(said(what, BY_BRANCH, Value::Listed, name, at));
                continue;
            }
            "lockfileDir" if text(node).trim_end_matches('/') != "." => {
                found.extend(listed(Safeguard::OtherLockfile, name, node));
                continue;
            }
            "strictDepBuilds" => (Safeguard::StrictScripts, switch),
            "trustPolicyExclude" => {
                found.extend(listed(Safeguard::Untrusted, name, node));
                continue;
            }
            "neverBuiltDependencies" | "ignoredBuiltDependencies" => {
                found.extend(listed(Safeguard::NoScript, name, node));
                continue;
            }
            "configDependencies" => {
                found.extend(node.entries().map(|entry| {
                    let value = Value::Word(own_package(entry.value).into());
                    let at = entry.key.span().to(entry.value.span());
                    said(Safeguard::OwnPackage, entry.key.key_text(), value, name, at)
                }));
                continue;
            }
            "nodeOptions" => {
                let at = at.to(node.span());
                let code = loaded_code(text(node)).map(|code| (code, at));
                found.extend(
                    code.map(|(code, at)| said(Safeguard::Code, code, Value::Listed, name, at)),
                );
                continue;
            }
            "scriptShell" => {
                let shell = other_shell(text(node));
                let at = at.to(node.span());
                found.extend(
                    shell.map(|shell| said(Safeguard::Code, shell, Value::Listed, name, at)),
                );
                continue;
            }
            "minimumReleaseAgeExclude" => {
                found.extend(listed(Safeguard::Young, name, node));
                continue;
            }
            "pnpmfile" | "globalPnpmfile" => {
                found.extend(listed(Safeguard::Code, name, node));
                continue;
            }
            "onlyBuiltDependencies" => {
                found.push(list(name, at));
                found.extend(listed(Safeguard::Script, name, node));
                continue;
            }
            "allowBuilds" => {
                found.push(list(name, at));
                found.extend(permitted(name, node));
                continue;
            }
            "registry" => {
                let value = Value::Word(text(node).into());
                found.push(said(Safeguard::Registry, "", value, name, at));
                continue;
            }
            "registries" => {
                found.extend(registries(name, node));
                continue;
            }
            "namedRegistries" => {
                found.extend(prefixes(name, node));
                continue;
            }
            _ => continue,
        };
        found.extend(value.map(|value| said(what, "", value, name, at)));
    }
    found
}

/// The registries of scopes and prefixes.
fn registries<'a>(name: &'a str, node: Node<'a>) -> impl Iterator<Item = Said> + use<'a> {
    routes(node).map(move |route| {
        let key = match route.served {
            Served::Default => String::new(),
            Served::Scope(scope) => scope.to_owned(),
            Served::Prefix(prefix) => prefixed(prefix),
        };
        let value = Value::Word(route.url.into());
        said(Safeguard::Registry, &key, value, name, route.at)
    })
}

/// The same in the notation that knows prefixes alone.
fn prefixes<'a>(name: &'a str, node: Node<'a>) -> impl Iterator<Item = Said> + use<'a> {
    node.entries().map(move |entry| {
        let key = prefixed(entry.key.key_text());
        let value = Value::Word(text(entry.value).into());
        said(Safeguard::Registry, &key, value, name, entry.key.span())
    })
}

/// A prefix as it stands before what is asked for.
fn prefixed(prefix: &str) -> String {
    format!("{prefix}:")
}

/// The version and the hash of what pnpm installs for itself; in the longer notation the address as well.
fn own_package(node: Node<'_>) -> String {
    if !node.is_mapping() {
        return text(node).to_owned();
    }
    let field = |name| node.get(name).map(text);
    let address = field("tarball").map(|address| format!(" {address}"));
    let hash = field("integrity").unwrap_or_default();
    format!("{hash}{}", address.unwrap_or_default())
}

/// The packages that a mapping of names lets run their scripts, and those that it does not.
pub(super) fn permitted<'a>(name: &'a str, node: Node<'a>) -> impl Iterator<Item = Said> + use<'a> {
    node.entries().filter_map(move |entry| {
        let what = if entry.value.as_bool()? {
            Safeguard::Script
        } else {
            Safeguard::NoScript
        };
        let (key, at) = (entry.key.key_text(), entry.key.span());
        Some(said(what, key, Value::Listed, name, at))
    })
}
