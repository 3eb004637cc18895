use crate::kubernetes::Object;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A Secret asks for a token of a service account that never ends.
    ///
    /// ## Why it matters
    /// The cluster fills a Secret of this type with a token that holds until the Secret or the service account is
    /// deleted, whoever copies it, and that everybody can read who may read Secrets. Tokens that pods are given
    /// themselves end within the hour and with the pod.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Secret
    /// metadata:
    ///   name: deployer-token
    ///   namespace: shop
    ///   annotations:
    ///     kubernetes.io/service-account.name: deployer
    /// type: kubernetes.io/service-account-token
    /// ```
    ///
    /// ## Instead
    /// Pods need no Secret. From outside, ask for a token that ends (`kubectl create token`), or let the cluster trust
    /// the identity that the caller has already.
    /// ```yaml good
    /// spec:
    ///   serviceAccountName: deployer
    ///   volumes:
    ///     - name: token
    ///       projected:
    ///         sources:
    ///           - serviceAccountToken:
    ///               path: token
    ///               expirationSeconds: 3600
    /// ```
    "secret/account-token",
    severity: Severity::Medium,
    references: &["OWASP K8s 2022: K09", "CWE-613"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let field = object.field(&["type"]);
    let is_token = field.as_str() == Some("kubernetes.io/service-account-token");
    if object.kind().name == "Secret" && is_token {
        sink.report(field).say(
            "type is \"kubernetes.io/service-account-token\", so that the cluster makes a token that never ends; use tokens that end (`kubectl create token`, a projected volume)",
        );
    }
}
