use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::facts::Source;
use crate::packages::Version;
use crate::packages::freshness::age::in_words;
use crate::packages::freshness::upkeep::{SILENCE, unmaintained};
use crate::packages::lockfile::Section;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::held::direct;

declare_rule! {
    /// A dependency has had no release for three years.
    ///
    /// ## Why it matters
    /// Perhaps it is finished. Perhaps nobody is there any more who would mend what is found in it, or who would notice
    /// that the account that publishes it has been taken over.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "dependencies": {"left-pad": "^1.3.0"}
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"left-pad": "^1.3.0"}},
    ///     "node_modules/left-pad": {
    ///       "version": "1.3.0",
    ///       "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Look whether somebody answers there; take a package that is looked after, or the few lines themselves.
    /// ```json good
    /// # file: package.json
    /// {
    ///   "dependencies": {"zod": "^4.1.0"}
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"zod": "^4.1.0"}},
    ///     "node_modules/zod": {
    ///       "version": "4.1.0",
    ///       "resolved": "https://registry.npmjs.org/zod/-/zod-4.1.0.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Judged is what workspaces ask for themselves and ship; any release counts, of whatever version. A package whose
    /// installed version is deprecated is told of as that. What the registry knows no dates of is not judged.
    "package/unmaintained",
    severity: Severity::Note,
    needs: &[Source::Dates],
    references: &["OWASP Top 10 2021: A06", "CWE-1104"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let facts = &context.facts;
    let (Some(answers), Some(now)) = (facts.registry.known(), facts.now) else {
        return;
    };
    let mut told = BTreeSet::new();
    for direct in direct(snapshot) {
        let package = direct.held.package;
        let project = &*direct.held.installation.folder;
        let is_shipped = matches!(direct.want.section, Section::Production | Section::Optional);
        let Some(document) = answers.document(package.name()).filter(|_| is_shipped) else {
            continue;
        };
        let own = Version::parse(package.version());
        let own = own.and_then(|version| document.release(&version));
        if own.is_some_and(|own| own.deprecated.is_some()) {
            continue;
        }
        let Some(found) = unmaintained(document, SILENCE, now) else {
            continue;
        };
        if !told.insert((project, package.name())) {
            continue;
        }
        let location = package.graph().location(direct.want);
        let location = location.unwrap_or_else(|| package.locked_at());
        let last = found.last.to_zoned(TimeZone::UTC).date();
        sink.report_package(direct.held, &location)
            .say(&format!(
                "`{}` has had no release for {}, the last one on {last}, so that what is found in it may stay; look whether somebody answers there, or take a package that is looked after",
                package.label(),
                in_words(found.silence)
            ));
    }
}
