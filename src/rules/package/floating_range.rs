use std::collections::BTreeSet;

use crate::kubernetes::field::{quoted, shortened};
use crate::packages::lockfile::Section;
use crate::packages::range::Release;
use crate::packages::specifier::Specifier;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::manifests::{manifests, named};

declare_rule! {
    /// A program without a lockfile installs any version of a package.
    ///
    /// ## Why it matters
    /// Each build brings whatever was published last, with breaking changes and with what somebody published an hour ago
    /// from a stolen account. Nothing in the repository changes, and nobody can build yesterday's image again.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "name": "shop",
    ///   "private": true,
    ///   "dependencies": {
    ///     "express": "latest"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Keep a lockfile in the repository, and name the major version.
    /// ```json good
    /// # file: package.json
    /// {
    ///   "name": "shop",
    ///   "private": true,
    ///   "dependencies": {
    ///     "express": "^4.21.2"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// It looks at a `package.json` that is `private` and has no lockfile beside it or above it: a lockfile holds on to the
    /// version that was there. `*`, tags such as `latest` and ranges without an upper end are told; packages of the
    /// repository itself, peers and what only development needs are silent.
    "package/floating-range",
    severity: Severity::Low,
    references: &["CICD-SEC-3", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let all: Vec<_> = manifests(snapshot).collect();
    let own: BTreeSet<&str> = all.iter().filter_map(|one| one.package.name()).collect();
    for manifest in &all {
        if manifest.lockfile.is_some() || !manifest.package.is_private() {
            continue;
        }
        for declared in manifest.package.dependencies() {
            let is_installed = matches!(declared.section, Section::Production | Section::Optional);
            if !is_installed || own.contains(declared.name) {
                continue;
            }
            let specifier = match Specifier::parse(declared.specifier()) {
                Specifier::Alias { specifier, .. } => *specifier,
                specifier => specifier,
            };
            let floats = match &specifier {
                Specifier::Any | Specifier::Tag(_) => true,
                Specifier::Range(range) => range.holds(UNHEARD_OF),
                _ => false,
            };
            if !floats {
                continue;
            }
            let (name, seen) = named(manifest, declared.name);
            sink.in_file(&manifest.file.path)
                .report_span(declared.span())
                .package(name, seen)
                .say(&format!(
                    "`{}` asks for {}, which takes whatever is published last, and no lockfile holds on to a version; name the major version, and keep a lockfile",
                    shortened(declared.name),
                    quoted(declared.specifier())
                ));
        }
    }
}

/// A version that only a range without an upper end holds.
const UNHEARD_OF: Release = Release(900_000, 0, 0);
