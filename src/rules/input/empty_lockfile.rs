use crate::declare_rule;
use crate::packages::graph::Want;
use crate::packages::lockfile::{Lockfile, Section};
use crate::packages::{Scope, Specifier};
use crate::rule::{Check, Context, Severity, Sink};
use crate::snapshot::Snapshot;
use crate::snapshot::installations::Installation;
use crate::syntax::Span;

declare_rule! {
    /// A lockfile holds no package although its `package.json` asks for some.
    ///
    /// ## Why it matters
    /// Such a lockfile was emptied, truncated, or is written in a way that is not understood here. What is installed cannot be judged, so the run is incomplete: an empty list is not a clean one.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {"name": "cart", "dependencies": {"express": "^4.21.2"}}
    /// # file: package-lock.json
    /// {"name": "cart", "lockfileVersion": 3, "packages": {}}
    /// ```
    ///
    /// ## Instead
    /// Install again, and commit the lockfile that this writes.
    ///
    /// ```json good
    /// # file: package.json
    /// {"name": "cart", "dependencies": {"ms": "^2.1.3"}}
    /// # file: package-lock.json
    /// {
    ///   "name": "cart",
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"name": "cart", "dependencies": {"ms": "^2.1.3"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// What pnpm locks for itself (`packageManagerDependencies`) counts for no package of the project. Dependencies that lie in the repository itself (`workspace:`, `file:`, `link:`) need no entry. A lockfile that cannot be parsed is told as `input/unreadable`. Beside the lockfile that `packageManager` names, or beside a shrinkwrap, another one may be empty.
    "input/empty-lockfile",
    severity: Severity::High,
    references: &["CWE-693"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for installation in snapshot.installations() {
        let Some(path) = installation.lockfile_path() else {
            continue;
        };
        let lockfile = installation.lockfile();
        let is_of_manager = lockfile.is_some_and(Lockfile::is_of_environment_alone);
        // What another lockfile takes the place of may be empty.
        if installation.is_set_aside {
            continue;
        }
        if !installation.is_known() || !(installation.graph().is_empty() || is_of_manager) {
            continue;
        }
        let Some((file, want)) = first_fetched(installation) else {
            continue;
        };
        let name = crate::kubernetes::field::shortened(&want.name);
        let holds = if is_of_manager {
            "what pnpm needs for itself and no document of the project"
        } else {
            "no package"
        };
        sink.in_file(path)
            .report_span(Span::default())
            .unread()
            .discriminator("empty")
            .say(&format!(
                "this lockfile holds {holds}, and {file} asks for `{name}`: what is installed is not known; install again and commit the lockfile that this writes"
            ));
    }
}

/// The first dependency that cannot lie in the repository, with the file that asks for it.
fn first_fetched(installation: &Installation) -> Option<(&str, &Want)> {
    let graph = installation.graph();
    let numbered = graph.workspaces().iter().enumerate();
    numbered
        .flat_map(|(number, workspace)| {
            let wants = graph.wants(number).iter();
            wants.map(move |want| (&*workspace.file, want))
        })
        .find(|(_, want)| is_fetched(want))
}

/// True for what must come from somewhere. A peer is brought by whoever uses the package, and what is resolved lies in
/// the repository, as there are no packages.
fn is_fetched(want: &Want) -> bool {
    want.declared.is_some()
        && want.section != Section::Peer
        && Scope::of(want.section) != Scope::Environment
        && !want.is_resolved()
        && !Specifier::parse(want.specifier()).is_local()
}
