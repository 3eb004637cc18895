use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::{Record, RecordKind};
use crate::packages::safeguards::weakening::{Place, weakenings};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::locked::{LockedFile, locked_pairs};
use crate::snapshot::safeguards::safeguards;
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
    /// Read are `.npmrc`, `.yarnrc.yml`, `pnpm-workspace.yaml` and `package.json`, all files of a folder together, so that
    /// a setting that moves from one to the other is no change. What is the default of a package manager is known where
    /// `packageManager` says which it is. A cooldown or a list that is written for the first time, with all its
    /// exceptions, is silent; so is an exception for one version, and a registry whose address is a variable. Of
    /// `.pnpmfile.cjs` and of patches it sees the hashes that lockfiles of pnpm record; a patch is a note.
    "package/settings-weakened",
    severity: Severity::Medium,
    other_severities: &[Severity::High, Severity::Low, Severity::Note],
    references: &["CICD-SEC-3", "CWE-693", "CWE-1357"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let (before, after) = (safeguards(pair.base), safeguards(pair.head));
    for (folder, old) in &before {
        let new = after.get(folder).cloned().unwrap_or_default();
        // A project that is gone, or moved, is weakened by nothing.
        let is_left = !new.files.is_empty();
        if !is_left || !new.is_whole || !old.is_whole {
            continue;
        }
        for weakening in weakenings(&old.safeguards, &new.safeguards) {
            let (path, span) = match weakening.place {
                Place::Head(file, span) => (new.files.get(file).cloned(), span),
                Place::Base(file) => {
                    let path = old.files.get(file).map(|path| pair.continued(path));
                    (path, Span::default())
                }
            };
            let Some(path) = path else { continue };
            sink.in_file(&Arc::clone(&path))
                .report_span(span)
                .severity(weakening.severity)
                .discriminator(&weakening.discriminator)
                .say(&weakening.sentence);
        }
    }
    for (before, after) in locked_pairs(pair) {
        code_of_pnpm(before, after, sink);
        patches(before, after, sink);
    }
}

/// `.pnpmfile.cjs`, whose hash the lockfile records.
fn code_of_pnpm(before: LockedFile<'_>, after: LockedFile<'_>, sink: &mut Sink<'_>) {
    let hash = |locked: LockedFile<'_>| -> Option<Record> {
        let mut records = locked.lockfile.records.iter();
        let found = records.find(|record| record.what == RecordKind::PnpmfileHash);
        found.cloned()
    };
    let (old, new) = (hash(before), hash(after));
    let Some(new) = new.filter(|new| old.is_none_or(|old| old.value != new.value)) else {
        return;
    };
    sink.in_file(&after.file.path)
        .report_span(new.at)
        .discriminator("pnpmfile")
        .say("pnpmfileChecksum is another one: .pnpmfile.cjs runs whenever somebody installs and decides what packages ask for; read it as you read the code of the project");
}

/// Patches of packages, as far as lockfiles record them.
fn patches(before: LockedFile<'_>, after: LockedFile<'_>, sink: &mut Sink<'_>) {
    let is_patch = |record: &&Record| record.what == RecordKind::Patch;
    let old: BTreeMap<&str, &str> = before
        .lockfile
        .records
        .iter()
        .filter(is_patch)
        .map(|record| (&*record.key, &*record.value))
        .collect();
    for patch in after.lockfile.records.iter().filter(is_patch) {
        if old.get(&*patch.key) == Some(&&*patch.value) {
            continue;
        }
        sink.in_file(&after.file.path)
            .report_span(patch.at)
            .severity(Severity::Note)
            .discriminator(&format!("patch\0{}", patch.key))
            .say(&format!(
                "`{}` is installed with another patch than before, so that its code is not what was published; read the patch",
                shortened(&patch.key)
            ));
    }
}
