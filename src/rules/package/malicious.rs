use crate::facts::Source;
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::held::held;
use crate::snapshot::locked::wished;
use crate::snapshot::unlocked::unlocked;

declare_rule! {
    /// A package is installed in a version that was published to do harm.
    ///
    /// ## Why it matters
    /// Such versions steal tokens and keys from whoever installs them, in the pipeline and on laptops, before anything is
    /// deployed; whatever the machine knew has to be replaced.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {"name": "cart", "private": true, "dependencies": {"evil-colors": "1.4.1"}}
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"name": "cart", "dependencies": {"evil-colors": "1.4.1"}},
    ///     "node_modules/evil-colors": {
    ///       "version": "1.4.1",
    ///       "resolved": "https://registry.npmjs.org/evil-colors/-/evil-colors-1.4.1.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Remove it, or take the last version before it. Replace every secret that a machine knew on which it was installed.
    /// ```json good
    /// # file: package.json
    /// {"name": "cart", "private": true, "dependencies": {"evil-colors": "1.4.0"}}
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"name": "cart", "dependencies": {"evil-colors": "1.4.0"}},
    ///     "node_modules/evil-colors": {
    ///       "version": "1.4.0",
    ///       "resolved": "https://registry.npmjs.org/evil-colors/-/evil-colors-1.4.0.tgz",
    ///       "integrity": "sha512-xyz=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// It knows what the sources of advisories know: entries of OSV with an id that starts with `MAL-`, and what others say
    /// under such a name. A package that only development needs counts as much: it runs where it is installed. Local
    /// packages are never looked up, whatever they are called. What no lockfile holds it judges by what
    /// `package.json` and settings pin to one version, be that a part of a range (`1.2.3 || ^9`) or what a patch is for, and
    /// of other ranges and tags it judges the names of which every version is malware.
    "package/malicious",
    severity: Severity::Critical,
    needs: &[Source::Advisories],
    references: &["CICD-SEC-3", "CWE-506"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let Some(advisories) = context.facts.advisories.known() else {
        return;
    };
    for held in held(snapshot) {
        let (name, version) = held.key();
        let mut known = advisories.affecting(name, version);
        let Some(advisory) = known.find(|advisory| advisory.is_malware) else {
            continue;
        };
        let draft = sink
            .report_package(held, &held.location())
            .discriminator(version)
            .of_versions([version]);
        draft.say(&format!(
            "{} is malware ({}); take it out, and replace every secret that a machine knew on which it was installed",
            held.called(),
            advisory.told_of(version).id
        ));
    }
    for unlocked in unlocked(snapshot) {
        let mut known = advisories.of(unlocked.name).iter();
        // What is malware in some versions may not be so in the one that is installed.
        let Some(advisory) =
            known.find(|advisory| advisory.is_malware && advisory.affected.is_about_all())
        else {
            continue;
        };
        let (subject, seen) = wished(unlocked.installation, unlocked.name);
        sink.in_file(&unlocked.at.path)
            .report_span(unlocked.at.span)
            .package(subject, seen)
            .discriminator("all versions")
            .say(&format!(
                "`{}` is malware in every version ({}); take it out, and replace every secret that a machine knew on which it was installed",
                shortened(unlocked.name),
                advisory.id
            ));
    }
}
