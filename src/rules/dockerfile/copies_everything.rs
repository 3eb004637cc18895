use std::collections::BTreeSet;

use crate::packages::purpose::is_for_development;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::build_context::BuildContext;
use crate::syntax::dockerfile::{Dockerfile, Origin, Scope, Stage, Stages, Word};

declare_rule! {
    /// An image takes in the whole folder, secrets and history included.
    ///
    /// ## Why it matters
    /// `COPY . .` copies what lies in the folder when somebody builds: `.env` with its passwords, `.git` with all that
    /// was ever deleted, and `node_modules` of another machine over the ones that were just installed.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM node:24.11.1-bookworm-slim
    /// COPY . .
    /// USER node
    /// ```
    ///
    /// ## Instead
    /// ```dockerfile good
    /// # file: .dockerignore
    /// .env*
    /// .git
    /// node_modules
    /// # file: Dockerfile
    /// FROM node:24.11.1-bookworm-slim
    /// COPY . .
    /// USER node
    /// ```
    ///
    /// ## Limits
    /// Looked at are stages whose layers the image holds, and those from which it copies the folder that all went
    /// into. The build context is taken for the folder of the Dockerfile or one above it, and any `.dockerignore`
    /// there counts, as does `Dockerfile.dockerignore`. `.git` lies only at the root: where the context may be another
    /// folder, and no `.env` is in the repository, the finding is low.
    "dockerfile/copies-everything",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    references: &["CWE-200", "CWE-538"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        let (Some(dockerfile), Some(build)) = (file.dockerfile(), BuildContext::of(snapshot, file))
        else {
            continue;
        };
        if is_for_development(&file.path) {
            continue;
        }
        let Some(copy) = whole_copy(dockerfile) else {
            continue;
        };
        let with_git = build.is_root();
        let names: &[&str] = if with_git {
            &[".env", ".git", "node_modules"]
        } else {
            &[".env", "node_modules"]
        };
        let mut missing = build.unignored(names);
        missing.retain(|name| !copy.excluded.contains(*name));
        if missing.is_empty() {
            continue;
        }
        let is_grave =
            missing.contains(&".git") || missing.contains(&".env") && build.holds(".env");
        let severity = if is_grave {
            Severity::Medium
        } else {
            Severity::Low
        };
        let shown: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
        let shown = match &*shown {
            [one] => one.clone(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
            [] => continue,
        };
        sink.in_file(&file.path)
            .report_span(copy.source.span)
            .severity(severity)
            .discriminator("context")
            .say(&format!(
                "{} copies the whole folder, and no .dockerignore keeps {shown} out; list them there, or copy only what the image needs",
                copy.keyword
            ));
    }
}

/// An instruction that copies the whole context.
struct WholeCopy {
    keyword: String,
    source: Word,
    excluded: BTreeSet<String>,
}

/// The first one whose files reach the image.
fn whole_copy(dockerfile: &Dockerfile) -> Option<WholeCopy> {
    let stages = dockerfile.stages();
    let chain = stages.chain();
    if let Some((copy, _)) = copies_of(dockerfile, &stages, &chain).into_iter().next() {
        return Some(copy);
    }
    let wanted = folders_taken(dockerfile, &stages, &chain);
    for (index, folders) in wanted {
        let Some(stage) = stages.all().get(index) else {
            continue;
        };
        let origin = stages.near_chain(stage);
        for (copy, to) in copies_of(dockerfile, &stages, &origin) {
            // The folder itself, or one above it; where nobody can say which, nothing.
            let Some(to) = to else { continue };
            let reaches =
                |from: &String| to == *from || from == "/" || to.starts_with(&format!("{from}/"));
            if folders.iter().any(reaches) {
                return Some(copy);
            }
        }
    }
    None
}

/// The copies of the whole context in a chain of stages, with the folder that each fills.
fn copies_of(
    dockerfile: &Dockerfile,
    stages: &Stages<'_>,
    chain: &[&Stage],
) -> Vec<(WholeCopy, Option<String>)> {
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
                let Some(source) = sources.iter().find(|source| is_everything(&source.text)) else {
                    return;
                };
                let flags = instruction
                    .flags
                    .iter()
                    .filter(|flag| flag.name == "exclude");
                let copy = WholeCopy {
                    keyword: instruction.keyword.clone(),
                    source: source.clone(),
                    excluded: flags
                        .map(|flag| flag.value.trim_matches('/').to_owned())
                        .collect(),
                };
                found.push((
                    copy,
                    target(folder.as_deref(), &to.raw, scope, dockerfile.escape()),
                ));
            }
            _ => {}
        },
    );
    found
}

fn is_everything(source: &str) -> bool {
    [".", "./", "/", "*", "./*", "./."].contains(&source)
}

/// What the image takes from other stages: the stage, the folders.
fn folders_taken(
    dockerfile: &Dockerfile,
    stages: &Stages<'_>,
    chain: &[&Stage],
) -> Vec<(usize, BTreeSet<String>)> {
    let mut taken: std::collections::BTreeMap<usize, BTreeSet<String>> =
        std::collections::BTreeMap::new();
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
