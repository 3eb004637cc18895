use std::collections::BTreeSet;
use std::sync::Arc;

use crate::kubernetes::field::{quoted, shortened};
use crate::kubernetes::process::scalar;
use crate::kubernetes::{Field, Process};
use crate::packages::purpose::is_for_development;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::node_starts::{
    is_development, is_development_image, node_starts, service_scripts,
};
use crate::snapshot::projects::Projects;
use crate::snapshot::settings::{Setting, settings};
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::dockerfile::Dockerfile;
use crate::syntax::{Node, shell};

declare_rule! {
    /// A deployed program of Node.js runs as in development.
    ///
    /// ## Why it matters
    /// With `NODE_ENV=development` Express answers errors with stack traces and caches no views, frameworks load their
    /// tools for developers, and many packages write more, check more and allow more. With `test` some skip
    /// authentication altogether.
    ///
    /// ## Example
    /// ```yaml bad
    /// env:
    ///   - name: NODE_ENV
    ///     value: development
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// env:
    ///   - name: NODE_ENV
    ///     value: production
    /// ```
    ///
    /// ## Limits
    /// Variables of containers count, what their commands set in front of a program, those from `ConfigMap` objects of
    /// the repository among them, those of Dockerfiles, and what the script of `package.json` sets that one of them
    /// starts. Only `development`, `dev`, `test` and `testing` count, and what is meant to be `production` and is not to
    /// the letter (`prod`, `Production`); the name of a stage of your own (`staging`) does not. Where
    /// nothing sets the variable, the image or the program may, and nothing is said. Files, namespaces and objects
    /// whose name says that they are for development or tests are left alone.
    "node/not-production",
    severity: Severity::Low,
    references: &["CWE-489"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        if is_for_development(&file.path) {
            continue;
        }
        if let Some(dockerfile) = file.dockerfile() {
            of_dockerfile(file, dockerfile, sink);
            continue;
        }
        for object in snapshot.objects_of(file) {
            for container in object
                .pods()
                .flat_map(|pod| pod.containers().collect::<Vec<_>>())
            {
                if let Some((word, value)) = assigned(Process::of(container))
                    && let Some(sentence) = told(&value)
                    && !is_development(object)
                {
                    sink.about(object)
                        .report(Field::of(word))
                        .container(Some(container))
                        .say(&sentence);
                    continue;
                }
                let variable = Process::of(container).variable("NODE_ENV");
                let Some((variable, sentence)) =
                    variable.and_then(|variable| Some((variable, told(variable.text())?)))
                else {
                    continue;
                };
                if !is_development(object) {
                    sink.about(object)
                        .report(Field::of(variable.value))
                        .container(Some(container))
                        .say(&sentence);
                }
            }
        }
    }
    of_settings(snapshot, sink);
    of_scripts(snapshot, sink);
}

/// What the command of a container sets the variable to, and the word that says so: `sh -c "NODE_ENV=… node x.js"`
/// and `env NODE_ENV=… node x.js`. The last one counts.
fn assigned(process: Process<'_>) -> Option<(Node<'_>, String)> {
    let mut found = None;
    // True as long as all words so far only start what stands behind them.
    let mut is_before = true;
    let mut is_script = false;
    for word in process.words() {
        let text = scalar(word);
        if is_script {
            found = set_by(text).map(|value| (word, value)).or(found);
        } else if is_before && let Some(value) = value_of(text) {
            found = Some((word, value));
        }
        is_script = text.starts_with('-') && !text.starts_with("--") && text.ends_with('c');
        is_before &= starts_another(text);
    }
    found
}

/// What a script sets the variable to in front of its programs; the last one counts.
fn set_by(script: &str) -> Option<String> {
    let mut found = None;
    for command in shell::commands(script, '\\') {
        let starters = command
            .words
            .iter()
            .take_while(|word| starts_another(&word.text));
        let words = command.assignments.iter().chain(starters);
        let last = words.filter_map(|word| value_of(&word.text)).last();
        found = last.or(found);
    }
    found
}

/// The scripts of packages that images and containers start.
fn of_scripts(snapshot: &Snapshot, sink: &mut Sink<'_>) {
    let projects = Projects::of(snapshot);
    let starts = node_starts(snapshot, &projects);
    let mut seen = BTreeSet::new();
    for script in service_scripts(&starts) {
        let Some(sentence) = set_by(script.text).and_then(|value| told(&value)) else {
            continue;
        };
        let file = script.project.file;
        if !is_for_development(&file.path) && seen.insert((Arc::clone(&file.path), script.name)) {
            let start = script.start;
            sink.in_file(&file.path)
                .report_span(script.node.span())
                .discriminator(script.name)
                .related_in(start.location(), format!("{} starts it", start.keyword))
                .say(&format!("scripts.{}: {sentence}", shortened(script.name)));
        }
    }
}

fn value_of(word: &str) -> Option<String> {
    Some(word.strip_prefix("NODE_ENV=")?.to_owned())
}

/// True for words before a program that decide what it is started with.
fn starts_another(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    [
        "env",
        "cross-env",
        "export",
        "exec",
        "tini",
        "dumb-init",
        "--",
        "docker-entrypoint.sh",
        "npx",
    ]
    .contains(&name)
        || shell::is_assignment(word)
}

/// What containers take from `ConfigMap`s.
fn of_settings(snapshot: &Snapshot, sink: &mut Sink<'_>) {
    let settings = settings(snapshot, &["NODE_ENV"]).into_iter();
    for setting in settings.filter_map(Setting::deployed) {
        if let Some(sentence) = told(&setting.text) {
            sink.say_of_setting(&setting, Severity::Low, None, &sentence);
        }
    }
}

/// What is said of a value: it is for developers, or it is meant to be `production` and is not, to the letter.
fn told(value: &str) -> Option<String> {
    let is_one_of = |known: &[&str]| known.iter().any(|known| value.eq_ignore_ascii_case(known));
    if is_one_of(&["development", "dev", "test", "testing"]) {
        return Some(format!(
            "NODE_ENV is {}, so that errors show their stack and packages run as for developers; set it to production",
            quoted(value)
        ));
    }
    let is_meant = value.trim().eq_ignore_ascii_case("production") || is_one_of(&["prod"]);
    (is_meant && value != "production").then(|| {
        format!(
            "NODE_ENV is {}, which Express and other packages do not take for production, as they compare every letter: errors show their stack, and views are not kept; set it to production",
            quoted(value)
        )
    })
}

/// What the last stage sets for good. A stage below it may be for development: its name may say so, and is not asked.
fn of_dockerfile(file: &SourceFile, dockerfile: &Dockerfile, sink: &mut Sink<'_>) {
    let stages = dockerfile.stages();
    if is_development_image(file, &stages) {
        return;
    }
    let mut at = None;
    let mut written = String::new();
    let scope = stages.walk(&mut |_, instruction, scope| {
        if instruction.keyword != "ENV" {
            return;
        }
        for pair in dockerfile
            .pairs(instruction)
            .into_iter()
            .filter(|pair| pair.name == "NODE_ENV")
        {
            if let Some(value) = pair.value {
                // An argument with a default is for whoever builds the image to set.
                written = scope.resolve(&value.raw, dockerfile.escape()).text;
                at = Some((value.span, value.text.contains('$')));
            }
        }
    });
    let Some((span, is_argument)) = at else {
        return;
    };
    let value = scope.get("NODE_ENV").flatten().unwrap_or(&written);
    if let Some(sentence) = told(value).filter(|_| !is_argument) {
        sink.in_file(&file.path)
            .report_span(span)
            .discriminator("NODE_ENV")
            .say(&sentence);
    }
}
