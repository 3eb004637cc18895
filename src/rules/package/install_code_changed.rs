use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::{Record, RecordKind};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::install_code::{Changed, What, changed_code};
use crate::snapshot::locked::{LockedFile, locked_pairs};

declare_rule! {
    /// Code that runs when packages are installed, or that is put over theirs, is another one than before.
    ///
    /// ## Why it matters
    /// `.pnpmfile.cjs`, a release of Yarn that lies in the repository and its plugins run on every machine that
    /// installs, with all the secrets of that machine, and decide what is installed. A patch makes a package another
    /// one than what was published and looked at. Reviews pass them over, as they look like something that a tool wrote.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: package.json
    /// {"name": "cart", "private": true, "dependencies": {"ms": "2.1.3"}}
    /// # file: package.json
    /// {"name": "cart", "private": true, "dependencies": {"ms": "2.1.3"},
    ///  "pnpm": {"patchedDependencies": {"ms@2.1.3": "patches/ms@2.1.3.patch"}}}
    /// ```
    ///
    /// ## Instead
    /// Take the release that has the change in it.
    /// ```yaml good
    /// # base: package.json
    /// {"name": "cart", "private": true, "dependencies": {"ms": "2.1.3"}}
    /// # file: package.json
    /// {"name": "cart", "private": true, "dependencies": {"ms": "2.1.4"}}
    /// ```
    ///
    /// ## Limits
    /// The files are held against those of the base byte by byte; nothing in them is judged. Found are
    /// `.pnpmfile.cjs` and its other names, what `yarnPath` and `plugins` name below `.yarn`, and patches: those of
    /// `patchedDependencies`, of Yarn's `patch:` and, where `patch-package` is asked for, of the folder `patches`. Where
    /// the files do not tell, the hashes count that lockfiles of pnpm record. A file that a setting names for the first
    /// time is told by `package/settings-weakened`. A patch that an update takes along as it is, and what is taken out, is
    /// silent; so is what lies in Git LFS where two folders are compared.
    "package/install-code-changed",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    references: &["CICD-SEC-3", "CICD-SEC-4", "CWE-829"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let changed = changed_code(pair);
    for code in &changed {
        tell(code, sink);
    }
    let told: BTreeSet<(&str, &str)> = changed
        .iter()
        .map(|code| match &code.what {
            What::Patch(package) => (&*code.folder, &**package),
            _ => (&*code.folder, ""),
        })
        .collect();
    for (before, after) in locked_pairs(pair) {
        let is_told = |key: &str| told.contains(&(&*after.installation.folder, key));
        if !is_told("") {
            code_of_pnpm(before, after, sink);
        }
        patches(before, after, &is_told, sink);
    }
}

fn tell(code: &Changed, sink: &mut Sink<'_>) {
    let file = code.at.path.rsplit('/').next().unwrap_or_default();
    let is = if code.is_new {
        "is new"
    } else {
        "is another one than before"
    };
    let (severity, discriminator, sentence) = match &code.what {
        What::Pnpmfile => (
            Severity::Medium,
            "pnpmfile".to_owned(),
            format!(
                "{file} {is}: it runs whenever somebody installs and decides what packages ask for; read it as you read the code of the project"
            ),
        ),
        What::Release => (
            Severity::Medium,
            "release".to_owned(),
            format!(
                "{file} {is} under the same name: it runs in place of Yarn on every machine that installs; hold it against the release of that version, or let `yarn set version` write it"
            ),
        ),
        What::Plugin => (
            Severity::Medium,
            "plugin".to_owned(),
            format!(
                "{file} {is}: the plugin runs with every command of Yarn; read it as you read the code of the project"
            ),
        ),
        What::Patch(package) => {
            let package = shortened(package);
            let what = if code.is_new {
                format!("`{package}` is now installed with a patch")
            } else {
                format!("`{package}` is installed with another patch than before")
            };
            (
                Severity::Low,
                format!("patch\0{package}"),
                format!(
                    "{what}, so that its code is not what was published; read the patch as you read the code of the project"
                ),
            )
        }
    };
    sink.in_file(&Arc::clone(&code.at.path))
        .report_span(code.at.span)
        .severity(severity)
        .discriminator(&discriminator)
        .say(&sentence);
}

/// `.pnpmfile.cjs`, whose hash the lockfile records.
fn code_of_pnpm(before: LockedFile<'_>, after: LockedFile<'_>, sink: &mut Sink<'_>) {
    let hash = |locked: LockedFile<'_>| -> Option<Record> {
        locked.lockfile.record(RecordKind::PnpmfileHash).cloned()
    };
    let (old, new) = (hash(before), hash(after));
    let is_other = |new: &Record| {
        old.as_ref()
            .is_none_or(|old| is_other_hash(&old.value, &new.value))
    };
    let Some(new) = new.filter(is_other) else {
        return;
    };
    sink.in_file(&after.file.path)
        .report_span(new.at)
        .discriminator("pnpmfile")
        .say("pnpmfileChecksum is another one: .pnpmfile.cjs runs whenever somebody installs and decides what packages ask for; read it as you read the code of the project");
}

/// True if two hashes are of different bytes. Hashes of different makes cannot be compared.
fn is_other_hash(old: &str, new: &str) -> bool {
    let make = |hash: &str| {
        hash.split_once('-')
            .map_or(hash.len(), |(_, hash)| hash.len())
    };
    old != new && make(old) == make(new)
}

/// Patches of packages, as far as lockfiles record them and files do not tell.
fn patches(
    before: LockedFile<'_>,
    after: LockedFile<'_>,
    is_told: &dyn Fn(&str) -> bool,
    sink: &mut Sink<'_>,
) {
    let is_patch = |record: &&Record| record.what == RecordKind::Patch;
    let old: BTreeMap<&str, &str> = before
        .lockfile
        .records
        .iter()
        .filter(is_patch)
        .map(|record| (&*record.key, &*record.value))
        .collect();
    for patch in after.lockfile.records.iter().filter(is_patch) {
        let is_other = match old.get(&*patch.key) {
            Some(old) => is_other_hash(old, &patch.value),
            None => true,
        };
        if !is_other || is_told(&patch.key) {
            continue;
        }
        sink.in_file(&after.file.path)
            .report_span(patch.at)
            .severity(Severity::Low)
            .discriminator(&format!("patch\0{}", patch.key))
            .say(&format!(
                "`{}` is installed with another patch than before, so that its code is not what was published; read the patch as you read the code of the project",
                shortened(&patch.key)
            ));
    }
}
