use crate::kubernetes::Field;
use crate::kubernetes::Object;
use crate::kubernetes::field::quoted;
use crate::kubernetes::ingress::{Ingress, Injection, injection};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// An annotation of an Ingress writes the configuration of the proxy.
    ///
    /// ## Why it matters
    /// The proxy of all tenants reads what the annotation holds, word for word. Whoever may write an Ingress can so
    /// read the token of the controller, which mostly reads every Secret of the cluster (CVE-2021-25742), or send the
    /// traffic of others where they like. The community's controller refuses snippets by default since 1.9: where they
    /// work, somebody has allowed them for everybody.
    ///
    /// The same is told of a value that ends its directive and goes on with others, the way that CVE-2025-24514,
    /// CVE-2025-1097 and CVE-2025-1098 were used on the way to CVE-2025-1974.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: shop
    ///   annotations:
    ///     haproxy.org/backend-config-snippet: http-send-name-header x-dst-server
    /// spec:
    ///   tls:
    ///     - hosts: [shop.example.com]
    ///       secretName: shop-tls
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: shop
    ///                 port:
    ///                   number: 8080
    /// ```
    ///
    /// ## Instead
    /// Use the annotation or the field that was made for the purpose; what all need belongs into the controller's own
    /// configuration.
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: shop
    ///   annotations:
    ///     haproxy.org/forwarded-for: "true"
    /// spec:
    ///   tls:
    ///     - hosts: [shop.example.com]
    ///       secretName: shop-tls
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: shop
    ///                 port:
    ///                   number: 8080
    /// ```
    ///
    /// ## Limits
    /// The snippets of ingress-nginx, of F5's nginx and of both controllers for `HAProxy` are known. That `auth-url`,
    /// `mirror-target` and their kin are there is no mistake: current controllers check them, and only a value that no
    /// URL would hold is told.
    "exposure/ingress-snippet",
    severity: Severity::High,
    references: &[
        "CVE-2021-25742",
        "CVE-2025-1974",
        "OWASP K8s 2025: K06",
        "CWE-94",
    ],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(ingress) = Ingress::of(object) else {
        return;
    };
    for entry in ingress.annotations() {
        let name = entry.key.key_text();
        let Some(injection) = injection(name, entry.value.key_text()) else {
            continue;
        };
        let sentence = match injection {
            Injection::Snippet => format!(
                "annotation {} becomes a part of the proxy's configuration as it stands; use an annotation that was made for the purpose",
                quoted(name)
            ),
            Injection::BreaksOut => format!(
                "annotation {} holds characters that end its directive, so that what follows is configuration of the proxy; remove them",
                quoted(name)
            ),
        };
        sink.report(Field::of(entry.value))
            .at(entry.key.span())
            .say(&sentence);
    }
}
