use std::collections::{HashMap, HashSet};

use crate::packages::lockfile::integrity::{
    Likeness, are_of_own_archives, likeness, strongest, written,
};
use crate::packages::lockfile::{Locked, Source};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::locked::{LockedFile, called, locked_pairs};

declare_rule! {
    /// A change gives the same version of a package another hash.
    ///
    /// ## Why it matters
    /// A version of a package does not change after it was published. Another hash means other bytes under the same
    /// name: an address that was exchanged, a registry that was taken over, or a lockfile that was edited by hand.
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
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-xyz=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Find out whose bytes these are before anybody installs them; `npm view ms@2.1.3 dist.integrity` shows what the
    /// registry says. A new version has a new hash.
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
    ///       "integrity": "sha512-xyz=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Hashes of the same algorithm are compared, in lockfiles of any package manager but Yarn from 2 on, which hashes
    /// archives of its own: those are compared with each other, as long as most of them stay. Archives at other addresses
    /// than a registry's may be packed again, and are medium. A weaker algorithm in place of a stronger one is told for one
    /// package manager; a stronger one is silent. Where Yarn 1 wrote no hash but the one behind the `#` of an archive, that
    /// counts. Packages that are patched are silent.
    "package/integrity-changed",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["CICD-SEC-9", "CWE-345", "CWE-494"],
    check: Check::Change(check),
}

type Key<'a> = (&'a str, &'a str, &'a Source);

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for (before, after) in locked_pairs(pair) {
        let known = hashes(before);
        // Another package manager may know other hashes of the same bytes.
        let is_one_manager = before.lockfile.kind == after.lockfile.kind;
        let (mut same, mut different) = (0, Vec::new());
        let mut told = HashSet::new();
        for package in &after.lockfile.packages {
            let (Some(key), Some((hash, _))) = (key(package), written(package)) else {
                continue;
            };
            let Some(old) = known.get(&key) else {
                continue;
            };
            let likenesses = || old.iter().map(|old| likeness(old, hash));
            if likenesses().any(|found| found == Likeness::Same) {
                same += 1;
            } else if likenesses().any(|found| found == Likeness::Different) {
                if told.insert(key) {
                    different.push((package, None));
                }
            } else if is_one_manager
                && let Some(weakening) = old.iter().find_map(|old| weakening(old, hash))
                && told.insert(key)
            {
                different.push((package, Some(weakening)));
            }
        }
        // Another way of packing changes all archives of Yarn's own at once.
        if are_of_own_archives(after.lockfile) && different.len() > same {
            continue;
        }
        for (package, weakening) in different {
            report(after, package, weakening, sink);
        }
    }
}

/// The algorithm that was, and the weaker one that is.
type Weakening<'a> = (&'a str, &'a str);

fn weakening<'a>(old: &'a str, new: &'a str) -> Option<Weakening<'a>> {
    if likeness(old, new) != Likeness::Weakened {
        return None;
    }
    strongest(old).zip(strongest(new))
}

fn report(
    after: LockedFile<'_>,
    package: &Locked,
    weakening: Option<Weakening<'_>>,
    sink: &mut Sink<'_>,
) {
    let at = written(package).map_or(package.at, |(_, span)| span);
    let severity = if package.is_from_registry() {
        Severity::High
    } else {
        Severity::Medium
    };
    let what = match weakening {
        Some((was, is)) => format!(
            "was held by a {was} and now by a {is} alone, so that its hash is weakened, and need not be of the bytes that it was of"
        ),
        None => {
            "has another hash than before, and a version does not change after it was published"
                .to_owned()
        }
    };
    sink.in_file(&after.file.path)
        .report_span(at)
        .package(after.name_of(package), after.seen(package))
        .severity(severity)
        .say(&format!(
            "{} {what}; compare it with what the registry says before anybody installs it",
            called(package)
        ));
}

/// The hashes of each package of a lockfile.
fn hashes(locked: LockedFile<'_>) -> HashMap<Key<'_>, Vec<&str>> {
    let mut known: HashMap<Key<'_>, Vec<&str>> = HashMap::new();
    for package in &locked.lockfile.packages {
        if let (Some(key), Some((hash, _))) = (key(package), written(package)) {
            let hashes = known.entry(key).or_default();
            if !hashes.contains(&hash) {
                hashes.push(hash);
            }
        }
    }
    known
}

/// What stays the same bytes: a version of a registry, whichever serves it, or what lies at one address.
fn key(package: &Locked) -> Option<Key<'_>> {
    const ANY: &Source = &Source::Registry(None);
    let source = match &package.source {
        Source::Registry(_) => ANY,
        Source::Tarball(_) => &package.source,
        _ => return None,
    };
    (!package.is_patched).then_some((&*package.name, &*package.version, source))
}
