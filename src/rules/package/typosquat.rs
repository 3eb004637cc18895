use std::collections::BTreeSet;

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::Section;
use crate::packages::popular::mistaken_for;
use crate::packages::specifier::Specifier;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::catalogued::asked;
use crate::snapshot::locked::{own_names, wished};

declare_rule! {
    /// A dependency has a name that is nearly that of a much used package.
    ///
    /// ## Why it matters
    /// Names that are one slip of the finger away from a known one are registered for those who slip. Their packages often
    /// do what the known one does, and something else besides.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "expresss": "^4.21.2"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```json good
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "express": "^4.21.2"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// It looks at what a `package.json` asks a registry for, under names of six letters and more that are not much used
    /// themselves, and compares them with the 2,000 most used ones: a letter more, less or other, two that changed places,
    /// hyphens, dots and scopes left away. A digit in the place of another is a version, and
    /// words of three letters are too short to be mistyped. Names of the repository itself, and
    /// of its scopes, are silent.
    "package/typosquat",
    severity: Severity::Medium,
    references: &["CICD-SEC-3", "CAPEC-691", "CWE-1007"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let own = own_names(snapshot);
    let scopes: BTreeSet<&str> = own.iter().filter_map(|name| scope_of(name)).collect();
    for installation in snapshot.installations() {
        let graph = installation.graph();
        let wants = (0..graph.workspaces().len()).flat_map(|workspace| graph.wants(workspace));
        let mut told = BTreeSet::new();
        for want in wants {
            let (Some(declared), Some(place)) = (&want.declared, graph.location(want)) else {
                continue;
            };
            let Some(asked) = asked(installation, want) else {
                continue;
            };
            let name = match Specifier::parse(asked.specifier) {
                Specifier::Alias { name, specifier } if specifier.is_of_registry() => name,
                specifier if specifier.is_of_registry() => &*want.name,
                _ => continue,
            };
            let is_own =
                own.contains(name) || scope_of(name).is_some_and(|scope| scopes.contains(scope));
            // Whoever brings a peer asks for it by its name.
            if is_own || declared.section == Section::Peer || !told.insert(name) {
                continue;
            }
            let Some(known) = mistaken_for(name) else {
                continue;
            };
            // Where a catalogue says another name than the workspace does, it stands there.
            let place = if *want.name == *name { place } else { asked.at };
            let (subject, seen) = wished(installation, name);
            sink.in_file(&place.path)
                .report_span(place.span)
                .package(subject, seen)
                .of_asking()
                .say(&format!(
                    "`{}` is nearly the name of `{known}`, which many use; write {known} if that is meant, else read what this package does",
                    shortened(name)
                ));
        }
    }
}

fn scope_of(name: &str) -> Option<&str> {
    let scoped = name.starts_with('@').then_some(name)?;
    scoped.split('/').next()
}
