use std::collections::BTreeSet;

use crate::kubernetes::field::quoted;
use crate::kubernetes::namespace::is_system;
use crate::kubernetes::pod_security::Level;
use crate::kubernetes::{Mode, Namespace};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::builds::{Builds, Speaker};

declare_rule! {
    /// A Namespace lets pods of any kind in: it enforces the level `privileged`.
    ///
    /// ## Why it matters
    /// At this level Pod Security admission refuses nothing. Whoever may create a pod in the namespace can take over
    /// the node that it runs on, with a privileged container or a volume of the host.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: privileged
    /// ```
    ///
    /// ## Instead
    /// Keep what needs the host in a namespace of its own, that few may deploy to, and waive this rule there.
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of `kube-system`, `kube-public` and `kube-node-lease`, whose own components need it. A kustomization
    /// that sets the label itself, in `labels`, `commonLabels` or a patch of its own, is told where it builds a Namespace.
    "namespace/privileged",
    severity: Severity::High,
    references: &["CIS 1.12: 5.2.1", "OWASP K8s 2022: K04", "CWE-250"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let namespaces = snapshot.objects().filter_map(Namespace::of);
    for namespace in namespaces.filter(|namespace| !namespace.is_system()) {
        let enforce = namespace.enforce();
        if enforce.written_level() == Some(Ok(Level::Privileged)) {
            sink.about(namespace.object())
                .report(enforce.level_field)
                .say("the label pod-security.kubernetes.io/enforce is \"privileged\", so that no pod is refused; set it to restricted or baseline");
        }
    }
    let builds = Builds::of(snapshot);
    let mut told = BTreeSet::new();
    let built = builds.folders().flat_map(|(_, namespaces)| namespaces);
    for (name, namespace) in built.filter(|(name, _)| !is_system(name)) {
        let privileged = namespace.mode(Mode::Enforce).written_level == Some(Ok(Level::Privileged));
        let word = namespace.word(Mode::Enforce.level_label());
        let Some(word) = word.filter(|_| privileged) else {
            continue;
        };
        if let Speaker::Kustomization(by) = word.by
            && told.insert((word.path, word.at))
        {
            sink.in_file(word.path)
                .report_span(word.at)
                .discriminator(name)
                .say(&format!(
                    "Namespace {}, as {by} has it: the label pod-security.kubernetes.io/enforce is \"privileged\", so that no pod is refused; set it to restricted or baseline",
                    quoted(name)
                ));
        }
    }
}
