//! What the outside world says of one package in one version: what is known against it, and how old it is.

use std::sync::Arc;

use crate::facts::{Absence, Facts, Source};
use crate::finding::Severity;
use crate::packages::Version;
use crate::packages::advisory::Advisory;
use crate::packages::freshness::age::age;
use crate::packages::graph::Installed;

/// What is known of a package. What nobody was asked is none, which is not the same as nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What is known against it.
    pub against: Against,
    /// The version that the registry has as its latest.
    pub newest: Option<String>,
    /// Whole days since the installed version was published.
    pub age_days: Option<u64>,
}

/// What is known against a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Against {
    /// Nobody was asked, or not everybody answered.
    #[default]
    NotKnown,
    /// No advisory is about it.
    Nothing,
    /// At least one is.
    Advisories(Vulnerable),
}

/// The gravest advisory about a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vulnerable {
    /// Its id.
    pub id: Arc<str>,
    /// How grave it is, if it says so.
    pub severity: Option<Severity>,
    /// How many advisories there are, with this one.
    pub advisories: usize,
}

impl Standing {
    /// What is known of an installed package; nothing of what comes from no registry.
    #[must_use]
    pub fn of(package: Installed<'_>, facts: &Facts) -> Self {
        if !package.is_from_registry() || package.version().is_empty() {
            return Self::default();
        }
        let document = facts.registry.known();
        let document = document.and_then(|answers| answers.document(package.name()));
        let release =
            document.and_then(|document| document.release(&Version::parse(package.version())?));
        let age = document
            .zip(release)
            .zip(facts.now)
            .and_then(|((document, release), now)| age(document, release, now));
        let newest = document.and_then(|document| document.tag("latest"));
        Self {
            against: against(package, facts),
            newest: newest.map(|newest| newest.text.to_string()),
            age_days: age.and_then(|age| u64::try_from(age.as_hours() / 24).ok()),
        }
    }
}

fn against(package: Installed<'_>, facts: &Facts) -> Against {
    let Some(advisories) = facts.advisories.known() else {
        return Against::NotKnown;
    };
    let affecting = || advisories.affecting(package.name(), package.version());
    // Malware is worse than any severity that somebody wrote beside it.
    let rank = |own: &Arc<Advisory>| (own.is_malware, own.rating.severity);
    let worst = affecting().max_by(|one, other| {
        rank(one)
            .cmp(&rank(other))
            .then_with(|| other.id.cmp(&one.id))
    });
    match worst {
        Some(worst) => Against::Advisories(Vulnerable {
            id: Arc::clone(worst.told_of(package.version()).id),
            severity: worst.rating.severity,
            advisories: affecting().count(),
        }),
        // Silence of some is not the word of all.
        None if advisories.is_complete() && advisories.untold == 0 => Against::Nothing,
        None => Against::NotKnown,
    }
}

/// What was not looked at at all, and why.
#[must_use]
pub fn not_looked_at(facts: &Facts) -> Vec<String> {
    let absent = |source| {
        let absence = facts.absence(source);
        absence.filter(|absence| *absence != Absence::NothingToAsk)
    };
    let (advisories, registry) = (absent(Source::Advisories), absent(Source::Registry));
    if let Some(absence) = advisories.filter(|_| advisories == registry) {
        return vec![format!(
            "advisories, newer versions and ages, {}",
            absence.reason()
        )];
    }
    let told = |what: &str, absence: Option<Absence>| {
        absence.map(|absence| format!("{what}, {}", absence.reason()))
    };
    let each = [
        told("advisories", advisories),
        told("newer versions and ages", registry),
    ];
    each.into_iter().flatten().collect()
}
