use std::collections::BTreeMap;

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::{Locked, Source};
use crate::packages::web_address::WebAddress;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::snapshot::locked::some_of;
use crate::syntax::Span;

declare_rule! {
    /// A lockfile fetches a package without TLS.
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
    /// The machine's own addresses are silent. One finding is told for each host.
    "package/insecure-protocol",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["CICD-SEC-3", "CWE-319", "CWE-494"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(lockfile) = file.lockfile() else {
        return;
    };
    let mut by_host: BTreeMap<(&str, &str), (Span, bool, Vec<&Locked>)> = BTreeMap::new();
    for package in &lockfile.packages {
        let Some(written) = address(package) else {
            continue;
        };
        let Some(address) = WebAddress::parse(written) else {
            continue;
        };
        if !address.is_open() || address.is_local() {
            continue;
        }
        let span = package
            .resolved
            .as_ref()
            .map_or(package.at, |(_, span)| *span);
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
        sink.report_span(span)
            .severity(severity)
            .discriminator(&format!("{scheme}\0{host}"))
            .say(&format!(
                "{} {comes} from {} over {scheme}:, where whoever sits between can exchange what is installed; write https:",
                some_of(&packages),
                shortened(host)
            ));
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

fn is_commit(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
