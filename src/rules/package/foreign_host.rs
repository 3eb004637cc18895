use std::collections::{BTreeMap, BTreeSet};

use crate::kubernetes::field::shortened;
use crate::packages::graph::Want;
use crate::packages::lockfile::{Locked, Source};
use crate::packages::safeguards::{Safeguard, Value};
use crate::packages::web_address::{PUBLIC_REGISTRIES, WebAddress};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::locked::{LockedFile, locked_files, some_of};
use crate::snapshot::safeguards::{FolderSafeguards, safeguards_of};
use crate::syntax::Span;

declare_rule! {
    /// A lockfile fetches a package from a host that nobody configured.
    ///
    /// ## Why it matters
    /// Whoever installs fetches the bytes from the address in the lockfile, not from the registry. A line among
    /// thousands that nobody reads is enough to put another package under a known name, and its hash fits, as it was
    /// written beside it.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"express": "^4.0.0"}},
    ///     "node_modules/express": {
    ///       "version": "4.21.2",
    ///       "resolved": "https://npm.mirror.example/express/-/express-4.21.2.tgz",
    ///       "integrity": "sha512-abc=="
    ///     },
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-def=="
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
    /// Delete the entry and let the package manager write it again; if the registry is meant, name it in `.npmrc`.
    /// ```json good
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"express": "^4.0.0"}},
    ///     "node_modules/express": {
    ///       "version": "4.21.2",
    ///       "resolved": "https://registry.npmjs.org/express/-/express-4.21.2.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Known are the hosts of npm and Yarn, those that `.npmrc`, `.yarnrc.yml` and `pnpm-workspace.yaml` beside the
    /// lockfile name, those that a dependency asks for itself by an address, and the host of at least half of all
    /// entries. Where a setting takes its registry from a variable, nothing is said. Packages from git are the matter of
    /// `package/exotic-source`.
    "package/foreign-host",
    severity: Severity::High,
    references: &["CICD-SEC-3", "CWE-494", "CWE-829"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for locked in locked_files(snapshot) {
        let settings = safeguards_of(snapshot, locked.file.folder());
        let Some(configured) = configured(&settings) else {
            continue;
        };
        for (host, (span, packages)) in foreign(locked, &configured) {
            let is_one = packages.len() == 1;
            sink.in_file(&locked.file.path)
                .report_span(span)
                .discriminator(&host)
                .say(&format!(
                    "{} {} from {}, which is no registry that this project names; delete {} from the lockfile and install again, or name the registry in .npmrc",
                    some_of(&packages),
                    if is_one { "comes" } else { "come" },
                    shortened(&host),
                    if is_one { "the entry" } else { "the entries" }
                ));
        }
    }
}

/// The hosts that the settings name; none where one of them cannot be known.
fn configured(settings: &FolderSafeguards) -> Option<BTreeSet<String>> {
    let mut hosts = BTreeSet::new();
    for (_, said) in settings.safeguards.all(Safeguard::Registry) {
        let Value::Word(word) = &said.value else {
            continue;
        };
        if word.contains("${") {
            return None;
        }
        hosts.extend(WebAddress::parse(word).map(WebAddress::server));
    }
    Some(hosts)
}

/// The hosts that nobody asked for, each with the first place and what comes from it.
fn foreign<'a>(
    locked: LockedFile<'a>,
    configured: &BTreeSet<String>,
) -> BTreeMap<String, (Span, Vec<&'a Locked>)> {
    let mut by_host: BTreeMap<String, (Span, Vec<&Locked>)> = BTreeMap::new();
    let mut all = 0;
    for package in &locked.lockfile.packages {
        let (Source::Registry(_) | Source::Tarball(_), Some((resolved, span))) =
            (&package.source, &package.resolved)
        else {
            continue;
        };
        let Some(address) = WebAddress::parse(resolved) else {
            continue;
        };
        all += 1;
        let of_host = by_host
            .entry(address.server())
            .or_insert_with(|| (*span, Vec::new()));
        of_host.1.push(package);
    }
    let asked = asked_for(locked);
    by_host.retain(|host, (_, packages)| {
        let is_usual = packages.len() * 2 >= all && all > 1;
        !is_usual
            && !PUBLIC_REGISTRIES.contains(&&**host)
            && !OF_GIT.contains(&&**host)
            && !configured.contains(host)
            && !asked.contains(host)
    });
    // What comes from the registry of JSR says so by its scope.
    for (host, (_, packages)) in &mut by_host {
        if host == "npm.jsr.io" {
            packages.retain(|package| !package.name.starts_with("@jsr/"));
        }
    }
    by_host.retain(|_, (_, packages)| !packages.is_empty());
    by_host
}

/// Hosts that serve archives of git repositories.
const OF_GIT: [&str; 4] = [
    "codeload.github.com",
    "github.com",
    "gitlab.com",
    "bitbucket.org",
];

/// The hosts that a dependency names in its specifier.
fn asked_for(locked: LockedFile<'_>) -> BTreeSet<String> {
    let lockfile = locked.lockfile;
    let of_packages = lockfile
        .packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .map(|dependency| &*dependency.specifier);
    let of_descriptors = lockfile.descriptors.iter().filter_map(|(descriptor, _)| {
        let at = descriptor.get(1..)?.find('@')?;
        descriptor.get(at + 2..)
    });
    let graph = locked.installation.graph();
    let wants = (0..graph.workspaces().len()).flat_map(|workspace| graph.wants(workspace));
    let specifiers = wants
        .map(Want::specifier)
        .chain(of_packages)
        .chain(of_descriptors);
    specifiers
        .filter_map(WebAddress::parse)
        .map(WebAddress::server)
        .collect()
}
