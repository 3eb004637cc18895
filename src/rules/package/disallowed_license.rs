use std::collections::{BTreeMap, BTreeSet};

use crate::config::value::Setting;
use crate::facts::Facts;
use crate::kubernetes::field::shortened;
use crate::packages::Version;
use crate::packages::licence::{Standing, standing};
use crate::packages::lockfile::Locked;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::locked::{LockedFile, called, locked_files};

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
    /// It is what a lockfile of npm from 7 on repeats of the packages; the other lockfiles say nothing of licences, and
    /// then the registry's word counts, for the packages that it was asked about: those that a `package.json` asks for and
    /// those that a change brings in. All packages of an installation of which neither says a licence are one finding,
    /// where `packages.licenses.unknown` asks for it. Without a list nothing is refused.
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
        let mut told = BTreeSet::new();
        let mut unstated: BTreeMap<(&str, &str), &Locked> = BTreeMap::new();
        for package in &locked.lockfile.packages {
            if !package.is_from_registry() || package.is_bundled {
                continue;
            }
            let stated = stated(package, &context.facts);
            if stated.is_empty() {
                let key = (&*package.name, &*package.version);
                unstated.entry(key).or_insert(package);
                continue;
            }
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
                    format!(
                        "states a licence that is no SPDX expression, \"{}\"; read it, and allow it by that name if it will do",
                        shortened(stated)
                    ),
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
        if let Setting::Severity(severity) = licenses.unknown {
            report_unstated(locked, &unstated, severity, sink);
        }
    }
}

/// The licence of a package, by the lockfile, else by the registry; empty where neither says one.
fn stated<'a>(package: &'a Locked, facts: &'a Facts) -> &'a str {
    let of_registry = || {
        let document = facts.registry.known()?.document(&package.name)?;
        let release = document.release(&Version::parse(&package.version)?)?;
        release.license.as_deref()
    };
    let of_lockfile = package.license.as_deref();
    let of_lockfile = of_lockfile.filter(|license| !license.trim().is_empty());
    of_lockfile.or_else(of_registry).unwrap_or_default().trim()
}

/// One finding for all packages of an installation of which nobody says a licence: they are many or none.
fn report_unstated(
    locked: LockedFile<'_>,
    unstated: &BTreeMap<(&str, &str), &Locked>,
    severity: Severity,
    sink: &mut Sink<'_>,
) {
    let Some(first) = unstated.values().next() else {
        return;
    };
    let place = locked.place(first.at);
    sink.in_file(&place.path)
        .report_span(place.span)
        .discriminator("unstated")
        .severity(severity)
        .say(&format!(
            "no licence is known of {}, such as {}: neither the lockfile nor the registry, as far as it was asked, says one; ask the publisher, or take another package",
            match unstated.len() {
            1 => "1 package".to_owned(),
            number => format!("{number} packages"),
        },
            called(first)
        ));
}
