use std::collections::BTreeMap;

use crate::kubernetes::field::quoted;
use crate::packages::lockfile::Locked;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::locked::{called, locked_files};

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
    /// It is what lockfiles of npm from 7 on and of pnpm say, as of the day on which the entry was written. What another
    /// package brings is a note.
    "package/deprecated",
    severity: Severity::Low,
    other_severities: &[Severity::Note],
    references: &["OWASP Top 10 2021: A06", "CWE-1104"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for locked in locked_files(snapshot) {
        let mut by_name: BTreeMap<&str, (bool, &Locked, &str)> = BTreeMap::new();
        for package in &locked.lockfile.packages {
            let Some(text) = package
                .deprecated
                .as_deref()
                .filter(|text| !text.is_empty())
            else {
                continue;
            };
            let is_direct = locked.is_direct(package);
            let known = by_name
                .entry(&package.name)
                .or_insert((is_direct, package, text));
            if is_direct && !known.0 {
                *known = (true, package, text);
            }
        }
        for (is_direct, package, text) in by_name.into_values() {
            let severity = if is_direct {
                Severity::Low
            } else {
                Severity::Note
            };
            let place = locked.brought_at(package);
            sink.in_file(&place.path)
                .report_span(place.span)
                .related_in(locked.place(package.at), "what the lockfile says")
                .package(locked.name_of(package), locked.seen(package))
                .severity(severity)
                .say(&format!(
                    "{} is deprecated by its publisher, who says {}; take what is named in its place",
                    called(package),
                    quoted(text)
                ));
        }
    }
}
