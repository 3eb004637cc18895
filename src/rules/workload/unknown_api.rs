use crate::kubernetes::Object;
use crate::kubernetes::field::quoted;
use crate::kubernetes::unserved::Unserved;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::syntax::Entry;

declare_rule! {
    /// No release of Kubernetes knows an object's `kind` by its `apiVersion`.
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
    /// Judged are objects with `metadata` in the groups that have no dot in their name, which only Kubernetes has, and
    /// workloads in its other groups. Under `v1`, where other programs put kinds of their own, only the kinds of
    /// Kubernetes and what differs from one by a letter count. The kinds that custom resources define are left alone.
    /// Of versions that were removed a rule of their own speaks. The pods of such an object are judged nevertheless.
    "workload/unknown-api",
    severity: Severity::High,
    references: &["CWE-1289"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let resource = object.resource();
    let (api_version, kind) = (&*resource.api_version, &*resource.kind);
    let version = object.field(&["apiVersion"]);
    if !version.is_set()
        && let Some(key) = misspelt_key(object)
    {
        sink.report_keyed(key.value, key.key.span()).say(&format!(
            "{} is no field of an object, so the API server refuses it as one without a version; write apiVersion",
            key.key.key_text()
        ));
        return;
    }
    let Some(unserved) = Unserved::of(api_version, kind) else {
        return;
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

/// The entry that is meant to be `apiVersion`.
fn misspelt_key(object: Object<'_>) -> Option<Entry<'_>> {
    let mut entries = object.node().written_entries();
    entries.find(|entry| {
        let key = entry.key.key_text().replace('_', "");
        key.eq_ignore_ascii_case("apiVersion")
    })
}
