use crate::packages::lockfile::integrity::are_of_own_archives;
use crate::packages::lockfile::{Locked, Lockfile, LockfileKind};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::locked::{LockedFile, locked_files, some_of};

declare_rule! {
    /// An entry of a lockfile has no hash, and its neighbours have.
    ///
    /// ## Why it matters
    /// Without a hash the package manager installs whatever the address hands out today, and nobody can tell later
    /// whether it was the same yesterday. An entry whose address somebody exchanged needs just that.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0", "vary": "^1.1.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz"
    ///     },
    ///     "node_modules/vary": {
    ///       "version": "1.1.2",
    ///       "resolved": "https://registry.npmjs.org/vary/-/vary-1.1.2.tgz",
    ///       "integrity": "sha512-ghi=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Delete the entry and install again, so that the hash is written.
    /// ```json good
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-def=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Lockfiles that hold hardly any hash are silent: a registry may give none. So are entries of npm that have lost
    /// their address with the hash, as npm does of itself, and Yarn from 2 on, which has none for other platforms. A weak
    /// hash counts as one.
    "package/integrity-missing",
    severity: Severity::Medium,
    references: &["CICD-SEC-9", "CWE-353", "CWE-494"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for LockedFile { file, lockfile, .. } in locked_files(snapshot) {
        if are_of_own_archives(lockfile) {
            continue;
        }
        let packages = lockfile.packages.iter();
        let entries = packages.filter(|package| counts(lockfile, package));
        let (with, without): (Vec<_>, Vec<_>) =
            entries.partition(|package| package.integrity.is_some());
        let Some(first) = without.first().filter(|_| with.len() >= without.len()) else {
            continue;
        };
        let resolved = first.resolved.as_ref();
        let place = resolved.map_or(first.at, |(_, span)| *span);
        let has = if without.len() == 1 { "has" } else { "have" };
        sink.in_file(&file.path).report_span(place).say(&format!(
            "{} {has} no hash, so that whatever the registry hands out is installed; delete what is without one from the lockfile and install again",
            some_of(&without)
        ));
    }
}

/// True for what the package manager writes a hash for.
fn counts(lockfile: &Lockfile, package: &Locked) -> bool {
    package.is_from_registry()
        && !package.is_bundled
        && !package.marks.extraneous
        && (lockfile.kind != LockfileKind::Npm || package.resolved.is_some())
}
