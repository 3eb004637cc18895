use std::collections::BTreeSet;

use crate::kubernetes::field::quoted;
use crate::packages::purpose::is_for_development;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::build_context::BuildContext;
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::dockerfile::{Dockerfile, Origin, Scope, Stage, Stages, Word};

declare_rule! {
    /// An image takes in the whole folder, secrets and history included, or names them itself.
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
    /// folder, and no `.env` is in the repository, the finding is low. A copy that names `.env`, `.git` or a private key
    /// (`id_rsa`, `*.key`, `*.pem` that is no certificate) is told as well; `.env.example` and its kin are not.
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
        of_private(file, dockerfile, &build, sink);
        let whole = reaching(dockerfile, is_everything).into_iter().next();
        let Some(copy) = whole else {
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

/// Copies that name a file which no image should hold.
fn of_private(
    file: &SourceFile,
    dockerfile: &Dockerfile,
    build: &BuildContext<'_>,
    sink: &mut Sink<'_>,
) {
    let mut told = BTreeSet::new();
    for copy in reaching(dockerfile, |source| private(source).is_some()) {
        let path = copy
            .source
            .text
            .trim_start_matches("./")
            .trim_end_matches('/');
        let Some(private) = private(path) else {
            continue;
        };
        // What a .dockerignore keeps out is not there to be copied.
        if build.unignored(&[path]).is_empty() || !told.insert(path.to_owned()) {
            continue;
        }
        // What is in the repository, whoever sees that has seen already.
        let is_known = private == Private::Settings && build.holds(path);
        let severity = if is_known {
            Severity::Low
        } else {
            Severity::Medium
        };
        let why = match private {
            Private::Settings => {
                "so that whoever gets the image reads what it sets; set the variables where the container runs"
            }
            Private::History => "with all that was ever deleted; copy only what the image needs",
            Private::Key => {
                "so that whoever gets the image has the private key; mount it while building with `RUN --mount=type=secret`, or from a Secret where the container runs"
            }
        };
        sink.in_file(&file.path)
            .report_span(copy.source.span)
            .severity(severity)
            .discriminator(path)
            .say(&format!(
                "{} puts {} into the image, {why}",
                copy.keyword,
                quoted(path)
            ));
    }
}

/// What a file is that no image should hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Private {
    /// Variables with their values.
    Settings,
    /// A repository.
    History,
    /// A private key.
    Key,
}

/// What the path of a file says; `.npmrc` has a rule of its own.
fn private(path: &str) -> Option<Private> {
    const SHOWN: [&str; 6] = [
        "example", "sample", "template", "dist", "defaults", "schema",
    ];
    const PUBLIC: [&str; 7] = [
        "ca",
        "cert",
        "certs",
        "bundle",
        "chain",
        "fullchain",
        "public",
    ];
    let name = path.trim_end_matches('/').rsplit('/').next()?;
    if name == ".git" {
        return Some(Private::History);
    }
    if ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"].contains(&name) {
        return Some(Private::Key);
    }
    let parts = || name.split(['.', '-', '_']);
    if let Some(rest) = name.strip_prefix(".env")
        && (rest.is_empty() || rest.starts_with(['.', '*']))
    {
        return (!parts().any(|part| SHOWN.contains(&part))).then_some(Private::Settings);
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let is_key = ["pem", "key"].contains(&extension) && !stem.is_empty();
    let is_public = parts().any(|part| PUBLIC.contains(&part) || part == "pub");
    (is_key && !is_public).then_some(Private::Key)
}

/// An instruction that copies from the context.
struct ContextCopy {
    keyword: String,
    source: Word,
    excluded: BTreeSet<String>,
}

/// The copies of wanted sources whose files reach the image: first those of its own stages.
fn reaching(dockerfile: &Dockerfile, is_wanted: impl Fn(&str) -> bool) -> Vec<ContextCopy> {
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
                to == *from || from == "/" || to.starts_with(&format!("{from}/")) || itself == *from
            };
            if folders.iter().any(reaches) {
                found.push(copy);
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
                for source in sources.iter().filter(|source| is_wanted(&source.text)) {
                    let copy = ContextCopy {
                        keyword: instruction.keyword.clone(),
                        source: source.clone(),
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
