use std::collections::BTreeMap;

use crate::kubernetes::Object;
use crate::kubernetes::field::quoted;
use crate::kubernetes::gateway::{Gateway, Listener, Parent, Route};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::patched::Patched;

declare_rule! {
    /// A Gateway serves HTTP without TLS.
    ///
    /// ## Why it matters
    /// Whoever is on the way reads and changes what clients send and get: passwords, session cookies, scripts.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: Gateway
    /// metadata:
    ///   name: shop
    /// spec:
    ///   gatewayClassName: example
    ///   listeners:
    ///     - name: http
    ///       protocol: HTTP
    ///       port: 80
    /// ```
    ///
    /// ## Instead
    /// Serve HTTPS; a listener for HTTP whose only route sends clients there is fine.
    /// ```yaml good
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: Gateway
    /// metadata:
    ///   name: shop
    /// spec:
    ///   gatewayClassName: example
    ///   listeners:
    ///     - name: https
    ///       protocol: HTTPS
    ///       port: 443
    ///       tls:
    ///         certificateRefs:
    ///           - name: shop-tls
    /// ```
    ///
    /// ## Limits
    /// Routes are looked for in the repository: where one on the listener serves something, it speaks; where all of
    /// them send clients to HTTPS, it does not. Where none is here, it speaks only of a Gateway that has no listener
    /// with TLS at all. Nothing is said of a Gateway that only pods reach, such as a waypoint of a service mesh, or
    /// that a patch changes, nor of Istio's own kind of that name.
    "exposure/gateway-without-tls",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K06", "CWE-319"],
    check: Check::Manifests(check),
}

/// Routes by the namespace and the name of the Gateway that they hang on.
type Routes<'a> = BTreeMap<(&'a str, &'a str), Vec<Hanging<'a>>>;

/// A route, what it hangs on, and how near the nearest copy of that is.
type Hanging<'a> = (Route<'a>, Parent<'a>, usize);

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let gateways: Vec<Gateway<'_>> = snapshot.objects().filter_map(Gateway::of).collect();
    if gateways.is_empty() {
        return;
    }
    let patched = Patched::of(snapshot);
    let mut copies: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for gateway in &gateways {
        let object = gateway.object();
        copies.entry(key(object)).or_default().push(object.path());
    }
    let mut routes = Routes::new();
    for route in snapshot.objects().filter_map(Route::of) {
        for parent in route.parents() {
            let namespace = parent.namespace.unwrap_or(namespace(route.object()));
            let Some(copies) = copies.get(&(namespace, parent.name)) else {
                continue;
            };
            // Of several copies of a Gateway, a route hangs on the nearest.
            let near = copies.iter().take(MOST);
            let near = near.map(|copy| nearness(route.object().path(), copy)).max();
            let of_gateway = routes.entry((namespace, parent.name)).or_default();
            of_gateway.push((route, parent, near.unwrap_or_default()));
        }
    }
    for gateway in gateways {
        let object = gateway.object();
        if !patched.is_whole(object) || gateway.stays_in_cluster() {
            continue;
        }
        let known = routes.get(&key(object)).map_or(&[][..], Vec::as_slice);
        let own: Vec<_> = known
            .iter()
            .filter(|(route, _, near)| nearness(route.object().path(), object.path()) >= *near)
            .collect();
        let has_tls = gateway
            .listeners()
            .any(|listener| matches!(listener.protocol().as_str(), Some("HTTPS" | "TLS")));
        for listener in gateway.listeners() {
            if listener.protocol().as_str() == Some("HTTP") && is_open(listener, &own, has_tls) {
                report(listener, &mut sink.about(object));
            }
        }
    }
}

/// The most copies of a Gateway that a route is held against.
const MOST: usize = 200;

fn is_open(listener: Listener<'_>, routes: &[&Hanging<'_>], has_tls: bool) -> bool {
    let mut on_it = routes
        .iter()
        .filter(|(_, parent, _)| parent.means(listener))
        .peekable();
    if on_it.peek().is_none() {
        return !has_tls;
    }
    // A route that names no listener hangs on that for HTTPS as well.
    on_it.any(|(route, ..)| !route.only_redirects())
}

fn report(listener: Listener<'_>, sink: &mut Sink<'_>) {
    let what = match listener.hostname() {
        Some(host) => format!(" for host {}", quoted(host)),
        None => String::new(),
    };
    sink.report(listener.protocol()).say(&format!(
        "protocol of listener {}{what} is HTTP, so that it is served in the clear; use HTTPS, and let HTTP only send clients there",
        quoted(listener.name())
    ));
}

fn namespace(object: Object<'_>) -> &str {
    object.namespace().map_or("", |(namespace, _)| namespace)
}

fn key(object: Object<'_>) -> (&str, &str) {
    (namespace(object), &object.resource().name)
}

/// How many leading parts two paths share.
fn nearness(one: &str, other: &str) -> usize {
    let parts = one.split('/').zip(other.split('/'));
    parts.take_while(|(one, other)| one == other).count()
}
