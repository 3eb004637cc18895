use std::collections::BTreeMap;

use crate::kubernetes::Field;
use crate::kubernetes::field::quoted;
use crate::kubernetes::ingress::{
    COMMUNITY_CONTROLLER, COMMUNITY_NGINX, Ingress, controller_of_class,
};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// An Ingress is served by ingress-nginx, which is retired.
    ///
    /// ## Why it matters
    /// The Kubernetes community ended its nginx controller in March 2026: there are no further releases and no fixes,
    /// not for holes that are found later either. It stands where the internet comes in.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: shop
    ///   annotations:
    ///     nginx.ingress.kubernetes.io/proxy-body-size: 8m
    /// spec:
    ///   ingressClassName: nginx
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
    /// Move to a Gateway, or to a controller that is kept: F5's nginx, Traefik, `HAProxy`, Envoy, or that of the cloud.
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: shop
    /// spec:
    ///   ingressClassName: traefik
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
    /// F5's controller has the same name for its class. So a class called `nginx` proves nothing: what counts is the
    /// controller of an `IngressClass` in the repository, or annotations of the community's controller on an Ingress
    /// whose class does not belong to another. Traefik reads these annotations as well, if it is told to.
    "exposure/retired-ingress-class",
    severity: Severity::Note,
    references: &["OWASP K8s 2025: K06", "CWE-1104"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    // A class that belongs to several controllers in several places proves nothing.
    let mut classes: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for (class, controller) in snapshot.objects().filter_map(controller_of_class) {
        let known = classes.entry(class).or_insert(Some(controller));
        *known = known.filter(|known| *known == controller);
    }
    for ingress in snapshot.objects().filter_map(Ingress::of) {
        let class = ingress.class();
        let controller = class.and_then(|class| classes.get(class).copied().flatten());
        let annotation = ingress
            .annotations()
            .find(|entry| entry.key.key_text().starts_with(COMMUNITY_NGINX));
        let mut sink = sink.about(ingress.object());
        match (controller, class, annotation) {
            (Some(COMMUNITY_CONTROLLER), Some(class), _) => {
                sink.report(ingress.class_field()).say(&format!(
                    "class {} belongs to ingress-nginx, which is retired and gets no fixes; move to a Gateway or to a controller that is kept",
                    quoted(class)
                ));
            }
            (None, class, Some(entry)) if class.is_none_or(|class| class.contains("nginx")) => {
                sink.report(Field::of(entry.value))
                    .at(entry.key.span())
                    .discriminator("annotation")
                    .say(&format!(
                        "annotation {} is one of ingress-nginx, which is retired and gets no fixes; move to a Gateway or to a controller that is kept",
                        quoted(entry.key.key_text())
                    ));
            }
            _ => {}
        }
    }
}
