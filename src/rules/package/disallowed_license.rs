use std::collections::BTreeSet;

use crate::config::value::Setting;
use crate::kubernetes::field::shortened;
use crate::packages::licence::{Standing, standing};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::locked::{called, locked_files};

declare_rule! {
    /// A package has a licence that the configuration does not allow.
    ///
    /// ## Why it matters
    /// Who ships a package takes on what its licence asks: to publish the source, to pay, or not to ship it at all. That is
    /// found out cheaply before the first line uses it.
    ///
    /// `packages.licenses.allow` of the configuration says what is allowed. A licence that nobody can read, or none, has
    /// the severity of `packages.licenses.unknown`.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: .tidegate.yaml
    /// packages: {licenses: {allow: [MIT, ISC, Apache-2.0]}}
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-def==",
    ///       "license": "GPL-3.0-only"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Take another package, or allow the licence once somebody who may has agreed.
    /// ```yaml good
    /// # file: .tidegate.yaml
    /// packages: {licenses: {allow: [MIT, ISC, Apache-2.0]}}
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-def==",
    ///       "license": "(MIT OR GPL-3.0-only)"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// It is what a lockfile of npm from 7 on repeats of the packages; the other lockfiles say nothing of licences. Without
    /// a list nothing is refused.
    "package/disallowed-license",
    severity: Severity::Medium,
    other_severities: &[Severity::Critical, Severity::High, Severity::Low, Severity::Note],
    references: &["SPDX 2.3"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let licenses = &context.packages.licenses;
    if licenses.allow.is_none() && licenses.unknown == Setting::Off {
        return;
    }
    for locked in locked_files(snapshot) {
        // A lockfile that never says a licence leaves all of them unknown, and none of them suspicious.
        let packages = &locked.lockfile.packages;
        if packages.iter().all(|package| package.license.is_none()) {
            continue;
        }
        let mut told = BTreeSet::new();
        for package in &locked.lockfile.packages {
            if !package.is_from_registry() || package.is_bundled {
                continue;
            }
            let stated = package.license.as_deref().unwrap_or_default();
            let allowed = licenses.allow.as_deref().unwrap_or_default();
            let (severity, sentence, kind) = match (standing(stated, allowed), licenses.unknown) {
                (Standing::Refused(license), _) if licenses.allow.is_some() => (
                    Severity::Medium,
                    format!(
                        "is under {}, which the configuration does not allow; take another package, or have the licence allowed",
                        shortened(&license)
                    ),
                    license,
                ),
                (Standing::Unknown, Setting::Severity(severity)) => (
                    severity,
                    if stated.is_empty() {
                        "states no licence; ask its publisher, or take another package".to_owned()
                    } else {
                        format!(
                            "states a licence that is no SPDX expression, \"{}\"; read it, and allow it by that name if it will do",
                            shortened(stated)
                        )
                    },
                    "unknown".to_owned(),
                ),
                _ => continue,
            };
            if told.insert((&*package.name, kind.clone())) {
                let place = locked.brought_at(package);
                sink.in_file(&place.path)
                    .report_span(place.span)
                    .related_in(locked.place(package.at), "what the lockfile says")
                    .package(locked.name_of(package), locked.seen(package))
                    .discriminator(&kind)
                    .severity(severity)
                    .say(&format!("{} {sentence}", called(package)));
            }
        }
    }
}
