use std::collections::BTreeMap;

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::{Locked, Source};
use crate::packages::safeguards::{Safeguard, Value};
use crate::packages::specifier::{Specifier, is_commit};
use crate::packages::web_address::WebAddress;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::installations::Installation;
use crate::snapshot::locked::{LockedFile, locked_files, some_of, wished};
use crate::snapshot::safeguards::{FolderSafeguards, safeguards};
use crate::syntax::Span;

declare_rule! {
    /// A package is fetched without TLS.
    ///
    /// ## Why it matters
    /// Over `http:` and `git:` whoever sits between the builder and the server hands out what he likes. A hash beside
    /// the address still tells the difference, as does the commit of a git repository, and makes it medium; without one
    /// nothing does.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "http://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-def=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
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
    /// The machine's own addresses are silent. Of a lockfile one finding is told for each host; a `package.json` is read
    /// where no lockfile says what it fetches; settings are read for the addresses of registries.
    "package/insecure-protocol",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["CICD-SEC-3", "CWE-319", "CWE-494"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for locked in locked_files(snapshot) {
        of_lockfile(locked, sink);
    }
    for installation in snapshot.installations() {
        if installation.file.is_none() {
            of_wishes(installation, sink);
        }
    }
    for folder in safeguards(snapshot).into_values() {
        of_settings(&folder, sink);
    }
}

/// What lockfiles fetch, told once a host.
fn of_lockfile(locked: LockedFile<'_>, sink: &mut Sink<'_>) {
    let mut by_host: BTreeMap<(&str, &str), (Span, bool, Vec<&Locked>)> = BTreeMap::new();
    for package in &locked.lockfile.packages {
        let Some(address) = address(package).and_then(WebAddress::parse) else {
            continue;
        };
        if !address.is_open() || address.is_local() {
            continue;
        }
        let resolved = package.resolved.as_ref();
        let span = resolved.map_or(package.at, |(_, span)| *span);
        let of_host =
            by_host
                .entry((address.scheme, address.host))
                .or_insert((span, true, Vec::new()));
        of_host.1 &= is_bound(package);
        of_host.2.push(package);
    }
    for ((scheme, host), (span, is_bound, packages)) in by_host {
        let severity = if is_bound {
            Severity::Medium
        } else {
            Severity::High
        };
        let comes = if packages.len() == 1 { "comes" } else { "come" };
        sink.in_file(&locked.file.path)
            .report_span(span)
            .severity(severity)
            .discriminator(&format!("{scheme}\0{host}"))
            .say(&format!(
                "{} {comes} from {} over {scheme}:, where whoever sits between can exchange what is installed; write https:",
                some_of(&packages),
                shortened(host)
            ));
    }
}

/// What a `package.json` without a lockfile asks for.
fn of_wishes(installation: &Installation, sink: &mut Sink<'_>) {
    let graph = installation.graph();
    let wants = (0..graph.workspaces().len()).flat_map(|workspace| graph.wants(workspace));
    for want in wants {
        let specifier = want.specifier();
        let (Some(address), Some(place)) = (WebAddress::parse(specifier), graph.location(want))
        else {
            continue;
        };
        if !address.is_open() || address.is_local() || !Specifier::parse(specifier).is_exotic() {
            continue;
        }
        let (name, seen) = wished(installation, &want.name);
        sink.in_file(&place.path)
            .report_span(place.span)
            .package(name, seen)
            .discriminator(address.scheme)
            .say(&format!(
                "`{}` comes from {} over {}:, where whoever sits between can exchange what is installed; write https:",
                shortened(&want.name),
                shortened(address.host),
                address.scheme
            ));
    }
}

/// The registries that settings name.
fn of_settings(folder: &FolderSafeguards, sink: &mut Sink<'_>) {
    for (file, said) in folder.safeguards.all(Safeguard::Registry) {
        let (Value::Word(word), Some(path)) = (&said.value, folder.files.get(*file)) else {
            continue;
        };
        let Some(address) = WebAddress::parse(word) else {
            continue;
        };
        if address.is_open() && !address.is_local() {
            sink.in_file(path)
                .report_span(said.at)
                .discriminator(&format!("registry\0{}", said.key))
                .say(&format!(
                    "{} names {} over {}:, where whoever sits between can exchange what is installed; write https:",
                    shortened(&said.name),
                    shortened(address.host),
                    address.scheme
                ));
        }
    }
}

/// Where a package is fetched from.
fn address(package: &Locked) -> Option<&str> {
    match (&package.source, &package.resolved) {
        (Source::Git { repository, .. }, _) => Some(repository),
        (_, Some((resolved, _))) => Some(resolved),
        (Source::Tarball(address), None) => Some(address),
        _ => None,
    }
}

/// True if other bytes would be noticed.
fn is_bound(package: &Locked) -> bool {
    match &package.source {
        Source::Git { commit, .. } => commit.as_deref().is_some_and(is_commit),
        _ => package.integrity.is_some(),
    }
}
