//! Renovate's configuration: how old a release must be before it is proposed.
//!
//! Format: <https://docs.renovatebot.com/configuration-options/#minimumreleaseage>.

use crate::packages::freshness::cooldown_settings::{PRESETS, renovate_period};
use crate::syntax::{Node, Tree};

use super::{Safeguard, Said, Value, said};

/// The files that Renovate looks for, in its order: it reads the first one that is there, and `package.json` after
/// them.
pub const PATHS: [&str; 9] = [
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
];

/// Reads a file: what it asks of all packages of npm, and of those that a rule names.
#[must_use]
pub fn read(tree: &Tree) -> Vec<Said> {
    let root = tree.documents().first().map(|document| tree.root(document));
    root.map(settings).unwrap_or_default()
}

/// Reads the key of a `package.json`; none if it has none.
#[must_use]
pub fn read_manifest(tree: &Tree) -> Option<Vec<Said>> {
    let root = tree.root(tree.documents().first()?);
    let own = root.get("renovate").filter(|own| own.is_mapping())?;
    Some(settings(own))
}

fn settings(root: Node<'_>) -> Vec<Said> {
    let mut found = Vec::new();
    let own = age(root, "");
    let of_npm = root.get("npm").and_then(|npm| age(npm, ""));
    let written = of_npm.or(own);
    let presets = root.get("extends").into_iter().flat_map(Node::items);
    for preset in presets {
        let Some(name) = preset.as_str() else {
            continue;
        };
        if PRESETS.contains(&name) && written.is_none() {
            let value = Value::Minutes(3 * super::DAY);
            found.push(said(Safeguard::ProposalAge, "", value, name, preset.span()));
        } else if name.contains(['>', '/']) {
            // Somebody else's, which may say anything.
            found.push(said(
                Safeguard::ProposalPreset,
                name,
                Value::Listed,
                "extends",
                preset.span(),
            ));
        }
    }
    found.extend(written);
    for rule in root.get("packageRules").into_iter().flat_map(Node::items) {
        if let Some(key) = matchers(rule) {
            found.extend(age(rule, &key));
        }
    }
    found
}

/// What a mapping asks for; none where it says nothing, or what nobody can read.
fn age(mapping: Node<'_>, key: &str) -> Option<Said> {
    let entry = mapping
        .entry("minimumReleaseAge")
        .or_else(|| mapping.entry("stabilityDays"))?;
    let (name, node) = (entry.key.key_text(), entry.value);
    let written = node.as_str().unwrap_or_else(|| node.source()).trim();
    let minutes = if name == "stabilityDays" {
        written.parse::<u64>().ok()?.checked_mul(super::DAY)?
    } else if node.is_null() || written.trim_start_matches('0').trim_start().is_empty() {
        0
    } else if let Some(period) = renovate_period(written) {
        u64::try_from(period.as_mins()).ok()?
    } else {
        // `0 days` asks for nothing, and `soon` for what nobody knows.
        let number = written.split_whitespace().next()?;
        (number == "0").then_some(0)?
    };
    let at = entry.key.span().to(node.span());
    Some(said(
        Safeguard::ProposalAge,
        key,
        Value::Minutes(minutes),
        name,
        at,
    ))
}

/// What a rule is for, in one spelling; none where it is not for packages of npm.
fn matchers(rule: Node<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for entry in rule.entries() {
        let name = entry.key.key_text();
        if !name.starts_with("match") && !name.starts_with("exclude") {
            continue;
        }
        let alone = entry.value.as_str();
        let items = entry.value.items().filter_map(Node::as_str);
        let mut values: Vec<&str> = items.chain(alone).collect();
        if ["matchDatasources", "matchManagers"].contains(&name) && !values.contains(&"npm") {
            return None;
        }
        values.sort_unstable();
        parts.push(format!("{name} {}", values.join(", ")));
    }
    parts.sort_unstable();
    Some(parts.join("; ")).filter(|key| !key.is_empty())
}

/// True if a rule is for packages that it names.
pub(super) fn names_packages(key: &str) -> bool {
    key.split("; ").any(|matcher| {
        let name = matcher.split(' ').next().unwrap_or_default();
        let starts = [
            "matchPackage",
            "matchDepName",
            "matchDepP",
            "matchSourceUrl",
        ];
        starts.iter().any(|start| name.starts_with(start))
            && matcher.split(' ').skip(1).any(|value| {
                let pattern = value.trim_end_matches(',').trim_matches('/');
                !["*", "**", ".*", "^.*$", ""].contains(&pattern)
            })
    })
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Format, parse};

    use super::*;

    fn told(text: &str) -> Vec<(String, u64)> {
        let found = read(&parse(Format::Json, text.to_owned()));
        let ages = found.iter().filter_map(|said| match said.value {
            Value::Minutes(minutes) => Some((said.key.to_string(), minutes)),
            _ => None,
        });
        ages.collect()
    }

    #[test]
    fn what_is_asked_of_all_and_of_some() {
        const DAY: u64 = super::super::DAY;
        let all = |days: u64| (String::new(), days * DAY);
        assert_eq!(told(r#"{"minimumReleaseAge": "3 days"}"#), [all(3)]);
        assert_eq!(told(r#"{"npm": {"stabilityDays": 2}}"#), [all(2)]);
        assert_eq!(told("{minimumReleaseAge: '0 days'} // JSON5"), [all(0)]);
        assert_eq!(told(r#"{"extends": ["config:best-practices"]}"#), [all(3)]);
        assert_eq!(
            told(r#"{"extends": ["config:best-practices"], "minimumReleaseAge": null}"#),
            [all(0)]
        );
        assert_eq!(told(r#"{"minimumReleaseAge": "soon"}"#), []);
        assert_eq!(
            told(
                r#"{"packageRules": [
                    {"matchPackageNames": ["b", "a"], "minimumReleaseAge": null},
                    {"matchDatasources": ["docker"], "minimumReleaseAge": "1 day"},
                    {"matchManagers": ["npm"], "minimumReleaseAge": "7 days"}]}"#
            ),
            [
                ("matchPackageNames a, b".to_owned(), 0),
                ("matchManagers npm".to_owned(), 7 * DAY)
            ]
        );
        assert!(names_packages("matchPackageNames a, b"));
        assert!(!names_packages("matchPackageNames *"));
        assert!(!names_packages("matchManagers npm"));
    }
}
