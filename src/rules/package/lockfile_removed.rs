use std::sync::Arc;

use crate::finding::Location;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::installations::Installation;
use crate::syntax::Span;

declare_rule! {
    /// A change deletes the lockfile of a `package.json` that stays.
    ///
    /// ## Why it matters
    /// The lockfile is what fixes the versions and their hashes. Without it, each installation takes whatever the registry
    /// offers on that day, nobody can say what is installed, and no advisory is matched any more: the findings of the
    /// lockfile vanish without anything being mended.
    ///
    /// ## Example
    /// ```json bad
    /// # base: package.json
    /// {"private": true, "dependencies": {"ms": "^2.1.3"}}
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.1.3"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package.json
    /// {"private": true, "dependencies": {"ms": "^2.1.3"}}
    /// ```
    ///
    /// ## Instead
    /// Restore the lockfile. Where it cannot be merged, take that of the base and install again.
    /// ```json good
    /// # base: package.json
    /// {"private": true, "dependencies": {"ms": "^2.1.3"}}
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.1.3"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package.json
    /// {"private": true, "dependencies": {"ms": "^2.1.3"}}
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.1.3"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Silent where a lockfile of another package manager takes its place, where one further out serves the `package.json`,
    /// and where that is gone as well or depends on nothing.
    "package/lockfile-removed",
    severity: Severity::Medium,
    references: &["CICD-SEC-3", "CWE-353", "CWE-1357"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for installation in pair.installations() {
        let (Some(before), Some(after)) = (installation.base, installation.head) else {
            continue;
        };
        let Some(lockfile) = before.lockfile_path() else {
            continue;
        };
        // One that was moved is still there.
        if after.file.is_some() || pair.head.file(&pair.continued(lockfile)).is_some() {
            continue;
        }
        let Some(package) = after.package_files().next() else {
            continue;
        };
        let name = lockfile.rsplit('/').next().unwrap_or_default();
        let gone = Location {
            path: Arc::clone(lockfile),
            span: Span::default(),
        };
        sink.in_file(&Arc::clone(&package.path))
            .report_span(asks_at(after, &package.path))
            .discriminator(name)
            .caused_at(gone)
            .say(&format!(
                "{name} is deleted and this file stays, so that what is installed is no longer fixed, nor known; restore it"
            ));
    }
}

/// The first thing that a `package.json` asks for: it is held to no version any longer.
fn asks_at(installation: &Installation, package: &str) -> Span {
    let graph = installation.graph();
    let all = graph.workspaces().iter();
    let number = all
        .take_while(|workspace| &*workspace.file != package)
        .count();
    let mut declared = graph
        .wants(number)
        .iter()
        .filter_map(|want| want.declared.as_ref());
    declared
        .next()
        .map_or_else(Span::default, |declared| declared.at)
}
