//! Which files only change what stands elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::kubernetes::kustomization::{self, Kustomization};
use crate::kubernetes::manifest::Record;
use crate::kubernetes::patch::{Patch, PatchSource, Target};
use crate::syntax::Tree;

use super::{Snapshot, SourceFile};

/// The most files of kustomizations that are looked through for the targets of patches. What is left then counts as
/// patches, as nobody can tell that it is none.
const MOST: usize = 1 << 20;

/// Files that some kustomization names as a patch, that none names as a resource, and that can be patches: what
/// they say is for an object that stands elsewhere. A kustomization cannot make a patch of what is applied as
/// it stands, nor of what changes nothing that it builds.
pub(super) fn patch_only(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut resources = BTreeSet::new();
    // By file: how kustomizations name it.
    let mut patches: BTreeMap<String, Vec<Naming<'_>>> = BTreeMap::new();
    for (folder, kustomization) in snapshot.kustomizations() {
        let resolved = |path: &String| kustomization::resolve(folder, path);
        resources.extend(kustomization.resources.iter().filter_map(resolved));
        for patch in &kustomization.changes {
            let PatchSource::File(path) = &patch.source else {
                continue;
            };
            if let Some(path) = resolved(path) {
                let namings = patches.entry(path.clone()).or_default();
                namings.push(Naming {
                    folder,
                    // Outside of its folder, a kustomization reads nothing of its own accord.
                    elsewhere: kustomization.builds_on_elsewhere() && is_below(&path, folder),
                    target: patch.target.as_ref(),
                });
            }
        }
    }
    patches.retain(|path, _| !resources.contains(path));
    let records = |file| -> &[Record] {
        let manifest = SourceFile::manifest(file);
        manifest.map(|found| &*found.records).unwrap_or_default()
    };
    let named = |file: &SourceFile| patches.contains_key(&*file.path);
    let others = snapshot.files().iter().filter(|file| !named(file));
    let known: HashSet<_> = others.flat_map(records).map(kind_and_name).collect();
    let mut steps_left = MOST;
    let mut is_patch = |path: &str, namings: &[Naming<'_>]| {
        let records = snapshot.file(path).map(records).unwrap_or_default();
        records.iter().all(|record| {
            !record.stands_alone()
                && (snapshot.is_put_on_others(path, record.root)
                    || namings.iter().any(|naming| {
                        naming.elsewhere
                            || match naming.target {
                                None => known.contains(&kind_and_name(record)),
                                Some(target) => selects(
                                    snapshot,
                                    naming.folder,
                                    target,
                                    record,
                                    &mut steps_left,
                                ),
                            }
                    }))
        })
    };
    let only = patches
        .iter()
        .filter(|(path, namings)| is_patch(path, namings));
    only.map(|(path, _)| path.clone()).collect()
}

/// How a kustomization names a patch.
struct Naming<'a> {
    folder: &'a str,
    /// True if what it changes may come from another repository.
    elsewhere: bool,
    target: Option<&'a Target>,
}

/// True if a target selects something of the kind of its patch among what a kustomization builds.
fn selects(
    snapshot: &Snapshot,
    folder: &str,
    target: &Target,
    patch: &Record,
    steps_left: &mut usize,
) -> bool {
    let mut seen: HashSet<String> = HashSet::from([folder.to_owned()]);
    let mut open = vec![folder.to_owned()];
    let mut renames = false;
    while let Some(at) = open.pop() {
        let Some(kustomization) = snapshot.kustomization(&at) else {
            continue;
        };
        renames |= kustomization.renames;
        if kustomization.builds_on_elsewhere() && !kustomization.is_component {
            return true;
        }
        for path in listed(&at, kustomization) {
            *steps_left = steps_left.saturating_sub(1);
            if *steps_left == 0 {
                return true;
            }
            if snapshot.kustomization(&path).is_some() {
                if seen.insert(path.clone()) {
                    open.push(path);
                }
                continue;
            }
            let file = snapshot.file(&path);
            // What cannot be read may hold it.
            if file.is_some_and(|file| !file.is_wholly_read()) {
                return true;
            }
            let manifest = file.and_then(SourceFile::manifest);
            let mut records = manifest.into_iter().flat_map(|found| &found.records);
            let found = records.any(|record| {
                let resource = &record.resource;
                let name = (!renames).then_some(&*resource.name);
                resource.kind == patch.resource.kind
                    && resource.group == patch.resource.group
                    && target.may_select(&resource.group, &resource.kind, name)
            });
            if found {
                return true;
            }
        }
    }
    false
}

fn is_below(path: &str, folder: &str) -> bool {
    let below = path.strip_prefix(folder);
    below.is_some_and(|below| folder.is_empty() || below.starts_with('/'))
}

fn listed(at: &str, kustomization: &Kustomization) -> impl Iterator<Item = String> {
    let paths = kustomization.resources.iter();
    paths.filter_map(move |path| kustomization::resolve(at, path))
}

fn kind_and_name(record: &Record) -> (&str, &str) {
    (&record.resource.kind, &record.resource.name)
}

/// Where a patch stands.
pub(super) struct PatchText<'a> {
    /// Its file.
    pub file: &'a SourceFile,
    /// The tree that holds it.
    pub tree: &'a Tree,
    /// The objects of that tree.
    pub records: &'a [Record],
    /// The roots of its documents, where the tree holds others as well; none where all of the tree is the patch.
    pub roots: Option<&'a [u32]>,
}

/// What a patch of the kustomization in a folder says; none where that cannot be read.
pub(super) fn patch_text<'a>(
    snapshot: &'a Snapshot,
    folder: &str,
    patch: &Patch,
) -> Option<PatchText<'a>> {
    match &patch.source {
        PatchSource::File(named) => {
            let file = snapshot.file(&kustomization::resolve(folder, named)?)?;
            let manifest = file.manifest()?;
            Some(PatchText {
                file,
                tree: &manifest.tree,
                records: &manifest.records,
                roots: None,
            })
        }
        PatchSource::Inline(text) => {
            let (file, _) = snapshot.kustomization_file(folder)?;
            let inline = file.manifest()?.inline_patches.as_ref()?;
            Some(PatchText {
                file,
                tree: &inline.tree,
                records: &inline.records,
                roots: Some(inline.texts.get(text)?),
            })
        }
    }
}

/// The files that kustomizations take for patches or instructions.
#[must_use]
pub fn patching(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (folder, kustomization) in snapshot.kustomizations() {
        let named = kustomization
            .patches
            .iter()
            .chain(&kustomization.build_files);
        found.extend(named.filter_map(|path| kustomization::resolve(folder, path)));
    }
    found
}
