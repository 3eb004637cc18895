use std::collections::{BTreeSet, HashSet};

use crate::finding::Location;
use crate::kubernetes::field::shortened;
use crate::packages::graph::{Place, Want};
use crate::packages::lockfile::{Locked, Section, Source};
use crate::packages::specifier::Specifier;
use crate::packages::web_address::without_secrets;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::asked_sources::AskedSources;
use crate::snapshot::catalogued::asked;
use crate::snapshot::installations::Installation;
use crate::snapshot::locked::{called, locked_pairs, wished};

declare_rule! {
    /// A change brings in a package from somewhere else than a registry.
    ///
    /// ## Why it matters
    /// What lies in a git repository or at an address was never published: no version of it is known to be bad, nobody
    /// can take it back, and it can be gone tomorrow. Where another package asks for it, nobody here has chosen it, and it
    /// passes everything that holds registries to account.
    ///
    /// ## Example
    /// ```json bad
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"vary": "^1.1.0"}},
    ///     "node_modules/vary": {
    ///       "version": "1.1.1",
    ///       "resolved": "https://registry.npmjs.org/vary/-/vary-1.1.1.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"vary": "^1.1.0"}},
    ///     "node_modules/vary": {
    ///       "version": "1.1.2",
    ///       "resolved": "https://registry.npmjs.org/vary/-/vary-1.1.2.tgz",
    ///       "integrity": "sha512-ghi==",
    ///       "dependencies": {"ms": "github:somebody/ms"}
    ///     },
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "git+ssh://git@github.com/somebody/ms.git#5dfb5a3a3a9a4b3f7f6d1c2b8e9f0a1b2c3d4e5f"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Keep the version that comes without it, or override the dependency with a version of a registry.
    /// ```json good
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"vary": "^1.1.0"}},
    ///     "node_modules/vary": {
    ///       "version": "1.1.1",
    ///       "resolved": "https://registry.npmjs.org/vary/-/vary-1.1.1.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"vary": "^1.1.0"}},
    ///     "node_modules/vary": {
    ///       "version": "1.1.2",
    ///       "resolved": "https://registry.npmjs.org/vary/-/vary-1.1.2.tgz",
    ///       "integrity": "sha512-ghi=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// What a `package.json` asks for itself is a note, as whoever reviews has read it; where it asks for a version of a
    /// registry, and the lockfile says something else, it is high. What the lockfile does not hold yet is told by the line
    /// that asks for it. A package that was there before is
    /// the matter of `package/source-changed` from when on the lockfile says so. Folders and archives of the repository
    /// itself are silent.
    "package/exotic-source",
    severity: Severity::Medium,
    other_severities: &[Severity::High, Severity::Note],
    references: &["CICD-SEC-3", "CWE-829", "CWE-1357"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for (before, after) in locked_pairs(pair) {
        let packages = before.lockfile.packages.iter();
        let known: HashSet<&str> = packages.map(|package| &*package.name).collect();
        let asked = AskedSources::of(after);
        let mut told = BTreeSet::new();
        for package in &after.lockfile.packages {
            let Some(origin) = origin(package) else {
                continue;
            };
            if known.contains(&*package.name) || !told.insert(&*package.name) {
                continue;
            }
            let (severity, who) = if asked.is_exotic_asked(package) {
                (Severity::Note, "")
            } else if after.is_direct(package) {
                (
                    Severity::High,
                    ", where package.json asks for a version of a registry",
                )
            } else {
                (Severity::Medium, ", where another package asks for it")
            };
            let place = after.brought_at(package);
            sink.in_file(&place.path)
                .report_span(place.span)
                .related_in(after.place(package.at), "what the lockfile says")
                .package(after.name_of(package), after.seen(package))
                .severity(severity)
                .say(&format!(
                    "{} is new and comes from {}{who}: it was never published, and no advisory will ever name it; take a version of a registry",
                    called(package),
                    shortened(&without_secrets(origin))
                ));
        }
    }
    for pair in pair.installations().filter(|pair| pair.is_known) {
        if let (Some(before), Some(after)) = (pair.base, pair.head) {
            unlocked(before, after, sink);
        }
    }
}

/// What a `package.json` newly asks for from elsewhere, and no lockfile holds yet.
fn unlocked(before: &Installation, after: &Installation, sink: &mut Sink<'_>) {
    let mut known: HashSet<&str> = exotic_wants(before)
        .map(|(want, _, _)| &*want.name)
        .collect();
    let held: HashSet<&str> = [before, after]
        .into_iter()
        .filter_map(Installation::lockfile)
        .flat_map(|lockfile| &lockfile.packages)
        .filter(|package| origin(package).is_some())
        .map(|package| &*package.name)
        .collect();
    for (want, from, at) in exotic_wants(after) {
        let target = after
            .resolved()
            .and_then(|lockfile| after.graph().target(lockfile, want));
        let is_held = target
            .is_some_and(|package| matches!(package.place(), Place::Git(..) | Place::Tarball(_)));
        if is_held || held.contains(&*want.name) || !known.insert(&want.name) {
            continue;
        }
        let (subject, seen) = wished(after, &want.name);
        sink.in_file(&at.path)
            .report_span(at.span)
            .package(subject, seen)
            .severity(Severity::Note)
            .say(&format!(
                "`{}` is now asked for from {}: it was never published, and no advisory will ever name it; take a version of a registry",
                shortened(&want.name),
                shortened(&without_secrets(from))
            ));
    }
}

/// What workspaces ask for from git or from an address, each with the line that says so.
fn exotic_wants(installation: &Installation) -> impl Iterator<Item = (&Want, &str, Location)> {
    let graph = installation.graph();
    let wants = (0..graph.workspaces().len()).flat_map(|number| graph.wants(number));
    wants.filter_map(|want| {
        let section = want.declared.as_ref()?.section;
        let asked = asked(installation, want)?;
        let is_exotic = Specifier::parse(asked.specifier).is_exotic();
        (is_exotic && section != Section::Peer).then_some((want, asked.specifier, asked.at))
    })
}

/// Where something comes from that is no registry and not the repository itself.
fn origin(package: &Locked) -> Option<&str> {
    match &package.source {
        Source::Git { repository, .. } => Some(repository),
        Source::Tarball(address) => Some(address),
        _ => None,
    }
}
