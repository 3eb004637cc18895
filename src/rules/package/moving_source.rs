use std::collections::BTreeSet;
use std::sync::Arc;

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::Section;
use crate::packages::specifier::{GitReference, Specifier, is_commit};
use crate::packages::web_address::without_secrets;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::catalogued::asked;
use crate::snapshot::locked::wished;

declare_rule! {
    /// A `package.json` takes a package from a place whose content can change.
    ///
    /// ## Why it matters
    /// A branch, a tag and an address hand out what lies there today. Whoever can push to the repository changes what the
    /// next installation brings, without a new version and without a change here. A lockfile holds on to what was there
    /// when it was written, so that this is low beside one; the next update brings whatever lies there then.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "ms": "github:vercel/ms#main"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Take a version of the registry; where there is none, name the commit in full.
    /// ```json good
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "ms": "github:vercel/ms#5dfb5a3a3a9a4b3f7f6d1c2b8e9f0a1b2c3d4e5f"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Peers are silent, as somebody else brings them. An archive at an address is silent beside a lockfile, which holds its
    /// hash, and where the address names a commit.
    "package/moving-source",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    references: &["CICD-SEC-3", "CWE-829", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let mut told = BTreeSet::new();
    for installation in snapshot.installations() {
        let graph = installation.graph();
        let is_locked = installation.file.is_some();
        let wants = (0..graph.workspaces().len()).flat_map(|workspace| graph.wants(workspace));
        for want in wants {
            let (Some(declared), Some(asked)) = (&want.declared, asked(installation, want)) else {
                continue;
            };
            let place = asked.at;
            if declared.section == Section::Peer {
                continue;
            }
            let what = match Specifier::parse(asked.specifier) {
                Specifier::Git { reference, .. } => match reference {
                    GitReference::Commit(_) => continue,
                    GitReference::Default => "the newest commit of".to_owned(),
                    GitReference::Semver(_) => "the newest tag in a range of".to_owned(),
                    GitReference::Named(name) => {
                        format!("`{}`, which can be moved, of", shortened(name))
                    }
                },
                Specifier::Tarball(address) if !is_locked && !names_commit(address) => {
                    "whatever lies at".to_owned()
                }
                _ => continue,
            };
            let (severity, until) = if is_locked {
                (Severity::Low, "from the next update on")
            } else {
                (Severity::Medium, "with each installation")
            };
            // An entry of a catalogue is one line, whoever asks for it.
            if !told.insert((Arc::clone(&place.path), place.span.start)) {
                continue;
            }
            let (name, seen) = wished(installation, &want.name);
            sink.in_file(&place.path)
                .report_span(place.span)
                .package(name, seen)
                .severity(severity)
                .say(&format!(
                    "`{}` takes {what} {}, so that somebody else decides what is installed {until}; take a version of the registry, or name the commit in full",
                    shortened(&want.name),
                    shortened(&without_secrets(asked.specifier))
                ));
        }
    }
}

/// True if a part of the address is the name of a commit in full.
fn names_commit(address: &str) -> bool {
    let mut parts = address.split(['/', '?', '#', '=']);
    parts.any(|part| is_commit(part.trim_end_matches(".tar.gz").trim_end_matches(".tgz")))
}
