use std::collections::HashSet;

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::Source;
use crate::packages::lockfile::archive::Archive;
use crate::packages::specifier::Specifier;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::explained::Overridden;
use crate::snapshot::locked::{LockedFile, called, locked_files};

declare_rule! {
    /// The address of a locked package is that of another package or version.
    ///
    /// ## Why it matters
    /// Package managers install what lies at the address and show the name beside it. Whoever exchanges the one and
    /// leaves the other gets a vulnerable version, or a package of his own, past everybody who reads the name.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms-tools/-/ms-tools-2.1.3.tgz",
    ///       "integrity": "sha512-def=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Delete the entry and install again; a package that is meant to stand under another name is an alias in
    /// `package.json`.
    /// ```json good
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "npm:ms-tools@^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "name": "ms-tools",
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms-tools/-/ms-tools-2.1.3.tgz",
    ///       "integrity": "sha512-def=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Addresses are read as registries write them, `<name>/-/<name>-<version>.tgz`; others say nothing of a name. An
    /// entry of another package than the one that a range or a tag asks for is told in all lockfiles, where no `package.json`
    /// makes it an alias and nothing overrides the name with another package.
    "package/name-mismatch",
    severity: Severity::High,
    references: &["CICD-SEC-3", "CWE-494", "CWE-345"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for locked in locked_files(snapshot) {
        for package in &locked.lockfile.packages {
            let (Source::Registry(_) | Source::Tarball(_), Some((resolved, span))) =
                (&package.source, &package.resolved)
            else {
                continue;
            };
            // An address that a dependency asked for has the name that its server gave it.
            if package.version.contains("://") {
                continue;
            }
            let Some(archive) = Archive::parse(resolved) else {
                continue;
            };
            if archive.is(&package.name, &package.version) {
                continue;
            }
            sink.in_file(&locked.file.path)
                .report_span(*span)
                .package(locked.name_of(package), locked.seen(package))
                .discriminator(&archive.name)
                .say(&format!(
                    "{} is fetched from the address of `{}@{}`, so that this is what gets installed; delete the entry and install again",
                    called(package),
                    shortened(&archive.name),
                    shortened(&archive.version)
                ));
        }
        misnamed(locked, sink);
    }
}

/// Entries that are another package than the one that was asked for, where nobody asked for an alias.
fn misnamed(locked: LockedFile<'_>, sink: &mut Sink<'_>) {
    let lockfile = locked.lockfile;
    if lockfile.is_changed_by_code() {
        return;
    }
    let of_importers = lockfile
        .importers
        .iter()
        .flat_map(|importer| &importer.dependencies)
        .filter_map(|wanted| Some((&wanted.name, wanted.specifier.as_deref()?, wanted.to?)));
    let of_packages = lockfile
        .packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .filter_map(|dependency| Some((&dependency.name, &*dependency.specifier, dependency.to?)));
    let all: Vec<_> = of_importers.chain(of_packages).collect();
    // Who asks for the same name by a range, such as a peer, gets what the alias of another put there.
    let aliased: HashSet<&str> = all
        .iter()
        .filter(|(_, specifier, _)| matches!(Specifier::parse(specifier), Specifier::Alias { .. }))
        .map(|(name, ..)| &***name)
        .collect();
    let overridden = Overridden::of(locked);
    let mut told: HashSet<(&str, &str)> = HashSet::new();
    for (name, specifier, to) in all {
        let Some(package) = lockfile.package(to).filter(|package| package.name != *name) else {
            continue;
        };
        // Only a range or a tag asks for a package by its name.
        let asks_by_name = !specifier.is_empty() && Specifier::parse(specifier).is_of_registry();
        if !asks_by_name
            || overridden.leads(name, &package.name)
            || aliased.contains(&**name)
            || !package.is_from_registry()
            || !told.insert((name, &package.name))
        {
            continue;
        }
        sink.in_file(&locked.file.path)
            .report_span(package.at)
            .package(locked.name_of(package), locked.seen(package))
            .discriminator(name)
            .say(&format!(
                "{} stands where `{}` was asked for, and no package.json makes it an alias; delete the entry and install again",
                called(package),
                shortened(name)
            ));
    }
}
