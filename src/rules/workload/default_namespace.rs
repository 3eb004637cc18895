use crate::kubernetes::{NamespaceSource, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A workload is put into the namespace `default`.
    ///
    /// ## Why it matters
    /// What ends up there has nothing in common but that nobody said where it belongs, so that no quota, no network
    /// policy and no role can be made for it.
    ///
    /// ## Example
    /// ```yaml bad
    /// metadata:
    ///   namespace: default
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// metadata:
    ///   namespace: shop
    /// ```
    ///
    /// ## Limits
    /// It waits to be asked for. It speaks only where `default` is written, in the object or in its kustomization: an
    /// object that names no namespace goes where whoever applies it says.
    "workload/default-namespace",
    severity: Severity::Low,
    opt_in: true,
    references: &["CIS 1.12: 5.6.4"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    if !object.kind().bears_pods() {
        return;
    }
    let field = object.field(&["metadata", "namespace"]);
    match object.namespace() {
        Some(("default", NamespaceSource::Written)) => {
            let sentence = "namespace is \"default\"; name one that the workload belongs to";
            sink.report(field).say(sentence);
        }
        Some(("default", NamespaceSource::Kustomization)) => {
            let sentence = "its kustomization moves it to the namespace \"default\"; name one that it belongs to";
            sink.report(field).at(object.name_span()).say(sentence);
        }
        _ => {}
    }
}
