use std::collections::BTreeMap;

use crate::kubernetes::field::shortened;
use crate::packages::install::Install;
use crate::packages::secret_name::{names_registry_secret, names_secret};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::syntax::Span;
use crate::syntax::dockerfile::{Dockerfile, Instruction, Stage, Stages};

declare_rule! {
    /// A secret is passed to a build as an argument.
    ///
    /// ## Why it matters
    /// `docker history` shows the value that a `RUN` had of each `ARG`, and the configuration of the image that of each
    /// `ENV`: whoever may pull the image has the token. To delete `.npmrc` later takes nothing away.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM node:24.11.1-bookworm-slim
    /// ARG NPM_TOKEN
    /// COPY package.json package-lock.json ./
    /// RUN NPM_TOKEN=$NPM_TOKEN npm ci --omit=dev --ignore-scripts
    /// USER node
    /// ```
    ///
    /// ## Instead
    /// ```dockerfile good
    /// FROM node:24.11.1-bookworm-slim
    /// COPY package.json package-lock.json ./
    /// RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci --omit=dev --ignore-scripts
    /// USER node
    /// ```
    ///
    /// ## Limits
    /// It speaks of an `ARG` without a default that is called as secrets are and that a later `RUN` or `ENV` of its
    /// stage uses, or that an install takes for a registry. In a stage whose layers the image does not hold the value
    /// stays in the build cache and in provenance alone: low. Variables that bundlers publish (`NEXT_PUBLIC_…`, `VITE_…`)
    /// are no secrets. Values that are written down are a matter of `secret/in-image`.
    "dockerfile/secret-argument",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    references: &["CIS Docker 1.6: 4.10", "CWE-522", "CWE-214"],
    check: Check::File(check),
}

/// The most arguments of a stage that are looked for in what follows them.
const MOST: usize = 64;

/// What is done with an argument.
struct Use {
    argument: Span,
    by: Span,
    /// The keyword of what uses it, with its stage where that is none of the image.
    keyword: String,
    /// None where the layers of its stage are in the image.
    stage: Option<String>,
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(dockerfile) = file.dockerfile() else {
        return;
    };
    let stages = dockerfile.stages();
    let in_image: Vec<_> = stages.chain().iter().map(|stage| stage.from).collect();
    // One finding for a name: the gravest use of it.
    let mut uses: BTreeMap<String, Use> = BTreeMap::new();
    for stage in stages.all() {
        let is_in_image = in_image.binary_search(&stage.from).is_ok();
        for (name, mut found) in uses_in(dockerfile, &stages, stage) {
            if !is_in_image {
                let known = stage.name.as_ref().map(|name| name.text.clone());
                found.stage = Some(known.unwrap_or_default());
            }
            let known = uses.get(&name);
            if known.is_none_or(|known| known.stage.is_some() && is_in_image) {
                uses.insert(name, found);
            }
        }
    }
    for (name, found) in uses {
        let shown = shortened(&name);
        let keyword = &found.keyword;
        let (severity, stays) = match (&found.stage, &**keyword) {
            (None, "ENV") => (
                Severity::Medium,
                "its value stays in the configuration of the image".to_owned(),
            ),
            (None, _) => (
                Severity::Medium,
                "its value stays in the history of the image".to_owned(),
            ),
            (Some(stage), _) => {
                let stage = shortened(stage);
                let of = if stage.is_empty() {
                    String::new()
                } else {
                    format!(" of stage `{stage}`")
                };
                (
                    Severity::Low,
                    format!("its value stays in the build cache{of} and in provenance"),
                )
            }
        };
        let otherwise = match &**keyword {
            "ENV" => ", and let the Deployment bring it where the program does",
            _ => "",
        };
        sink.report_span(found.argument)
            .severity(severity)
            .discriminator(&name)
            .related(found.by, format!("used by this {keyword}"))
            .say(&format!(
                "ARG {shown} is called as a secret is, and {keyword} uses it, so that {stays}; mount it where the build needs it (`RUN --mount=type=secret,id={},env={shown} …`){otherwise}",
                shortened(&name.to_ascii_lowercase())
            ));
    }
}

/// The arguments of a stage that are called as secrets are, with their first use; of `ENV` before `RUN`.
fn uses_in(dockerfile: &Dockerfile, stages: &Stages<'_>, stage: &Stage) -> BTreeMap<String, Use> {
    let mut arguments: BTreeMap<String, Span> = BTreeMap::new();
    let mut uses: BTreeMap<String, Use> = BTreeMap::new();
    for instruction in stages.body(stage) {
        match &*instruction.keyword {
            "ARG" => {
                for pair in dockerfile.pairs(instruction) {
                    let has_default = match &pair.value {
                        Some(value) => !value.text.is_empty(),
                        None => stages
                            .global()
                            .get(&pair.name)
                            .flatten()
                            .is_some_and(|value| !value.is_empty()),
                    };
                    if names_secret(&pair.name) && !has_default && arguments.len() < MOST {
                        arguments.insert(pair.name, pair.span);
                    }
                }
            }
            "RUN" | "ENV" | "LABEL" if !arguments.is_empty() => {
                let text = dockerfile.slice(instruction.span);
                let installs = instruction.keyword == "RUN" && installs(dockerfile, instruction);
                for (name, argument) in &arguments {
                    let is_used = mentions(text, name) || installs && names_registry_secret(name);
                    if !is_used {
                        continue;
                    }
                    let known = uses.get(name);
                    if known.is_none()
                        || instruction.keyword == "ENV"
                            && known.is_some_and(|known| known.keyword != "ENV")
                    {
                        let found = Use {
                            argument: *argument,
                            by: instruction.keyword_span,
                            keyword: instruction.keyword.clone(),
                            stage: None,
                        };
                        uses.insert(name.clone(), found);
                    }
                }
            }
            _ => {}
        }
    }
    uses
}

fn installs(dockerfile: &Dockerfile, run: &Instruction) -> bool {
    let scripts = dockerfile.scripts(run);
    let mut commands = scripts.iter().flat_map(|script| &script.commands);
    commands.any(|command| Install::of(command).is_some())
}

/// True if a text puts a variable in place: `$NAME`, `${NAME…`.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + name.len()..).unwrap_or_default();
        let ends =
            !after.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
        ends && (before.ends_with('$') || before.ends_with("${"))
    })
}
