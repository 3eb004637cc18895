use std::collections::{BTreeMap, BTreeSet};

use crate::declare_rule;
use crate::finding::Location;
use crate::kubernetes::{Object, kustomization};
use crate::rule::{Check, Context, Severity, Sink};
use crate::snapshot::Snapshot;

declare_rule! {
    /// An object stands twice in what is applied together.
    ///
    /// ## Why it matters
    /// Within one file the later object silently replaces the earlier one; within one kustomization the build fails. Either way, one of the two definitions that were reviewed is not the one that runs.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: cart}
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: cart}
    /// automountServiceAccountToken: false
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: cart}
    /// automountServiceAccountToken: false
    /// ```
    ///
    /// ## Limits
    /// Copies in different files are alternatives (bases, overlays, release copies) unless one kustomization lists both.
    "input/duplicate-object",
    severity: Severity::Medium,
    references: &["CWE-694"],
    check: Check::Manifests(check),
}

type Identity<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        let mut seen: BTreeMap<Identity<'_>, Object<'_>> = BTreeMap::new();
        for object in snapshot.objects_of(file).filter(|object| is_named(*object)) {
            if let Some(first) = seen.insert(object.resource().identity(), object) {
                say(
                    object,
                    first,
                    "in this file; the later one replaces the earlier",
                    sink,
                );
            }
        }
    }
    let mut told: BTreeSet<(&str, Identity<'_>)> = BTreeSet::new();
    for (folder, _) in snapshot.kustomizations() {
        let mut paths = BTreeSet::new();
        collect(snapshot, folder, &mut BTreeSet::new(), &mut paths);
        let mut seen: BTreeMap<Identity<'_>, Object<'_>> = BTreeMap::new();
        for file in paths.iter().filter_map(|path| snapshot.file(path)) {
            for object in snapshot.objects_of(file).filter(|object| is_named(*object)) {
                let identity = object.resource().identity();
                let Some(first) = seen.insert(identity, object) else {
                    continue;
                };
                if first.path() != object.path() && told.insert((&**object.path(), identity)) {
                    say(
                        object,
                        first,
                        "in one kustomization, whose build fails",
                        sink,
                    );
                }
            }
        }
    }
}

fn is_named(object: Object<'_>) -> bool {
    let name = &object.resource().name;
    !name.is_empty() && !name.ends_with('*')
}

/// The files that a kustomization applies as they stand, those of kustomizations below it included as long
/// as these leave identities alone.
fn collect(
    snapshot: &Snapshot,
    folder: &str,
    visited: &mut BTreeSet<String>,
    paths: &mut BTreeSet<String>,
) {
    if !visited.insert(folder.to_owned()) {
        return;
    }
    let Some(kustomization) = snapshot.kustomization(folder) else {
        return;
    };
    for resource in &kustomization.resources {
        let Some(path) = kustomization::resolve(folder, resource) else {
            continue;
        };
        match snapshot.kustomization(&path) {
            Some(nested) if nested.namespace.is_none() && !nested.renames => {
                collect(snapshot, &path, visited, paths);
            }
            Some(_) => {}
            None => {
                paths.insert(path);
            }
        }
    }
}

fn say(object: Object<'_>, first: Object<'_>, where_: &str, sink: &mut Sink<'_>) {
    let location = Location {
        path: first.path().clone(),
        span: first.name_span(),
    };
    let mut sink = sink.about(object);
    let draft = sink
        .report_span(object.name_span())
        .related_in(location, "the other definition");
    draft.say(&format!(
        "it is defined twice {where_}; keep one definition"
    ));
}
