use crate::kubernetes::field::quoted;
use crate::kubernetes::{Field, Pod, Process};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::node_starts::is_development;
use crate::snapshot::settings::{Setting, settings};

declare_rule! {
    /// A deployed container writes what is meant for debugging.
    ///
    /// ## Why it matters
    /// `DEBUG=*` makes hundreds of packages write what they do, and `NODE_DEBUG=http` makes Node.js itself do so: headers
    /// with cookies and tokens, queries with their parameters, whole bodies. All of it lands in the logs, where
    /// more people read than may, and writing it slows every request down.
    ///
    /// ## Example
    /// ```yaml bad
    /// env:
    ///   - name: DEBUG
    ///     value: "*"
    /// ```
    ///
    /// ## Instead
    /// Take the variable away, or name the one part that you want to hear of.
    /// ```yaml good
    /// env:
    ///   - name: DEBUG
    ///     value: shop:orders
    /// ```
    ///
    /// ## Limits
    /// Variables count that a container sets or takes from a `ConfigMap` object of the repository.
    /// A `DEBUG` without an asterisk means other things to other programs, and nothing is said of it. Nor of objects
    /// whose file, namespace or name says that they are for development or tests.
    "node/debug-environment",
    severity: Severity::Low,
    references: &["CWE-489", "CWE-532"],
    check: Check::Manifests(check),
}

const NAMES: [&str; 2] = ["DEBUG", "NODE_DEBUG"];

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for object in snapshot.objects() {
        for container in object.pods().flat_map(Pod::containers) {
            let process = Process::of(container);
            for name in NAMES {
                let variable = process.variable(name);
                let variable = variable.filter(|variable| tells(name, variable.text()));
                if let Some(variable) = variable
                    && !is_development(object)
                {
                    sink.about(object)
                        .report(Field::of(variable.value))
                        .container(Some(container))
                        .say(&sentence(name, &quoted(variable.text())));
                }
            }
        }
    }
    let settings = settings(snapshot, &NAMES).into_iter();
    for setting in settings.filter_map(Setting::deployed) {
        let text = &*setting.text;
        if tells(setting.name, text) {
            let sentence = if setting.place.is_secret() {
                sentence(setting.name, "set in a Secret")
            } else {
                sentence(setting.name, &quoted(text))
            };
            sink.say_of_setting(&setting, Severity::Low, None, &sentence);
        }
    }
}

/// True if a value makes packages, or Node.js itself, tell what they do.
fn tells(name: &str, text: &str) -> bool {
    let parts = text.split([',', ' ']).map(str::trim);
    let mut wide = parts.filter(|part| part.ends_with('*') && !part.starts_with('-'));
    match name {
        "DEBUG" => wide.next().is_some(),
        // `--inspect=…` is how skaffold hands on what to debug with.
        _ => !["", "0", "false"].contains(&text.trim()) && !text.starts_with('-'),
    }
}

fn sentence(name: &str, what: &str) -> String {
    format!(
        "{name} is {what}, so that the logs hold what packages and requests carry; take it away"
    )
}
