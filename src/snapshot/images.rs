//! Every place of a revision that says which image runs, and who has the last word.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::kubernetes::field::Field;
use crate::kubernetes::image_sources::{built_by_skaffold, is_filled_in};
use crate::kubernetes::kustomization::{self, ImageChange};
use crate::kubernetes::pod::Volume;
use crate::kubernetes::{Completeness, Container, ImageReference, Object, Pod};

use super::{Snapshot, SourceFile};

/// A place that says which image runs.
#[derive(Clone, Debug)]
pub struct ImageUse<'a> {
    /// The reference, as it is written or comes out of the entry.
    pub text: Cow<'a, str>,
    /// Where it stands.
    pub place: ImagePlace<'a>,
    /// What of it is decided elsewhere.
    pub elsewhere: Elsewhere,
}

/// Where an image is named.
#[derive(Clone, Copy, Debug)]
pub enum ImagePlace<'a> {
    /// In a container.
    Container(Object<'a>, Pod<'a>, Container<'a>),
    /// In a volume, whose files are those of the image.
    Volume(Object<'a>, Pod<'a>, Volume<'a>),
    /// In the `images` of a kustomization.
    Kustomization(&'a Arc<str>, &'a ImageChange),
}

/// The parts of a reference that something else replaces on the way to the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// Registry and path.
    pub name: bool,
    /// The tag.
    pub tag: bool,
    /// The digest: one is put in.
    pub digest: bool,
}

impl Elsewhere {
    const ALL: Self = Self {
        name: true,
        tag: true,
        digest: true,
    };

    fn join(&mut self, change: &ImageChange) {
        let decides = change.tag.is_some() || change.digest.is_some();
        self.name |= change.new_name.is_some();
        self.tag |= decides || change.appends;
        self.digest |= change.digest.is_some();
    }
}

impl<'a> ImageUse<'a> {
    /// The reference; none for what no runtime would accept, such as a placeholder.
    #[must_use]
    pub fn image(&self) -> Option<ImageReference<'_>> {
        ImageReference::parse(&self.text).ok()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &'a Arc<str> {
        match self.place {
            ImagePlace::Container(object, ..) | ImagePlace::Volume(object, ..) => object.path(),
            ImagePlace::Kustomization(path, _) => path,
        }
    }
}

/// Every place of a revision that says which image runs.
#[must_use]
pub fn images(snapshot: &Snapshot) -> Vec<ImageUse<'_>> {
    let sources = Sources::of(snapshot);
    let mut uses = Vec::new();
    for object in snapshot.objects() {
        for pod in object.pods() {
            for container in pod.containers() {
                let Some(text) = container.image().as_str() else {
                    continue;
                };
                uses.push(ImageUse {
                    text: Cow::Borrowed(text),
                    place: ImagePlace::Container(object, pod, container),
                    elsewhere: sources.elsewhere(object, container, text),
                });
            }
            for volume in pod.volumes() {
                let Some(image) = volume.image() else {
                    continue;
                };
                if let Some(text) = Field::follow(image, &["reference"]).as_str() {
                    uses.push(ImageUse {
                        text: Cow::Borrowed(text),
                        place: ImagePlace::Volume(object, pod, volume),
                        elsewhere: sources.replaced(object, text),
                    });
                }
            }
        }
    }
    for (file, kustomization) in snapshot.kustomization_files() {
        for change in &kustomization.images {
            uses.push(ImageUse {
                text: Cow::Owned(change.reference()),
                place: ImagePlace::Kustomization(&file.path, change),
                elsewhere: Elsewhere {
                    name: change.new_name.is_none(),
                    tag: change.appends || change.tag.is_none() && change.digest.is_none(),
                    digest: false,
                },
            });
        }
    }
    uses
}

/// What replaces images on the way to the cluster.
struct Sources<'a> {
    /// What each kustomization that replaces images makes of a name.
    changes: Vec<HashMap<&'a str, Elsewhere>>,
    /// The kustomizations, by their number, that build from a file.
    builders: HashMap<String, Vec<usize>>,
    /// The names of images that Skaffold builds.
    built: BTreeSet<&'a str>,
    /// Containers whose image a patch sets, by the kind and the name of their object.
    patched: HashSet<(&'a str, &'a str, &'a str)>,
}

/// The most files that are followed from kustomizations that replace images. What lies beyond is taken as written.
const MOST_BUILT: usize = 500_000;

impl<'a> Sources<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut changes = Vec::new();
        let mut builders: HashMap<String, Vec<usize>> = HashMap::new();
        let mut left = MOST_BUILT;
        for (folder, kustomization) in snapshot.kustomizations() {
            if kustomization.images.is_empty() || left == 0 {
                continue;
            }
            for path in snapshot.built_from(folder) {
                left = left.saturating_sub(1);
                builders.entry(path).or_default().push(changes.len());
            }
            let mut of_names: HashMap<&str, Elsewhere> = HashMap::new();
            for change in &kustomization.images {
                of_names.entry(&change.name).or_default().join(change);
            }
            changes.push(of_names);
        }
        let skaffold = snapshot.files().iter().filter(|file| {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            name.starts_with("skaffold")
        });
        let mut patched = HashSet::new();
        for object in snapshot.objects() {
            if object.completeness() != Completeness::Partial {
                continue;
            }
            let resource = object.resource();
            for container in object.pods().flat_map(Pod::containers) {
                if container.image().is_set() {
                    patched.insert((&*resource.kind, &*resource.name, container.name()));
                }
            }
        }
        Self {
            changes,
            builders,
            built: skaffold
                .filter_map(SourceFile::manifest)
                .flat_map(|manifest| built_by_skaffold(&manifest.tree))
                .collect(),
            patched,
        }
    }

    fn elsewhere(&self, object: Object<'_>, container: Container<'_>, text: &str) -> Elsewhere {
        let resource = object.resource();
        let key = (&*resource.kind, &*resource.name, container.name());
        let is_patched =
            object.completeness() != Completeness::Partial && self.patched.contains(&key);
        if is_patched || is_filled_in(object, container) {
            return Elsewhere::ALL;
        }
        self.replaced(object, text)
    }

    /// What is put in the place of an image by its name.
    fn replaced(&self, object: Object<'_>, text: &str) -> Elsewhere {
        let mut elsewhere = Elsewhere::default();
        let name = match ImageReference::parse(text) {
            Ok(image) => image.written_name(),
            // A stand-in need not be one that a runtime would accept.
            Err(_) => name_before_tag(text).to_owned(),
        };
        if self.built.contains(&*name) {
            return Elsewhere::ALL;
        }
        let builders = self.builders.get(&**object.path()).into_iter().flatten();
        let changes = builders.filter_map(|number| self.changes.get(*number)?.get(&*name));
        for change in changes {
            elsewhere.name |= change.name;
            elsewhere.tag |= change.tag;
            elsewhere.digest |= change.digest;
        }
        elsewhere
    }
}

/// What stands before the tag and the digest of what need not be a reference.
fn name_before_tag(text: &str) -> &str {
    let named = text.split('@').next().unwrap_or_default();
    match named.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => named,
    }
}

impl Snapshot {
    /// The files that the kustomization of a folder builds from, those of the kustomizations below it included.
    #[must_use]
    pub fn built_from(&self, folder: &str) -> BTreeSet<String> {
        let mut files = BTreeSet::new();
        let mut visited = BTreeSet::new();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            if !visited.insert(folder.clone()) {
                continue;
            }
            let Some(kustomization) = self.kustomization(&folder) else {
                continue;
            };
            for path in kustomization.resources.iter().chain(&kustomization.patches) {
                let Some(path) = kustomization::resolve(&folder, path) else {
                    continue;
                };
                if self.kustomization(&path).is_some() {
                    open.push(path);
                } else {
                    files.insert(path);
                }
            }
        }
        files
    }
}
