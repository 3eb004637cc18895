//! How the services of a revision start: what the last stage of each Dockerfile and each container runs, and the
//! scripts of `package.json` that this leads to.

use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::container::ContainerKind;
use crate::kubernetes::process::scalar;
use crate::kubernetes::{Container, ImageReference, Object, Pod, Process};
use crate::packages::Launch;
use crate::packages::node_options;
use crate::packages::purpose::is_for_development;
use crate::syntax::dockerfile::{Command, Dockerfile, Instruction, Stages};
use crate::syntax::{Node, Span};

use super::node_versions::is_node_image;
use super::projects::{Project, Projects};
use super::{Snapshot, SourceFile};

/// The most scripts that call one another.
const DEEPEST: usize = 8;

/// What starts somewhere.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// The file.
    pub path: &'a Arc<str>,
    /// The bytes that say what starts.
    pub span: Span,
    /// `CMD`, `ENTRYPOINT`, `command` or `args`.
    pub keyword: &'static str,
    /// What starts.
    pub launch: Launch,
    /// The container, with its object and pod; none for a Dockerfile.
    pub container: Option<(Object<'a>, Pod<'a>, Container<'a>)>,
    /// The project that it starts, where that is known.
    pub project: Option<Project<'a>>,
}

impl<'a> Start<'a> {
    /// Where it is said.
    #[must_use]
    pub fn location(&self) -> Location {
        Location {
            path: Arc::clone(self.path),
            span: self.span,
        }
    }

    /// The scripts that it runs, one after the other, with their texts.
    #[must_use]
    pub fn scripts(&self) -> Vec<(&'a str, Node<'a>, &'a str)> {
        let mut found: Vec<(&str, Node<'_>, &str)> = Vec::new();
        let mut wanted = self.launch.script().map(str::to_owned);
        while let (Some(name), Some(project)) = (wanted.take(), self.project) {
            let script = project.package.scripts().find(|(own, ..)| *own == name);
            let Some(script) = script.filter(|_| found.len() < DEEPEST) else {
                break;
            };
            wanted = Launch::of_script(script.2).script().map(str::to_owned);
            found.push(script);
        }
        found
    }
}

/// A script of a `package.json` that a service starts.
#[derive(Clone, Debug)]
pub struct ServiceScript<'s, 'a> {
    /// What starts it.
    pub start: &'s Start<'a>,
    /// Whose it is.
    pub project: Project<'a>,
    /// Its name.
    pub name: &'a str,
    /// Where it stands.
    pub node: Node<'a>,
    /// What it runs.
    pub text: &'a str,
}

/// The scripts that services start, other than those of containers for developers.
pub fn service_scripts<'s, 'a>(
    starts: &'s [Start<'a>],
) -> impl Iterator<Item = ServiceScript<'s, 'a>> {
    let of_services = starts.iter().filter_map(|start| {
        let container = start.container;
        let is_for_developers = container.is_some_and(|(object, ..)| is_development(object));
        Some((start, start.project.filter(|_| !is_for_developers)?))
    });
    of_services.flat_map(|(start, project)| {
        let scripts = start.scripts().into_iter();
        scripts.map(move |(name, node, text)| ServiceScript {
            start,
            project,
            name,
            node,
            text,
        })
    })
}

/// Everything that starts in a revision, other than what is for development.
#[must_use]
pub fn node_starts<'a>(snapshot: &'a Snapshot, projects: &Projects<'a>) -> Vec<Start<'a>> {
    let mut starts = Vec::new();
    for file in snapshot.files() {
        if let Some(dockerfile) = file.dockerfile() {
            starts.extend(of_dockerfile(file, dockerfile, projects));
            continue;
        }
        for object in snapshot.objects_of(file) {
            for pod in object.pods() {
                for container in pod.containers() {
                    starts.extend(of_container(object, pod, container, projects));
                }
            }
        }
    }
    starts
}

fn of_dockerfile<'a>(
    file: &'a SourceFile,
    dockerfile: &'a Dockerfile,
    projects: &Projects<'a>,
) -> Option<Start<'a>> {
    let stages = dockerfile.stages();
    if is_development_image(file, &stages) {
        return None;
    }
    let (keyword, span, launch) = start_of(dockerfile, &stages)?;
    Some(Start {
        path: &file.path,
        span,
        keyword,
        launch,
        container: None,
        project: projects.around(&file.path),
    })
}

/// True if the name of a Dockerfile, or that of its last stage, says that it is for development or tests.
#[must_use]
pub fn is_development_image(file: &SourceFile, stages: &Stages<'_>) -> bool {
    let name = stages.last().and_then(|stage| stage.name.as_ref());
    is_for_development(&file.path) || name.is_some_and(|name| is_for_development(&name.text))
}

/// What the image of a Dockerfile starts: the instruction to edit, where its operands stand, and the program.
#[must_use]
pub fn start_of(
    dockerfile: &Dockerfile,
    stages: &Stages<'_>,
) -> Option<(&'static str, Span, Launch)> {
    let read = |keyword| {
        let instruction = stages.effective(keyword)?;
        Some((instruction.operands, words_of(dockerfile, instruction)))
    };
    let launch = |words: &[String]| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Launch::of_words(&words)
    };
    match (read("ENTRYPOINT"), read("CMD")) {
        (None, None) => None,
        (None, Some((at, words))) => Some(("CMD", at, launch(&words))),
        (Some((at, words)), None) => Some(("ENTRYPOINT", at, launch(&words))),
        (Some((own, entry)), Some((at, words))) => {
            // A shell that reads the ENTRYPOINT does not look at CMD.
            let is_script = entry.first().is_some_and(|word| word == SHELL);
            let all: Vec<String> = entry.iter().chain(&words).cloned().collect();
            if is_script || launch(&entry).is_node() {
                let all = if is_script { entry } else { all };
                return Some(("ENTRYPOINT", own, launch(&all)));
            }
            Some(("CMD", at, launch(&all)))
        }
    }
}

/// What reads a command that is no list of words.
const SHELL: &str = "/bin/sh";

fn words_of(dockerfile: &Dockerfile, instruction: &Instruction) -> Vec<String> {
    match dockerfile.command(instruction) {
        Command::Exec(words) => words.into_iter().map(|word| word.text).collect(),
        Command::Shell(scripts) => {
            let script = scripts.first().map_or("", |script| script.text());
            vec![SHELL.to_owned(), "-c".to_owned(), script.to_owned()]
        }
    }
}

fn of_container<'a>(
    object: Object<'a>,
    pod: Pod<'a>,
    container: Container<'a>,
    projects: &Projects<'a>,
) -> Option<Start<'a>> {
    let process = Process::of(container);
    let image = container.image().as_str().unwrap_or_default();
    let command = process.command().next();
    // What arguments alone go to, the image decides; the official one of Node.js starts them.
    let first = match command {
        Some(first) => first,
        None if is_for_node(process, image) => process.arguments().next()?,
        None => return None,
    };
    let words: Vec<_> = process.words().collect();
    let texts: Vec<_> = words.iter().map(|word| scalar(*word)).collect();
    let last = words.last()?;
    Some(Start {
        path: object.path(),
        // In a list of flow style that is one line; reports show the first.
        span: first.span().to(last.span()),
        keyword: if command.is_some() { "command" } else { "args" },
        launch: Launch::of_words(&texts),
        container: Some((object, pod, container)),
        project: project_of(object, image, projects),
    })
}

/// True if arguments without a command go to Node.js: that of the official image, or of another one where an option
/// comes first and a script behind it.
fn is_for_node(process: Process<'_>, image: &str) -> bool {
    let is_script = |word: &str| {
        let extension = word.rsplit_once('.').map(|(_, extension)| extension);
        matches!(extension, Some("js" | "mjs" | "cjs"))
    };
    is_node_image(image) || {
        let mut words = process.arguments().map(scalar);
        words.next().is_some_and(|first| first.starts_with('-')) && words.any(is_script)
    }
}

/// The project whose program an image holds: the one of its name, else the one around the manifest.
fn project_of<'a>(object: Object<'_>, image: &str, projects: &Projects<'a>) -> Option<Project<'a>> {
    let reference = ImageReference::parse(image).ok();
    let named = reference.and_then(|image| projects.named(image.last_segment()));
    named.or_else(|| projects.around(object.path()))
}

/// The options that the command of a container gives to Node.js, each with the word that holds it.
#[must_use]
pub fn options_of(container: Container<'_>) -> Vec<(Node<'_>, String)> {
    let process = Process::of(container);
    let image = container.image().as_str().unwrap_or_default();
    // What arguments alone go to, the image decides.
    let is_official = process.command().next().is_none() && is_for_node(process, image);
    let nodes: Vec<_> = process.words().collect();
    let entry = is_official.then_some("docker-entrypoint.sh");
    let texts: Vec<_> = nodes
        .iter()
        .map(|node| process.expanded(scalar(*node)))
        .collect();
    let words: Vec<_> = entry
        .into_iter()
        .chain(texts.iter().map(|text| &**text))
        .collect();
    let options = node_options::of_words(&words).into_iter();
    options
        .filter_map(|option| {
            let at = option.word.checked_sub(usize::from(is_official))?;
            Some((*nodes.get(at)?, option.text))
        })
        .collect()
}

/// The options that `ENTRYPOINT` and `CMD` of an image give to Node.js: where each stands, under which keyword.
#[must_use]
pub fn options_of_image(
    dockerfile: &Dockerfile,
    stages: &Stages<'_>,
) -> Vec<(&'static str, Span, String)> {
    let mut words: Vec<(&'static str, Span, String)> = Vec::new();
    // What CMD alone goes to, the image below decides.
    let ground = stages.ground().and_then(|stage| stage.image.known());
    if stages.effective("ENTRYPOINT").is_none() && ground.is_some_and(is_node_image) {
        let entry = "docker-entrypoint.sh".to_owned();
        words.push(("", Span::default(), entry));
    }
    for keyword in ["ENTRYPOINT", "CMD"] {
        let Some(instruction) = stages.effective(keyword) else {
            continue;
        };
        match dockerfile.command(instruction) {
            Command::Exec(own) => {
                words.extend(own.into_iter().map(|word| (keyword, word.span, word.text)));
            }
            Command::Shell(_) => {
                let at = instruction.operands;
                let own = words_of(dockerfile, instruction).into_iter();
                words.extend(own.map(|word| (keyword, at, word)));
                // A shell that reads the ENTRYPOINT does not look at CMD.
                break;
            }
        }
    }
    let texts: Vec<_> = words.iter().map(|(.., text)| &**text).collect();
    let options = node_options::of_words(&texts).into_iter();
    options
        .filter_map(|option| {
            let (keyword, span, _) = words.get(option.word)?;
            Some((*keyword, *span, option.text))
        })
        .collect()
}

/// True if a container runs Node.js: its image brings it, it starts it, or it sets variables that only Node.js reads.
#[must_use]
pub fn runs_node(container: Container<'_>) -> bool {
    let process = Process::of(container);
    if is_node_image(container.image().as_str().unwrap_or_default()) {
        return true;
    }
    let words: Vec<_> = process.words().map(scalar).collect();
    let is_variable = |name: &str| {
        matches!(
            name,
            "NODE_ENV" | "NODE_OPTIONS" | "NODE_EXTRA_CA_CERTS" | "NODE_PATH"
        )
    };
    Launch::of_words(&words).is_node()
        || process
            .variables()
            .any(|variable| is_variable(variable.name))
}

/// True if a container is to run for good, rather than to come to an end.
#[must_use]
pub fn stays(object: Object<'_>, container: Container<'_>) -> bool {
    let is_job = ["Job", "CronJob"].contains(&object.kind().name);
    container.kind() == ContainerKind::Regular && !is_job
}

/// True if an object is for development or tests, as the names of its file, its namespace and itself have it.
#[must_use]
pub fn is_development(object: Object<'_>) -> bool {
    let namespace = object.namespace().map_or("", |(name, _)| name);
    let name = &object.resource().name;
    [&**object.path(), namespace, name]
        .into_iter()
        .any(is_for_development)
}
