use crate::kubernetes::Object;
use crate::kubernetes::service::Service;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A Service opens a port on every node.
    ///
    /// ## Why it matters
    /// Whoever reaches any node reaches the Service, past Ingress, TLS and mostly past `NetworkPolicies` as well, as
    /// the address of the client is often lost on the way. On nodes with addresses of the internet that is everybody.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: shop
    /// spec:
    ///   type: NodePort
    ///   selector:
    ///     app: shop
    ///   ports:
    ///     - port: 8080
    /// ```
    ///
    /// ## Instead
    /// Let an Ingress or a Gateway lead to a Service that only the cluster reaches.
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
    /// For the proxy behind Ingresses or Gateways it is a note, as something must lead to that from outside.
    /// Load balancers of some clouds need the port; whether the nodes can be reached from outside, a manifest cannot
    /// say. A Service of type `LoadBalancer` opens ports as well: `exposure/load-balancer` speaks of it.
    "exposure/node-port",
    severity: Severity::Low,
    other_severities: &[Severity::Note],
    references: &["OWASP K8s 2025: K06", "CWE-668"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(service) = Service::of(object).filter(|service| service.is_node_port()) else {
        return;
    };
    let (severity, sentence) = if service.is_entry() {
        (
            Severity::Note,
            "type NodePort opens a port on every node for what looks like the proxy behind Ingresses or Gateways; put a load balancer before it, with type LoadBalancer where the cluster can make one",
        )
    } else {
        (
            Severity::Low,
            "type NodePort opens a port on every node; use ClusterIP, and let an Ingress or a Gateway lead to it",
        )
    };
    sink.report(service.type_field())
        .severity(severity)
        .say(sentence);
}
