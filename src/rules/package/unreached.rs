use crate::finding::Fold;
use crate::packages::Scope;
use crate::packages::graph::Installed;
use crate::packages::lockfile::{Locked, LockfileKind};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::locked::{LockedFile, called, locked_files};

declare_rule! {
    /// A lockfile holds a package that nothing asks for.
    ///
    /// ## Why it matters
    /// Package managers install what the lockfile holds, whether or not anything needs it. An entry that no `package.json`
    /// and no other package leads to was forgotten, or was put there.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "ms": "^2.0.0"
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
    ///       "integrity": "sha512-def=="
    ///     },
    ///     "node_modules/ms-tools": {
    ///       "version": "1.0.0",
    ///       "resolved": "https://registry.npmjs.org/ms-tools/-/ms-tools-1.0.0.tgz",
    ///       "integrity": "sha512-xyz=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Let the package manager take it out: `npm prune`, or an installation that writes the lockfile anew.
    /// ```json good
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "ms": "^2.0.0"
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
    ///       "integrity": "sha512-def=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Lockfiles of npm before 7, those of Yarn 1 beside the one that `packageManager` names and those whose `package.json` is not here are silent, as are peers, what is optional, and
    /// what lies inside the archive of another package. More than three of a lockfile that are new are one finding, and so
    /// are more than three that were there before.
    "package/unreached",
    severity: Severity::Low,
    references: &["CICD-SEC-3", "CWE-1164"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for locked in locked_files(snapshot) {
        let is_joined = locked.installation.root().is_some() && !is_old(locked);
        let is_whole = locked.lockfile.problems.is_empty();
        let is_measured =
            !locked.installation.is_set_aside || !locked.lockfile.importers.is_empty();
        if !is_joined || !is_whole || !is_measured || !knows_wants(locked) {
            continue;
        }
        let unreached: Vec<&Locked> = locked
            .installation
            .packages()
            .filter(|package| package.scope() == Scope::Unreached)
            .filter_map(told)
            .collect();
        for package in unreached {
            sink.in_file(&locked.file.path)
                .report_span(package.at)
                .package(locked.name_of(package), locked.seen(package))
                .fold(Fold {
                    group: "".into(),
                    called: called(package),
                    before: String::new(),
                    after: AFTER.to_owned(),
                })
                .say(&format!(
                    "{} is installed and nothing asks for it; take it out of the lockfile, or install anew",
                    called(package)
                ));
        }
    }
}

/// What is said of many.
const AFTER: &str =
    " are installed and nothing asks for them; take them out of the lockfile, or install anew";

/// The entry that is told of a package, unless its marks explain it.
fn told(package: Installed<'_>) -> Option<&Locked> {
    let is_explained = package.entries().any(|locked| {
        locked.is_bundled || locked.marks.peer || locked.marks.optional || locked.marks.extraneous
    });
    package.entries().next().filter(|_| !is_explained)
}

/// npm before 7 says of each package what it asks for, and not where that lies.
fn is_old(locked: LockedFile<'_>) -> bool {
    locked.lockfile.kind == LockfileKind::Npm && &*locked.lockfile.version == "1"
}

/// True if it is known of each workspace what it asks for, by the lockfile or by its `package.json`: one that cannot be
/// read may ask for anything, and is told elsewhere.
fn knows_wants(locked: LockedFile<'_>) -> bool {
    let workspaces = locked.installation.graph().workspaces().iter().enumerate();
    let mut unlisted = workspaces.filter(|(_, workspace)| !workspace.is_listed);
    unlisted.all(|(number, _)| locked.installation.package_json(number).is_some())
}
