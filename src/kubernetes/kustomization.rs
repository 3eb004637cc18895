//! What a kustomization says of the files around it.
//!
//! Source: the fields of `kustomize.config.k8s.io` v1beta1 (Kustomization) and v1alpha1 (Component).

use crate::finding::Location;
use crate::syntax::{Node, Span, Tree};

use super::label_change::{self, LabelChange};
use super::patch::{self, Patch};

/// The parts of a kustomization that decide how its files are to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kustomization {
    /// The namespace that every object is moved to.
    pub namespace: Option<String>,
    /// True if names are changed on the way, so that identities of its files are not those of the cluster.
    pub renames: bool,
    /// What it puts before the names of what it takes in, and behind them.
    pub affixes: (String, String),
    /// True for a component, which changes what it is listed beside.
    pub is_component: bool,
    /// Files and folders that are applied as they stand (`resources`, `bases`, `components`).
    pub resources: Vec<String>,
    /// Files that only change others.
    pub patches: Vec<String>,
    /// All patches, in files and in itself, in the order in which they count.
    pub changes: Vec<Patch>,
    /// Files that say what is to be built: transformers, generators and replacements.
    pub build_files: Vec<String>,
    /// What becomes of the images of its files.
    pub images: Vec<ImageChange>,
    /// What only `kustomize build` can show.
    pub requests: Vec<Request>,
    /// What it does itself to the Pod Security labels of Namespaces.
    pub labels: Vec<LabelChange>,
    /// The labels that it puts on all that it takes in: key, value, how far they reach, and place.
    pub added: Vec<(String, String, LabelReach, Span)>,
}

/// How far into an object a label reaches that a kustomization puts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelReach {
    /// To its own labels.
    Metadata,
    /// To those of the pods that it makes as well.
    Templates,
    /// To its selectors as well.
    Selectors,
}

/// A label that a kustomization puts on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedLabel {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// How far it reaches.
    pub reach: LabelReach,
    /// Where the kustomization says so.
    pub at: Location,
}

/// What a kustomization makes of the images of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageChange {
    /// The name of the images, as their containers write it.
    pub name: String,
    /// The name that they get.
    pub new_name: Option<String>,
    /// The tag that they get.
    pub tag: Option<String>,
    /// The digest that they get.
    pub digest: Option<String>,
    /// True if a tag is put together from the one that is there.
    pub appends: bool,
    /// The bytes that say it: of the digest, else of the tag, else of the name.
    pub at: Span,
    /// The address of the entry.
    pub pointer: String,
}

impl ImageChange {
    /// The reference that comes out, as far as the entry alone says.
    #[must_use]
    pub fn reference(&self) -> String {
        let mut text = self.new_name.as_ref().unwrap_or(&self.name).clone();
        for (mark, part) in [(':', &self.tag), ('@', &self.digest)] {
            if let Some(part) = part {
                text.push(mark);
                text.push_str(part);
            }
        }
        text
    }

    fn read(entry: Node<'_>) -> Option<Self> {
        let text = |key: &str| {
            let value = entry.present(key)?;
            Some(value.key_text().to_owned()).filter(|text| !text.is_empty())
        };
        let at = ["digest", "newTag", "newName", "name"]
            .into_iter()
            .find_map(|key| entry.present(key));
        Some(Self {
            name: text("name")?,
            new_name: text("newName"),
            tag: text("newTag"),
            digest: text("digest"),
            appends: text("tagSuffix").is_some(),
            at: at?.span(),
            pointer: entry.pointer(),
        })
    }
}

/// Where a kustomization asks for something that only a build can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub what: Unbuilt,
    /// The bytes that ask for it.
    pub at: Span,
    /// A hash of all that is asked: what is asked for again is no change.
    pub content: u64,
    /// The file or folder that is named, if any.
    pub path: Option<String>,
    /// The node of the text, for a patch that is written into the kustomization.
    pub text: Option<u32>,
}

/// Something that a kustomization brings in and that does not stand in the repository as an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unbuilt {
    /// A patch that is written into the kustomization itself, and that is no object which is read.
    InlinePatch,
    /// A resource that is fetched from elsewhere.
    RemoteResource,
    /// A Helm chart that is rendered on the way.
    HelmChart,
    /// Transformers, generators or replacements.
    Transformation,
    /// A patch in a file, which may hold operations instead of an object.
    FilePatch,
    /// A resource by a name that does not say that it is YAML or JSON: a folder, or a file that nobody reads.
    OddResource,
}

/// True if a file of this name is a kustomization, whatever it says of itself.
#[must_use]
pub fn is_kustomization_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "kustomization.yaml" | "kustomization.yml" | "Kustomization"
    )
}

/// The files that the generators of a kustomization put into objects, as they are named, and their keys where these are
/// named: `files`, `envs`, `env`.
#[must_use]
pub fn generated_files(tree: &Tree) -> Vec<(&str, Option<&str>)> {
    let mut files = Vec::new();
    for document in tree.documents() {
        let root = tree.root(document);
        for kind in ["secretGenerator", "configMapGenerator"] {
            for generator in root.get(kind).into_iter().flat_map(Node::items) {
                for node in generator.get("files").into_iter().flat_map(Node::items) {
                    let text = node.as_str().unwrap_or_default();
                    let keyed = text.split_once('=');
                    files.push(keyed.map_or((text, None), |(key, path)| (path, Some(key))));
                }
                let lists = generator.get("envs").into_iter().flat_map(Node::items);
                let all = lists.chain(generator.get("env")).filter_map(Node::as_str);
                files.extend(all.map(|path| (path, None)));
            }
        }
    }
    files
}

impl Kustomization {
    /// True if some of what it changes may not stand in this repository: it comes from elsewhere.
    #[must_use]
    pub fn builds_on_elsewhere(&self) -> bool {
        self.is_component
            || self.requests.iter().any(|request| {
                matches!(
                    request.what,
                    Unbuilt::RemoteResource | Unbuilt::HelmChart | Unbuilt::Transformation
                )
            })
    }

    /// Reads the first document of a kustomization file.
    #[must_use]
    pub fn read(tree: &Tree) -> Option<Self> {
        let root = tree
            .documents()
            .iter()
            .map(|document| tree.root(document))
            .find(|root| root.is_mapping())?;
        let text = |key: &str| root.present(key).and_then(Node::as_str).map(str::to_owned);
        let list = |key: &str| {
            root.present(key)
                .into_iter()
                .flat_map(Node::items)
                .filter_map(Node::as_str)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let mut patches = list("patchesStrategicMerge");
        for key in ["patches", "patchesJson6902"] {
            let paths = root.present(key).into_iter().flat_map(Node::items);
            patches.extend(
                paths.filter_map(|patch| patch.present("path")?.as_str().map(str::to_owned)),
            );
        }
        patches.retain(|path| !path.contains('\n'));
        let mut resources = list("resources");
        resources.extend(list("bases"));
        resources.extend(list("components"));
        Some(Self {
            namespace: text("namespace"),
            renames: root.present("namePrefix").is_some() || root.present("nameSuffix").is_some(),
            affixes: (
                text("namePrefix").unwrap_or_default(),
                text("nameSuffix").unwrap_or_default(),
            ),
            is_component: text("kind").as_deref() == Some("Component"),
            resources,
            patches,
            changes: patch::of_kustomization(root),
            build_files: build_files(root),
            images: items(root, "images")
                .filter_map(ImageChange::read)
                .collect(),
            requests: requests(root),
            labels: label_change::of_kustomization(root),
            added: added(root),
        })
    }
}

/// The labels that a kustomization puts on all that it takes in. Source: `labels` and `commonLabels` of Kustomize 5.
fn added(root: Node<'_>) -> Vec<(String, String, LabelReach, Span)> {
    let common = root.present("commonLabels").into_iter();
    let common = common.map(|pairs| (pairs, LabelReach::Selectors));
    let entries = items(root, "labels").filter_map(|entry| {
        let is_set = |name: &str| entry.get(name).and_then(Node::as_bool) == Some(true);
        let reach = if is_set("includeSelectors") {
            LabelReach::Selectors
        } else if is_set("includeTemplates") {
            LabelReach::Templates
        } else {
            LabelReach::Metadata
        };
        Some((entry.present("pairs")?, reach))
    });
    let pairs = common.chain(entries);
    let added = pairs.flat_map(|(pairs, reach)| pairs.entries().map(move |it| (it, reach)));
    added
        .map(|(entry, reach)| {
            let (key, value) = (entry.key.key_text(), entry.value.key_text());
            let at = entry.key.span().to(entry.value.span());
            (key.to_owned(), value.to_owned(), reach, at)
        })
        .collect()
}

/// The items of a list of the kustomization.
fn items<'a>(root: Node<'a>, key: &str) -> impl Iterator<Item = Node<'a>> {
    root.present(key).into_iter().flat_map(Node::items)
}

/// Files that say what is to be built.
fn build_files(root: Node<'_>) -> Vec<String> {
    let named = ["transformers", "generators"]
        .into_iter()
        .flat_map(|key| items(root, key));
    let replacements = items(root, "replacements").filter_map(|entry| entry.present("path"));
    let values = items(root, "helmCharts").flat_map(|chart| {
        let more = chart
            .present("additionalValuesFiles")
            .into_iter()
            .flat_map(Node::items);
        more.chain(chart.present("valuesFile"))
    });
    named
        .chain(replacements)
        .chain(values)
        .filter_map(Node::as_str)
        .filter(|path| !path.contains('\n'))
        .map(str::to_owned)
        .collect()
}

/// What only a build can show.
fn requests(root: Node<'_>) -> Vec<Request> {
    let items = |key| items(root, key);
    let request = |what: Unbuilt, at: Span, node: Node<'_>, path: Option<&str>| Request {
        what,
        at,
        content: node.content_hash(),
        path: path.map(str::to_owned),
        text: None,
    };
    let mut requests = Vec::new();
    for patch in ["patches", "patchesJson6902"].into_iter().flat_map(items) {
        if let Some(inline) = patch.entry("patch") {
            requests.push(Request {
                text: Some(inline.value.id()),
                ..request(Unbuilt::InlinePatch, inline.key.span(), patch, None)
            });
        }
        if let Some(file) = patch.present("path") {
            let path = file.as_str().unwrap_or_default();
            let remote = is_remote(path);
            let what = if remote {
                Unbuilt::RemoteResource
            } else {
                Unbuilt::FilePatch
            };
            requests.push(request(what, file.span(), patch, Some(path)));
        }
    }
    for patch in items("patchesStrategicMerge") {
        let text = patch.as_str().unwrap_or_default();
        let inline = text.contains('\n') || text.contains('{');
        let what = if inline {
            Unbuilt::InlinePatch
        } else {
            Unbuilt::FilePatch
        };
        requests.push(Request {
            text: inline.then_some(patch.id()),
            ..request(what, patch.span(), patch, (!inline).then_some(text))
        });
    }
    for resource in ["resources", "bases", "components"]
        .into_iter()
        .flat_map(items)
    {
        let path = resource.as_str().unwrap_or_default();
        if is_remote(path) {
            requests.push(request(
                Unbuilt::RemoteResource,
                resource.span(),
                resource,
                None,
            ));
        } else if !is_named_as_manifest(path) {
            requests.push(request(
                Unbuilt::OddResource,
                resource.span(),
                resource,
                Some(path),
            ));
        }
    }
    for (key, what) in [
        ("helmCharts", Unbuilt::HelmChart),
        ("helmChartInflationGenerator", Unbuilt::HelmChart),
        ("transformers", Unbuilt::Transformation),
        ("generators", Unbuilt::Transformation),
        ("replacements", Unbuilt::Transformation),
    ] {
        if let Some(entry) = root
            .entry(key)
            .filter(|entry| entry.value.items().next().is_some())
        {
            requests.push(request(what, entry.key.span(), entry.value, None));
        }
    }
    requests
}

/// True if a path ends as the files end that are read.
fn is_named_as_manifest(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["yaml", "yml", "json"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// True if a resource is fetched: a URL, a host with a path, or what asks for a revision.
fn is_remote(path: &str) -> bool {
    let host = path.split('/').next().unwrap_or_default();
    path.contains("://")
        || path.contains("?ref=")
        || path.contains("//") && host.contains('.') && !host.starts_with('.')
        || host.contains('@') && host.contains(':')
        || ["github.com", "gitlab.com", "bitbucket.org"].contains(&host)
}

/// Joins a path of a kustomization with its folder; none if it leaves the root or is remote.
#[must_use]
pub fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || is_remote(path) {
        return None;
    }
    joined(folder, path)
}

/// Joins a path with a folder that it may lead out of; none where it leads out of the revision.
#[must_use]
pub fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
