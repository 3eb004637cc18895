//! What a change to the configuration takes from the gate: settings that let more pass than before.
//!
//! Settings are held against each other as they take effect, so that a deleted file or line counts as the default
//! that then holds. What is stricter, moved or only spelt differently is no weakening. Waivers are told apart by
//! `waivers::added`.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;

use super::pattern::{PathPattern, RulePattern};
use super::value::Setting;
use super::{Config, FailOn, NewWaivers, OnIncomplete, Outdated};
use crate::finding::Severity;
use crate::kubernetes::pod_security::Version;

/// A setting that lets more pass than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakening {
    /// The setting, as keys from the top; in the head it may be gone.
    pub keys: Vec<String>,
    /// What it was and what it is.
    pub sentence: String,
    /// How grave it is. What may well be meant, and what nothing was promised of, does not block.
    pub severity: Severity,
}

/// A rule, for what the configuration makes of it.
#[derive(Clone, Copy, Debug)]
pub struct KnownRule {
    /// Its id.
    pub id: &'static str,
    /// The gravest severity that its findings have by themselves.
    pub gravest: Severity,
    /// True if it looks only where the configuration names it.
    pub opt_in: bool,
}

impl KnownRule {
    /// What a configuration makes of it. A pattern that fits many rules asks for none that waits to be asked.
    fn setting_in<'c>(&self, config: &'c Config) -> Option<(&'c RulePattern, Setting)> {
        setting_of(config, self.id)
            .filter(|(pattern, _)| !self.opt_in || pattern.as_str() == self.id)
    }
}

/// The setting of one rule: of the patterns that fit, the one that says most.
#[must_use]
pub fn setting_of<'c>(config: &'c Config, rule: &str) -> Option<(&'c RulePattern, Setting)> {
    config
        .rules
        .iter()
        .filter(|(pattern, _)| pattern.names(rule))
        .max_by_key(|(pattern, _)| pattern.exactness())
        .map(|(pattern, setting)| (pattern, *setting))
}

/// Everything that the second configuration lets pass and the first does not. `supported` are the versions that are
/// judged by where none are named.
#[must_use]
pub fn weakenings(
    before: &Config,
    after: &Config,
    rules: &[KnownRule],
    supported: &[Version],
) -> Vec<Weakening> {
    let mut found = Found::default();
    found.gate(before, after);
    found.kubernetes(before, after, supported);
    found.images(before, after);
    found.packages(before, after);
    found.rules(before, after, rules);
    found.0
}

#[derive(Default)]
struct Found(Vec<Weakening>);

impl Found {
    fn push(&mut self, keys: &[&str], sentence: String) {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        self.0.push(Weakening {
            keys,
            sentence,
            severity: Severity::High,
        });
    }

    /// Tells of a setting that was one thing and is now a weaker one.
    fn lowered(
        &mut self,
        keys: &[&str],
        is_weaker: bool,
        before: impl Display,
        after: impl Display,
        so: &str,
    ) {
        if is_weaker {
            let name = keys.join(".");
            self.push(
                keys,
                format!("{name} goes from {before} to {after}, so that {so}"),
            );
        }
    }

    fn gate(&mut self, before: &Config, after: &Config) {
        let (old, new) = (
            before.fail_on.unwrap_or_default(),
            after.fail_on.unwrap_or_default(),
        );
        self.lowered(
            &["fail-on"],
            laxness(new) > laxness(old),
            old.name(),
            new.name(),
            "findings pass that blocked",
        );
        let passes =
            |config: &Config| config.on_incomplete.unwrap_or_default() == OnIncomplete::Pass;
        self.lowered(
            &["on-incomplete"],
            passes(after) && !passes(before),
            "fail",
            "pass",
            "a change passes that could not be read",
        );
        self.lowered(
            &["new-waivers"],
            after.new_waivers == NewWaivers::Accept && before.new_waivers == NewWaivers::AfterMerge,
            "after-merge",
            "accept",
            "a pull request can waive its own findings",
        );
        for pattern in widening(&before.manifests.exclude, &after.manifests.exclude) {
            let pattern = pattern.as_str();
            self.push(
                &["manifests", "exclude"],
                format!("manifests.exclude now holds \"{pattern}\", so that these files are no longer read"),
            );
        }
    }

    fn kubernetes(&mut self, before: &Config, after: &Config, supported: &[Version]) {
        let (old, new) = (&before.kubernetes, &after.kubernetes);
        self.lowered(
            &["kubernetes", "pod-security"],
            new.pod_security < old.pod_security,
            old.pod_security.name(),
            new.pod_security.name(),
            "workloads may do more",
        );
        self.versions(before, after, supported);
        for gone in old
            .workloads
            .iter()
            .filter(|kind| !new.workloads.contains(kind))
        {
            let kind = &gone.kind;
            self.push(
                &["kubernetes", "workloads"],
                format!("kubernetes.workloads no longer declares {kind} as it was, so that its pods may go unread"),
            );
        }
    }

    /// Versions by which nothing is judged any longer. Who moves on to newer ones drops the oldest, and who names
    /// versions for the first time knows the clusters better than the default does.
    fn versions(&mut self, before: &Config, after: &Config, supported: &[Version]) {
        const KEYS: [&str; 2] = ["kubernetes", "versions"];
        let named = |config: &Config| {
            let versions = config.kubernetes.versions.as_ref()?;
            Some(versions.iter().map(|version| version.0).collect::<Vec<_>>())
        };
        match (named(before), named(after)) {
            (None, Some(new)) => {
                let (newest, oldest) = (new.iter().max(), supported.iter().min());
                if let (Some(newest), Some(oldest)) = (newest, oldest)
                    && newest < oldest
                {
                    self.push(
                        &KEYS,
                        format!(
                            "kubernetes.versions names {newest} as the newest, which Kubernetes no longer supports, so that nothing is judged by {oldest} or a newer one"
                        ),
                    );
                    if let Some(told) = self.0.last_mut() {
                        told.severity = Severity::Medium;
                    }
                }
            }
            (Some(old), new) => {
                let new = new.unwrap_or_else(|| supported.to_vec());
                let oldest = new.iter().min();
                for version in old.iter().filter(|version| !new.contains(version)) {
                    if oldest.is_none_or(|oldest| version > oldest) {
                        self.push(
                            &KEYS,
                            format!(
                                "kubernetes.versions no longer holds {version}, so that nothing is judged by it"
                            ),
                        );
                    }
                }
            }
            (None, None) => {}
        }
    }

    fn images(&mut self, before: &Config, after: &Config) {
        const KEYS: [&str; 2] = ["images", "registries"];
        let Some(old) = before.images.registries() else {
            return;
        };
        if after.images.registries.is_empty() {
            let sentence = "images.registries is gone, so that images may come from anywhere";
            self.push(&KEYS, sentence.to_owned());
        }
        for pattern in &after.images.registries {
            if !old.include(pattern) {
                self.push(
                    &KEYS,
                    format!(
                        "images.registries now holds \"{pattern}\", so that more images are let in"
                    ),
                );
            }
        }
    }

    fn packages(&mut self, before: &Config, after: &Config) {
        let (old, new) = (&before.packages, &after.packages);
        self.lowered(
            &["packages", "cooldown"],
            new.cooldown < old.cooldown,
            old.cooldown,
            new.cooldown,
            "younger releases pass",
        );
        for (key, of) in [
            (
                "major",
                (|outdated| outdated.major) as fn(&Outdated) -> Setting,
            ),
            ("minor", |outdated| outdated.minor),
            ("patch", |outdated| outdated.patch),
        ] {
            let (old, new) = (of(&old.outdated), of(&new.outdated));
            self.lowered(
                &["packages", "outdated", key],
                weight(new) < weight(old),
                old.name(),
                new.name(),
                "falling behind weighs less",
            );
        }
        if let Some(old) = old.drift.budget
            && new.drift.budget.is_none_or(|new| new > old)
        {
            let new = new
                .drift
                .budget
                .map_or_else(|| "no limit".to_owned(), |new| new.to_string());
            self.lowered(
                &["packages", "drift", "budget"],
                true,
                old,
                new,
                "dependencies may grow older",
            );
        }
        if let Some(old) = &old.licenses.allow {
            let allowed = new.licenses.allow.as_deref();
            if allowed.is_none_or(|new| new.iter().any(|license| !old.contains(license))) {
                self.push(
                    &["packages", "licenses", "allow"],
                    "packages.licenses.allow lets in licences that it kept out".to_owned(),
                );
            }
        }
        let unknown = (old.licenses.unknown, new.licenses.unknown);
        self.lowered(
            &["packages", "licenses", "unknown"],
            weight(unknown.1) < weight(unknown.0),
            unknown.0.name(),
            unknown.1.name(),
            "unknown licences weigh less",
        );
        let (asked, ask) = (&old.sources.advisories, &new.sources.advisories);
        let lost = match (asked, ask) {
            (Some(asked), Some(ask)) => asked.iter().any(|source| !ask.contains(source)),
            // By default one of two is asked.
            (Some(asked), None) => asked.len() > 1,
            (None, Some(ask)) => ask.is_empty(),
            (None, None) => false,
        };
        if lost {
            self.push(
                &["packages", "sources", "advisories"],
                "packages.sources.advisories asks fewer sources, so that fewer advisories are known".to_owned(),
            );
        }
        self.lowered(
            &["packages", "sources", "registry"],
            old.sources.registry && !new.sources.registry,
            "true",
            "false",
            "the age of packages is not known",
        );
    }

    /// What becomes of rules, by the pattern that does it: one line of the file may silence them all.
    fn rules(&mut self, before: &Config, after: &Config, rules: &[KnownRule]) {
        let mut weaker: BTreeMap<(&str, &str), Vec<&KnownRule>> = BTreeMap::new();
        for rule in rules {
            let (old, new) = (rule.setting_in(before), rule.setting_in(after));
            let own = if rule.opt_in {
                Setting::Off
            } else {
                Setting::Severity(rule.gravest)
            };
            let own = weight(own);
            let weigh = |setting: Option<(&RulePattern, Setting)>| {
                setting.map_or(own, |(_, setting)| weight(setting))
            };
            if weigh(new) < weigh(old) {
                let by = new.or(old);
                let pattern = by.map_or(rule.id, |(pattern, _)| pattern.as_str());
                let now = match new {
                    Some((_, setting)) => setting.name(),
                    None if rule.opt_in => Setting::Off.name(),
                    None => "its own severities",
                };
                weaker.entry((pattern, now)).or_default().push(rule);
            }
        }
        for ((pattern, now), rules) in weaker {
            let what = match rules.as_slice() {
                [rule] => rule.id.to_owned(),
                [rule, more @ ..] => format!("{} and {} more", rule.id, count(more.len())),
                [] => continue,
            };
            let sentence = if now == "off" {
                format!("rules turns {what} off, so that nothing is told")
            } else {
                format!("rules lowers {what} to {now}, so that it may no longer block")
            };
            self.push(&["rules", pattern], sentence);
        }
    }
}

fn count(rules: usize) -> String {
    let ending = if rules == 1 { "" } else { "s" };
    format!("{rules} rule{ending}")
}

/// How much passes.
fn laxness(fail_on: FailOn) -> u8 {
    match fail_on {
        FailOn::Low => 0,
        FailOn::Medium => 1,
        FailOn::High => 2,
        FailOn::Critical => 3,
        FailOn::Never => 4,
    }
}

fn weight(setting: Setting) -> Option<Severity> {
    match setting {
        Setting::Off => None,
        Setting::Severity(severity) => Some(severity),
    }
}

/// The patterns that fit more paths than the others did, as far as can be shown.
fn widening<'a>(before: &[PathPattern], after: &'a [PathPattern]) -> Vec<&'a PathPattern> {
    /// The most pairs of patterns that are held against each other. What is beyond counts as wider.
    const MOST: usize = 100_000;
    let known: HashSet<&str> = before.iter().map(PathPattern::as_str).collect();
    let mut left = MOST;
    let mut is_covered = |pattern: &PathPattern| {
        if left < before.len() {
            return false;
        }
        left -= before.len();
        before.iter().any(|known| known.covers(pattern))
    };
    after
        .iter()
        .filter(|pattern| !known.contains(pattern.as_str()) && !is_covered(pattern))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read::ConfigFile;

    const RULES: [KnownRule; 3] = [
        KnownRule {
            id: "image/unpinned",
            gravest: Severity::Medium,
            opt_in: false,
        },
        KnownRule {
            id: "rbac/wildcard",
            gravest: Severity::Critical,
            opt_in: false,
        },
        KnownRule {
            id: "gate/unused-waiver",
            gravest: Severity::Low,
            opt_in: false,
        },
    ];

    fn told(before: &str, after: &str) -> Vec<String> {
        let read = |text: &str| ConfigFile::read(text.as_bytes().to_vec()).config.unwrap();
        let supported = [Version(35), Version(36), Version(37)];
        weakenings(&read(before), &read(after), &RULES, &supported)
            .into_iter()
            .map(|weakening| format!("{}: {}", weakening.keys.join("."), weakening.sentence))
            .collect()
    }

    #[test]
    fn each_setting_can_be_weakened() {
        for (before, after, setting) in [
            ("", "fail-on: critical", "fail-on"),
            ("fail-on: low", "", "fail-on"),
            ("", "on-incomplete: pass", "on-incomplete"),
            ("new-waivers: after-merge", "", "new-waivers"),
            ("", "manifests: {exclude: ['a/**']}", "manifests.exclude"),
            (
                "",
                "kubernetes: {pod-security: baseline}",
                "kubernetes.pod-security",
            ),
            (
                "kubernetes: {versions: ['1.35', '1.36']}",
                "kubernetes: {versions: ['1.35']}",
                "kubernetes.versions",
            ),
            (
                "kubernetes: {versions: ['1.35', '1.36', '1.37']}",
                "kubernetes: {versions: ['1.35', '1.37']}",
                "kubernetes.versions",
            ),
            (
                "",
                "kubernetes: {versions: ['1.29', '1.30']}",
                "kubernetes.versions",
            ),
            (
                "manifests: {exclude: ['a/**']}",
                "manifests: {exclude: ['a/**', '**/a/**']}",
                "manifests.exclude",
            ),
            (
                "kubernetes: {workloads: [{kind: X, pod-template: t}]}",
                "",
                "kubernetes.workloads",
            ),
            (
                "images: {registries: [ghcr.io/acme]}",
                "",
                "images.registries",
            ),
            (
                "images: {registries: [ghcr.io/acme]}",
                "images: {registries: [ghcr.io/acme, quay.io]}",
                "images.registries",
            ),
            (
                "images: {registries: [ghcr.io/acme]}",
                "images: {registries: [ghcr.io]}",
                "images.registries",
            ),
            ("", "packages: {cooldown: 1d}", "packages.cooldown"),
            (
                "",
                "packages: {outdated: {major: off}}",
                "packages.outdated.major",
            ),
            (
                "packages: {drift: {budget: 1y}}",
                "packages: {drift: {budget: 2y}}",
                "packages.drift.budget",
            ),
            (
                "packages: {drift: {budget: 1y}}",
                "",
                "packages.drift.budget",
            ),
            (
                "packages: {licenses: {allow: [MIT]}}",
                "packages: {licenses: {allow: [MIT, X]}}",
                "packages.licenses.allow",
            ),
            (
                "packages: {licenses: {unknown: low}}",
                "",
                "packages.licenses.unknown",
            ),
            (
                "",
                "packages: {sources: {advisories: []}}",
                "packages.sources.advisories",
            ),
            (
                "",
                "packages: {sources: {registry: false}}",
                "packages.sources.registry",
            ),
            ("", "rules: {image/unpinned: off}", "rules.image/unpinned"),
            ("", "rules: {'rbac/*': high}", "rules.rbac/*"),
            ("rules: {'image/*': high}", "", "rules.image/*"),
            (
                "rules: {image/unpinned: high}",
                "rules: {image/unpinned: low}",
                "rules.image/unpinned",
            ),
        ] {
            let told = told(before, after);
            assert_eq!(told.len(), 1, "{before} -> {after}: {told:?}");
            assert!(told[0].starts_with(&format!("{setting}: ")), "{told:?}");
        }
        assert_eq!(
            told("", "rules: {'*': off}"),
            ["rules.*: rules turns image/unpinned and 1 rule more off, so that nothing is told"]
        );
    }

    #[test]
    fn what_is_stricter_or_the_same_is_no_weakening() {
        for (before, after) in [
            ("fail-on: critical", ""),
            (
                "",
                "fail-on: high\non-incomplete: fail\nnew-waivers: accept",
            ),
            ("", "new-waivers: after-merge"),
            (
                "manifests: {exclude: ['a/**', b]}",
                "manifests: {exclude: [b]}",
            ),
            (
                "",
                "kubernetes: {versions: ['1.37', '1.36', '1.35', '1.34']}",
            ),
            ("", "kubernetes: {versions: ['1.36']}"),
            ("kubernetes: {versions: ['1.34']}", ""),
            (
                "kubernetes: {versions: ['1.34', '1.35']}",
                "kubernetes: {versions: ['1.35', '1.36']}",
            ),
            (
                "manifests: {exclude: ['**/testdata/**']}",
                "manifests: {exclude: ['a/testdata/**', 'b/*/testdata/c.yaml']}",
            ),
            (
                "",
                "rules: {'rbac/wildcard': critical, 'image/*': critical}",
            ),
            (
                "rules: {'*': off}",
                "rules: {'*': off, image/unpinned: low}",
            ),
            ("rules: {image/unpinned: off}", "rules: {'image/*': off}"),
            ("", "images: {registries: [ghcr.io]}"),
            (
                "images: {registries: [ghcr.io, quay.io]}",
                "images: {registries: [ghcr.io/acme]}",
            ),
            ("", "kubernetes: {clusters: [{name: a, paths: ['**']}]}"),
        ] {
            assert_eq!(told(before, after), [""; 0], "{before} -> {after}");
        }
    }
}
