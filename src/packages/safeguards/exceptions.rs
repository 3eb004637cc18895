//! What a change of the settings lets in by its name, or by its day: packages whose scripts were left alone, packages
//! without proof of their origin, and releases that came too late.

use crate::finding::Severity;

use super::weakening::{Found, length, shown};
use super::{Safeguard, without_version};

impl Found<'_> {
    /// True if the scripts of a package were left alone by its name.
    pub(super) fn is_kept_out(&self, key: &str) -> bool {
        let mut kept = self.before.all(Safeguard::NoScript);
        kept.any(|(_, said)| *said.key == *key)
    }

    /// Packages whose scripts were left alone, by their names or as those of all others.
    pub(super) fn single_scripts(&mut self) {
        for (what, kept_out) in [
            (Safeguard::Script, false),
            (Safeguard::Built, self.before.leaves_scripts()),
        ] {
            if what == Safeguard::Script && self.after.leaves_scripts() {
                continue;
            }
            for key in self.new_keys(what) {
                if !kept_out && !self.is_kept_out(&key) {
                    continue;
                }
                let mut said = self.after.all(what);
                let name = said
                    .find(|(_, said)| said.key == key)
                    .map_or("the setting", |(_, said)| &said.name);
                let sentence = format!(
                    "{name} lets `{}` run scripts on every machine that installs it, which it kept it from; keep it out unless it does not work without",
                    shown(&key)
                );
                self.push(Severity::Low, what, &key, sentence);
            }
        }
        if self.before.is_strict_about_scripts() && !self.after.is_strict_about_scripts() {
            let sentence = "strictDepBuilds no longer stops an installation at a package with scripts about which nobody decided, so that nobody is asked about a new one; keep it, and decide in allowBuilds".to_owned();
            self.push(Severity::Low, Safeguard::StrictScripts, "", sentence);
        }
    }

    /// The proof of their origin that releases must keep.
    pub(super) fn trust(&mut self) {
        let policy = |side: &super::Safeguards| {
            side.word(Safeguard::TrustPolicy, "") == Some("no-downgrade")
        };
        if !policy(self.before) {
            return;
        }
        if !policy(self.after) {
            let sentence = format!(
                "{} no longer refuses releases that were published with less proof of their origin than those before; keep no-downgrade",
                self.name(Safeguard::TrustPolicy)
            );
            self.push(Severity::Medium, Safeguard::TrustPolicy, "", sentence);
            return;
        }
        let (old, new) = (self.before.trust_ignored(), self.after.trust_ignored());
        if let Some(new) = new
            && old.is_none_or(|old| new < old)
        {
            let name = self.name(Safeguard::TrustIgnored);
            let (change, keep) = match old {
                Some(old) => (
                    format!("{name} goes from {} to {}", length(old), length(new)),
                    format!("keep {}", length(old)),
                ),
                None => (
                    format!("{name} is now {}", length(new)),
                    "name the one version that somebody looked at in trustPolicyExclude".to_owned(),
                ),
            };
            let sentence = format!(
                "{change}, so that a release that has been public for that long gets in with less proof of its origin than those before; {keep}"
            );
            self.push(Severity::Medium, Safeguard::TrustIgnored, "", sentence);
        }
        self.exempted(Safeguard::Untrusted, |name, whom| {
            format!(
                "{name} now lets {whom} in with less proof of their origin than the releases before; name the one version that somebody looked at"
            )
        });
    }

    /// Packages that a setting newly exempts by their names. `tell` is given what the setting is called, and whom it
    /// exempts.
    pub(super) fn exempted(&mut self, what: Safeguard, tell: impl Fn(&str, &str) -> String) {
        for key in self.new_keys(what) {
            // One version that somebody looked at is what the setting is for.
            if without_version(&key) != &*key {
                continue;
            }
            let is_everything = key.trim_matches(['*', '/', '@']).is_empty();
            let (severity, whom) = if is_everything {
                (Severity::Medium, "all packages".to_owned())
            } else {
                (Severity::Low, format!("`{}`", shown(&key)))
            };
            let sentence = tell(self.name(what), &whom);
            self.push(severity, what, &key, sentence);
        }
    }

    /// The day after which npm takes nothing.
    pub(super) fn day(&mut self) {
        let Some(old) = self.before.word(Safeguard::Before, "") else {
            return;
        };
        let new = self.after.word(Safeguard::Before, "");
        let change = match new {
            // A length of time does the same, and moves along.
            None if self.after.cooldown() > 0 => return,
            None => format!("before={} is gone", shown(old)),
            Some(new) => match (day_of(old), day_of(new)) {
                (Some(was), Some(is)) if is > was => {
                    format!("before goes from {} to {}", shown(old), shown(new))
                }
                _ => return,
            },
        };
        let severity = if new.is_none() {
            Severity::Medium
        } else {
            Severity::Low
        };
        let sentence = format!(
            "{change}, so that releases are installed that it kept out; set min-release-age, which keeps out what is too young on every day"
        );
        self.push(severity, Safeguard::Before, "", sentence);
    }
}

/// The day at the start of a text: `2026-01-01`, `2026-01-01T00:00:00Z`. Days in this notation are ordered as texts.
fn day_of(text: &str) -> Option<&str> {
    let day = text.get(..10)?;
    let is_day = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    is_day.then_some(day)
}
