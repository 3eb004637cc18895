//! Which image of the base is which image of the head.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::Resource;

use super::images::{ImagePlace, ImageUse, images};
use super::pairs::Pair;

/// What tells a place from the others of its revision.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    /// A container: its object in a file, the address of its pod, and its name.
    Container(Arc<Resource>, Arc<str>, String, String),
    /// An entry of a kustomization, by the name that it replaces.
    Kustomization(Arc<str>, String),
}

/// The places that name an image on both sides, and not the same one.
#[must_use]
pub fn changed_images<'a>(pair: &Pair<'a>) -> Vec<(ImageUse<'a>, ImageUse<'a>)> {
    let known: HashMap<Key, ImageUse<'a>> = images(pair.base)
        .into_iter()
        .map(|found| (key(&found, found.path()), found))
        .collect();
    let mut changed = Vec::new();
    for after in images(pair.head) {
        let path = match after.place {
            ImagePlace::Container(object, ..) => {
                pair.pairs.base_path(object.resource(), object.path())
            }
            ImagePlace::Kustomization(path, _) => Some(pair.renames.get(path).unwrap_or(path)),
        };
        let before = path.and_then(|path| known.get(&key(&after, path)));
        if let Some(before) = before
            && before.text != after.text
        {
            changed.push((before.clone(), after));
        }
    }
    changed
}

fn key(found: &ImageUse<'_>, path: &Arc<str>) -> Key {
    let path = Arc::clone(path);
    match found.place {
        ImagePlace::Container(object, pod, container) => {
            let (pod, root) = (pod.root().pointer(), object.node().pointer());
            // Where the object stands in a list is no part of it.
            let pod = pod.strip_prefix(&root).unwrap_or(&pod).to_owned();
            let name = container.name().to_owned();
            Key::Container(Arc::clone(object.resource()), path, pod, name)
        }
        ImagePlace::Kustomization(_, change) => Key::Kustomization(path, change.name.clone()),
    }
}
