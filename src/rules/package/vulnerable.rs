use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::Source;
use crate::finding::{PackageName, PackageSeen};
use crate::kubernetes::field::quoted;
use crate::packages::advisory::Advisory;
use crate::packages::freshness::Engines;
use crate::packages::graph::{Installed, Scope, Step};
use crate::packages::purl;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::cooldowns::cooldown;
use crate::snapshot::installations::Installation;
use crate::snapshot::remedies::action;

declare_rule! {
    /// A package is installed in a version with a published vulnerability.
    ///
    /// ## Why it matters
    /// The hole and often the exploit are public, and scanners on the other side look for just these versions. What a
    /// change brings in is easier to leave out than to take out later.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {"name": "cart", "private": true, "dependencies": {"lodash": "^4.17.20"}}
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"name": "cart", "dependencies": {"lodash": "^4.17.20"}},
    ///     "node_modules/lodash": {
    ///       "version": "4.17.20",
    ///       "resolved": "https://registry.npmjs.org/lodash/-/lodash-4.17.20.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```json good
    /// # file: package.json
    /// {"name": "cart", "private": true, "dependencies": {"lodash": "^4.17.21"}}
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"name": "cart", "dependencies": {"lodash": "^4.17.21"}},
    ///     "node_modules/lodash": {
    ///       "version": "4.17.21",
    ///       "resolved": "https://registry.npmjs.org/lodash/-/lodash-4.17.21.tgz",
    ///       "integrity": "sha512-xyz=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// The severity is that of the advisory: its word, else its CVSS score of version 4, 3 or 2; medium where it has none.
    /// What only development needs is one level lower, as no user reaches it. The proposed version is the smallest that no
    /// advisory is about; where the registry was asked it also exists, is not deprecated, is as old as
    /// `packages.cooldown` asks (unless the advisory is high or critical) and runs on the Node.js that `engines` promises.
    /// One advisory about one package is one finding, however many versions of it are installed. Local packages are never
    /// looked up.
    "package/vulnerable",
    severity: Severity::High,
    other_severities: &[Severity::Critical, Severity::Medium, Severity::Low, Severity::Note],
    needs: &[Source::Advisories],
    references: &["OWASP Top 10 2021: A06", "CWE-1395"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let Some(advisories) = context.facts.advisories.known() else {
        return;
    };
    for installation in snapshot.installations() {
        let mut affected: BTreeMap<(&str, &Arc<str>), (&Advisory, Vec<Installed<'_>>)> =
            BTreeMap::new();
        for package in installation.packages() {
            if !package.is_from_registry() {
                continue;
            }
            let known = advisories.affecting(package.name(), package.version());
            for advisory in known.filter(|advisory| !advisory.is_malware) {
                let entry = affected.entry((package.name(), &advisory.id));
                let entry = entry.or_insert_with(|| (advisory, Vec::new()));
                entry.1.push(package);
            }
        }
        if affected.is_empty() {
            continue;
        }
        let cooldown = cooldown(snapshot, &installation.folder, context.packages.cooldown);
        let today = context.today.map(|day| day.0);
        let engines = installation
            .root()
            .and_then(|root| Engines::read(root.engines_node()?.as_str()?, today?));
        for ((name, _), (advisory, packages)) in affected {
            let Some(first) = packages.iter().copied().min_by_key(|one| one.scope()) else {
                continue;
            };
            let way = action(
                installation,
                first,
                advisory,
                advisories.of(name),
                &context.facts,
                (&cooldown, engines.as_ref()),
            );
            report(installation, &packages, first, advisory, &way, sink);
        }
    }
}

fn report(
    installation: &Installation,
    packages: &[Installed<'_>],
    first: Installed<'_>,
    advisory: &Advisory,
    way: &str,
    sink: &mut Sink<'_>,
) {
    let scope = first.scope();
    let location = first.location();
    let mut paths = first.paths(3);
    // The way that the line is on which the finding stands comes first.
    let origin = first.origin();
    let shortest = origin.and_then(|origin| first.paths_in(origin.workspace, 1).into_iter().next());
    let through: Vec<String> = shortest.iter().flatten().map(Step::label).collect();
    if !through.is_empty() {
        paths.retain(|other| *other != through);
        paths.insert(0, through.clone());
        paths.truncate(3);
    }
    let mut who = format!("`{}`", first.label());
    if let [brought_by @ .., _] = through.as_slice()
        && !brought_by.is_empty()
    {
        who.push_str(&format!(", through `{}`,", brought_by.join("` > `")));
    }
    let word = advisory
        .rating
        .severity
        .map_or("no severity", Severity::name);
    let what = if advisory.summary.is_empty() {
        String::new()
    } else {
        format!(": {}", quoted(&advisory.summary))
    };
    let mut sink = sink.in_file(&location.path);
    let mut draft = sink
        .report_span(location.span)
        .package(
            PackageName {
                project: Arc::clone(&installation.folder),
                name: first.shared_name(),
            },
            PackageSeen {
                version: (!first.version().is_empty()).then(|| first.version().into()),
                purl: purl::of_npm(first.name(), first.version()),
                paths,
            },
        )
        .discriminator(&advisory.id)
        .severity(weighed(advisory, scope));
    for package in packages {
        let at = package.locked_at();
        if at != location {
            draft = draft.related_in(at, format!("{} is locked here", package.label()));
        }
    }
    draft.say(&format!("{who} has {} ({word}){what}; {way}", advisory.id));
}

/// What an advisory means here: what is not shipped is one level lower.
fn weighed(advisory: &Advisory, scope: Scope) -> Severity {
    let severity = advisory.rating.severity.unwrap_or(Severity::Medium);
    if scope.is_shipped() || scope == Scope::Unreached {
        return severity;
    }
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium => Severity::Low,
        Severity::Low | Severity::Note => Severity::Note,
    }
}
