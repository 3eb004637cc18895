use std::collections::{BTreeSet, HashMap};

use crate::packages::lockfile::{Locked, LockfileKind};
use crate::packages::registry::RegistryAnswers;
use crate::packages::registry::document::Release;
use crate::packages::version::Version;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::locked::{LockedFile, called, locked_pairs};
use crate::snapshot::safeguards::safeguards_of;

declare_rule! {
    /// A change brings in a package that runs a script when it is installed.
    ///
    /// ## Why it matters
    /// The script runs with the rights of whoever installs, on every laptop and in every build, before a line of the
    /// package is used. This is how most malicious packages take hold, and few packages need it.
    ///
    /// ## Example
    /// ```json bad
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.2",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.2.tgz",
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
    ///       "integrity": "sha512-xyz==",
    ///       "hasInstallScript": true
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Read the script; where the package works without, set `ignore-scripts=true` in `.npmrc`.
    /// ```json good
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.2",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.2.tgz",
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
    ///       "integrity": "sha512-xyz==",
    ///       "hasInstallScript": true
    ///     }
    ///   }
    /// }
    /// # file: .npmrc
    /// ignore-scripts=true
    /// ```
    ///
    /// ## Limits
    /// npm from 7 on and pnpm up to 8 note which packages have scripts; of what other lockfiles hold, the registry says it
    /// where it is asked. Where the settings of the head keep scripts from running, or name the packages that may run theirs
    /// and not this one, it is silent. A package that had a script in another version is no news.
    "package/install-script-added",
    severity: Severity::Medium,
    references: &["CICD-SEC-3", "CWE-506", "CWE-829"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    let answers = context.facts.registry.known();
    for (before, after) in locked_pairs(pair) {
        let settings = safeguards_of(pair.head, after.file.folder());
        let known = scripts(before, answers);
        // Two generations of pnpm write the same notation, and the later one asks first.
        let is_of_either = after.lockfile.kind == LockfileKind::Pnpm
            && after.lockfile.version.starts_with('9')
            && settings.safeguards.pinned.is_none();
        let by_whom = if is_of_either {
            " by pnpm before 10"
        } else {
            ""
        };
        let mut told = BTreeSet::new();
        for package in &after.lockfile.packages {
            if has_script(package, answers) != Some(true)
                || !settings.safeguards.runs_scripts_of(&package.name)
                || !told.insert(&*package.name)
            {
                continue;
            }
            match known.get(&*package.name) {
                // What the lockfile of the base did not say is no news.
                Some(Scripts::Known(true) | Scripts::Unsaid) => {}
                Some(Scripts::Known(false)) => report(after, package, false, by_whom, sink),
                None => report(after, package, true, by_whom, sink),
            }
        }
    }
}

fn report(
    after: LockedFile<'_>,
    package: &Locked,
    is_new: bool,
    by_whom: &str,
    sink: &mut Sink<'_>,
) {
    let news = if is_new {
        "is new and runs"
    } else {
        "now runs"
    };
    let place = after.brought_at(package);
    sink.in_file(&place.path)
        .report_span(place.span)
        .related_in(after.place(package.at), "what the lockfile says")
        .package(after.name_of(package), after.seen(package))
        .say(&format!(
            "{} {news} a script when it is installed{by_whom}, with the rights of whoever installs; read the script, and ignore it where the package works without",
            called(package)
        ));
}

/// Whether a package runs a script when it is installed: by the lockfile, else by the registry.
fn has_script(package: &Locked, answers: Option<&RegistryAnswers>) -> Option<bool> {
    package.has_install_script.or_else(|| {
        let is_archive = package.is_from_registry() && !package.is_bundled;
        let document = answers.filter(|_| is_archive)?.document(&package.name)?;
        let release = document.release(&Version::parse(&package.version)?)?;
        // Of a release without scripts, a document that knows of scripts says nothing.
        let says = |release: &Release| release.has_install_script.is_some();
        let is_silent = || document.releases.iter().any(says).then_some(false);
        release.has_install_script.or_else(is_silent)
    })
}

/// What is known of the scripts of a package in any version.
#[derive(Clone, Copy)]
enum Scripts {
    Known(bool),
    Unsaid,
}

fn scripts<'a>(
    locked: LockedFile<'a>,
    answers: Option<&RegistryAnswers>,
) -> HashMap<&'a str, Scripts> {
    let mut known = HashMap::new();
    for package in &locked.lockfile.packages {
        let has = has_script(package, answers);
        let found = known
            .entry(&*package.name)
            .or_insert(has.map_or(Scripts::Unsaid, Scripts::Known));
        match (*found, has) {
            (Scripts::Known(has), Some(also)) => *found = Scripts::Known(has || also),
            (_, None) => *found = Scripts::Unsaid,
            (Scripts::Unsaid, _) => {}
        }
    }
    known
}
