//! What a change of Renovate's configuration lets be proposed that would have waited before.

use crate::finding::Severity;

use super::renovate::names_packages;
use super::weakening::{Found, length, shown};
use super::{Safeguard, Safeguards, Value};

/// What waits, of those whom a key stands for.
fn age(side: &Safeguards, key: &str) -> Option<u64> {
    side.all(Safeguard::ProposalAge)
        .find_map(|(_, said)| match said.value {
            Value::Minutes(minutes) if *said.key == *key => Some(minutes),
            _ => None,
        })
}

fn keys(side: &Safeguards) -> Vec<&str> {
    let said = side.all(Safeguard::ProposalAge);
    let mut keys: Vec<&str> = said.map(|(_, said)| &*said.key).collect();
    keys.retain(|key| !key.is_empty());
    keys.sort_unstable();
    keys.dedup();
    keys
}

impl Found<'_> {
    pub(super) fn proposals(&mut self) {
        // A preset of somebody else may say what is no longer said here.
        if !self.new_keys(Safeguard::ProposalPreset).is_empty() {
            return;
        }
        let (before, after) = (self.before, self.after);
        let old = age(before, "").unwrap_or_default();
        let new = age(after, "").unwrap_or_default();
        if new < old {
            self.push_age("", old, new, Severity::Medium);
        }
        for key in keys(after) {
            let Some(is) = age(after, key) else { continue };
            let known = age(before, key);
            // What was lowered for all is told once.
            let is_told = known.is_none() && new < old && is >= new;
            let was = known.unwrap_or(old);
            if is < was && !is_told {
                let severity = if names_packages(key) {
                    Severity::Low
                } else {
                    Severity::Medium
                };
                self.push_age(key, was, is, severity);
            }
        }
        for key in keys(before) {
            let is_gone = age(after, key).is_none() && !names_packages(key);
            let Some(was) = age(before, key).filter(|_| is_gone) else {
                continue;
            };
            let others = keys(after).into_iter().filter(|key| !names_packages(key));
            let kept = others.filter_map(|key| age(after, key)).max();
            let is = kept.unwrap_or_default().max(new);
            if is < was {
                self.push_age(key, was, is, Severity::Medium);
            }
        }
    }

    fn push_age(&mut self, key: &str, was: u64, is: u64, severity: Severity) {
        let whom = match key {
            "" => String::new(),
            key => format!(" of the rule for {}", shown(key)),
        };
        let was = length(was);
        let sentence = format!(
            "minimumReleaseAge of Renovate{whom} goes from {was} to {}, so that releases are proposed before anybody can have found out that they are bad; keep {was}, and exempt the one package that cannot wait",
            length(is)
        );
        self.push(severity, Safeguard::ProposalAge, key, sentence);
    }
}
