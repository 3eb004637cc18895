//! What package managers and Renovate say of cooldown, each with its own name and unit.
//!
//! * npm: `min-release-age` of `.npmrc`, in days; `min-release-age-exclude[]`.
//!   <https://docs.npmjs.com/cli/v11/using-npm/config#min-release-age>
//! * pnpm: `minimumReleaseAge` of `pnpm-workspace.yaml`, in minutes; `minimumReleaseAgeExclude`. pnpm 10 also reads
//!   `minimum-release-age` of `.npmrc`. <https://pnpm.io/settings#minimumreleaseage>
//! * Yarn: `npmMinimalAgeGate` of `.yarnrc.yml`, in minutes or with a unit, for all or for a scope;
//!   `npmPreapprovedPackages`. <https://yarnpkg.com/configuration/yarnrc#npmMinimalAgeGate>
//! * Bun: `install.minimumReleaseAge` of `bunfig.toml`, in seconds; `minimumReleaseAgeExcludes`.
//!   <https://bun.com/docs/runtime/bunfig>
//! * Renovate: `minimumReleaseAge`, such as `3 days`, for all or for npm; `stabilityDays` before that.
//!   <https://docs.renovatebot.com/configuration-options/#minimumreleaseage>

use std::sync::Arc;

use jiff::SignedDuration;

use super::cooldown::{Exclude, Exemption, Gate};
use crate::packages::registry::{Bunfig, NpmSettings};
use crate::syntax::{Format, Node, Tree, parse};

/// A file that may ask for cooldown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CooldownFile {
    /// `.npmrc`.
    Npm,
    /// `pnpm-workspace.yaml`.
    Pnpm,
    /// `.yarnrc.yml`.
    Yarn,
    /// `bunfig.toml`.
    Bun,
    /// `renovate.json` and its other names.
    Renovate,
}

/// The longest cooldown that is taken for meant, in hours: ten years.
const LONGEST: f64 = 87_600.0;

/// The presets of Renovate that ask for three days of npm's packages.
pub(in crate::packages) const PRESETS: [&str; 2] =
    ["security:minimumReleaseAgeNpm", "config:best-practices"];

/// Reads what a file asks for. A file of the repository is the one at the tip of the base branch.
#[must_use]
pub fn gates(file: CooldownFile, path: &str, text: &str) -> Vec<Gate> {
    let mut gates = match file {
        CooldownFile::Npm => npm(path, text),
        CooldownFile::Pnpm => pnpm(path, text),
        CooldownFile::Yarn => yarn(path, text),
        CooldownFile::Bun => bun(path, text),
        CooldownFile::Renovate => renovate(path, text),
    };
    for gate in &mut gates {
        gate.exemption = exemption(file, &gate.from);
    }
    gates
}

/// How a package manager is told to take a release that is too young for its file. Renovate installs nothing.
fn exemption(file: CooldownFile, from: &str) -> Exemption {
    match file {
        CooldownFile::Npm if from.ends_with(": min-release-age") => {
            Exemption::Option("--min-release-age=0")
        }
        CooldownFile::Npm => Exemption::Names("minimum-release-age-exclude[]"),
        CooldownFile::Pnpm => Exemption::Versions("minimumReleaseAgeExclude"),
        CooldownFile::Yarn => Exemption::Versions("npmPreapprovedPackages"),
        CooldownFile::Bun => Exemption::Names("minimumReleaseAgeExcludes"),
        CooldownFile::Renovate => Exemption::Unneeded,
    }
}

fn from(path: &str, key: &str) -> Arc<str> {
    format!("{path}: {key}").into()
}

/// So many hours; none for what nobody means.
fn hours(hours: f64) -> Option<SignedDuration> {
    let is_meant = hours.is_finite() && (0.0..=LONGEST).contains(&hours);
    is_meant.then(|| SignedDuration::from_secs_f64((hours * 3600.0).round()))
}

/// A demand, or a mere list of what need not be old.
fn gate(least: Option<SignedDuration>, from: Arc<str>, excludes: Vec<Exclude>) -> Option<Gate> {
    (least.is_some() || !excludes.is_empty()).then(|| Gate {
        excludes,
        ..Gate::new(least.unwrap_or_default(), from)
    })
}

fn npm(path: &str, text: &str) -> Vec<Gate> {
    let settings = NpmSettings::read(text);
    [
        ("min-release-age", 24.0, false),
        ("minimum-release-age", 1.0 / 60.0, true),
    ]
    .into_iter()
    .filter_map(|(key, unit, crosses)| {
        let number = settings.get(key).and_then(|text| text.parse::<f64>().ok());
        let least = number.and_then(|number| hours(number * unit));
        let list = format!("{key}-exclude");
        let excludes = settings.list(&list);
        let excludes = excludes.map(|text| Exclude::read(text, crosses)).collect();
        gate(least, from(path, key), excludes)
    })
    .collect()
}

fn root(tree: &Tree) -> Option<Node<'_>> {
    Some(tree.root(tree.documents().first()?))
}

/// A number, or a text.
fn written(node: Node<'_>) -> String {
    let text = node.as_str().unwrap_or_else(|| node.source());
    text.trim().to_owned()
}

fn list(node: Option<Node<'_>>, crosses: bool) -> Vec<Exclude> {
    let items = node.into_iter().flat_map(Node::items);
    let texts = items.filter_map(Node::as_str);
    texts.map(|text| Exclude::read(text, crosses)).collect()
}

fn pnpm(path: &str, text: &str) -> Vec<Gate> {
    let tree = parse(Format::Yaml, text.to_owned());
    let Some(root) = root(&tree) else {
        return Vec::new();
    };
    let key = "minimumReleaseAge";
    let minutes = root.get(key).map(written);
    let minutes = minutes.and_then(|text| text.parse::<f64>().ok());
    let least = minutes.and_then(|minutes| hours(minutes / 60.0));
    let excludes = list(root.get("minimumReleaseAgeExclude"), true);
    gate(least, from(path, key), excludes).into_iter().collect()
}

fn yarn(path: &str, text: &str) -> Vec<Gate> {
    let tree = parse(Format::Yaml, text.to_owned());
    let Some(root) = root(&tree) else {
        return Vec::new();
    };
    let key = "npmMinimalAgeGate";
    let of = |node: Node<'_>| yarn_period(&written(node.get(key)?));
    let mut gates = Vec::new();
    for entry in root.get("npmScopes").into_iter().flat_map(Node::entries) {
        if let Some(least) = of(entry.value) {
            let scope = format!("@{}", entry.key.key_text().trim_start_matches('@'));
            gates.push(Gate {
                scope: Some(scope.into()),
                ..Gate::new(least, from(path, key))
            });
        }
    }
    let excludes = list(root.get("npmPreapprovedPackages"), false);
    if let Some(mut all) = gate(of(root), from(path, key), excludes) {
        all.but_scopes = gates.iter().filter_map(|gate| gate.scope.clone()).collect();
        gates.insert(0, all);
    }
    gates
}

/// `1440`, in minutes, or a number with one of `ms`, `s`, `m`, `h`, `d` and `w`.
fn yarn_period(text: &str) -> Option<SignedDuration> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (number, unit) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let number: f64 = number.parse().ok()?;
    let unit = match unit.trim() {
        "ms" => 1.0 / 3_600_000.0,
        "s" => 1.0 / 3600.0,
        "" | "m" => 1.0 / 60.0,
        "h" => 1.0,
        "d" => 24.0,
        "w" => 7.0 * 24.0,
        _ => return None,
    };
    hours(number * unit)
}

fn bun(path: &str, text: &str) -> Vec<Gate> {
    let bunfig = Bunfig::read(text);
    let least = bunfig.minimum_release_age;
    let least = least.and_then(|seconds| hours(seconds.value / 3600.0));
    let excludes = bunfig.excludes.iter();
    let excludes = excludes.map(|name| Exclude::read(&name.value, false));
    let excludes = excludes.collect();
    let key = from(path, "install.minimumReleaseAge");
    gate(least, key, excludes).into_iter().collect()
}

fn renovate(path: &str, text: &str) -> Vec<Gate> {
    let tree = parse(Format::Json, text.to_owned());
    let Some(mut root) = root(&tree) else {
        return Vec::new();
    };
    // In a package.json it is one key of many.
    if let Some(own) = root.get("renovate").filter(|own| own.is_mapping()) {
        root = own;
    }
    let mut gates = Vec::new();
    let presets = root.get("extends").into_iter().flat_map(Node::items);
    for preset in presets.filter_map(Node::as_str) {
        if PRESETS.contains(&preset) {
            let days = SignedDuration::from_hours(3 * 24);
            gates.push(Gate::new(days, from(path, preset)));
        }
    }
    let mut take = |node: Node<'_>| {
        if let Some(least) = node.get("minimumReleaseAge").and_then(Node::as_str) {
            let least = renovate_period(least);
            gates.extend(least.map(|least| Gate::new(least, from(path, "minimumReleaseAge"))));
        } else if let Some(days) = node.get("stabilityDays").and_then(Node::as_int) {
            let days = u32::try_from(days).ok();
            let least = days.and_then(|days| hours(f64::from(days) * 24.0));
            gates.extend(least.map(|least| Gate::new(least, from(path, "stabilityDays"))));
        }
    };
    take(root);
    if let Some(npm) = root.get("npm") {
        take(npm);
    }
    for rule in root.get("packageRules").into_iter().flat_map(Node::items) {
        if is_about_all_of_npm(rule) {
            take(rule);
        }
    }
    gates
}

/// True for a rule that names npm as its source or manager, and narrows it down no further.
fn is_about_all_of_npm(rule: Node<'_>) -> bool {
    let narrows = |key: &str| key.starts_with("match") || key.starts_with("exclude");
    let mut is_npm = false;
    for entry in rule.entries() {
        let key = entry.key.key_text();
        if ["matchDatasources", "matchManagers"].contains(&key) {
            if !entry.value.items().any(|item| item.as_str() == Some("npm")) {
                return false;
            }
            is_npm = true;
        } else if narrows(key) {
            return false;
        }
    }
    is_npm
}

/// `3 days`, `1 week`, `36h`, `1 day 12 hours`. A month has 30 days.
pub(in crate::packages) fn renovate_period(text: &str) -> Option<SignedDuration> {
    let mut rest = text.trim();
    let mut sum = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, behind) = rest.split_at_checked(end)?;
        let behind = behind.trim_start();
        let end = behind.find(|letter: char| !letter.is_ascii_alphabetic());
        let (unit, behind) = behind.split_at_checked(end.unwrap_or(behind.len()))?;
        let unit = match unit.to_ascii_lowercase().as_str() {
            "m" | "min" | "mins" | "minute" | "minutes" => 1.0 / 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 1.0,
            "d" | "day" | "days" => 24.0,
            "w" | "week" | "weeks" => 7.0 * 24.0,
            "month" | "months" => 30.0 * 24.0,
            "y" | "yr" | "yrs" | "year" | "years" => 365.25 * 24.0,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * unit;
        rest = behind.trim_start_matches([' ', ',']);
    }
    hours(sum).filter(|period| !period.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(file: CooldownFile, text: &str) -> Vec<(i64, String, usize)> {
        gates(file, "f", text)
            .iter()
            .map(|gate| {
                let scope = gate.scope.as_deref().unwrap_or_default();
                let from = format!("{}{scope}", gate.from);
                (gate.least.as_mins(), from, gate.excludes.len())
            })
            .collect()
    }

    #[test]
    fn everyone_has_a_unit_of_its_own() {
        const DAY: i64 = 24 * 60;
        let one = |minutes, key: &str, excludes| vec![(minutes, format!("f: {key}"), excludes)];
        for (file, text, expected) in [
            (
                CooldownFile::Npm,
                "min-release-age=3",
                one(3 * DAY, "min-release-age", 0),
            ),
            (
                CooldownFile::Npm,
                "min-release-age=1\nmin-release-age-exclude[]=@a/*\nmin-release-age-exclude[]=b\n",
                one(DAY, "min-release-age", 2),
            ),
            (
                CooldownFile::Npm,
                "minimum-release-age=1440",
                one(DAY, "minimum-release-age", 0),
            ),
            (CooldownFile::Npm, "min-release-age=soon", vec![]),
            (CooldownFile::Npm, "min-release-age=-1", vec![]),
            (CooldownFile::Npm, "min-release-age=1e300", vec![]),
            (
                CooldownFile::Pnpm,
                "minimumReleaseAge: 10080 # a week\nminimumReleaseAgeExclude: [webpack, '@acme/*']",
                one(7 * DAY, "minimumReleaseAge", 2),
            ),
            (
                CooldownFile::Pnpm,
                "minimumReleaseAge: '1440'",
                one(DAY, "minimumReleaseAge", 0),
            ),
            (CooldownFile::Pnpm, "packages: [a]", vec![]),
            (
                CooldownFile::Yarn,
                "npmMinimalAgeGate: 1440",
                one(DAY, "npmMinimalAgeGate", 0),
            ),
            (
                CooldownFile::Yarn,
                "npmMinimalAgeGate: 3d",
                one(3 * DAY, "npmMinimalAgeGate", 0),
            ),
            (
                CooldownFile::Yarn,
                "npmMinimalAgeGate: '1w'",
                one(7 * DAY, "npmMinimalAgeGate", 0),
            ),
            (CooldownFile::Yarn, "npmMinimalAgeGate: 3 moons", vec![]),
            (
                CooldownFile::Yarn,
                "npmMinimalAgeGate: 1d\nnpmPreapprovedPackages: [react, 'a@^1']\nnpmScopes: {acme: {npmMinimalAgeGate: 0}}",
                vec![
                    (DAY, "f: npmMinimalAgeGate".to_owned(), 2),
                    (0, "f: npmMinimalAgeGate@acme".to_owned(), 0),
                ],
            ),
            (
                CooldownFile::Bun,
                "[install]\nminimumReleaseAge = 259200\nminimumReleaseAgeExcludes = [\"a\"]\n",
                one(3 * DAY, "install.minimumReleaseAge", 1),
            ),
            (CooldownFile::Bun, "minimumReleaseAge = 259200\n", vec![]),
            (
                CooldownFile::Renovate,
                r#"{"minimumReleaseAge": "3 days"}"#,
                one(3 * DAY, "minimumReleaseAge", 0),
            ),
            (
                CooldownFile::Renovate,
                r#"{"renovate": {"stabilityDays": 2}}"#,
                one(2 * DAY, "stabilityDays", 0),
            ),
            (
                CooldownFile::Renovate,
                r#"{"extends": ["config:best-practices"], "minimumReleaseAge": null}"#,
                one(3 * DAY, "config:best-practices", 0),
            ),
            (
                CooldownFile::Renovate,
                r#"{"packageRules": [
                    {"matchDatasources": ["npm"], "minimumReleaseAge": "1 week"},
                    {"matchPackageNames": ["x"], "minimumReleaseAge": "9 weeks"},
                    {"matchDatasources": ["docker"], "minimumReleaseAge": "9 weeks"},
                    {"minimumReleaseAge": "9 weeks"}
                ]}"#,
                one(7 * DAY, "minimumReleaseAge", 0),
            ),
        ] {
            assert_eq!(told(file, text), expected, "{text}");
        }
    }

    #[test]
    fn renovate_writes_periods_in_words() {
        for (text, minutes) in [
            ("3 days", Some(3 * 24 * 60)),
            ("1 day 12 hours", Some(36 * 60)),
            ("36h", Some(36 * 60)),
            ("1 month", Some(30 * 24 * 60)),
            ("null", None),
            ("3", None),
            ("0 days", None),
            ("", None),
        ] {
            assert_eq!(
                renovate_period(text).map(|period| period.as_mins()),
                minutes,
                "{text}"
            );
        }
    }
}
