//! Every place of a revision that states a version of Node.js.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use memchr::memmem;

use crate::finding::Location;
use crate::kubernetes::field::quoted;
use crate::kubernetes::{Container, Field, ImageReference, Object, Pod};
use crate::packages::mise;
use crate::packages::node_image::node_image;
use crate::packages::purpose::{is_for_development, is_installed};
use crate::packages::{NodeVersion, PackageJson, Range, nodesource};
use crate::syntax::Span;
use crate::syntax::dockerfile::{Base, Dockerfile, Instruction, Origin, Stages};
use crate::workflow::{Use, Workflow};

use super::file_kind::FileKind;
use super::node_starts::{is_development, is_development_image, start_of};
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
    /// `.nvmrc`, `.node-version`, `.tool-versions` or `mise.toml`.
    VersionFile,
    /// A step of a workflow, or the image that its steps run in.
    Workflow,
    /// The image of a service of a workflow, or of a step that is one: another program than the one that is tested.
    Service,
    /// The image that a Dockerfile starts from, or copies from.
    Base,
    /// `NODE_VERSION`, or an archive of `NodeSource`, in a Dockerfile that fetches Node.js itself.
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
    /// Where an argument takes the version to: the arguments that its value goes through, and the `FROM` that uses it.
    pub used_at: Vec<Span>,
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
                    let holder = match setup.job {
                        Some(job) => format!("job {}", quoted(job)),
                        None => "this action".to_owned(),
                    };
                    let title = format!("node-version {} of {holder}", quoted(&written));
                    let key = format!("{} {written}", setup.job.unwrap_or("runs"));
                    places.push(Place {
                        title,
                        key,
                        is_one_of_several: setup.versions.len() > 1,
                        ..bare(Source::Workflow, file, setup.at, version)
                    });
                }
                of_job_images(file, workflow, &mut places);
            }
            State::Tree(_) if file.kind() == FileKind::PackageJson && !is_installed(&file.path) => {
                of_package(file, &mut places);
            }
            State::Text(text) => of_lines(file, text, &mut places),
            State::Dockerfile(dockerfile) => of_dockerfile(file, dockerfile, &mut places),
            _ => {
                of_manifest(snapshot, file, &mut places);
                of_kustomization(snapshot, file, &mut places);
            }
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
        used_at: Vec::new(),
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

fn of_job_images<'a>(file: &'a SourceFile, workflow: &'a Workflow, places: &mut Vec<Place<'a>>) {
    for named in workflow.job_images() {
        let Some(image) = read_image(named.text) else {
            continue;
        };
        let Some(version) = image.version else {
            continue;
        };
        let (source, what) = match named.usage {
            Use::Container => (Source::Workflow, "container"),
            Use::Service => (Source::Service, "service image"),
            Use::Step => (Source::Service, "step image"),
        };
        places.push(Place {
            title: format!("{what} {} of job {}", quoted(named.text), quoted(named.job)),
            key: format!("{} {}", named.job, named.text),
            is_untagged: image.is_untagged,
            ..bare(source, file, named.at, version)
        });
    }
}

fn of_lines<'a>(file: &'a SourceFile, text: &str, places: &mut Vec<Place<'a>>) {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    if file.kind() == FileKind::MiseSettings {
        if let Some((written, span)) = mise::node(text)
            && let Some(version) = NodeVersion::parse(written)
        {
            places.push(Place {
                title: format!("{name} {}", quoted(written)),
                key: name.to_owned(),
                ..bare(Source::VersionFile, file, span, version)
            });
        }
        return;
    }
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
                is_deployed: !is_development(object),
                container: Some((object, container)),
                is_untagged: image.is_untagged,
                ..bare(Source::Image, file, Field::of(node).span(), version)
            });
        }
    }
}

/// What a kustomization makes of images: what an entry says itself, or with the tag of a container that it renames.
fn of_kustomization<'a>(snapshot: &'a Snapshot, file: &'a SourceFile, places: &mut Vec<Place<'a>>) {
    let manifest = file.manifest();
    let kustomization = manifest.and_then(|manifest| manifest.kustomization.as_ref());
    for change in kustomization.into_iter().flat_map(|found| &found.images) {
        if change.appends {
            continue;
        }
        let mut text = change.reference();
        if change.tag.is_none() && change.digest.is_none() {
            let Some(tag) = (change.new_name.as_ref())
                .filter(|name| is_node_image(name))
                .and_then(|_| renamed_tag(snapshot, file, &change.name))
            else {
                continue;
            };
            text = format!("{text}:{tag}");
        }
        let Some(image) = read_image(&text) else {
            continue;
        };
        let Some(version) = image.version else {
            continue;
        };
        places.push(Place {
            title: format!("image {}", quoted(&text)),
            key: text,
            is_deployed: !is_for_development(&file.path),
            is_untagged: image.is_untagged,
            ..bare(Source::Image, file, change.at, version)
        });
    }
}

/// The tag of the first container of what a kustomization builds whose image has a name.
fn renamed_tag<'a>(snapshot: &'a Snapshot, file: &SourceFile, name: &str) -> Option<&'a str> {
    let paths = snapshot.built_from(file.folder());
    let files = paths.iter().filter_map(|path| snapshot.file(path));
    let objects = files.flat_map(|file| snapshot.objects_of(file));
    let mut images = objects
        .flat_map(Object::pods)
        .flat_map(Pod::containers)
        .filter_map(|container| container.image().as_str());
    images.find_map(|image| {
        let tag = image.strip_prefix(name)?.strip_prefix(':')?;
        (!tag.contains(['@', '/', '{', '$'])).then_some(tag)
    })
}

struct Image {
    version: Option<NodeVersion>,
    is_untagged: bool,
}

/// What an image says of Node.js; none if it is no image of Node.js.
fn read_image(text: &str) -> Option<Image> {
    // All of their names hold this word.
    memmem::find(text.as_bytes(), b"node")?;
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

fn of_dockerfile<'a>(
    file: &'a SourceFile,
    dockerfile: &'a Dockerfile,
    places: &mut Vec<Place<'a>>,
) {
    let stages = dockerfile.stages();
    let deployed: BTreeSet<usize> = if is_development_image(file, &stages) {
        BTreeSet::new()
    } else {
        stages.chain().iter().map(|stage| stage.from).collect()
    };
    let arguments = Arguments::of(dockerfile);
    let starts_node = start_of(dockerfile, &stages).is_some_and(|(.., launch)| launch.is_node());
    let mut brings_node: Vec<bool> = Vec::with_capacity(stages.all().len());
    for stage in stages.all() {
        let image = stage.image.known().filter(|_| stage.base == Base::Image);
        brings_node.push(match stage.base {
            Base::Stage(below) => brings_node.get(below) == Some(&true),
            Base::Image => image.is_some_and(is_node_image),
            Base::Scratch => false,
        });
        let is_deployed = deployed.contains(&stage.from);
        if let (Some(image), Some(written)) = (image, &stage.written) {
            let argument = arguments.origin_of_version(&stage.image.used, image);
            let (at, used_at) = match argument {
                Some(origin) => (origin.at, [origin.through, vec![written.span]].concat()),
                None => (written.span, Vec::new()),
            };
            let place = of_image(file, image, "FROM", at);
            places.extend(place.map(|place| Place {
                is_deployed,
                used_at,
                ..place
            }));
        }
        for instruction in stages.body(stage) {
            match &*instruction.keyword {
                "COPY" => {
                    let Some(flag) = instruction.flag("from") else {
                        continue;
                    };
                    if let Origin::Image(text) = stages.origin(stage, instruction) {
                        let place = of_image(file, &text, "COPY --from", flag.span);
                        places.extend(place.map(|place| Place {
                            is_deployed,
                            ..place
                        }));
                    }
                }
                // The official image sets it as well, to what its tag says.
                "ENV" | "ARG" if brings_node.last() == Some(&false) => {
                    let variables = of_variable(file, dockerfile, &stages, instruction);
                    places.extend(variables.into_iter().map(|place| Place {
                        is_deployed: is_deployed && starts_node,
                        ..place
                    }));
                }
                "RUN" if brings_node.last() == Some(&false) => {
                    let archives = of_archives(file, dockerfile, instruction);
                    places.extend(archives.into_iter().map(|place| Place {
                        is_deployed: is_deployed && starts_node,
                        ..place
                    }));
                }
                _ => {}
            }
        }
    }
}

/// `NODE_VERSION` of an `ENV` or `ARG`: what a script fetches.
fn of_variable<'a>(
    file: &'a SourceFile,
    dockerfile: &Dockerfile,
    stages: &Stages<'_>,
    instruction: &Instruction,
) -> Vec<Place<'a>> {
    let pairs = dockerfile.pairs(instruction).into_iter();
    pairs
        .filter(|pair| pair.name == "NODE_VERSION")
        .filter_map(|pair| {
            let value = pair.value?;
            let resolved = stages.global().resolve(&value.raw, dockerfile.escape());
            let text = resolved.known()?;
            Some(Place {
                title: format!("NODE_VERSION {}", quoted(text)),
                key: "NODE_VERSION".to_owned(),
                ..bare(
                    Source::Variable,
                    file,
                    value.span,
                    NodeVersion::parse(text)?,
                )
            })
        })
        .collect()
}

/// The archives of `NodeSource` that a `RUN` takes packages from.
fn of_archives<'a>(
    file: &'a SourceFile,
    dockerfile: &Dockerfile,
    instruction: &Instruction,
) -> Vec<Place<'a>> {
    let mut found = Vec::new();
    for script in dockerfile.scripts(instruction) {
        for word in script.commands.iter().flat_map(|command| &command.words) {
            if let Some((line, part)) = nodesource::line_of(&word.text)
                && let Some(version) = NodeVersion::parse(line)
            {
                let name = word.text.get(part).unwrap_or_default().to_owned();
                found.push(Place {
                    title: format!("NodeSource's {}", quoted(&name)),
                    key: name,
                    ..bare(Source::Variable, file, script.span(&word.range), version)
                });
            }
        }
    }
    found
}

/// How many arguments may stand in one another's defaults.
const DEEPEST: usize = 8;

/// The defaults of the arguments before the first `FROM`, by name.
struct Arguments(BTreeMap<String, (String, Span)>);

impl Arguments {
    fn of(dockerfile: &Dockerfile) -> Self {
        let before = dockerfile
            .instructions()
            .iter()
            .take_while(|found| found.keyword != "FROM");
        let pairs = before
            .filter(|found| found.keyword == "ARG")
            .flat_map(|found| dockerfile.pairs(found));
        Self(
            pairs
                .filter_map(|pair| {
                    let value = pair.value?;
                    Some((pair.name, (value.text, value.span)))
                })
                .collect(),
        )
    }

    /// Where the version of an image is written, if that is the default of an argument: one of those that were put
    /// in, or that stand in the default of one. Where several make it together, it is the one that says the line of
    /// releases.
    fn origin_of_version(&self, used: &[String], image: &str) -> Option<ValueOrigin> {
        let (_, tag) = image.rsplit_once(':')?;
        let version = tag.split(['-', '_', '@']).next()?;
        let is_first_part = |text: &str| {
            let rest = version.strip_prefix(text);
            !text.is_empty() && rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let mut part = None;
        let mut open: Vec<(String, Vec<Span>)> =
            used.iter().map(|name| (name.clone(), Vec::new())).collect();
        for _ in 0..DEEPEST {
            let mut next = Vec::new();
            for (name, through) in open {
                let Some((text, span)) = self.0.get(&name) else {
                    continue;
                };
                if text.contains(version) {
                    return Some(ValueOrigin { at: *span, through });
                }
                let through = [vec![*span], through].concat();
                let names = variables(text).into_iter();
                next.extend(names.map(|name| (name, through.clone())));
                if part.is_none() && is_first_part(text) {
                    let through = through.into_iter().skip(1).collect();
                    part = Some(ValueOrigin { at: *span, through });
                }
            }
            next.truncate(DEEPEST);
            open = next;
        }
        part
    }
}

/// Where the value is written that an argument brings.
struct ValueOrigin {
    /// The default that says it.
    at: Span,
    /// The defaults of the arguments that it goes through, the nearest first.
    through: Vec<Span>,
}

/// The names of the variables of a text.
fn variables(text: &str) -> Vec<String> {
    let is_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    let behind = text.split('$').skip(1);
    behind
        .map(|part| {
            part.trim_start_matches('{')
                .chars()
                .take_while(is_name)
                .collect()
        })
        .take(DEEPEST)
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
