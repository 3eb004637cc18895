//! To which namespaces the kustomizations of a revision move the objects of a file, and which labels they put on them.
//!
//! A kustomization moves all that it takes in, what the kustomizations bring with them that it lists included: the outermost
//! that says a namespace has the last word. A base that several overlays take in lands in the namespace of each of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Location;
use crate::folders::{folder, folders_up};
use crate::kubernetes::kustomization::{self, AddedLabel, Kustomization};

use super::Snapshot;
use super::built::{Built, inside_out};

/// The most namespaces that the objects of one file are told apart in.
const MOST: usize = 32;

/// Where the objects of one file land.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Landing {
    /// The namespace that all objects are moved to; none where they stay, or are moved to several.
    pub namespace: Option<String>,
    /// The namespaces that they are moved to where these are several; none of one where they stay as they are written.
    pub several: Vec<Option<String>>,
    /// The folders of the kustomizations that say so.
    pub by: Vec<String>,
    /// The labels that kustomizations put on them.
    pub labels: Vec<AddedLabel>,
}

/// The landings of the files that some kustomization moves.
pub(super) fn landings(snapshot: &Snapshot) -> BTreeMap<String, Landing> {
    let order = inside_out(snapshot, |_| true);
    let own = |at: usize| {
        let folder = order.get(at)?.folder;
        let namespace = snapshot.kustomization(folder)?.namespace.as_deref()?;
        (!namespace.is_empty()).then_some(namespace)
    };
    // Which kustomizations have the last word about what another one takes in; none where it has it itself.
    let mut words: Vec<Vec<Option<usize>>> = vec![Vec::new(); order.len()];
    let mut of_files: BTreeMap<usize, Vec<Option<usize>>> = BTreeMap::new();
    for (at, built) in order.iter().enumerate().rev() {
        let outer = words.get_mut(at).map(std::mem::take).unwrap_or_default();
        let outer = if outer.is_empty() { vec![None] } else { outer };
        let said = outer.into_iter();
        let said: Vec<Option<usize>> = said.map(|it| it.or(own(at).map(|_| at))).collect();
        for part in &built.parts {
            if let Some(words) = words.get_mut(*part) {
                add(words, &said);
            }
        }
        for file in &built.files {
            add(of_files.entry(*file).or_default(), &said);
        }
    }
    let mut labels = labels(snapshot, &order);
    let mut landings = BTreeMap::new();
    for (file, words) in of_files {
        let labels = labels.remove(&file).unwrap_or_default();
        let Some(file) = snapshot.files().get(file) else {
            continue;
        };
        let folder = |at: &usize| order.get(*at).map(|it| it.folder.to_owned());
        let by: Vec<String> = words.iter().flatten().filter_map(folder).collect();
        if by.is_empty() && labels.is_empty() {
            continue;
        }
        let mut several: Vec<Option<String>> = Vec::new();
        for word in words {
            let namespace = word.and_then(own).map(str::to_owned);
            if !several.contains(&namespace) {
                several.push(namespace);
            }
        }
        let mut landing = Landing {
            by,
            labels,
            ..Landing::default()
        };
        if let [one] = several.as_mut_slice() {
            landing.namespace = one.take();
        } else {
            landing.namespace = nearest(snapshot, &file.path);
            landing.several = several;
        }
        landings.insert(file.path.to_string(), landing);
    }
    landings
}

/// The labels that kustomizations put on the objects of files, each of them by all that take it in.
fn labels(snapshot: &Snapshot, order: &[Built<'_>]) -> BTreeMap<usize, Vec<AddedLabel>> {
    let mut of_files: BTreeMap<usize, Vec<AddedLabel>> = BTreeMap::new();
    let is_said = |(_, kustomization): (_, &Kustomization)| !kustomization.added.is_empty();
    if !snapshot.kustomizations().any(is_said) {
        return of_files;
    }
    let mut outer: Vec<Vec<AddedLabel>> = vec![Vec::new(); order.len()];
    for (at, built) in order.iter().enumerate().rev() {
        let mut labels = outer.get_mut(at).map(std::mem::take).unwrap_or_default();
        if let Some((file, kustomization)) = snapshot.kustomization_file(built.folder) {
            labels.extend(
                kustomization
                    .added
                    .iter()
                    .map(|(key, value, reach, span)| AddedLabel {
                        key: key.clone(),
                        value: value.clone(),
                        reach: *reach,
                        at: Location {
                            path: Arc::clone(&file.path),
                            span: *span,
                        },
                    }),
            );
        }
        for part in &built.parts {
            if let Some(words) = outer.get_mut(*part) {
                add(words, &labels);
            }
        }
        for file in &built.files {
            add(of_files.entry(*file).or_default(), &labels);
        }
    }
    of_files
}

fn add<T: Clone + PartialEq>(words: &mut Vec<T>, more: &[T]) {
    for word in more {
        if words.len() < MOST && !words.contains(word) {
            words.push(word.clone());
        }
    }
}

/// The namespace that the nearest kustomization says which lists a file itself.
fn nearest(snapshot: &Snapshot, path: &str) -> Option<String> {
    folders_up(folder(path)).find_map(|folder| {
        let own = snapshot.kustomization(folder)?;
        let mut listed = own.resources.iter();
        let lists = listed.any(|it| kustomization::resolve(folder, it).as_deref() == Some(path));
        own.namespace.clone().filter(|_| lists)
    })
}
