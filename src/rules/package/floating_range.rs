use std::collections::BTreeSet;
use std::sync::Arc;

use crate::kubernetes::field::{quoted, shortened};
use crate::packages::PackageJson;
use crate::packages::graph::Want;
use crate::packages::lockfile::Section;
use crate::packages::range::Release;
use crate::packages::specifier::Specifier;
use crate::packages::upgrade::target;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::catalogued::asked;
use crate::snapshot::locked::{own_names, wished};

declare_rule! {
    /// A `package.json` asks for any version of a package.
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
    /// `*`, an empty range, tags such as `latest` and, in a `package.json` that is `private`, ranges without an upper end
    /// are told. Without a lockfile beside it or above it, only what is `private` is looked at; a lockfile holds on to the
    /// version that was there until the next update, so that this is a note beside one. Packages of the repository itself,
    /// peers and what only development needs are silent.
    "package/floating-range",
    severity: Severity::Low,
    other_severities: &[Severity::Note],
    references: &["CICD-SEC-3", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let own = own_names(snapshot);
    let mut told = BTreeSet::new();
    for installation in snapshot.installations() {
        let graph = installation.graph();
        for want in (0..graph.workspaces().len()).flat_map(|workspace| graph.wants(workspace)) {
            let (Some(declared), Some(asked)) = (&want.declared, asked(installation, want)) else {
                continue;
            };
            let place = asked.at;
            let is_shipped = matches!(declared.section, Section::Production | Section::Optional);
            if !is_shipped || own.contains(&*want.name) {
                continue;
            }
            let package = installation.package_json(want.workspace);
            let is_program = package.is_some_and(PackageJson::is_private);
            let specifier = match Specifier::parse(asked.specifier) {
                Specifier::Alias { specifier, .. } => *specifier,
                specifier => specifier,
            };
            let floats = match &specifier {
                Specifier::Any | Specifier::Tag(_) => is_program || installation.file.is_some(),
                // What a library takes is for others to choose.
                Specifier::Range(range) => is_program && range.holds(UNHEARD_OF),
                _ => false,
            };
            if !floats {
                continue;
            }
            let (severity, sentence) = match installation.lockfile() {
                Some(lockfile) => {
                    // What the lockfile does not hold, or holds from elsewhere, is told by other rules.
                    let locked = graph.target(lockfile, want);
                    let locked = locked.filter(|locked| locked.is_from_registry());
                    let Some(locked) = locked else { continue };
                    (Severity::Note, held(want, asked.specifier, locked.version()))
                }
                None if installation.file.is_some() => continue,
                None => (Severity::Low, "and no lockfile holds on to a version; name the major version, and keep a lockfile".to_owned()),
            };
            // An entry of a catalogue is one line, whoever asks for it.
            if !told.insert((Arc::clone(&place.path), place.span.start)) {
                continue;
            }
            let (name, seen) = wished(installation, &want.name);
            sink.in_file(&place.path)
                .report_span(place.span)
                .package(name, seen)
                .severity(severity)
                .say(&format!(
                    "`{}` asks for {}, which takes whatever is published last, {sentence}",
                    shortened(&want.name),
                    quoted(asked.specifier)
                ));
        }
    }
}

/// What is to be said beside a lockfile: what to type.
fn held(want: &Want, specifier: &str, version: &str) -> String {
    let (real, _) = target(&want.name, specifier);
    let pin = if real == &*want.name {
        format!("^{version}")
    } else {
        format!("npm:{real}@^{version}")
    };
    format!(
        "and only the lockfile holds on to {}, until the next update; write `{}`",
        shortened(version),
        shortened(&pin)
    )
}

/// A version that only a range without an upper end holds.
const UNHEARD_OF: Release = Release(900_000, 0, 0);
