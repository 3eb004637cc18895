use crate::kubernetes::field::{quoted, shortened};
use crate::packages::PackageJson;
use crate::packages::lockfile::Section;
use crate::packages::range::Release;
use crate::packages::specifier::Specifier;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::locked::{own_names, wished};

declare_rule! {
    /// A program without a lockfile installs any version of a package.
    ///
    /// ## Why it matters
    /// Each build brings whatever was published last, with breaking changes and with what somebody published an hour ago
    /// from a stolen account. Nothing in the repository changes, and nobody can build yesterday's image again.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "name": "shop",
    ///   "private": true,
    ///   "dependencies": {
    ///     "express": "latest"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Keep a lockfile in the repository, and name the major version.
    /// ```json good
    /// # file: package.json
    /// {
    ///   "name": "shop",
    ///   "private": true,
    ///   "dependencies": {
    ///     "express": "^4.21.2"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// It looks at a `package.json` that is `private` and has no lockfile beside it or above it: a lockfile holds on to the
    /// version that was there. `*`, tags such as `latest` and ranges without an upper end are told; packages of the
    /// repository itself, peers and what only development needs are silent.
    "package/floating-range",
    severity: Severity::Low,
    references: &["CICD-SEC-3", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let own = own_names(snapshot);
    for installation in snapshot.installations() {
        let graph = installation.graph();
        let is_program = |workspace: &usize| {
            let package = installation.package_json(*workspace);
            package.is_some_and(PackageJson::is_private)
        };
        let programs = (0..graph.workspaces().len()).filter(is_program);
        for want in programs.flat_map(|workspace| graph.wants(workspace)) {
            let (Some(declared), Some(place)) = (&want.declared, graph.location(want)) else {
                continue;
            };
            let is_shipped = matches!(declared.section, Section::Production | Section::Optional);
            if installation.file.is_some() || !is_shipped || own.contains(&*want.name) {
                continue;
            }
            let specifier = match Specifier::parse(&declared.specifier) {
                Specifier::Alias { specifier, .. } => *specifier,
                specifier => specifier,
            };
            let floats = match &specifier {
                Specifier::Any | Specifier::Tag(_) => true,
                Specifier::Range(range) => range.holds(UNHEARD_OF),
                _ => false,
            };
            if !floats {
                continue;
            }
            let (name, seen) = wished(installation, &want.name);
            sink.in_file(&place.path)
                .report_span(place.span)
                .package(name, seen)
                .say(&format!(
                    "`{}` asks for {}, which takes whatever is published last, and no lockfile holds on to a version; name the major version, and keep a lockfile",
                    shortened(&want.name),
                    quoted(&declared.specifier)
                ));
        }
    }
}

/// A version that only a range without an upper end holds.
const UNHEARD_OF: Release = Release(900_000, 0, 0);
