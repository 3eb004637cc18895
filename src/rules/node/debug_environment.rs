use crate::kubernetes::field::quoted;
use crate::kubernetes::{Field, Process};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};
use crate::snapshot::node_starts::is_development;

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
    /// A `DEBUG` without an asterisk means other things to other programs, and nothing is said of it. Nor of objects
    /// whose file, namespace or name says that they are for development or tests.
    "node/debug-environment",
    severity: Severity::Low,
    references: &["CWE-489", "CWE-532"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, _context: &Context, sink: &mut Sink<'_>) {
    if is_development(workload.object) {
        return;
    }
    for container in workload.pod.containers() {
        let process = Process::of(container);
        for name in ["DEBUG", "NODE_DEBUG"] {
            let Some(variable) = process.variable(name) else {
                continue;
            };
            let text = variable.text();
            let parts = text.split([',', ' ']).map(str::trim);
            let mut wide = parts.filter(|part| part.ends_with('*') && !part.starts_with('-'));
            let tells = match name {
                "DEBUG" => wide.next().is_some(),
                // `--inspect=…` is how skaffold hands on what to debug with.
                _ => !["", "0", "false"].contains(&text.trim()) && !text.starts_with('-'),
            };
            if tells {
                sink.report(Field::of(variable.value))
                    .container(Some(container))
                    .say(&format!(
                        "{name} is {}, so that the logs hold what packages and requests carry; take it away",
                        quoted(text)
                    ));
            }
        }
    }
}
