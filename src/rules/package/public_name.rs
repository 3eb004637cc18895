use crate::facts::Source;
use crate::kubernetes::field::shortened;
use crate::packages::registry::Document;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::local_names::local_names;
use crate::snapshot::locked::wished;

declare_rule! {
    /// A private package of the repository has the name of one that a registry hands out.
    ///
    /// ## Why it matters
    /// Wherever the workspace is not at hand (a folder that is built by itself, a lockfile that is written anew, a version
    /// that no longer fits), the package manager takes the package of that name from the registry, and runs what a
    /// stranger published.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "workspaces": ["packages/*"],
    ///   "dependencies": {"left-pad": "^1.0.0"}
    /// }
    /// # file: packages/left-pad/package.json
    /// {
    ///   "name": "left-pad",
    ///   "version": "1.0.0",
    ///   "private": true
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"workspaces": ["packages/*"], "dependencies": {"left-pad": "^1.0.0"}},
    ///     "node_modules/left-pad": {"resolved": "packages/left-pad", "link": true},
    ///     "packages/left-pad": {"version": "1.0.0"}
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Give it a name in a scope that belongs to you, and map the scope to your registry.
    /// ```json good
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "workspaces": ["packages/*"],
    ///   "dependencies": {"@shop/left-pad": "^1.0.0"}
    /// }
    /// # file: packages/left-pad/package.json
    /// {
    ///   "name": "@shop/left-pad",
    ///   "version": "1.0.0",
    ///   "private": true
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"workspaces": ["packages/*"], "dependencies": {"@shop/left-pad": "^1.0.0"}},
    ///     "node_modules/@shop/left-pad": {"resolved": "packages/left-pad", "link": true},
    ///     "packages/left-pad": {"version": "1.0.0"}
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// It waits to be asked for, as it tells the registry names that nobody outside knows: those of private packages
    /// (`"private": true`) that another package of the repository asks for, but for those in a scope that a registry of
    /// its own is named for. Without it these are told to nobody. It is low where all who ask name the workspace or the
    /// folder. A name that the registry only holds back is silent, as is a package that may be published: it is its own
    /// double.
    "package/public-name",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    opt_in: true,
    needs: &[Source::Registry],
    references: &["CICD-SEC-3", "CWE-427", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let Some(answers) = context.facts.registry.known() else {
        return;
    };
    for own in local_names(snapshot) {
        let is_taken = answers.document(own.name).is_some_and(is_handed_out);
        if !is_taken {
            continue;
        }
        let (subject, seen) = wished(own.installation, own.name);
        let name = shortened(own.name);
        let mut sink = sink.in_file(&own.at.path);
        let draft = sink.report_span(own.at.span).package(subject, seen);
        match own.by_range {
            Some(at) => draft
                .related_in(at, "asked for by a range, which the registry can answer")
                .say(&format!(
                    "name `{name}` is that of a package of the registry too, and a range asks for it, so that whoever installs without this workspace gets what a stranger published; take a name in a scope of your own, or ask for the workspace"
                )),
            None => draft.severity(Severity::Low).say(&format!(
                "name `{name}` is that of a package of the registry too, so that whoever asks for it without this workspace gets what a stranger published; take a name in a scope of your own"
            )),
        }
    }
}

/// True if anybody can install it; what a registry holds back has no release but one that says so.
fn is_handed_out(document: &Document) -> bool {
    let mut releases = document.releases.iter();
    releases.any(|release| !release.text.contains("-security"))
}
