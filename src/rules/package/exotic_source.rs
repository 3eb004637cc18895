use std::collections::{BTreeSet, HashSet};

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::{Locked, Source};
use crate::packages::web_address::without_secrets;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::asked_sources::AskedSources;
use crate::snapshot::locked::{called, locked_pairs};

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
    /// registry, and the lockfile says something else, it is high. A package that was there before is
    /// the matter of `package/source-changed`. Folders and archives of the repository itself are silent.
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
}

/// Where something comes from that is no registry and not the repository itself.
fn origin(package: &Locked) -> Option<&str> {
    match &package.source {
        Source::Git { repository, .. } => Some(repository),
        Source::Tarball(address) => Some(address),
        _ => None,
    }
}
