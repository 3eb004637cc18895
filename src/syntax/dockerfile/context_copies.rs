//! Which copies of the build context reach the image: in its own stages, and by way of stages that it copies from.

use std::collections::{BTreeMap, BTreeSet};

use super::super::dockerignore;
use super::Dockerfile;
use super::stages::{Origin, Stage, Stages};
use super::variables::Scope;
use super::words::Word;

/// An instruction that copies from the context.
#[derive(Clone, Debug)]
pub struct ContextCopy {
    /// `COPY` or `ADD`.
    pub keyword: String,
    /// What it copies.
    pub source: Word,
    /// The stage that copies it, where the image takes a folder from that one; none for the image's own layers.
    pub by_way_of: Option<usize>,
    /// The patterns of its `--exclude` flags, without slashes at their ends.
    pub excluded: BTreeSet<String>,
}

impl ContextCopy {
    /// True if a flag of the copy keeps a file out.
    #[must_use]
    pub fn keeps_out(&self, path: &str) -> bool {
        let mut excluded = self.excluded.iter();
        excluded.any(|pattern| dockerignore::excludes_path(pattern, path))
    }
}

/// The copies of wanted sources whose files reach the image: first those of its own stages.
pub(super) fn reaching(
    dockerfile: &Dockerfile,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<ContextCopy> {
    let stages = dockerfile.stages();
    let chain = stages.chain();
    let own = copies_of(dockerfile, &stages, &chain, &is_wanted);
    let mut found: Vec<_> = own.into_iter().map(|(copy, _)| copy).collect();
    let wanted = folders_taken(dockerfile, &stages, &chain);
    for (index, folders) in wanted {
        let Some(stage) = stages.all().get(index) else {
            continue;
        };
        let origin = stages.near_chain(stage);
        for (copy, to) in copies_of(dockerfile, &stages, &origin, &is_wanted) {
            // The folder itself, or one above it; where nobody can say which, nothing.
            let Some(to) = to else { continue };
            let name = copy.source.text.trim_end_matches('/').rsplit('/').next();
            let itself = format!("{to}/{}", name.unwrap_or_default());
            let reaches = |from: &String| {
                let from = from.strip_suffix("/*").unwrap_or(from);
                to == from
                    || from.is_empty()
                    || from == "/"
                    || to.starts_with(&format!("{from}/"))
                    || itself == from
            };
            if folders.iter().any(reaches) {
                let by_way_of = Some(index);
                found.push(ContextCopy { by_way_of, ..copy });
            }
        }
    }
    found
}

/// The copies of wanted sources in a chain of stages, with the folder that each fills.
fn copies_of(
    dockerfile: &Dockerfile,
    stages: &Stages<'_>,
    chain: &[&Stage],
    is_wanted: &dyn Fn(&str) -> bool,
) -> Vec<(ContextCopy, Option<String>)> {
    let mut found = Vec::new();
    let mut folder = Some("/".to_owned());
    stages.walk_chain(
        chain,
        &mut |_, instruction, scope| match &*instruction.keyword {
            "WORKDIR" => {
                let line = dockerfile.line(instruction);
                folder = target(folder.as_deref(), line.trim(), scope, dockerfile.escape());
            }
            "COPY" | "ADD" if instruction.flag("from").is_none() => {
                let words = dockerfile.words(instruction);
                let Some((to, sources)) = words.split_last() else {
                    return;
                };
                let flags = instruction
                    .flags
                    .iter()
                    .filter(|flag| flag.name == "exclude");
                let excluded: BTreeSet<_> = flags
                    .map(|flag| flag.value.trim_matches('/').to_owned())
                    .collect();
                let to = target(folder.as_deref(), &to.raw, scope, dockerfile.escape());
                for source in sources {
                    let path = scope.resolve(&source.raw, dockerfile.escape());
                    let text = path.known().unwrap_or(&source.text).to_owned();
                    if !is_wanted(&text) {
                        continue;
                    }
                    let copy = ContextCopy {
                        keyword: instruction.keyword.clone(),
                        source: Word {
                            text,
                            ..source.clone()
                        },
                        by_way_of: None,
                        excluded: excluded.clone(),
                    };
                    found.push((copy, to.clone()));
                }
            }
            _ => {}
        },
    );
    found
}

/// What the image takes from other stages: the stage, the folders.
fn folders_taken(
    dockerfile: &Dockerfile,
    stages: &Stages<'_>,
    chain: &[&Stage],
) -> Vec<(usize, BTreeSet<String>)> {
    let mut taken: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    stages.walk_chain(chain, &mut |stage, instruction, scope| {
        if instruction.keyword != "COPY" {
            return;
        }
        let Origin::Stage(index) = stages.origin(stage, instruction) else {
            return;
        };
        let words = dockerfile.words(instruction);
        let sources = words
            .split_last()
            .map(|(_, sources)| sources)
            .unwrap_or_default();
        let folders = sources
            .iter()
            .filter_map(|source| target(Some("/"), &source.raw, scope, dockerfile.escape()));
        taken.entry(index).or_default().extend(folders);
    });
    taken.into_iter().collect()
}

/// A folder of the image, seen from another one; none where a variable hides it.
fn target(from: Option<&str>, raw: &str, scope: &Scope, escape: char) -> Option<String> {
    let resolved = scope.resolve(raw, escape);
    let path = resolved.known()?;
    let mut parts: Vec<&str> = Vec::new();
    let from = if path.starts_with('/') { "" } else { from? };
    for part in from.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}
