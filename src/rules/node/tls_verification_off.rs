use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kubernetes::process::scalar;
use crate::kubernetes::{Field, Process};
use crate::packages::PackageJson;
use crate::packages::purpose::{is_for_development, is_installed};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::file_kind::FileKind;
use crate::snapshot::settings::{Setting, SettingPlace, settings};
use crate::snapshot::{Snapshot, SourceFile, State};
use crate::syntax::dockerfile::{Command, Dockerfile, Instruction};
use crate::syntax::shell;
use crate::syntax::{Node, Span, Tree};
use crate::workflow::Workflow;

declare_rule! {
    /// Certificates are not verified: neither by Node.js, nor by the package manager.
    ///
    /// ## Why it matters
    /// With `NODE_TLS_REJECT_UNAUTHORIZED=0` every connection that a program of Node.js opens accepts every certificate.
    /// Whoever sits between reads and changes what is sent: passwords of databases, tokens, answers of APIs. With
    /// `strict-ssl=false` the packages that are installed come from whoever answers.
    ///
    /// It is high where it is deployed or where packages are installed with it; medium in a workflow, and in a script or
    /// a file that is for development or tests.
    ///
    /// ## Example
    /// ```yaml bad
    /// env:
    ///   - name: NODE_TLS_REJECT_UNAUTHORIZED
    ///     value: "0"
    /// ```
    ///
    /// ## Instead
    /// Trust the authority that signed the certificate.
    /// ```yaml good
    /// env:
    ///   - name: NODE_EXTRA_CA_CERTS
    ///     value: /etc/ssl/company/ca.crt
    /// ```
    ///
    /// ## Limits
    /// It looks at containers, `ConfigMap` objects, Dockerfiles, variables and scripts of GitHub workflows, scripts of
    /// `package.json`, `.env` files, `.npmrc` and `.yarnrc.yml`. What the program itself switches off (`rejectUnauthorized: false`) is not seen.
    "node/tls-verification-off",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["CWE-295", "OWASP 2021: A07"],
    check: Check::Manifests(check),
}

const VARIABLE: &str = "NODE_TLS_REJECT_UNAUTHORIZED";

/// Variables that npm and yarn take for `strict-ssl`.
const STRICT: [&str; 2] = ["NPM_CONFIG_STRICT_SSL", "YARN_ENABLE_STRICT_SSL"];

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let files = snapshot.files().iter();
    for file in files.filter(|file| !is_installed(&file.path)) {
        if let State::Workflow(workflow) = &*file.state {
            let found = Found {
                path: &file.path,
                sink: &mut *sink,
            };
            of_workflow(workflow, found);
            continue;
        }
        let mut found = Found {
            path: &file.path,
            sink: &mut *sink,
        };
        match (file.dockerfile(), file.tree(), file.lines()) {
            (Some(dockerfile), ..) => of_dockerfile(file, dockerfile, &mut found),
            (_, Some(tree), _) => match file.kind() {
                FileKind::PackageJson => of_package(tree, &mut found),
                FileKind::YarnSettings => of_yarn(tree, &mut found),
                _ => {}
            },
            (.., Some(text)) => of_lines(file, text, &mut found),
            _ => of_manifest(snapshot, file, sink),
        }
    }
    of_settings(snapshot, sink);
}

/// What containers take from Secrets, and what kustomizations generate from literals and from files that are not known
/// for variables by their names. Of `ConfigMap`s each is looked into by itself.
fn of_settings(snapshot: &Snapshot, sink: &mut Sink<'_>) {
    let settings = settings(snapshot, &[VARIABLE]).into_iter();
    for setting in settings.filter_map(Setting::deployed) {
        let is_told_elsewhere = match setting.place {
            SettingPlace::Generated(value) => {
                let file = snapshot.file(value.path);
                file.is_some_and(|file| file.kind() == FileKind::Environment)
            }
            SettingPlace::Object(..) => !setting.place.is_secret(),
        };
        if is_told_elsewhere {
            continue;
        }
        if let Some(sentence) = switched_off(VARIABLE, &setting.text) {
            sink.say_of_setting(&setting, Severity::High, None, &sentence);
        }
    }
}

struct Found<'s, 'a> {
    path: &'s Arc<str>,
    sink: &'s mut Sink<'a>,
}

impl Found<'_, '_> {
    fn say(&mut self, span: Span, key: &str, severity: Severity, sentence: &str) {
        self.sink
            .in_file(self.path)
            .report_span(span)
            .discriminator(key)
            .severity(severity)
            .say(sentence);
    }
}

/// What is said of a variable, if it switches verification off.
fn switched_off(name: &str, value: &str) -> Option<String> {
    if name == VARIABLE && value == "0" {
        return Some(format!(
            "{VARIABLE} is 0, so that Node.js accepts every certificate; take it away, and name your authority in NODE_EXTRA_CA_CERTS"
        ));
    }
    let strict = STRICT
        .iter()
        .find(|strict| name.eq_ignore_ascii_case(strict))?;
    (value == "false").then(|| {
        format!("{strict} is false, so that packages are installed from whoever answers; take it away, and name your authority in NODE_EXTRA_CA_CERTS")
    })
}

fn of_manifest(snapshot: &Snapshot, file: &SourceFile, sink: &mut Sink<'_>) {
    for object in snapshot.objects_of(file) {
        if object.kind().name == "ConfigMap" {
            let data = object.field(&["data"]).node();
            for entry in data.into_iter().flat_map(Node::entries) {
                if let Some(sentence) = switched_off(entry.key.key_text(), scalar(entry.value)) {
                    sink.about(object)
                        .report(Field::of(entry.value))
                        .say(&sentence);
                }
            }
        }
        for container in object
            .pods()
            .flat_map(|pod| pod.containers().collect::<Vec<_>>())
        {
            let process = Process::of(container);
            for name in [VARIABLE, "NPM_CONFIG_STRICT_SSL"] {
                let variable = process.variable(name);
                let told = variable.and_then(|variable| {
                    let value = process.expanded(variable.text());
                    Some((variable, switched_off(name, &value)?))
                });
                if let Some((variable, sentence)) = told {
                    sink.about(object)
                        .report(Field::of(variable.value))
                        .container(Some(container))
                        .say(&sentence);
                }
            }
            if let Some(word) = process
                .words()
                .find(|word| assigned(scalar(*word)).is_some())
            {
                let sentence = switched_off(VARIABLE, "0").unwrap_or_default();
                sink.about(object)
                    .report(Field::of(word))
                    .container(Some(container))
                    .say(&sentence);
            }
        }
    }
}

/// Where a script sets the variable to zero.
fn assigned(script: &str) -> Option<usize> {
    script.match_indices(VARIABLE).map(|(at, _)| at).find(|at| {
        let rest = script.get(at + VARIABLE.len()..).unwrap_or_default();
        let value = rest
            .strip_prefix('=')
            .map(|rest| rest.trim_start_matches(['"', '\'']));
        let value = value.and_then(|value| value.strip_prefix('0'));
        value.is_some_and(|rest| {
            !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '.')
        })
    })
}

/// One mistake a Dockerfile and kind of mistake: where it is gravest, of equals the first.
fn of_dockerfile(file: &SourceFile, dockerfile: &Dockerfile, found: &mut Found<'_, '_>) {
    let stages = dockerfile.stages();
    let of_file = of_file(file);
    let mut graver: BTreeMap<String, (Severity, Span, String)> = BTreeMap::new();
    for stage in stages.all() {
        let name = stage.name.as_ref();
        let is_development = name.is_some_and(|name| is_for_development(&name.text));
        let severity = if is_development {
            Severity::Medium
        } else {
            of_file
        };
        for instruction in stages.body(stage) {
            for (key, span, sentence) in of_instruction(dockerfile, instruction) {
                let known = graver.get(&key).map(|known| known.0);
                if known.is_none_or(|known| known < severity) {
                    graver.insert(key, (severity, span, sentence));
                }
            }
        }
    }
    for (key, (severity, span, sentence)) in graver {
        found.say(span, &key, severity, &sentence);
    }
}

fn of_instruction(
    dockerfile: &Dockerfile,
    instruction: &Instruction,
) -> Vec<(String, Span, String)> {
    let mut found = Vec::new();
    if ["ENV", "ARG"].contains(&&*instruction.keyword) {
        for pair in dockerfile.pairs(instruction) {
            let value = pair.value.as_ref().map_or("", |value| &*value.text);
            if let Some(sentence) = switched_off(&pair.name, value) {
                found.push((pair.name, pair.span, sentence));
            }
        }
    }
    let keyword = &*instruction.keyword;
    if ["CMD", "ENTRYPOINT", "HEALTHCHECK"].contains(&keyword) {
        found.extend(of_start(dockerfile, instruction));
    }
    if keyword != "RUN" {
        return found;
    }
    let Command::Shell(scripts) = dockerfile.command(instruction) else {
        return found;
    };
    for script in &scripts {
        for command in &script.commands {
            let span = script.span(&command.range());
            let text = script.text().get(command.range()).unwrap_or_default();
            if assigned(text).is_some() && !only_speaks(command) {
                let sentence = format!(
                    "RUN sets {VARIABLE} to 0, so that what it fetches may come from anybody; trust the authority that signed the certificate instead"
                );
                found.push(("RUN".to_owned(), span, sentence));
            }
            if sets_lax(text) {
                let sentence = "RUN switches strict-ssl off, so that packages are installed from whoever answers; set cafile to your authority instead";
                found.push(("strict-ssl".to_owned(), span, sentence.to_owned()));
            }
        }
    }
    found
}

/// True for a command that looks for the words, or prints them, and writes them nowhere.
fn only_speaks(command: &shell::Command) -> bool {
    const SPEAKERS: [&str; 5] = ["echo", "egrep", "grep", "printf", "rg"];
    let program = command.program();
    let speaks = program.is_some_and(|program| SPEAKERS.contains(&program.name()));
    let is_piped = command.then == Some(shell::Operator::Pipe);
    speaks && command.assignments.is_empty() && command.redirections.is_empty() && !is_piped
}

/// What starts the program, or looks after it, and sets the variable for it.
fn of_start(dockerfile: &Dockerfile, instruction: &Instruction) -> Option<(String, Span, String)> {
    let span = match dockerfile.command(instruction) {
        Command::Exec(words) => {
            let mut words = words.into_iter();
            words.find(|word| assigned(&word.text).is_some())?.span
        }
        Command::Shell(scripts) => scripts.iter().find_map(|script| {
            let ranges = script.commands.iter().map(shell::Command::range);
            let mut wrong = ranges.filter(|range| {
                let text = script.text().get(range.clone());
                text.is_some_and(|text| assigned(text).is_some())
            });
            Some(script.span(&wrong.next()?))
        })?,
    };
    let keyword = &instruction.keyword;
    let sentence = format!(
        "{keyword} sets {VARIABLE} to 0, so that Node.js accepts every certificate; take it away, and name your authority in NODE_EXTRA_CA_CERTS"
    );
    Some((keyword.clone(), span, sentence))
}

/// True for `npm config set strict-ssl false`, its other spellings, and the same as a flag.
fn sets_lax(command: &str) -> bool {
    let mut words = command
        .split([' ', '\t', '=', '"', '\''])
        .filter(|word| !word.is_empty());
    let mut is_manager = false;
    while let Some(word) = words.next() {
        is_manager |= ["npm", "yarn", "pnpm"].contains(&word);
        let is_setting = ["strict-ssl", "--strict-ssl", "enableStrictSsl"].contains(&word);
        if is_manager && (word == "--no-strict-ssl" || is_setting && words.next() == Some("false"))
        {
            return true;
        }
    }
    false
}

fn of_package(tree: &Tree, found: &mut Found<'_, '_>) {
    let Some(package) = PackageJson::of(tree) else {
        return;
    };
    for (name, node, text) in package.scripts() {
        if assigned(text).is_some() {
            let runs = [
                "start",
                "serve",
                "prod",
                "production",
                "install",
                "postinstall",
                "prepare",
                "build",
            ];
            let runs = name.split([':', '-']).any(|word| runs.contains(&word));
            let severity = if runs && !is_for_development(name) {
                Severity::High
            } else {
                Severity::Medium
            };
            let sentence = format!(
                "scripts.{} sets {VARIABLE} to 0, so that Node.js accepts every certificate; name your authority in NODE_EXTRA_CA_CERTS instead",
                crate::kubernetes::field::shortened(name)
            );
            found.say(node.span(), name, severity, &sentence);
        }
    }
}

/// What a workflow sets for its steps, and what its scripts do: one mistake a job and kind of mistake.
fn of_workflow(workflow: &Workflow, mut found: Found<'_, '_>) {
    let mut told = BTreeSet::new();
    for variable in workflow.variables() {
        let key = format!("{} {}", variable.job.unwrap_or("*"), variable.name);
        if let Some(sentence) = switched_off(variable.name, variable.text)
            && told.insert(key.clone())
        {
            found.say(variable.value.span(), &key, Severity::Medium, &sentence);
        }
    }
    for script in workflow.scripts() {
        let text = script.text.as_str().unwrap_or_default();
        if !text.contains(VARIABLE) && !text.to_ascii_lowercase().contains("strict") {
            continue;
        }
        let commands = shell::commands(text, '\\');
        let ranges: Vec<_> = commands.iter().map(shell::Command::range).collect();
        let spans = script.text.parts(&ranges);
        for (range, span) in ranges.iter().zip(spans) {
            let command = text.get(range.clone()).unwrap_or_default();
            let span = span.unwrap_or_else(|| script.text.span());
            let mistakes = [
                (
                    assigned(command).is_some(),
                    VARIABLE,
                    "run sets NODE_TLS_REJECT_UNAUTHORIZED to 0, so that Node.js accepts every certificate and what it fetches may come from anybody; name your authority in NODE_EXTRA_CA_CERTS instead",
                ),
                (
                    sets_lax(command),
                    "strict-ssl",
                    "run switches strict-ssl off, so that packages are installed from whoever answers; set cafile to your authority instead",
                ),
            ];
            for (is_one, what, sentence) in mistakes {
                let key = format!("{} run {what}", script.job);
                if is_one && told.insert(key.clone()) {
                    found.say(span, &key, Severity::Medium, sentence);
                }
            }
        }
    }
}

fn of_yarn(tree: &Tree, found: &mut Found<'_, '_>) {
    let root = tree.documents().first().map(|document| tree.root(document));
    let setting = root.and_then(|root| root.entry("enableStrictSsl"));
    if let Some(entry) = setting.filter(|entry| entry.value.as_bool() == Some(false)) {
        let span = entry.key.span().to(entry.value.span());
        let sentence = "enableStrictSsl is false, so that packages are installed from whoever answers; set httpsCaFilePath to your authority instead";
        found.say(span, "enableStrictSsl", Severity::High, sentence);
    }
}

fn of_lines(file: &SourceFile, text: &str, found: &mut Found<'_, '_>) {
    let (is_npm, is_environment) = (
        file.kind() == FileKind::NpmSettings,
        file.kind() == FileKind::Environment,
    );
    if !is_npm && !is_environment {
        return;
    }
    let mut at = 0;
    // Of equal names the last one counts, as it does for both readers.
    let mut last: Vec<(String, String, Span)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let content = line.trim();
        let Some((name, value)) = content
            .strip_prefix("export ")
            .unwrap_or(content)
            .split_once('=')
        else {
            continue;
        };
        let name = name.trim().to_owned();
        if !(is_npm && name == "strict-ssl"
            || is_environment && (name == VARIABLE || STRICT.contains(&&*name)))
        {
            continue;
        }
        let value = value.split(" #").next().unwrap_or_default();
        let value = value.trim().trim_matches(['"', '\'']).to_owned();
        last.retain(|(known, ..)| *known != name);
        last.push((name, value, Span::new(start, start + content.len())));
    }
    for (name, value, span) in last {
        if is_npm && value == "false" {
            let sentence = "strict-ssl is false, so that packages are installed from whoever answers; set cafile to your authority instead";
            found.say(span, "strict-ssl", Severity::High, sentence);
        } else if let Some(sentence) = switched_off(&name, &value) {
            found.say(span, &name, of_file(file), &sentence);
        }
    }
}

/// High, unless the name of the file says that it is for development, for tests or an example.
fn of_file(file: &SourceFile) -> Severity {
    let is_example = ["example", "sample", "template", "dist"]
        .iter()
        .any(|word| file.path.ends_with(word));
    if is_for_development(&file.path) || is_example {
        Severity::Medium
    } else {
        Severity::High
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_alone_switches_it_off() {
        assert!(assigned("NODE_TLS_REJECT_UNAUTHORIZED=0 node .").is_some());
        assert!(assigned("cross-env NODE_TLS_REJECT_UNAUTHORIZED='0' jest").is_some());
        assert!(assigned("set NODE_TLS_REJECT_UNAUTHORIZED=0&& node .").is_some());
        assert!(assigned("NODE_TLS_REJECT_UNAUTHORIZED=1 node .").is_none());
        assert!(assigned("NODE_TLS_REJECT_UNAUTHORIZED= node .").is_none());
        assert!(sets_lax("npm config set strict-ssl false"));
        assert!(sets_lax("npm config set strict-ssl=false"));
        assert!(sets_lax("npm ci --strict-ssl=false"));
        assert!(sets_lax("yarn config set \"strict-ssl\" false -g"));
        assert!(!sets_lax("npm config set strict-ssl true"));
        assert!(!sets_lax("echo strict-ssl false"));
    }
}
