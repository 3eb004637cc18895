use crate::kubernetes::field::quoted;
use crate::kubernetes::miswritten::Fault;
use crate::kubernetes::unserved::Unserved;
use crate::kubernetes::{Completeness, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::syntax::{Node, Value};

declare_rule! {
    /// No release of Kubernetes knows an object's `kind` by its `apiVersion`, or one of them is not written as such.
    ///
    /// ## Why it matters
    /// The API server refuses the object, and a `kubectl apply` of the whole folder stops there or goes on without it:
    /// what it should run, or protect, is missing.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Ingress
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   tls:
    ///     - hosts: [shop.example.com]
    ///       secretName: shop-tls
    ///   rules:
    ///     - host: shop.example.com
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   tls:
    ///     - hosts: [shop.example.com]
    ///       secretName: shop-tls
    ///   rules:
    ///     - host: shop.example.com
    /// ```
    ///
    /// ## Limits
    /// Judged are objects with `metadata` in the groups that have no dot in their name, which only Kubernetes has. In its
    /// groups with a dot, other than those that custom resources or few people use, versions that no release had, kinds that their `v1` does not have, what
    /// differs from a kind by a letter, and workloads count; a version that is newer than this program is told as well.
    /// Under `v1`, where other programs put kinds of their own, only what has a `metadata.name` counts, and only if it is a kind of Kubernetes or differs by a letter from one of the same group. A `kind` that is
    /// missing or no text is told where only one can be meant, and is unreadable elsewhere. The kinds that custom resources define are left alone, and so is what has no `apiVersion` at
    /// all unless it is a workload with containers. Of versions that were removed a rule of their own speaks. Whatever
    /// is told here is judged nevertheless as the object that is meant.
    "workload/unknown-api",
    severity: Severity::High,
    references: &["CWE-1289"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let version = object.field(&["apiVersion"]);
    let meant = &*object.resource().api_version;
    let (api_version, kind, unserved) = match object.fault() {
        None => return,
        Some(Fault::Key(value, right)) => {
            let value = object.node().tree().node(*value);
            if let Some(key) = value.key() {
                let what = if *right == "kind" {
                    "a kind"
                } else {
                    "a version"
                };
                sink.report_keyed(value, key.span()).say(&format!(
                    "{} is no field of an object, so the API server refuses it as one without {what}; write {right}",
                    key.key_text()
                ));
            }
            return;
        }
        Some(Fault::NoText) => {
            let found = found_for_text(version.node());
            sink.report(version).say(&format!(
                "apiVersion is {found}, so that the API server refuses the object; write {meant}"
            ));
            return;
        }
        Some(Fault::NoKind) => {
            // A patch may leave it to its target.
            if object.completeness() == Completeness::Complete {
                let written = object.node().get("kind");
                let found = match written {
                    None => "missing".to_owned(),
                    Some(_) => found_for_text(written),
                };
                sink.report(object.field(&["kind"])).say(&format!(
                    "kind is {found}, so that the API server refuses the object; write kind: {}",
                    object.resource().kind
                ));
            }
            return;
        }
        Some(Fault::Missing) => {
            // A patch may leave it to its target.
            if object.completeness() == Completeness::Complete {
                sink.report(object.field(&["kind"])).say(&format!(
                    "apiVersion is missing beside kind, so that the API server refuses the object; write apiVersion: {meant}"
                ));
            }
            return;
        }
        Some(Fault::Unserved(api_version, kind, unserved)) => (&**api_version, &**kind, *unserved),
    };
    match unserved {
        Unserved::Version(instead) => sink.report(version).say(&format!(
            "apiVersion is {}, which has no kind {} in any release of Kubernetes, so that the API server refuses the object; write {instead}",
            quoted(api_version),
            quoted(kind)
        )),
        Unserved::Kind(meant, instead) => {
            let more = if instead == api_version {
                String::new()
            } else {
                format!(" and apiVersion {instead}")
            };
            sink.report(object.field(&["kind"])).say(&format!(
                "kind is {}, which Kubernetes does not have, so that the API server refuses the object; write {meant}{more}",
                quoted(kind)
            ));
        }
        Unserved::Unknown => sink.report(object.field(&["kind"])).say(&format!(
            "kind is {}, which {} does not have in any release of Kubernetes, so that the API server refuses the object; look up what it is called",
            quoted(kind),
            quoted(api_version)
        )),
    }
}

/// What stands where text belongs.
fn found_for_text(node: Option<Node<'_>>) -> String {
    let written = node.map_or("", Node::source);
    match node.map(Node::value) {
        Some(Value::Mapping) => "a mapping".to_owned(),
        Some(Value::Sequence) => "a list".to_owned(),
        None | Some(Value::Null | Value::Text(_)) => "empty".to_owned(),
        Some(_) => format!("{written}, which is no text"),
    }
}
