use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::config::Outdated as Severities;
use crate::config::value::Setting;
use crate::facts::Source;
use crate::kubernetes::field::{quoted, shortened};
use crate::packages::freshness::age::in_words;
use crate::packages::freshness::cooldown::Cooldown;
use crate::packages::freshness::outdated::{Distance, Installed, Offer, ToldBy};
use crate::packages::freshness::{Acceptance, Engines, Outdated, Refusal, outdated};
use crate::packages::lockfile::Section;
use crate::packages::registry::Document;
use crate::packages::upgrade::respelled;
use crate::packages::{Range, Version};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::cooldowns::cooldown;
use crate::snapshot::held::{Direct, direct};
use crate::snapshot::remedies::again;

declare_rule! {
    /// A dependency is behind what its publisher offers.
    ///
    /// ## Why it matters
    /// The further behind, the more has to change at once on the day on which an advisory leaves no choice: its fix is
    /// made for the newest major version, and sometimes for the one before.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "dependencies": {"express": "^4.18.2"}
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"express": "^4.18.2"}},
    ///     "node_modules/express": {
    ///       "version": "4.18.2",
    ///       "resolved": "https://registry.npmjs.org/express/-/express-4.18.2.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Ask for what is offered, and install.
    /// ```json good
    /// # file: package.json
    /// {
    ///   "dependencies": {"express": "^5.1.0"}
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"express": "^5.1.0"}},
    ///     "node_modules/express": {
    ///       "version": "5.1.0",
    ///       "resolved": "https://registry.npmjs.org/express/-/express-5.1.0.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// `packages.outdated` of the configuration says how grave it is to be behind by a major (low), a minor (note) and a
    /// patch version (off). Judged is what workspaces ask for themselves, peers excepted. What is offered is never beyond
    /// the tag `latest`, deprecated, younger than the cooldown, or unfit for the versions of Node.js that `engines` of
    /// the repository promises. `@types/node` follows the Node.js that is used, and is left alone.
    "package/outdated",
    severity: Severity::Low,
    other_severities: &[Severity::Note, Severity::Medium, Severity::High, Severity::Critical],
    needs: &[Source::Registry],
    references: &["OWASP Top 10 2021: A06", "CWE-1104"],
    check: Check::Manifests(check),
}

/// A dependency that is behind.
struct Behind<'a> {
    direct: Direct<'a>,
    severity: Severity,
    distance: Distance,
    sentence: String,
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let facts = &context.facts;
    let (Some(answers), Some(now)) = (facts.registry.known(), facts.now) else {
        return;
    };
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut cooldowns: BTreeMap<&str, Cooldown> = BTreeMap::new();
    let mut by_name: BTreeMap<(&str, &str), Vec<Behind<'_>>> = BTreeMap::new();
    for direct in direct(snapshot) {
        let name = direct.held.package.name();
        let is_asked = matches!(
            direct.want.section,
            Section::Production | Section::Optional | Section::Development
        );
        let Some(document) = answers.document(name) else {
            continue;
        };
        if !is_asked || name == "@types/node" {
            continue;
        }
        let folder = &*direct.held.installation.folder;
        let cooldown = cooldowns
            .entry(folder)
            .or_insert_with(|| cooldown(snapshot, folder, context.packages.cooldown));
        let engines = direct.engines(today);
        let acceptance = Acceptance {
            cooldown,
            engines: engines.as_ref(),
            now,
        };
        let found = behind(direct, document, &acceptance, context.packages.outdated);
        by_name.entry((folder, name)).or_default().extend(found);
    }
    for found in by_name.into_values() {
        report(&found, sink);
    }
}

/// What is behind, if it is, and if anybody wants to know.
fn behind<'a>(
    direct: Direct<'a>,
    document: &Document,
    acceptance: &Acceptance<'_>,
    severities: Severities,
) -> Option<Behind<'a>> {
    let package = direct.held.package;
    let version = Version::parse(package.version())?;
    let specifier = direct.specifier().unwrap_or_default();
    let range = range_of(specifier);
    let installed = Installed {
        name: package.name(),
        version: &version,
        range: range.as_ref(),
    };
    let answer = outdated(document, installed, acceptance);
    let offer = answer.offer.as_ref()?;
    let setting = match offer.distance {
        Distance::Major => severities.major,
        Distance::Minor => severities.minor,
        Distance::Patch => severities.patch,
    };
    let Setting::Severity(severity) = setting else {
        return None;
    };
    let sentence = format!(
        "`{}` is a {} version behind {}, {}; {}",
        package.label(),
        offer.distance.name(),
        offer.release.text,
        told(&answer, acceptance.engines),
        edit(direct, specifier, offer),
    );
    Some(Behind {
        direct,
        severity,
        distance: offer.distance,
        sentence,
    })
}

/// What a specifier takes; an alias takes what stands behind it.
fn range_of(specifier: &str) -> Option<Range> {
    let alias = specifier.trim().strip_prefix("npm:");
    let at = alias.and_then(|alias| alias.char_indices().skip(1).find(|(_, c)| *c == '@'));
    match (alias, at) {
        (Some(alias), Some((at, _))) => Range::parse(alias.get(at + 1..)?),
        _ => Range::parse(specifier),
    }
}

/// By what rule the offer was found.
fn told(answer: &Outdated<'_>, engines: Option<&Engines>) -> String {
    let latest = answer.latest.map(|release| &*release.text);
    match (&answer.told_by, latest) {
        (ToldBy::Below(refused), Some(latest)) if *latest == *refused.release.text => format!(
            "the newest release that can be taken, as {latest}, the `latest` one, {}",
            why(&refused.why, engines)
        ),
        (ToldBy::Below(refused), _) => format!(
            "the newest release that can be taken, as {} {}",
            refused.release.text,
            why(&refused.why, engines)
        ),
        (_, Some(_)) => "which the tag `latest` points to".to_owned(),
        (_, None) => "the highest release, as no tag says which is the latest".to_owned(),
    }
}

fn why(refusal: &Refusal, engines: Option<&Engines>) -> String {
    match refusal {
        Refusal::Missing => "is not there".to_owned(),
        Refusal::Deprecated(_) => "is deprecated".to_owned(),
        Refusal::Young(youth) => format!(
            "is younger than the {} that {} asks for",
            in_words(youth.least),
            youth.from
        ),
        Refusal::Engines(asked) => {
            let promised = engines.map_or("", Engines::as_str);
            format!(
                "needs Node.js {} where `engines.node` promises {}",
                quoted(asked),
                quoted(promised)
            )
        }
    }
}

/// What to type.
fn edit(direct: Direct<'_>, specifier: &str, offer: &Offer<'_>) -> String {
    let installation = direct.held.installation;
    let again = || again(installation, &direct.want.name);
    let mut shown = format!("`{}`", shortened(specifier));
    if specifier != direct.want.specifier() {
        shown.push_str(" of the catalogue");
    }
    if offer.is_in_range {
        return format!("{shown} takes it, so that `{}` is enough", again());
    }
    match respelled(specifier, &offer.release.text) {
        Some(new) => format!("{shown} does not take it, so write `{new}` in its place"),
        None => format!("`{}` takes what is newest", again()),
    }
}

/// One finding for a package of a project: the worst of its workspaces, with the others beside it.
fn report(found: &[Behind<'_>], sink: &mut Sink<'_>) {
    // Of equals the first.
    let worst = found
        .iter()
        .rev()
        .max_by_key(|behind| (behind.severity, behind.distance));
    let Some(worst) = worst else { return };
    let place = |behind: &Behind<'_>| {
        let graph = behind.direct.held.package.graph();
        let location = graph.location(behind.direct.want);
        location.unwrap_or_else(|| behind.direct.held.package.locked_at())
    };
    let location = place(worst);
    let mut draft = sink
        .report_package(worst.direct.held, &location)
        .severity(worst.severity);
    for other in found {
        let at = place(other);
        if at != location {
            let label = other.direct.held.package.label();
            draft = draft.related_in(at, format!("{label} is asked for here as well"));
        }
    }
    draft.say(&worst.sentence);
}
