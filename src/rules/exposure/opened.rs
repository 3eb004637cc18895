use std::collections::HashMap;

use crate::kubernetes::field::quoted;
use crate::kubernetes::ingress::{Guard, Ingress};
use crate::kubernetes::service::{Reach, Service};
use crate::kubernetes::{Completeness, Field, Object};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::patched::Patched;

declare_rule! {
    /// A change opens what was closed to the outside.
    ///
    /// ## Why it matters
    /// What only the cluster or a known network reached, the whole internet reaches after the merge, and one word of
    /// the manifest did it. Nothing behind it was built for that: it may have no login, no limits and no TLS.
    ///
    /// A Service that goes to type `NodePort` is medium: whoever reaches a node reaches it.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: shop.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: shop
    /// spec:
    ///   type: ClusterIP
    ///   selector:
    ///     app: shop
    ///   ports:
    ///     - port: 8080
    /// # file: shop.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: shop
    /// spec:
    ///   type: LoadBalancer
    ///   selector:
    ///     app: shop
    ///   ports:
    ///     - port: 8080
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// # base: shop.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: shop
    /// spec:
    ///   type: ClusterIP
    ///   selector:
    ///     app: shop
    ///   ports:
    ///     - port: 8080
    /// # file: shop.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: shop
    /// spec:
    ///   type: LoadBalancer
    ///   loadBalancerSourceRanges: [203.0.113.0/24]
    ///   selector:
    ///     app: shop
    ///   ports:
    ///     - port: 8080
    /// ```
    ///
    /// ## Limits
    /// Of Services it tells the type, the source ranges and the annotations that make a load balancer internal; of
    /// Ingresses whose class stays the same, the lists of addresses, the logins and the scheme that annotations of
    /// ingress-nginx and of AWS keep. What is wholly new is judged by `exposure/load-balancer` and
    /// `exposure/node-port`, which leave to this rule what it tells of. Nothing is said of what is gone from a patch,
    /// from a template or from an object that a patch changes.
    "exposure/opened",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    covers: &["exposure/load-balancer", "exposure/node-port"],
    references: &["OWASP K8s 2025: K06", "CWE-668"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let patched = Patched::of(pair.head);
    let is_known =
        |object: &Object<'_>| Service::of(*object).is_some() || Ingress::of(*object).is_some();
    // Of several copies in one file, the last is the one that stays.
    let base: HashMap<_, _> = pair
        .base
        .objects()
        .filter(is_known)
        .map(|object| ((object.resource(), object.path()), object))
        .collect();
    for object in pair.head.objects().filter(is_known) {
        let path = pair.pairs.base_path(object.resource(), object.path());
        let Some(before) = path.and_then(|path| base.get(&(object.resource(), path))) else {
            continue;
        };
        let (is_whole, mut sink) = (patched.is_whole(object), sink.about(object));
        if let (Some(before), Some(after)) = (Service::of(*before), Service::of(object)) {
            opened_service(before, after, is_whole, &mut sink);
        }
        if let (Some(before), Some(after)) = (Ingress::of(*before), Ingress::of(object))
            && is_whole
        {
            opened_ingress(before, after, &mut sink);
        }
    }
}

fn opened_service(before: Service<'_>, after: Service<'_>, is_whole: bool, sink: &mut Sink<'_>) {
    let (Some(was), Some(now)) = (before.reach(), after.reach()) else {
        return;
    };
    let severity = match now {
        Reach::World => Severity::High,
        Reach::Nodes => Severity::Medium,
        Reach::Cluster | Reach::Network => return,
    };
    let kind = |service: Service<'_>| {
        service
            .type_field()
            .as_str()
            .unwrap_or("ClusterIP")
            .to_owned()
    };
    let (old, new) = (kind(before), kind(after));
    // A patch without a type says nothing of the type.
    let says = |service: Service<'_>| {
        service.object().completeness() == Completeness::Complete || service.type_field().is_set()
    };
    if was >= now || was > Reach::Cluster && now == Reach::Nodes || !says(before) || !says(after) {
        return;
    }
    let field = after.open_range().unwrap_or(after.type_field());
    if !is_whole && after.open_range().is_none() && old == new {
        // What narrowed it may stand in the patch.
        return;
    }
    let sentence = if old != new {
        let who = if now == Reach::World {
            "everybody who finds it"
        } else {
            "whoever reaches a node"
        };
        format!(
            "type goes from {old} to {new}, which opens it to {who}; keep {old}, or list the networks that may come"
        )
    } else if after.open_range().is_some() {
        "the source ranges of the load balancer now let in half of all addresses or more; list the networks that may come".to_owned()
    } else {
        "what kept the load balancer to a network is gone, so that everybody reaches it; put the source ranges or the annotation back".to_owned()
    };
    sink.report(field).severity(severity).say(&sentence);
}

fn opened_ingress(before: Ingress<'_>, after: Ingress<'_>, sink: &mut Sink<'_>) {
    // Another controller has other words.
    if before.class() != after.class() {
        return;
    }
    for guard in Guard::ALL {
        let Some(was) = guard.of(before) else {
            continue;
        };
        if guard.of(after).is_some() {
            continue;
        }
        let now = guard.names().iter().find_map(|name| after.annotation(name));
        let annotations = after.object().field(&["metadata", "annotations"]);
        let place: Field<'_> = now.unwrap_or(annotations);
        let span = if place.is_set() {
            place.span()
        } else {
            after.object().name_span()
        };
        sink.report(place).at(span).discriminator(was).say(&format!(
            "the annotation {} {} and no longer does; put it back",
            quoted(was),
            guard.meaning()
        ));
    }
}
