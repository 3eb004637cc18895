use std::collections::BTreeMap;

use crate::kubernetes::field::quoted;
use crate::packages::Version;
use crate::packages::freshness::upkeep::{Deprecation, deprecation};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::held::{Held, held};

declare_rule! {
    /// A package is installed in a version that its publisher deprecates.
    ///
    /// ## Why it matters
    /// Whoever published it asks not to use it any more, for a bug, a hole, or because nobody works on it. What is found
    /// in it from now on stays.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"request": "^2.88.2"}},
    ///     "node_modules/request": {
    ///       "version": "2.88.2",
    ///       "resolved": "https://registry.npmjs.org/request/-/request-2.88.2.tgz",
    ///       "integrity": "sha512-abc==",
    ///       "deprecated": "request has been deprecated, see https://github.com/request/request/issues/3142"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Take what the publisher names in its place, or a version that is not deprecated.
    /// ```json good
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"undici": "^7.0.0"}},
    ///     "node_modules/undici": {
    ///       "version": "7.3.0",
    ///       "resolved": "https://registry.npmjs.org/undici/-/undici-7.3.0.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// The registry is believed where it was asked: of what workspaces ask for themselves, and of what a change brings
    /// in. Else it is what lockfiles of npm from 7 on and of pnpm say, as of the day on which the entry was written. What
    /// another package brings is a note.
    "package/deprecated",
    severity: Severity::Low,
    other_severities: &[Severity::Note],
    references: &["OWASP Top 10 2021: A06", "CWE-1104"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut by_name: BTreeMap<(&str, &str), (Held<'_>, Deprecation)> = BTreeMap::new();
    let mut versions: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for held in held(snapshot) {
        let Some(found) = advice(held, context) else {
            continue;
        };
        let key = (&*held.installation.folder, held.package.name());
        versions.entry(key).or_default().push(held.key().1);
        let known = by_name.entry(key).or_insert_with(|| (held, found.clone()));
        if held.package.is_direct() && !known.0.package.is_direct() {
            *known = (held, found);
        }
    }
    for (key, (held, Deprecation { text, .. })) in by_name {
        let severity = if held.package.is_direct() {
            Severity::Low
        } else {
            Severity::Note
        };
        let location = held.location();
        sink.report_package(held, &location)
            .severity(severity)
            .of_versions(versions.remove(&key).unwrap_or_default())
            .say(&format!(
                "{} is deprecated by its publisher, who says {}; take what is named in its place",
                held.called(),
                quoted(&text)
            ));
    }
}

/// What the registry says of it today, or else what it said when the lockfile was written.
fn advice(held: Held<'_>, context: &Context) -> Option<Deprecation> {
    let package = held.package;
    let answers = context.facts.registry.known();
    let document = answers.and_then(|answers| answers.document(package.name()));
    let release =
        document.and_then(|document| document.release(&Version::parse(package.version())?));
    let locked = package
        .entries()
        .find_map(|entry| entry.deprecated.as_deref());
    deprecation(locked, release)
}
