//! `.yarnrc.yml` of Yarn 2 and later.
//!
//! Format: <https://yarnpkg.com/configuration/yarnrc>.

use crate::syntax::{Node, Tree};

use super::{DAY, Safeguard, Said, Value, list, listed, said, text};

/// Reads a file.
#[must_use]
pub fn read(tree: &Tree) -> Vec<Said> {
    let root = tree.documents().first().map(|document| tree.root(document));
    let mut found = Vec::new();
    for entry in root.into_iter().flat_map(Node::entries) {
        let (name, node, at) = (entry.key.key_text(), entry.value, entry.key.span());
        let word = || Value::Word(text(node).into());
        let what = match name {
            "npmRegistryServer" => (Safeguard::Registry, word()),
            "npmMinimalAgeGate" => match minutes(text(node)) {
                Some(minutes) => (Safeguard::Cooldown, Value::Minutes(minutes)),
                None => continue,
            },
            "enableScripts" => match node.as_bool() {
                Some(runs) => (Safeguard::NoScripts, Value::Switch(!runs)),
                None => continue,
            },
            "enableStrictSsl" => match node.as_bool() {
                Some(is_on) => (Safeguard::StrictTls, Value::Switch(is_on)),
                None => continue,
            },
            "yarnPath" => {
                found.extend(listed(Safeguard::Code, name, node));
                continue;
            }
            // Of Yarn 2 and 3.
            "lockfileFilename" if text(node) != "yarn.lock" => {
                found.extend(listed(Safeguard::OtherLockfile, name, node));
                continue;
            }
            "checksumBehavior" => (Safeguard::Checksums, word()),
            "enableImmutableInstalls" => match node.as_bool() {
                Some(is_on) => (Safeguard::Immutable, Value::Switch(is_on)),
                None => continue,
            },
            "enableHardenedMode" => match node.as_bool() {
                Some(is_on) => (Safeguard::Hardened, Value::Switch(is_on)),
                None => continue,
            },
            "npmPreapprovedPackages" => {
                found.extend(listed(Safeguard::Young, name, node));
                continue;
            }
            "unsafeHttpWhitelist" => {
                found.extend(listed(Safeguard::PlainHttp, name, node));
                continue;
            }
            "approvedGitRepositories" => {
                found.push(list(name, at));
                found.extend(listed(Safeguard::GitRepository, name, node));
                continue;
            }
            "plugins" => {
                found.extend(node.items().map(plugin));
                continue;
            }
            "npmScopes" => {
                found.extend(node.entries().filter_map(|scope| {
                    let server = scope.value.entry("npmRegistryServer")?;
                    let key = format!("@{}", scope.key.key_text());
                    let value = Value::Word(text(server.value).into());
                    let at = server.key.span();
                    Some(said(
                        Safeguard::Registry,
                        &key,
                        value,
                        "npmRegistryServer",
                        at,
                    ))
                }));
                continue;
            }
            _ => continue,
        };
        found.push(said(what.0, "", what.1, name, at));
    }
    found
}

/// A plugin: its path, or a mapping with it and the address that it came from.
fn plugin(item: Node<'_>) -> Said {
    let part = |name: &str| item.get(name).map(text);
    let path = part("path").unwrap_or_else(|| text(item));
    let origin = part("spec").unwrap_or_default();
    let value = Value::Word(origin.into());
    let at = item.get("path").unwrap_or(item).span();
    said(Safeguard::Plugin, path, value, "plugins", at)
}

/// A length of time: `3d`, `12h`, or a number of minutes.
fn minutes(written: &str) -> Option<u64> {
    let at = written
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(written.len());
    let (number, unit) = written.split_at_checked(at)?;
    let number: f64 = number.parse().ok()?;
    let of_unit = match unit.trim() {
        "ms" => 1.0 / 60_000.0,
        "s" => 1.0 / 60.0,
        "" | "m" => 1.0,
        "h" => 60.0,
        "d" => 1440.0,
        "w" => 7.0 * 1440.0,
        _ => return None,
    };
    // What is longer than a lifetime is no shorter for it.
    let longest = 100.0 * 366.0 * 1440.0;
    let minutes = (number * of_unit).clamp(0.0, longest);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number was just put between zero and a hundred years"
    )]
    let minutes = minutes as u64;
    debug_assert!(minutes <= 100 * 366 * DAY);
    Some(minutes)
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Format, parse};

    use super::*;

    #[test]
    fn settings_are_found_in_one_measure() {
        let text = "enableScripts: false\nnpmMinimalAgeGate: 3d\nnpmPreapprovedPackages: ['@acme/*']\n\
            npmScopes:\n  acme:\n    npmRegistryServer: https://npm.acme.example\n\
            plugins:\n  - path: .yarn/plugins/x.cjs\n    spec: https://x.example/x.js\n  - .yarn/plugins/y.cjs\n";
        let tree = parse(Format::Yaml, text.to_owned());
        let found = read(&tree);
        let shown: Vec<_> = found
            .iter()
            .map(|said| (said.what, &*said.key, &said.value))
            .collect();
        assert_eq!(
            shown,
            [
                (Safeguard::NoScripts, "", &Value::Switch(true)),
                (Safeguard::Cooldown, "", &Value::Minutes(3 * DAY)),
                (Safeguard::Young, "@acme/*", &Value::Listed),
                (
                    Safeguard::Registry,
                    "@acme",
                    &Value::Word("https://npm.acme.example".into())
                ),
                (
                    Safeguard::Plugin,
                    ".yarn/plugins/x.cjs",
                    &Value::Word("https://x.example/x.js".into())
                ),
                (
                    Safeguard::Plugin,
                    ".yarn/plugins/y.cjs",
                    &Value::Word("".into())
                ),
            ]
        );
        assert_eq!(minutes("4320"), Some(4320));
        assert_eq!(minutes("1w"), Some(7 * DAY));
        assert_eq!(minutes("soon"), None);
    }
}
