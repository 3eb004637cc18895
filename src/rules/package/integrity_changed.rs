use std::collections::{HashMap, HashSet};

use crate::kubernetes::field::{quoted, shortened};
use crate::packages::lockfile::integrity::{
    Likeness, are_of_own_archives, behind_address, likeness, strongest, written,
};
use crate::packages::lockfile::{Locked, Source};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::injected::{Doubt, Injected, injected};
use crate::snapshot::locked::{LockedFile, called, locked_pairs};

declare_rule! {
    /// A change gives the same version of a package another hash, or other dependencies under the same hash.
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
    /// Hashes of the strongest algorithm are compared; one beside those that were there counts, as whatever fits one of
    /// them is installed. Yarn from 2 on hashes archives of its own: those are compared with each other, unless most of
    /// more than three change at once. Archives at other addresses than a registry's may be packed again, and are medium.
    /// What Yarn 1 writes behind the `#` of an address, beside another hash, is low. A weaker algorithm in place of a stronger one is told for one
    /// package manager; a stronger one is silent. Where Yarn 1 wrote no hash but the one behind the `#` of an archive, that
    /// counts. Packages that are patched are silent.
    /// Under a hash that stayed, a dependency or a peer that is new, or a dependency that leads elsewhere, is told as well: medium for what is new with pnpm and Yarn 2 and later where no
    /// `packageManager` says which version wrote the lockfile, or another one than before, as each brings corrections of
    /// its own. What `overrides` and `resolutions` name, and packages whose `packageExtensions` change, are silent, as is
    /// what is missing; with hooks of pnpm, or other plugins of Yarn, all is.
    "package/integrity-changed",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
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
            if old.texts.contains(hash) {
                same += 1;
                continue;
            }
            match likeness(&old.joined, hash) {
                Likeness::Different => {
                    if told.insert(key) {
                        different.push((package, None));
                    }
                }
                Likeness::Weakened if is_one_manager => {
                    if let Some(weakening) = strongest(&old.joined).zip(strongest(hash))
                        && told.insert(key)
                    {
                        different.push((package, Some(weakening)));
                    }
                }
                Likeness::Same | Likeness::Weakened | Likeness::Unknown => same += 1,
            }
        }
        behind_addresses(before, after, sink);
        for one in injected(before, after) {
            report_injected(after, one, sink);
        }
        // Another way of packing changes all archives of Yarn's own at once.
        let is_repacked = different.len() > same && different.len() > FEW;
        if are_of_own_archives(after.lockfile) && is_repacked {
            continue;
        }
        for (package, weakening) in different {
            report(after, package, weakening, sink);
        }
    }
}

/// The algorithm that was, and the weaker one that is.
type Weakening<'a> = (&'a str, &'a str);

/// The name of a package, the hash that holds it, and the one behind the `#` of its address.
fn both(package: &Locked) -> Option<(&str, &str, &str)> {
    let (hash, _) = behind_address(package)?;
    let (held, _) = package.integrity.as_ref()?;
    key(package).map(|_| (&*package.name, &**held, hash))
}

/// So many archives of Yarn's own are not changed by another way of packing.
const FEW: usize = 3;

/// Hashes behind the `#` of addresses that changed, where another hash holds the bytes: Yarn 1 checks both.
fn behind_addresses(before: LockedFile<'_>, after: LockedFile<'_>, sink: &mut Sink<'_>) {
    let mut known: HashMap<(&str, &str), HashSet<&str>> = HashMap::new();
    for package in &before.lockfile.packages {
        if let Some((_, held, hash)) = both(package) {
            known.entry((&package.name, held)).or_default().insert(hash);
        }
    }
    for package in &after.lockfile.packages {
        let Some((name, held, hash)) = both(package) else {
            continue;
        };
        if known
            .get(&(name, held))
            .is_none_or(|known| known.contains(hash))
        {
            continue;
        }
        let at = behind_address(package).map_or(package.at, |(_, span)| span);
        sink.in_file(&after.file.path)
            .report_span(at)
            .package(after.name_of(package), after.seen(package))
            .severity(Severity::Low)
            .discriminator("address")
            .say(&format!(
                "{} has another hash than before behind the `#` of its address, beside an `integrity` that stayed, so that Yarn refuses to install it; take the line of the base",
                called(package)
            ));
    }
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

fn report_injected(after: LockedFile<'_>, one: Injected<'_>, sink: &mut Sink<'_>) {
    let (package, dependency) = (one.package, one.dependency);
    let name = shortened(&dependency.name);
    let what = match one.before {
        Some(before) => format!(
            "asks for `{name}` as {} and no longer as {}",
            quoted(one.after),
            quoted(before)
        ),
        None => format!("asks for `{name}`, which it did not before"),
    };
    let so = match one.doubt {
        None => {
            "and the same bytes ask for the same: somebody edited the lockfile; take the entry of the base, and let the package manager write what is new"
        }
        Some(Doubt::Unnamed) => {
            "so that another version of the package manager corrects it, or somebody edited the lockfile; let the version of the base write it, and name that in `packageManager`"
        }
        Some(Doubt::Replaced) => {
            "so that the other package manager of this change corrects it, or somebody edited the lockfile; let that of the base write the lockfile, and take the other one in a change of its own"
        }
        Some(Doubt::Extended) => {
            "so that extensions which are not to be seen here add it, or somebody edited the lockfile; write them into `packageExtensions` of the repository"
        }
    };
    let severity = match one.doubt {
        None => Severity::High,
        Some(_) => Severity::Medium,
    };
    sink.in_file(&after.file.path)
        .report_span(dependency.at)
        .package(after.name_of(package), after.seen(package))
        .severity(severity)
        .discriminator(&format!("needs {}", dependency.name))
        .say(&format!(
            "{} {what}, while its hash stayed, {so}",
            called(package)
        ));
}

/// What all entries of one package say of its hashes.
#[derive(Default)]
struct Hashes<'a> {
    texts: HashSet<&'a str>,
    /// The same in one text.
    joined: String,
}

/// The hashes of each package of a lockfile.
fn hashes(locked: LockedFile<'_>) -> HashMap<Key<'_>, Hashes<'_>> {
    let mut known: HashMap<Key<'_>, Hashes<'_>> = HashMap::new();
    for package in &locked.lockfile.packages {
        if let (Some(key), Some((hash, _))) = (key(package), written(package)) {
            let hashes = known.entry(key).or_default();
            if hashes.texts.insert(hash) {
                hashes.joined.push_str(hash);
                hashes.joined.push(' ');
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
