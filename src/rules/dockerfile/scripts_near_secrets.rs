use std::collections::BTreeMap;

use crate::kubernetes::field::shortened;
use crate::packages::install::{Install, Manager};
use crate::packages::secret_name::names_secret;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::build_context::BuildContext;
use crate::syntax::Span;
use crate::syntax::dockerfile::{Dockerfile, Instruction, Scope};

declare_rule! {
    /// An install runs the scripts of packages while a secret is in reach.
    ///
    /// ## Why it matters
    /// Any package, however deep in the tree, may have a script that runs at the install. It sees the environment and
    /// the files of the build: a token for the registry is what worms of the registry look for, as it lets them publish.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM node:24.11.1-bookworm-slim
    /// COPY package.json package-lock.json ./
    /// RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --omit=dev
    /// USER node
    /// ```
    ///
    /// ## Instead
    /// Fetch with the secret and without scripts; run those that are needed afterwards, without the secret.
    /// ```dockerfile good
    /// FROM node:24.11.1-bookworm-slim
    /// COPY package.json package-lock.json ./
    /// RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --omit=dev --ignore-scripts
    /// RUN npm rebuild
    /// USER node
    /// ```
    ///
    /// ## Limits
    /// In reach is what the same `RUN` mounts (`type=secret`, `type=ssh`), an `ARG` of the stage that is called as a
    /// secret is and has no default, and a copied `.npmrc` or `.netrc` which is not in the repository or holds
    /// credentials there. `--ignore-scripts`, `npm_config_ignore_scripts`, `ignore-scripts=true` in `.npmrc` and
    /// `enableScripts: false` in `.yarnrc.yml` silence it. pnpm and Bun run no scripts of dependencies unless asked to, and installs for
    /// everybody (`-g`) are left alone.
    "dockerfile/scripts-near-secrets",
    severity: Severity::Medium,
    references: &["CICD-SEC-3", "CICD-SEC-6", "CWE-829"],
    check: Check::Manifests(check),
}

/// A secret in reach: what it is, where.
struct Secret {
    what: String,
    at: Span,
}

/// An install that a secret is in reach of.
struct Near {
    line: String,
    manager: Manager,
    at: Span,
    what: String,
    secret_at: Span,
}

/// The most places that are told beside the first one.
const MOST_RELATED: usize = 8;

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        let (Some(dockerfile), Some(build)) = (file.dockerfile(), BuildContext::of(snapshot, file))
        else {
            continue;
        };
        let never_runs = build.says(".npmrc", "ignore-scripts=true");
        let yarn_never_runs = build.says(".yarnrc.yml", "enableScripts:false");
        let mut sink = sink.in_file(&file.path);
        let stages = dockerfile.stages();
        // One finding for a secret in a stage: all installs that it is in reach of.
        let mut found: BTreeMap<(usize, String), Vec<Near>> = BTreeMap::new();
        for stage in stages.all() {
            let mut lasting: Option<Secret> = None;
            let mut is_quiet = never_runs;
            stages.walk_chain(&stages.near_chain(stage), &mut |of, instruction, scope| {
                let is_own = of.from == stage.from;
                if instruction.keyword != "RUN" {
                    // Files are inherited, and arguments are not.
                    if lasting.is_none() && (is_own || instruction.keyword != "ARG") {
                        lasting = secret_of(dockerfile, instruction, stages.global(), &build);
                    }
                    return;
                }
                let mounted = mounted(instruction);
                for script in dockerfile.scripts(instruction) {
                    is_quiet |= script.text().contains("config set ignore-scripts true");
                    for command in &script.commands {
                        let Some(install) = Install::of(command) else {
                            continue;
                        };
                        let runs = match install.manager {
                            Manager::Npm => true,
                            Manager::Yarn => !yarn_never_runs,
                            Manager::Pnpm | Manager::Bun => false,
                        };
                        let Some(secret) = mounted.as_ref().or(lasting.as_ref()) else {
                            continue;
                        };
                        if !runs
                            || !is_own
                            || install.global
                            || is_quiet
                            || install.ignores_scripts
                            || install.unsure
                            || is_off(scope)
                        {
                            continue;
                        }
                        let near = found.entry((stage.from, secret.what.clone()));
                        near.or_default().push(Near {
                            line: install.written(),
                            manager: install.manager,
                            at: script.span(&install.program.range()),
                            what: secret.what.clone(),
                            secret_at: secret.at,
                        });
                    }
                }
            });
        }
        // What a stage is called is no part of an identity: stages that do the same have one.
        let mut told: BTreeMap<String, Vec<Near>> = BTreeMap::new();
        for ((_, secret), installs) in found {
            let line = installs.first().map_or("", |first| &*first.line);
            let words = line
                .split_whitespace()
                .filter(|word| !word.starts_with('-'));
            let words = words.collect::<Vec<_>>().join(" ");
            let same = told.entry(format!("{secret}: {words}"));
            same.or_default().extend(installs);
        }
        for (subject, installs) in told {
            let Some((first, others)) = installs.split_first() else {
                continue;
            };
            let flag = match first.manager {
                Manager::Npm => "--ignore-scripts",
                _ => "--ignore-scripts (--mode=skip-build in Yarn 2 and later)",
            };
            let mut draft = sink
                .report_span(first.at)
                .discriminator(&subject)
                .related(first.secret_at, "the secret is here");
            for other in others.iter().take(MOST_RELATED) {
                draft = draft.related(other.at, "it is in reach of this install as well");
            }
            draft.say(&format!(
                "`{}` runs the scripts of all packages while {} is in reach; add {flag}, and run those that are needed without the secret, with `npm rebuild`",
                shortened(&first.line),
                first.what
            ));
        }
    }
}

/// A secret that a `RUN` mounts.
fn mounted(run: &Instruction) -> Option<Secret> {
    run.mounts().find_map(|mount| {
        let id = mount
            .field(&["id", "target", "dst", "destination", "env"])
            .unwrap_or_default();
        let id = shortened(id);
        let what = match mount.kind {
            "secret" if id.is_empty() => "a mounted secret".to_owned(),
            "secret" => format!("the secret `{id}`"),
            "ssh" => "an SSH agent".to_owned(),
            _ => return None,
        };
        Some(Secret {
            what,
            at: mount.span,
        })
    })
}

/// A secret that is in reach from an instruction on.
fn secret_of(
    dockerfile: &Dockerfile,
    instruction: &Instruction,
    global: &Scope,
    build: &BuildContext<'_>,
) -> Option<Secret> {
    match &*instruction.keyword {
        "ARG" => dockerfile.pairs(instruction).into_iter().find_map(|pair| {
            let default = match &pair.value {
                Some(value) => Some(&*value.text),
                None => global.get(&pair.name).flatten(),
            };
            let is_one = names_secret(&pair.name) && default.is_none_or(str::is_empty);
            is_one.then(|| Secret {
                what: format!("ARG {}", shortened(&pair.name)),
                at: pair.span,
            })
        }),
        "COPY" | "ADD" if instruction.flag("from").is_none() => {
            let words = dockerfile.words(instruction);
            let (_, sources) = words.split_last()?;
            sources.iter().find_map(|source| {
                let name = source.text.rsplit('/').next().unwrap_or_default();
                let is_one = [".npmrc", ".netrc", ".git-credentials"].contains(&name);
                (is_one && build.may_hold_credentials(name)).then(|| Secret {
                    what: format!("the copied `{name}`"),
                    at: source.span,
                })
            })
        }
        _ => None,
    }
}

/// True if the environment keeps scripts from running.
fn is_off(scope: &Scope) -> bool {
    ["npm_config_ignore_scripts", "NPM_CONFIG_IGNORE_SCRIPTS"]
        .iter()
        .any(|name| scope.get(name).flatten() == Some("true"))
}
