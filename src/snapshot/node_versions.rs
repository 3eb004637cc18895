//! Every place of a revision that states a version of Node.js.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::field::quoted;
use crate::kubernetes::{Container, Field, ImageReference, Object};
use crate::packages::node_image::node_image;
use crate::packages::purpose::is_for_development;
use crate::packages::{NodeVersion, PackageJson, Range};
use crate::syntax::Span;
use crate::syntax::dockerfile::{Base, Dockerfile, Origin, Stage, Stages};

use super::file_kind::FileKind;
use super::{Snapshot, SourceFile, State};

/// What kind of place states a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// `engines.node`: what the program runs with.
    Engines,
    /// `devEngines.runtime`: what developers run it with.
    DevEngines,
    /// `volta.node`.
    Volta,
    /// `.nvmrc`, `.node-version` or `.tool-versions`.
    VersionFile,
    /// A step of a workflow.
    Workflow,
    /// The image that a Dockerfile starts from, or copies from.
    Base,
    /// `NODE_VERSION` in a Dockerfile that fetches Node.js itself.
    Variable,
    /// The image of a container.
    Image,
}

/// One place.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// What kind of place.
    pub source: Source,
    /// The file.
    pub path: &'a Arc<str>,
    /// The bytes to edit.
    pub span: Span,
    /// The place as a sentence names it: `engines.node ">=14"`.
    pub title: String,
    /// What tells it from others of its file: what it says, and not where.
    pub key: String,
    /// What it allows; none where an image brings Node.js and does not say which.
    pub version: NodeVersion,
    /// True if what it names runs in a cluster: the image of a container, what the last stage of a Dockerfile is
    /// built on.
    pub is_deployed: bool,
    /// The container, with its object.
    pub container: Option<(Object<'a>, Container<'a>)>,
    /// Where an argument takes the version to: the `FROM` that uses it.
    pub used_at: Option<Span>,
    /// True if the image has no tag of its own, or `latest`.
    pub is_untagged: bool,
    /// True if it is a matrix of several versions.
    pub is_one_of_several: bool,
}

impl Place<'_> {
    /// Where it is.
    #[must_use]
    pub fn location(&self) -> Location {
        Location {
            path: Arc::clone(self.path),
            span: self.span,
        }
    }
}

/// The places of a revision, file by file. The same image is told once a file, where it is deployed if it is.
#[must_use]
pub fn node_versions(snapshot: &Snapshot) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    for file in snapshot.files() {
        let first = places.len();
        match &*file.state {
            State::Workflow(workflow) => {
                for setup in workflow.node_setups() {
                    let parsed: Vec<_> = setup
                        .versions
                        .iter()
                        .map(|text| NodeVersion::parse(text))
                        .collect();
                    let Some(version) = union(parsed) else {
                        continue;
                    };
                    let written = setup.versions.join(", ");
                    let title = format!(
                        "node-version {} of job {}",
                        quoted(&written),
                        quoted(setup.job)
                    );
                    let key = format!("{} {written}", setup.job);
                    places.push(Place {
                        title,
                        key,
                        is_one_of_several: setup.versions.len() > 1,
                        ..bare(Source::Workflow, file, setup.at, version)
                    });
                }
            }
            State::Tree(_) if file.kind() == FileKind::PackageJson => of_package(file, &mut places),
            State::Text(text) => of_lines(file, text, &mut places),
            State::Dockerfile(dockerfile) => of_dockerfile(file, dockerfile, &mut places),
            _ => of_manifest(snapshot, file, &mut places),
        }
        let mut seen = BTreeSet::new();
        let mut of_file = places.split_off(first);
        of_file.sort_by_key(|place| !place.is_deployed);
        of_file.retain(|place| {
            place.container.is_some() || seen.insert((place.source, place.key.clone()))
        });
        places.extend(of_file);
    }
    places
}

fn bare(source: Source, file: &SourceFile, span: Span, version: NodeVersion) -> Place<'_> {
    Place {
        source,
        path: &file.path,
        span,
        title: String::new(),
        key: String::new(),
        version,
        is_deployed: false,
        container: None,
        used_at: None,
        is_untagged: false,
        is_one_of_several: false,
    }
}

/// What any of several texts allows; none where one of them is not understood.
fn union(versions: Vec<Option<NodeVersion>>) -> Option<NodeVersion> {
    let mut ranges = Vec::new();
    let mut moves = false;
    for version in versions {
        match version? {
            NodeVersion::Moving => moves = true,
            NodeVersion::In(range) => ranges.push(range),
            NodeVersion::AnyOf(more) => ranges.extend(more),
        }
    }
    match (moves, ranges.len()) {
        (true, _) => Some(NodeVersion::Moving),
        (false, 0) => None,
        (false, 1) => ranges.pop().map(NodeVersion::In),
        (false, _) => Some(NodeVersion::AnyOf(ranges)),
    }
}

fn of_package<'a>(file: &'a SourceFile, places: &mut Vec<Place<'a>>) {
    let Some(package) = file.tree().and_then(PackageJson::of) else {
        return;
    };
    let engines = package
        .engines_node()
        .map(|node| (Source::Engines, "engines.node", node));
    let volta = package
        .volta_node()
        .map(|node| (Source::Volta, "volta.node", node));
    let runtimes = package
        .dev_engines_node()
        .map(|node| (Source::DevEngines, "devEngines.runtime", node));
    for (source, name, node) in engines.into_iter().chain(volta).chain(runtimes) {
        let text = node.as_str().unwrap_or_default();
        let version = match source {
            // npm takes no words here, and an empty range for any version.
            Source::Engines => Range::parse(text).map(NodeVersion::In),
            _ => NodeVersion::parse(text),
        };
        let Some(version) = version else { continue };
        places.push(Place {
            title: format!("{name} {}", quoted(text)),
            key: name.to_owned(),
            ..bare(source, file, node.span(), version)
        });
    }
}

fn of_lines<'a>(file: &'a SourceFile, text: &str, places: &mut Vec<Place<'a>>) {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let is_tools = file.kind() == FileKind::ToolVersions;
    if !is_tools && file.kind() != FileKind::NodeVersion {
        return;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.split('#').next().unwrap_or_default();
        let mut words = content.trim_start_matches('\u{feff}').split_whitespace();
        let mut word = words.next();
        if is_tools {
            if !matches!(word, Some("nodejs" | "node")) {
                continue;
            }
            // What follows the first version is what asdf falls back to.
            word = words.next();
        }
        let Some(word) = word else { continue };
        if let Some(version) = NodeVersion::parse(word) {
            let offset = start + line.find(word).unwrap_or(0);
            let span = Span::new(offset, offset + word.len());
            places.push(Place {
                title: format!("{name} {}", quoted(word)),
                key: name.to_owned(),
                ..bare(Source::VersionFile, file, span, version)
            });
        }
        return;
    }
}

fn of_manifest<'a>(snapshot: &'a Snapshot, file: &'a SourceFile, places: &mut Vec<Place<'a>>) {
    for object in snapshot.objects_of(file) {
        for container in object
            .pods()
            .flat_map(|pod| pod.containers().collect::<Vec<_>>())
        {
            let Some(node) = container.image().node() else {
                continue;
            };
            let text = node.as_str().unwrap_or_default();
            let Some(image) = read_image(text) else {
                continue;
            };
            let Some(version) = image.version else {
                continue;
            };
            places.push(Place {
                title: format!("image {}", quoted(text)),
                key: text.to_owned(),
                is_deployed: true,
                container: Some((object, container)),
                is_untagged: image.is_untagged,
                ..bare(Source::Image, file, Field::of(node).span(), version)
            });
        }
    }
}

struct Image {
    version: Option<NodeVersion>,
    is_untagged: bool,
}

/// What an image says of Node.js; none if it is no image of Node.js.
fn read_image(text: &str) -> Option<Image> {
    let reference = ImageReference::parse(text).ok()?;
    let tag = match (reference.tag(), reference.digest()) {
        (Some(tag), _) => Some(tag),
        (None, Some(_)) => None,
        (None, None) => Some("latest"),
    };
    let image = node_image(&reference.registry(), &reference.repository(), tag)?;
    // A digest says exactly which, whatever the tag moves to.
    let moves = matches!(image.version, Some(NodeVersion::Moving)) && reference.digest().is_some();
    Some(Image {
        version: image.version.filter(|_| !moves),
        is_untagged: tag == Some("latest"),
    })
}

/// True if a text is the name of an image that brings Node.js.
#[must_use]
pub fn is_node_image(text: &str) -> bool {
    read_image(text).is_some()
}

/// True if a stage of a Dockerfile is built on an image that brings Node.js.
#[must_use]
pub fn is_node_stage(stages: &Stages<'_>, index: usize) -> bool {
    let chain = stages.chain_of(index);
    let image = chain.first().and_then(|ground| ground.image.known());
    image.is_some_and(is_node_image)
}

fn of_dockerfile<'a>(
    file: &'a SourceFile,
    dockerfile: &'a Dockerfile,
    places: &mut Vec<Place<'a>>,
) {
    let stages = dockerfile.stages();
    let is_deployed_file = !is_for_development(&file.path);
    let last: Vec<usize> = stages.chain().iter().map(|stage| stage.from).collect();
    for (index, stage) in stages.all().iter().enumerate() {
        let is_last = last.contains(&stage.from) && is_deployed_file;
        if stage.base == Base::Image
            && let Some(text) = stage.image.known()
            && let Some(written) = &stage.written
        {
            let argument = origin_of_version(dockerfile, &stage.image.used, text);
            let place = of_image(file, text, "FROM", argument.unwrap_or(written.span));
            places.extend(place.map(|place| Place {
                is_deployed: is_last,
                used_at: argument.map(|_| written.span),
                ..place
            }));
        }
        of_body(file, &stages, (index, stage), is_last, places);
    }
}

/// How many arguments may stand in one another's defaults.
const DEEPEST: usize = 8;

/// Where the version of an image is written, if that is the default of an argument: one of those that were put in.
fn origin_of_version(dockerfile: &Dockerfile, used: &[String], image: &str) -> Option<Span> {
    let (_, tag) = image.rsplit_once(':')?;
    let version = tag
        .split(['-', '_'])
        .next()
        .filter(|version| !version.is_empty())?;
    let before = dockerfile
        .instructions()
        .iter()
        .take_while(|found| found.keyword != "FROM");
    let arguments: Vec<_> = before
        .filter(|found| found.keyword == "ARG")
        .flat_map(|found| dockerfile.pairs(found))
        .collect();
    let mut names = used.to_vec();
    let mut found = None;
    for _ in 0..DEEPEST {
        let values = names.iter().filter_map(|name| {
            let argument = arguments.iter().rfind(|argument| argument.name == *name)?;
            argument.value.as_ref()
        });
        let mut values: Vec<_> = values.collect();
        if let [only] = &*values
            && used.len() == 1
        {
            found = Some(only.span);
        }
        values.retain(|value| value.text.contains(version) || value.text.contains('$'));
        let own = values.iter().find(|value| value.text.contains(version));
        if let Some(own) = own {
            return Some(own.span);
        }
        names = values
            .iter()
            .flat_map(|value| variables(&value.text))
            .collect();
    }
    found
}

/// The names of the variables of a text.
fn variables(text: &str) -> Vec<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let behind = text
        .split('$')
        .skip(1)
        .map(|part| part.trim_start_matches('{'));
    behind
        .map(|part| part.chars().take_while(|letter| is_name(*letter)).collect())
        .collect()
}

fn of_image<'a>(file: &'a SourceFile, text: &str, keyword: &str, span: Span) -> Option<Place<'a>> {
    let image = read_image(text)?;
    Some(Place {
        title: format!("{keyword} {}", quoted(text)),
        key: text.to_owned(),
        is_untagged: image.is_untagged,
        ..bare(Source::Base, file, span, image.version?)
    })
}

fn of_body<'a>(
    file: &'a SourceFile,
    stages: &Stages<'_>,
    (index, stage): (usize, &Stage),
    is_last: bool,
    places: &mut Vec<Place<'a>>,
) {
    let brings_node = is_node_stage(stages, index);
    for instruction in stages.body(stage) {
        match &*instruction.keyword {
            "COPY" => {
                let Some(flag) = instruction.flag("from") else {
                    continue;
                };
                if let Origin::Image(text) = stages.origin(stage, instruction) {
                    let place = of_image(file, &text, "COPY --from", flag.span);
                    places.extend(place.map(|place| Place {
                        is_deployed: is_last,
                        ..place
                    }));
                }
            }
            // The official image sets it as well, to what its tag says.
            "ENV" | "ARG" if !brings_node => {
                let Some(dockerfile) = file.dockerfile() else {
                    continue;
                };
                let pairs = dockerfile.pairs(instruction).into_iter();
                for pair in pairs.filter(|pair| pair.name == "NODE_VERSION") {
                    let Some(value) = pair.value else { continue };
                    let Some(version) = NodeVersion::parse(&value.text) else {
                        continue;
                    };
                    places.push(Place {
                        title: format!("NODE_VERSION {}", quoted(&value.text)),
                        key: "NODE_VERSION".to_owned(),
                        is_deployed: is_last,
                        ..bare(Source::Variable, file, value.span, version)
                    });
                }
            }
            _ => {}
        }
    }
}
