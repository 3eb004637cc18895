use crate::kubernetes::Object;
use crate::kubernetes::exposed::{last_applied, severity};
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// The annotation of `kubectl apply` repeats a credential.
    ///
    /// ## Why it matters
    /// `kubectl apply` keeps the object as it was applied in an annotation. An object that was taken from a cluster with
    /// it shows the data of a Secret a second time, where tools that mask `data` do not look.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Secret
    /// metadata:
    ///   name: database
    ///   namespace: shop
    ///   annotations:
    ///     kubectl.kubernetes.io/last-applied-configuration: |
    ///       {"apiVersion": "v1", "kind": "Secret", "stringData": {"password": "tR7-kq2-Vz9x"}}
    /// ```
    ///
    /// ## Instead
    /// Take the annotation out, and replace the credential wherever it was valid.
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Secret
    /// metadata:
    ///   name: database
    ///   namespace: shop
    /// ```
    "secret/last-applied",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2022: K03", "CWE-312"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some((node, all)) = last_applied(object) else {
        return;
    };
    let at = node
        .key()
        .map_or_else(|| node.span(), crate::syntax::Node::span);
    for (key, found) in all {
        let name = if key.is_empty() {
            String::new()
        } else {
            format!(" (`{}`)", shortened(&key))
        };
        sink.report_keyed(node, at)
            .discriminator(&format!("{key} {}", found.discriminator()))
            .severity(severity(&found))
            .say(&format!(
                "the annotation kubectl.kubernetes.io/last-applied-configuration repeats {}{name}; take the annotation out, and replace the credential",
                found.what.name()
            ));
    }
}
