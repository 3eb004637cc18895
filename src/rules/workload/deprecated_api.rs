use crate::kubernetes::Object;
use crate::kubernetes::api_versions::Retired;
use crate::kubernetes::pod_security::Version;
use crate::kubernetes::pod_security_policy::is_policy;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// An object is written in a version of the API that is on its way out.
    ///
    /// ## Why it matters
    /// Every target still serves the version, and the API server warns whoever uses it. A coming version of Kubernetes
    /// will refuse the object, and then the upgrade of the cluster waits for this file.
    ///
    /// ## Example
    /// ```yaml bad
    /// # kubernetes: 1.23
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
    "workload/deprecated-api",
    severity: Severity::Low,
    references: &["CWE-477"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, context: &Context, sink: &mut Sink<'_>) {
    let resource = object.resource();
    let newest = context.targets.newest().unwrap_or(Version::LATEST);
    let Some(retired) = Retired::of(&resource.api_version, &resource.kind)
        .filter(|retired| newest.0 >= retired.deprecated && !is_policy(object))
    else {
        return;
    };
    let removal = match retired.removed {
        // The rule about removed versions speaks.
        Some(removed) if newest.0 >= removed => return,
        Some(removed) => format!(" and {} removes", Version(removed)),
        None => String::new(),
    };
    sink.report(object.field(&["apiVersion"])).say(&format!(
        "apiVersion is {}, which Kubernetes {} deprecates{removal} for this kind; {}",
        resource.api_version,
        Version(retired.deprecated),
        retired.remedy(context.targets)
    ));
}
