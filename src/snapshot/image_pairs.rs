//! Which image of the base is which image of the head.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::finding::Resource;
use crate::kubernetes::{ImageReference, Object, Pod};
use crate::syntax::Span;
use crate::syntax::dockerfile::{Base, Dockerfile, Stages};

use super::images::{ImagePlace, ImageUse, images};
use super::pairs::Pair;

/// What tells a place from the others of its revision.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    /// A container: its object in a file, the address of its pod, and its name.
    Container(Arc<Resource>, Arc<str>, String, String),
    /// A volume: the same.
    Volume(Arc<Resource>, Arc<str>, String, String),
    /// An entry of a kustomization, by the name that it replaces.
    Kustomization(Arc<str>, String),
}

/// The places that name an image by its digest in the base, and not the same image in the head.
#[must_use]
pub fn changed_images<'a>(pair: &Pair<'a>) -> Vec<(ImageUse<'a>, ImageUse<'a>)> {
    let known: HashMap<Key, ImageUse<'a>> = images(pair.base)
        .into_iter()
        .filter(|found| found.text.contains('@'))
        .map(|found| (key(&found, found.path()), found))
        .collect();
    let mut changed = Vec::new();
    if known.is_empty() {
        return changed;
    }
    for after in images(pair.head) {
        let path = match after.place {
            ImagePlace::Container(object, ..) | ImagePlace::Volume(object, ..) => {
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
    let of_pod = |object: Object<'_>, pod: Pod<'_>| {
        let (pod, root) = (pod.root().pointer(), object.node().pointer());
        // Where the object stands in a list is no part of it.
        let pod = pod.strip_prefix(&root).unwrap_or(&pod).to_owned();
        (Arc::clone(object.resource()), pod)
    };
    match found.place {
        ImagePlace::Container(object, pod, container) => {
            let (resource, pod) = of_pod(object, pod);
            Key::Container(resource, path, pod, container.name().to_owned())
        }
        ImagePlace::Volume(object, pod, volume) => {
            let (resource, pod) = of_pod(object, pod);
            Key::Volume(resource, path, pod, volume.name().to_owned())
        }
        ImagePlace::Kustomization(_, change) => Key::Kustomization(path, change.name.clone()),
    }
}

/// An image that a stage of a Dockerfile is built on, or takes files from, where the base names another one for it.
#[derive(Clone, Debug)]
pub struct ChangedBase<'a> {
    /// `FROM` or `--from`.
    pub what: &'static str,
    /// The Dockerfile of the head.
    pub path: &'a Arc<str>,
    /// What a person edits.
    pub span: Span,
    /// The reference in the base.
    pub before: String,
    /// The reference in the head.
    pub after: String,
}

/// The `FROM` lines and `--from` flags that name an image on both sides, and not the same one.
#[must_use]
pub fn changed_bases<'a>(pair: &Pair<'a>) -> Vec<ChangedBase<'a>> {
    let mut changed = Vec::new();
    for file in pair.head.files() {
        let path = pair.renames.get(&file.path).unwrap_or(&file.path);
        let before = pair.base.file(path).and_then(|file| file.dockerfile());
        let (Some(before), Some(after)) = (before, file.dockerfile()) else {
            continue;
        };
        if pair.changed.contains(&file.path) {
            for (was, now) in paired(&bases(before), &bases(after)) {
                changed.push(ChangedBase {
                    what: now.what,
                    path: &file.path,
                    span: now.span,
                    before: was.text.clone(),
                    after: now.text.clone(),
                });
            }
        }
    }
    changed
}

/// An image that a stage is built on, or takes files from.
struct StageBase {
    /// `FROM` or `--from`.
    what: &'static str,
    /// What the stage is called that is built on it; empty where none is.
    stage: String,
    /// The image with the defaults of its arguments in place.
    text: String,
    /// The image without tag and digest.
    name: String,
    tag: String,
    span: Span,
}

fn bases(file: &Dockerfile) -> Vec<StageBase> {
    let stages = file.stages();
    let mut all = Vec::new();
    let mut add = |what, stage: &str, text: &str, span| {
        if let Ok(image) = ImageReference::parse(text) {
            all.push(StageBase {
                what,
                stage: stage.to_ascii_lowercase(),
                text: text.to_owned(),
                name: image.name(),
                tag: image.tag().unwrap_or_default().to_owned(),
                span,
            });
        }
    };
    for stage in stages.all() {
        if stage.base == Base::Image
            && let (Some(text), Some(written)) = (stage.image.known(), &stage.written)
        {
            let name = stage.name.as_ref().map_or("", |name| &name.text);
            let argument = argument_of(&stages, &stage.image.used);
            add("FROM", name, text, argument.unwrap_or(written.span));
        }
        for (image, span) in stages.images_in(stage) {
            add("--from", "", &image, span);
        }
    }
    all
}

/// Where the one argument is set that an image is made of.
fn argument_of(stages: &Stages<'_>, used: &[String]) -> Option<Span> {
    match used {
        [name] => stages.default_of(name),
        _ => None,
    }
}

/// How a stage is known again, from what says most to what says least; none where it says nothing.
type Likeness = for<'s> fn(&'s StageBase) -> Option<Vec<Cow<'s, str>>>;

/// Stages of the base with those of the head that take their place and name another image.
fn paired<'s>(base: &'s [StageBase], head: &'s [StageBase]) -> Vec<(&'s StageBase, &'s StageBase)> {
    const LIKENESSES: [Likeness; 6] = [
        |one| Some(vec![(&*one.stage).into(), (&*one.text).into()]),
        |one| Some(vec![(&*one.text).into()]),
        |one| {
            let (stage, name) = (&*one.stage, &*one.name);
            Some(vec![stage.into(), name.into(), (&*one.tag).into()])
        },
        |one| Some(vec![(&*one.stage).into(), (&*one.name).into()]),
        |one| Some(vec![(&*one.name).into()]),
        |one| (!one.stage.is_empty()).then(|| vec![(&*one.stage).into()]),
    ];
    let mut of_base: Vec<_> = base.iter().collect();
    let mut of_head: Vec<_> = head.iter().collect();
    let mut pairs = Vec::new();
    for likeness in LIKENESSES {
        let mut known: HashMap<_, VecDeque<&StageBase>> = HashMap::new();
        for one in &of_base {
            if let Some(key) = likeness(one) {
                known.entry(key).or_default().push_back(one);
            }
        }
        of_head.retain(|after| {
            let same = likeness(after).and_then(|key| known.get_mut(&key)?.pop_front());
            let Some(before) = same else {
                return true;
            };
            pairs.push((before, *after));
            false
        });
        // The places in the file tell them apart.
        let taken: std::collections::BTreeSet<_> =
            pairs.iter().map(|(before, _)| before.span).collect();
        of_base.retain(|one| !taken.contains(&one.span));
    }
    pairs.retain(|(before, after)| before.text != after.text);
    pairs
}
