use crate::kubernetes::Object;
use crate::kubernetes::api_versions::Retired;
use crate::kubernetes::pod_security::{Version, VersionSet};
use crate::kubernetes::pod_security_policy::is_policy;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// An object is written in a version of the API that a target no longer serves.
    ///
    /// ## Why it matters
    /// The API server does not know the object: it cannot be created, changed or deleted by this file, and what it
    /// should bring, a network policy or a disruption budget, is missing. A cluster that still runs it keeps it without
    /// anybody being able to roll it out again.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: policy/v1beta1
    /// kind: PodDisruptionBudget
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   minAvailable: 1
    ///   selector:
    ///     matchLabels: {app: shop}
    /// ```
    ///
    /// ## Instead
    /// Use the newer version, and look up what else it changes: `networking.k8s.io/v1` writes the backends of an
    /// Ingress in another way, for instance.
    /// ```yaml good
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata:
    ///   name: shop
    ///   namespace: shop
    /// spec:
    ///   minAvailable: 1
    ///   selector:
    ///     matchLabels: {app: shop}
    /// ```
    ///
    /// ## Limits
    /// The targets are those of the configuration, or the supported versions. Kinds that custom resources define are
    /// not judged. Of `PodSecurityPolicy` a rule of its own speaks.
    "workload/removed-api",
    severity: Severity::High,
    references: &["CWE-477"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, context: &Context, sink: &mut Sink<'_>) {
    let resource = object.resource();
    let Some(retired) = Retired::of(&resource.api_version, &resource.kind) else {
        return;
    };
    let Some(removed) = retired.removed.filter(|_| !is_policy(object)) else {
        return;
    };
    let targets = context.targets.iter();
    let without: VersionSet = targets.filter(|target| target.0 >= removed).collect();
    if without.is_empty() {
        return;
    }
    sink.report(object.field(&["apiVersion"])).say(&format!(
        "apiVersion is {}, which Kubernetes {} removed for this kind, so that clusters of {without} refuse the object; {}",
        resource.api_version,
        Version(removed),
        retired.remedy(context.targets)
    ));
}
