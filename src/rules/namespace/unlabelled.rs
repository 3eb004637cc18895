use crate::kubernetes::Namespace;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::labels::labelled_files;

declare_rule! {
    /// A Namespace does not say which Pod Security level it enforces.
    ///
    /// ## Why it matters
    /// Without the label `pod-security.kubernetes.io/enforce`, the default of the cluster decides, and unless someone
    /// changed it that is `privileged`: every pod is let in, whatever it asks for. The labels for `warn` and `audit`
    /// keep nothing out.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ```
    ///
    /// ## Instead
    /// Start with `baseline` where workloads do not meet `restricted` yet, and let `warn` show what is missing.
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: baseline
    ///     pod-security.kubernetes.io/warn: restricted
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of `kube-system`, `kube-public` and `kube-node-lease`, which Kubernetes makes for itself; of
    /// patches and templates; and of a Namespace that a kustomization may label: one that lists its file and speaks of
    /// `pod-security.kubernetes.io` itself or in a patch. A default that is set in the configuration of the API server
    /// is not known here.
    "namespace/unlabelled",
    severity: Severity::Medium,
    references: &["CIS 1.12: 5.2.1", "OWASP K8s 2022: K04", "CWE-693"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let labelled = labelled_files(snapshot);
    for object in snapshot.objects() {
        let Some(namespace) = Namespace::of(object) else {
            continue;
        };
        let level = namespace.enforce().level_field;
        if level.is_set() || namespace.is_system() || labelled.contains(&**object.path()) {
            continue;
        }
        let told = namespace.warn().level_field.is_set() || namespace.audit().level_field.is_set();
        let sentence = if told {
            "the label pod-security.kubernetes.io/enforce is not set, so that pods are warned about and none is refused unless the cluster has a default; set it to restricted or baseline"
        } else {
            "the label pod-security.kubernetes.io/enforce is not set, so that every pod is let in unless the cluster has a default; set it to restricted or baseline"
        };
        let mut sink = sink.about(object);
        let draft = sink.report(level);
        // The label belongs beside the others; where there are none, the name says whose it is.
        let draft = if namespace.has_labels() {
            draft
        } else {
            draft.at(object.name_span())
        };
        draft.say(sentence);
    }
}
