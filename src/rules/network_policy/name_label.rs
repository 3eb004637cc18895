use std::collections::BTreeSet;

use crate::kubernetes::field::quoted;
use crate::kubernetes::namespace::Namespace;
use crate::network::name_labels::name_labels;
use crate::network::selector::NAMESPACE_NAME;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A `NetworkPolicy` knows a namespace by a label `name`.
    ///
    /// ## Why it matters
    /// Kubernetes does not set a label `name`. Where somebody has set it, the policy lets in whoever may give that label to a
    /// namespace of their own: the right to edit namespaces becomes the right to come in. Where nobody has, the policy lets
    /// in nobody. Since 1.22 each namespace has the label `kubernetes.io/metadata.name`, which the API server keeps equal to
    /// its name, so that it cannot be forged.
    ///
    /// ## Example
    /// It lets pods of every namespace labelled `name: trusted-namespace` in, whatever that namespace is called.
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: from-trusted
    ///   namespace: shop
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - namespaceSelector:
    ///             matchLabels:
    ///               name: trusted-namespace
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: from-trusted
    ///   namespace: shop
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - namespaceSelector:
    ///             matchLabels:
    ///               kubernetes.io/metadata.name: trusted-namespace
    /// ```
    ///
    /// ## Limits
    /// Where a namespace of the repository has the label and another name, no edit is offered: which of them is meant is for
    /// people to say.
    "network-policy/name-label",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K05", "CWE-290"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _: &Context, sink: &mut Sink<'_>) {
    // Values that namespaces of another name have.
    let others: BTreeSet<&str> = snapshot
        .objects()
        .filter_map(Namespace::of)
        .filter_map(|namespace| {
            let label = namespace.object().field(&["metadata", "labels", "name"]);
            label.as_str().filter(|label| *label != namespace.name())
        })
        .collect();
    for object in snapshot.objects() {
        for label in name_labels(object) {
            let is_clear = !label.values.iter().any(|value| others.contains(value));
            let values: Vec<String> = label.values.iter().map(|value| quoted(value)).collect();
            let key = Some(label.key).filter(|_| is_clear);
            let mut sink = sink.about(object);
            let draft = sink
                .report_keyed(label.node, label.key.span())
                .discriminator(&values.join(","))
                .instead(key, "name", NAMESPACE_NAME);
            draft.say(&format!(
                "namespaceSelector asks for the label name ({}), which Kubernetes does not set and whoever may edit namespaces can give to theirs; ask for {NAMESPACE_NAME}, which is the name of the namespace and cannot be forged",
                values.join(", ")
            ));
        }
    }
}
