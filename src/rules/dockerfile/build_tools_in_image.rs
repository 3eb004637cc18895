use std::collections::BTreeSet;

use crate::kubernetes::field::shortened;
use crate::packages::install::Install;
use crate::packages::purpose::is_for_development;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::build_context::BuildContext;
use crate::syntax::dockerfile::{Scope, Script};
use crate::syntax::shell::{Command, Program, Word};

declare_rule! {
    /// An image keeps what only its build needs.
    ///
    /// ## Why it matters
    /// Compilers and packages for development are most of what a scanner finds in an image, and tools for whoever gets
    /// into it. They make it larger, and each deployment slower.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM node:24.11.1-bookworm-slim
    /// RUN apt-get update && apt-get install -y python3 make g++
    /// COPY server.js .
    /// USER node
    /// ```
    ///
    /// ## Instead
    /// Build in a stage of its own, and copy what comes out of it.
    /// ```dockerfile good
    /// FROM node:24.11.1-bookworm-slim AS build
    /// RUN apt-get update && apt-get install -y python3 make g++
    /// COPY server.js .
    ///
    /// FROM node:24.11.1-bookworm-slim
    /// COPY --from=build server.js .
    /// USER node
    /// ```
    ///
    /// ## Limits
    /// Stages that the image is not built on are not looked at. Compilers that the same `RUN` removes again are silent;
    /// so are installs with `--omit=dev` or `NODE_ENV=production`, before `npm prune`, and where no `package.json` is
    /// known to have packages for development. What the base itself holds is a matter of `image/full-base`.
    "dockerfile/build-tools-in-image",
    severity: Severity::Note,
    references: &["CIS Docker 1.6: 4.3", "CWE-1104"],
    check: Check::Manifests(check),
}

/// Packages that bring a compiler, under the names of the distributions.
const COMPILERS: [&str; 13] = [
    "build-essential",
    "build-base",
    "gcc",
    "g++",
    "gcc-c++",
    "make",
    "cmake",
    "clang",
    "autoconf",
    "automake",
    "alpine-sdk",
    "node-gyp",
    "golang",
];

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        let (Some(dockerfile), Some(build)) = (file.dockerfile(), BuildContext::of(snapshot, file))
        else {
            continue;
        };
        if is_for_development(&file.path) {
            continue;
        }
        let mut sink = sink.in_file(&file.path);
        let stages = dockerfile.stages();
        let mut installs = Vec::new();
        let mut told = BTreeSet::new();
        let mut is_pruned = false;
        stages.walk(&mut |_, instruction, scope| {
            if instruction.keyword != "RUN" {
                return;
            }
            let scripts = dockerfile.scripts(instruction);
            let removes = scripts.iter().flat_map(programs).any(removes_packages);
            for script in &scripts {
                for command in &script.commands {
                    let Some(program) = command.program() else { continue };
                    is_pruned |= prunes(program);
                    if let Some(tool) = installed_compiler(program).filter(|_| !removes) {
                        let name = tool_name(tool);
                        if !told.insert(name.to_owned()) {
                            continue;
                        }
                        sink.report_span(script.span(&tool.range))
                            .discriminator(name)
                            .say(&format!(
                                "the image keeps the build tool `{}`; install it in a stage of its own, and copy what is built from there",
                                shortened(name)
                            ));
                    }
                    if let Some(install) = Install::of(command) {
                        let keeps = !install.production && !install.named && !install.global && !install.unsure;
                        if keeps && !is_production(scope) {
                            let span = script.span(&install.program.range());
                            installs.push((span, install.written()));
                        }
                    }
                }
            }
        });
        if is_pruned || build.has_development_packages() != Some(true) {
            continue;
        }
        for (span, written) in installs {
            if !told.insert(written.clone()) {
                continue;
            }
            sink.report_span(span)
                .discriminator(&written)
                .say(&format!(
                    "`{}` leaves the packages for development in the image; add `--omit=dev` (`--production`, `--prod`), and build in a stage of its own",
                    shortened(&written)
                ));
        }
    }
}

fn programs(script: &Script) -> impl Iterator<Item = Program<'_>> {
    script.commands.iter().filter_map(Command::program)
}

/// The first compiler that a command installs.
fn installed_compiler(program: Program<'_>) -> Option<&Word> {
    let installs = match program.name() {
        "apt-get" | "apt" | "aptitude" | "yum" | "dnf" | "microdnf" => program.has(&["install"]),
        "apk" => program.has(&["add"]),
        _ => false,
    };
    let mut words = program.arguments().iter().filter(|_| installs);
    words.find(|word| COMPILERS.contains(&tool_name(word)))
}

/// The name of a package without its version.
fn tool_name(word: &Word) -> &str {
    word.text.split(['=', '~']).next().unwrap_or_default()
}

fn removes_packages(program: Program<'_>) -> bool {
    match program.name() {
        "apt-get" | "apt" | "aptitude" | "yum" | "dnf" | "microdnf" => {
            program.has(&["purge", "remove", "autoremove", "erase"])
        }
        "apk" => program.has(&["del"]),
        _ => false,
    }
}

/// `npm prune --omit=dev`, `yarn workspaces focus --production` and the like.
fn prunes(program: Program<'_>) -> bool {
    let says = program.has(&[
        "--production",
        "--omit=dev",
        "--prod",
        "dev",
        "production",
        "-P",
    ]);
    let prunes = program.has(&["prune", "focus", "deploy"]);
    ["npm", "pnpm", "yarn"].contains(&program.name()) && prunes && says
        || ["node-prune", "modclean"].contains(&program.name())
}

fn is_production(scope: &Scope) -> bool {
    let says = |name: &str, wanted: &str| scope.get(name).flatten() == Some(wanted);
    says("NODE_ENV", "production")
        || says("npm_config_omit", "dev")
        || says("NPM_CONFIG_OMIT", "dev")
        || says("NPM_CONFIG_PRODUCTION", "true")
        || says("npm_config_production", "true")
}
