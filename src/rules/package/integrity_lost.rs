use std::collections::HashSet;

use crate::packages::lockfile::Locked;
use crate::packages::lockfile::integrity::{are_of_own_archives, is_hashed};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::locked::{LockedFile, locked_pairs, some_of};

declare_rule! {
    /// A change takes the hash of a package out of the lockfile.
    ///
    /// ## Why it matters
    /// The hash was what bound the installation to the bytes that everybody had until now. Without it, whatever the
    /// registry hands out is installed, and the next change of the address passes unnoticed.
    ///
    /// ## Example
    /// ```json bad
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {"version": "2.1.3"}
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Take the lockfile of the base and install again; npm loses hashes of itself where `node_modules` is older than
    /// the lockfile.
    /// ```json good
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
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
    /// One finding is told for a lockfile, and only where both lockfiles are of one package manager. What Yarn from 2 on
    /// installs on some platforms alone is silent, as it has no hashes of it elsewhere. What is no hash of an algorithm that package managers know counts as none.
    "package/integrity-lost",
    severity: Severity::Medium,
    covers: &["package/integrity-missing"],
    references: &["CICD-SEC-9", "CWE-353", "CWE-494"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for (before, after) in locked_pairs(pair) {
        let are_own = |locked: LockedFile<'_>| are_of_own_archives(locked.lockfile);
        if before.lockfile.kind != after.lockfile.kind || are_own(before) != are_own(after) {
            continue;
        }
        let hashed = |package: &&Locked| package.is_from_registry() && is_hashed(package);
        let known: HashSet<_> = before
            .lockfile
            .packages
            .iter()
            .filter(hashed)
            .map(key)
            .collect();
        let still: HashSet<_> = after
            .lockfile
            .packages
            .iter()
            .filter(hashed)
            .map(key)
            .collect();
        let lost: Vec<&Locked> = after
            .lockfile
            .packages
            .iter()
            .filter(|package| package.is_from_registry() && !package.is_bundled)
            .filter(|package| !package.is_conditional)
            .filter(|package| known.contains(&key(package)) && !still.contains(&key(package)))
            .collect();
        let Some(first) = lost.first() else {
            continue;
        };
        let (has, its) = if lost.len() == 1 {
            ("has", "its hash")
        } else {
            ("have", "their hashes")
        };
        sink.in_file(&after.file.path).report_span(first.at).say(&format!(
            "{} {has} lost {its}, so that whatever the registry hands out is installed; take the lockfile of the base and install again",
            some_of(&lost)
        ));
    }
}

fn key(package: &Locked) -> (&str, &str) {
    (&package.name, &package.version)
}
