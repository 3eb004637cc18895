//! What a run looked at, and what keeps it from having seen all that it should have seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::change::LeftOutReason;
use crate::finding::{Finding, Status};
use crate::kubernetes::field::shortened;
use crate::kubernetes::kustomization::Unbuilt;
use crate::network::parts::is_policy_of_a_plugin;
use crate::packages::lockfile::Lockfile;
use crate::snapshot::applied::Unapplied;
use crate::snapshot::installations::left_out;
use crate::snapshot::lost;
use crate::snapshot::unlocked::unlocked;
use crate::snapshot::{Snapshot, State};
use crate::verdict::{Coverage, PassedOver};

/// Why the run did not see all that it should have seen.
pub(super) fn incomplete(
    findings: &[Finding],
    base: Option<&Snapshot>,
    head: &Snapshot,
    is_changed: impl Fn(&Arc<str>) -> bool,
    in_scope: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut reasons: Vec<String> = findings
        .iter()
        .filter(|finding| {
            finding.unread
                && finding.waived.is_none()
                && finding.status != Status::Fixed
                && is_changed(&finding.location.path)
        })
        .map(|finding| format!("{}: {}", finding.location.path, finding.message))
        .collect();
    let in_base: BTreeSet<_> = base.iter().flat_map(|base| &base.left_out).collect();
    for left_out in &head.left_out {
        let known = in_base.contains(left_out);
        if let Some(reason) = blinding(&left_out.reason)
            && !known
            && in_scope(&left_out.path)
        {
            reasons.push(format!("{}: {reason}", left_out.path));
        }
    }
    for file in base.into_iter().flat_map(Snapshot::files) {
        if let State::Missing(why) = &*file.state
            && in_scope(&file.path)
            && is_changed(&file.path)
        {
            reasons.push(format!("{} in the base: {why}", file.path));
        }
    }
    // What was beyond what is put together in the base was told then.
    let beyond = base.iter().flat_map(|base| base.unapplied());
    let beyond: BTreeSet<_> = beyond.map(Unapplied::key).collect();
    let new = head.unapplied().iter();
    let new = new.filter(|it| it.is_beyond && in_scope(&it.path) && !beyond.contains(&it.key()));
    let new: Vec<&Unapplied> = new.collect();
    reasons.extend(new.first().map(|patch| {
        let (path, resource) = (&patch.path, &patch.resource);
        let (kind, name) = (&resource.kind, shortened(&resource.name));
        let others = match new.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more patches of others,"),
        };
        let why = patch.why();
        format!("{path}: what this patch makes of {kind} {name}{others} is not known, {why}")
    }));
    reasons.extend(base.into_iter().flat_map(|base| {
        let lost = lost(base, head);
        lost.filter(|(path, _)| in_scope(path) && is_changed(path))
            .map(|(path, what)| format!("{path}: {what}"))
    }));
    reasons.dedup();
    reasons
}

/// The lockfiles from which entries were cut that are still asked for, each with a sentence that says so. What holds
/// nothing at all is told as such.
fn lost<'a>(
    base: &'a Snapshot,
    head: &'a Snapshot,
) -> impl Iterator<Item = (&'a Arc<str>, String)> {
    let installations = head.installations().iter();
    let known = installations.filter(|installation| {
        let is_of_manager = installation
            .lockfile()
            .is_some_and(Lockfile::is_of_environment_alone);
        !installation.graph().is_empty() && !is_of_manager
    });
    let folders: BTreeSet<&Arc<str>> = known.map(|installation| &installation.folder).collect();
    folders.into_iter().filter_map(|folder| {
        let lost = lost::lost(base, head, folder);
        let first = lost.names.first()?;
        let first = shortened(first);
        let what = match lost.names.len() - 1 {
            0 => format!("`{first}` is"),
            more => format!("`{first}` and {more} more are"),
        };
        let sentence = format!(
            "{what} asked for as before, and this lockfile has no entry of that any more: what is installed is not known; install again and commit the lockfile that this writes"
        );
        Some((lost.file?, sentence))
    })
}

/// Why a path that was left out makes the run blind; none where a note is enough.
fn blinding(reason: &LeftOutReason) -> Option<String> {
    match reason {
        LeftOutReason::Symlink | LeftOutReason::Submodule | LeftOutReason::Installed => None,
        LeftOutReason::NotCheckedOut
        | LeftOutReason::NotUnicodePath
        | LeftOutReason::TooDeep
        | LeftOutReason::TooMany
        | LeftOutReason::Malformed
        | LeftOutReason::Unreadable(_) => Some(describe(reason)),
    }
}

fn describe(reason: &LeftOutReason) -> String {
    match reason {
        LeftOutReason::Symlink => "a symbolic link, which is not followed".to_owned(),
        LeftOutReason::Submodule => "a submodule: another repository".to_owned(),
        LeftOutReason::Installed => "installed packages, which are not looked into".to_owned(),
        LeftOutReason::NotUnicodePath => "its path is not Unicode".to_owned(),
        LeftOutReason::TooDeep => "its path is too long to be checked out".to_owned(),
        LeftOutReason::TooMany => "there are more files than one run reads".to_owned(),
        LeftOutReason::NotCheckedOut => {
            "not in this sparse checkout; name the head as a revision".to_owned()
        }
        LeftOutReason::Malformed => {
            "its name is malformed, or stands twice in one folder".to_owned()
        }
        LeftOutReason::Unreadable(why) => format!("cannot be read: {why}"),
    }
}

/// What could matter of a revision and was not judged, in path order.
pub(super) fn skipped(head: &Snapshot, in_scope: impl Fn(&str) -> bool) -> Vec<PassedOver> {
    let mut skipped = Vec::new();
    let mut skip = |path: &str, reason: String| {
        if in_scope(path) {
            skipped.push(PassedOver {
                path: path.into(),
                reason,
            });
        }
    };
    for left_out in &head.left_out {
        skip(&left_out.path, describe(&left_out.reason));
    }
    for path in head.crowded() {
        let reason = "takes in what more kustomizations take in than are told apart: rights and connections of that are not judged here";
        skip(path, reason.to_owned());
    }
    for path in &head.excluded {
        skip(path, "excluded by the configuration".to_owned());
    }
    for file in left_out(head) {
        skip(
            &file.path,
            "packages of test data, which no build of the repository names".to_owned(),
        );
    }
    for file in head.files() {
        if matches!(&*file.state, State::LfsPointer) {
            skip(&file.path, "a Git LFS pointer".to_owned());
        }
        let Some(manifest) = file.manifest() else {
            continue;
        };
        if manifest.templates > 0 {
            skip(&file.path, "a template that is not rendered".to_owned());
        }
        if head.objects_of(file).any(is_policy_of_a_plugin) {
            let reason = "holds policies of a network plugin, whose content is not analysed";
            skip(&file.path, reason.to_owned());
        }
        let unbuilt = manifest.kustomization.iter().any(|found| {
            let mut requests = found.requests.iter();
            requests
                .any(|request| !matches!(request.what, Unbuilt::FilePatch | Unbuilt::OddResource))
        });
        if unbuilt {
            skip(
                &file.path,
                "builds more than stands in the repository".to_owned(),
            );
        }
    }
    skipped.sort();
    skipped
}

pub(super) fn coverage(
    findings: &[Finding],
    head: &Snapshot,
    containers: usize,
    rules_run: usize,
    in_scope: impl Fn(&str) -> bool,
) -> Coverage {
    let mut coverage = Coverage {
        files_read: head.files_read,
        ignored: head.ignored.iter().filter(|path| in_scope(path)).count(),
        containers,
        rules_run,
        ..Coverage::default()
    };
    let mut others = 0;
    for file in head.files() {
        match &*file.state {
            State::Dockerfile(_)
            | State::Tree(_)
            | State::Lockfile(_)
            | State::Text(_)
            | State::Generated { .. } => {
                others += 1;
            }
            State::Read(_)
            | State::LfsPointer
            | State::Opaque(_)
            | State::Configuration(_)
            | State::Workflow(_)
            | State::Oversized(_)
            | State::Missing(_) => {}
        }
    }
    let installed = head.installations().iter();
    coverage.packages = installed
        .filter(|installation| {
            let lockfile = installation.lockfile_path();
            let mut files = installation.package_files();
            lockfile.is_some_and(|path| in_scope(path)) || files.any(|file| in_scope(&file.path))
        })
        .map(|installation| installation.graph().len() + installation.beside().count())
        .sum();
    let unlocked = unlocked(head);
    let unlocked = unlocked.iter().filter(|one| in_scope(&one.at.path));
    coverage.unlocked = unlocked.count();
    coverage.other_files = others;
    for manifest in head.files().iter().filter_map(|file| file.manifest()) {
        let patches = manifest.inline_patches.iter();
        let patches = patches.map(|patches| patches.judged().count());
        coverage.objects += manifest.records.len() + patches.sum::<usize>();
        coverage.other_objects += manifest.other_objects;
    }
    coverage.skipped = skipped(head, &in_scope);
    coverage.unreadable = findings
        .iter()
        .filter(|finding| finding.unread && finding.status != Status::Fixed)
        .map(|finding| PassedOver {
            path: Arc::clone(&finding.location.path),
            reason: finding.message.clone(),
        })
        .collect();
    coverage.unreadable.dedup();
    coverage
}
