use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::Source;
use crate::kubernetes::field::{quoted, shortened};
use crate::packages::Version;
use crate::packages::advisory::Advisory;
use crate::packages::freshness::Engines;
use crate::packages::graph::Scope;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::cooldowns::cooldown;
use crate::snapshot::held::{Held, held};
use crate::snapshot::overriding::overriding;
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
    /// Where an override decides the version, the finding stands at its line, whoever asks for the package.
    /// Each version that is installed is a finding of its own, as each has its own way out; one that takes the place of
    /// another affected one is not new, unless more of an advisory's entries are about it. What a workspace gets that had none
    /// of it is new there, whichever other workspace had it, but for what comes by using that one. Local packages are never looked up. Without a lockfile it judges what `package.json` pins to one version; what a range takes is not known.
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
    let mut by_installation: BTreeMap<&str, Affected<'_>> = BTreeMap::new();
    for held in held(snapshot) {
        let (name, version) = held.key();
        let known = advisories.affecting(name, version);
        for advisory in known.filter(|advisory| !advisory.is_malware) {
            let affected = by_installation.entry(&held.installation.folder);
            let affected = affected.or_default().entry((name, &advisory.id));
            let (_, versions) = affected.or_insert_with(|| (advisory, Versions::new()));
            let version = (Version::parse(version), version);
            versions.entry(version).or_default().push(held);
        }
    }
    for (folder, affected) in by_installation {
        let cooldown = cooldown(snapshot, folder, context.packages.cooldown);
        for ((name, _), (advisory, versions)) in affected {
            for (number, packages) in versions.values().enumerate() {
                let Some(first) = packages
                    .iter()
                    .copied()
                    .min_by_key(|one| one.package.scope())
                else {
                    continue;
                };
                let today = context.today.map(|day| day.0);
                let engines = first
                    .installation
                    .root()
                    .and_then(|root| Engines::read(root.engines_node()?.as_str()?, today?));
                let way = action(
                    first.installation,
                    first.package,
                    advisory,
                    advisories.of(name),
                    &context.facts,
                    (&cooldown, engines.as_ref()),
                );
                report(packages, (first, number > 0), advisory, &way, sink);
            }
        }
    }
}

/// Advisories about packages of one installation, by name and id, with the versions that each is about.
type Affected<'a> = BTreeMap<(&'a str, &'a Arc<str>), (&'a Advisory, Versions<'a>)>;

/// The packages of one name, by version, the lowest first.
type Versions<'a> = BTreeMap<(Option<Version>, &'a str), Vec<Held<'a>>>;

fn report(
    packages: &[Held<'_>],
    (first, is_further): (Held<'_>, bool),
    advisory: &Advisory,
    way: &str,
    sink: &mut Sink<'_>,
) {
    let by = overriding(first.installation, first.package);
    let location = match &by {
        Some(by) => by.at.clone(),
        None => first.location(),
    };
    let word = advisory
        .rating
        .severity
        .map_or("no severity", Severity::name);
    let told = advisory.told_of(first.key().1);
    let what = if told.summary.is_empty() {
        String::new()
    } else {
        format!(": {}", quoted(told.summary))
    };
    let mut draft = sink
        .report_package(first, &location)
        .discriminator(&advisory.id)
        .of_versions([first.key().1])
        .entries(advisory.entries_about(first.key().1))
        .severity(weighed(advisory, first.package.scope()));
    // The lowest version keeps the identity that it had while it was alone.
    if is_further {
        draft = draft.copy(first.package.version());
    }
    for held in packages {
        let at = held.package.locked_at();
        if at != location && at != first.package.locked_at() {
            draft = draft.related_in(at, format!("{} is locked here", held.package.label()));
        }
    }
    let who = match by {
        Some(by) => format!(
            "`{}`, which the override `{}` puts in,",
            first.package.label(),
            shortened(by.specifier)
        ),
        None => first.called(),
    };
    draft.say(&format!("{who} has {} ({word}){what}; {way}", told.id));
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
