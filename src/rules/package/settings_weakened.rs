use crate::packages::safeguards::weakening::{Home, Place, weakenings};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::safeguards::{
    FolderSafeguards, holds_project, home_of_scope, renovate, safeguards,
};
use crate::syntax::Span;

declare_rule! {
    /// A change to the settings of a package manager lets in what was kept out.
    ///
    /// ## Why it matters
    /// A cooldown, a list of packages that may run scripts and a registry of one's own are what keeps a release that
    /// somebody stole an hour ago from the machines that build. They are taken back with one line, often to make a
    /// build green, and nobody sees that the line had a purpose.
    ///
    /// High is what opens the door to everybody: all packages may run scripts, packages come from another registry, or
    /// nothing is held against its hash. A single package that is let through is low.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: pnpm-workspace.yaml
    /// minimumReleaseAge: 4320
    /// # file: pnpm-workspace.yaml
    /// minimumReleaseAge: 0
    /// ```
    ///
    /// ## Instead
    /// Let the one version through that cannot wait.
    /// ```yaml good
    /// # base: pnpm-workspace.yaml
    /// minimumReleaseAge: 4320
    /// # file: pnpm-workspace.yaml
    /// minimumReleaseAge: 4320
    /// minimumReleaseAgeExclude:
    ///   - express@5.1.1
    /// ```
    ///
    /// ## Limits
    /// Read are `.npmrc`, `.yarnrc.yml`, `.yarnrc`, `bunfig.toml`, `pnpm-workspace.yaml` and `package.json`, all files of a
    /// folder together, so that a setting that moves from one to the other is no change; and of Renovate the one file
    /// that it reads. What is the default of a package manager is known where `packageManager` says which it is. A
    /// cooldown or a list that is written for the first time, with all its exceptions, is silent, but for what
    /// `trustedDependencies` adds to the packages that Bun trusts by itself; so is a `before` that
    /// gives way to a length of time, another version of what pnpm installs for itself or of the package manager, and
    /// options of Node.js that load nothing; so is an exception for
    /// one version, a registry whose address is a variable, and one for a scope of which the lockfile holds nothing. What
    /// a preset of Renovate from another repository says is not known.
    /// A lockfile of another name or in another folder (`lockfileFilename`, `lockfileDir`, `gitBranchLockfile`,
    /// `install.lockfile.path`) is high.
    "package/settings-weakened",
    severity: Severity::Medium,
    other_severities: &[Severity::High, Severity::Low],
    references: &["CICD-SEC-3", "CWE-693", "CWE-1357"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let (before, after) = (safeguards(pair.base), safeguards(pair.head));
    for (folder, old) in &before {
        let new = after.get(folder).cloned().unwrap_or_default();
        // A project that is gone, or moved, is weakened by nothing.
        let is_left = !new.files.is_empty() || holds_project(pair.head, folder);
        let is_hidden = !new.is_whole && !new.files.is_empty();
        if is_left && !is_hidden && old.is_whole {
            let home = |scope: &str| home_of_scope(pair.base, folder, &old.safeguards, scope);
            tell(pair, (old, &new), &home, sink);
        }
    }
    of_renovate(pair, sink);
}

/// Renovate reads one file for the whole repository, wherever it lies.
fn of_renovate(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    let (Some(old), new) = (renovate(pair.base), renovate(pair.head)) else {
        return;
    };
    let new = new.unwrap_or_default();
    if old.is_whole && (new.is_whole || new.files.is_empty()) {
        tell(pair, (&old, &new), &|_| None, sink);
    }
}

/// Says what two sides of the same settings differ in to the worse.
fn tell(
    pair: &Pair<'_>,
    (old, new): (&FolderSafeguards, &FolderSafeguards),
    home: Home<'_>,
    sink: &mut Sink<'_>,
) {
    for weakening in weakenings(&old.safeguards, &new.safeguards, home) {
        let (path, span) = match weakening.place {
            Place::Head(file, span) => (new.files.get(file).cloned(), span),
            Place::Base(file) => {
                let path = old.files.get(file).map(|path| pair.continued(path));
                (path, Span::default())
            }
        };
        let Some(path) = path else { continue };
        sink.in_file(&path)
            .report_span(span)
            .severity(weakening.severity)
            .discriminator(&weakening.discriminator)
            .say(&weakening.sentence);
    }
}
