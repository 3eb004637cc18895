use std::collections::BTreeSet;

use crate::kubernetes::field::shortened;
use crate::packages::install::{Install, Manager};
use crate::packages::purpose::is_for_development;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::build_context::BuildContext;
use crate::syntax::dockerfile::Scope;

declare_rule! {
    /// An image installs packages without holding to the lockfile.
    ///
    /// ## Why it matters
    /// `npm install` looks for new versions wherever the lockfile does not fit `package.json`, or was not copied, and
    /// goes on. What is built is then not what was reviewed, and a version that was published an hour ago comes in.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// # file: package-lock.json
    /// {"lockfileVersion": 3}
    /// # file: Dockerfile
    /// FROM node:24.11.1-bookworm-slim
    /// COPY package.json package-lock.json ./
    /// RUN npm install --omit=dev
    /// COPY server.js .
    /// USER node
    /// ```
    ///
    /// ## Instead
    /// `npm ci`, `yarn install --immutable` (`--frozen-lockfile` in Yarn 1), `pnpm install --frozen-lockfile`,
    /// `bun install --frozen-lockfile`: each stops where the lockfile does not fit.
    /// ```dockerfile good
    /// # file: package-lock.json
    /// {"lockfileVersion": 3}
    /// # file: Dockerfile
    /// FROM node:24.11.1-bookworm-slim
    /// COPY package.json package-lock.json ./
    /// RUN npm ci --omit=dev
    /// COPY server.js .
    /// USER node
    /// ```
    ///
    /// ## Limits
    /// It speaks only where the lockfile of that package manager is in the repository, in a folder that the Dockerfile
    /// copies from. Installs of named packages, of programs for everybody (`-g`), and with a variable among their
    /// arguments say nothing. pnpm and Yarn hold to the lockfile by themselves where `CI` is set.
    "dockerfile/npm-install",
    severity: Severity::Low,
    references: &["CICD-SEC-3", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        let Some(dockerfile) = file.dockerfile() else {
            continue;
        };
        let Some(build) =
            BuildContext::of(snapshot, file).filter(|_| !is_for_development(&file.path))
        else {
            continue;
        };
        let mut sink = sink.in_file(&file.path);
        let stages = dockerfile.stages();
        let mut told = BTreeSet::new();
        for stage in stages.all() {
            let mut folder = String::new();
            stages.walk_chain(&stages.near_chain(stage), &mut |of, instruction, scope| {
                if instruction.keyword == "WORKDIR" {
                    folder = dockerfile.line(instruction);
                }
                if instruction.keyword != "RUN" || of.from != stage.from {
                    return;
                }
                for script in dockerfile.scripts(instruction) {
                    let mut gone_to = "";
                    for command in &script.commands {
                        let program = command.program();
                        if let Some(cd) = program.filter(|program| program.name() == "cd") {
                            gone_to = cd.verb().unwrap_or_default();
                        }
                        let Some(install) = Install::of(command) else {
                            continue;
                        };
                        let loose = !install.frozen && !install.named && !install.global && !install.unsure;
                        if !loose || holds_by_itself(install.manager, scope, &build) {
                            continue;
                        }
                        let Some(lockfile) = build.lockfile(install.manager) else {
                            continue;
                        };
                        let line = install.written();
                        let subject = format!("{folder} {gone_to} {line}");
                        let at = script.span(&install.program.range());
                        // A stage that others build on is walked with each of them.
                        if !told.insert(at) {
                            continue;
                        }
                        sink.report_span(at)
                            .discriminator(&subject)
                            .say(&format!(
                                "`{}` takes other versions where {lockfile} does not fit package.json or was not copied; {}",
                                shortened(&line),
                                remedy(install.manager)
                            ));
                    }
                }
            });
        }
    }
}

fn remedy(manager: Manager) -> &'static str {
    match manager {
        Manager::Npm => "use `npm ci`, which stops there",
        Manager::Yarn => {
            "add `--immutable` (`--frozen-lockfile` in Yarn 1), so that it stops there"
        }
        Manager::Pnpm | Manager::Bun => "add `--frozen-lockfile`, so that it stops there",
    }
}

/// True if something else than a flag makes an install hold to the lockfile.
fn holds_by_itself(manager: Manager, scope: &Scope, build: &BuildContext<'_>) -> bool {
    let is_set = |name: &str| {
        let value = scope.get(name).flatten();
        value.is_some_and(|value| !["", "0", "false"].contains(&value))
    };
    match manager {
        Manager::Npm => false,
        Manager::Yarn => {
            is_set("CI")
                || is_set("YARN_ENABLE_IMMUTABLE_INSTALLS")
                || build.says(".yarnrc.yml", "enableImmutableInstalls:true")
        }
        Manager::Pnpm | Manager::Bun => {
            is_set("CI") || build.says(".npmrc", "frozen-lockfile=true")
        }
    }
}
