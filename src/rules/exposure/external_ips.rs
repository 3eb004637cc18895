use crate::kubernetes::Object;
use crate::kubernetes::field::quoted;
use crate::kubernetes::service::Service;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A Service claims addresses that the cluster did not give it.
    ///
    /// ## Why it matters
    /// Every node sends what is meant for an address in `externalIPs` to the pods of the Service, whoever the address
    /// belongs to. Whoever may write Services can so read and change the traffic of other pods to a database, a DNS
    /// server or any host of the internet. There is no mend for it in Kubernetes: CVE-2020-8554.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: shop
    /// spec:
    ///   selector:
    ///     app: shop
    ///   externalIPs: [203.0.113.7]
    ///   ports:
    ///     - port: 8080
    /// ```
    ///
    /// ## Instead
    /// Let a load balancer or a Gateway announce the address.
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: shop
    /// spec:
    ///   selector:
    ///     app: shop
    ///   ports:
    ///     - port: 8080
    /// ```
    ///
    /// ## Limits
    /// A cluster may refuse the field by an admission plugin, which a manifest cannot show. `externalName` and the
    /// addresses in the status are something else.
    "exposure/external-ips",
    severity: Severity::High,
    references: &["CVE-2020-8554", "OWASP K8s 2025: K06", "CWE-668"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(field) = Service::of(object).map(Service::external_ips) else {
        return;
    };
    // Each address by itself: another one takes the traffic of somebody else.
    for address in field.items() {
        let text = address.key_text();
        sink.report(field)
            .at(address.span()).discriminator(text).say(&format!(
            "externalIPs makes every node send what is meant for {} to this Service; remove it, and let a load balancer announce the address",
            quoted(text)
        ));
    }
}
