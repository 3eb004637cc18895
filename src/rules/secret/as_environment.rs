use crate::kubernetes::Pod;
use crate::kubernetes::exposed::secrets_as_environment;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container takes a Secret as a variable.
    ///
    /// ## Why it matters
    /// Variables are handed on to every process that a container starts, and end up in crash reports and debug pages. A
    /// file is read by those who mean to, and follows when the Secret changes. Nearly everybody uses variables
    /// all the same, so that this rule waits to be asked.
    ///
    /// ## Example
    /// ```yaml bad
    /// env:
    ///   - name: DATABASE_PASSWORD
    ///     valueFrom:
    ///       secretKeyRef:
    ///         name: database
    ///         key: password
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// volumeMounts:
    ///   - name: database
    ///     mountPath: /run/secrets/database
    ///     readOnly: true
    /// ```
    "secret/as-environment",
    severity: Severity::Note,
    opt_in: true,
    references: &["CIS 1.12: 5.4.1", "CWE-526"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for container in Pod::containers(workload.pod) {
        for (place, field) in secrets_as_environment(container) {
            let secret = field.node().and_then(|node| node.get("name"));
            let name = secret.map_or("", crate::syntax::Node::key_text);
            sink.report(field)
                .container(Some(container))
                .discriminator(name)
                .say(&format!(
                    "{place} takes {} from a Secret; mount the Secret as a file instead",
                    if place == "envFrom" {
                        "all variables"
                    } else {
                        "its value"
                    },
                ));
        }
    }
}
