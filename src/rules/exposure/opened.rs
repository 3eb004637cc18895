use std::collections::{BTreeSet, HashMap};

use crate::folders::{folder, folders_up};
use crate::kubernetes::field::quoted;
use crate::kubernetes::ingress::{Guard, Ingress};
use crate::kubernetes::service::{Reach, Service};
use crate::kubernetes::{Completeness, Field, Object};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::patched::{Patched, ServiceReach};

declare_rule! {
    /// A change opens what was closed to the outside.
    ///
    /// ## Why it matters
    /// What only the cluster or a known network reached, the whole internet reaches after the merge, and one word of
    /// the manifest did it. Nothing behind it was built for that: it may have no login, no limits and no TLS.
    ///
    /// A Service that goes to type `NodePort` is medium: whoever reaches a node reaches it. So is an Ingress that begins
    /// to answer to every host name, or whose class was called internal and is no longer; where the new class is called
    /// public, that is high. One more host name is low: what is behind it has a new public address.
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
    /// ingress-nginx and of AWS keep. A host name is new if no Ingress of the base has it, nor a wildcard that holds it,
    /// and if no other went from the same Ingress in its place; nothing is said of those that an Ingress gains which lets
    /// in listed addresses alone or is internal by its class or scheme, nor of new paths of a known host. That a class is
    /// internal or public is told by its name: `internal`, `intern`, `private`, and `public`, `external`, `internet`.
    /// What is wholly new, and what a new kustomization makes of a known Service, is judged by `exposure/load-balancer`
    /// and `exposure/node-port`, which leave to this rule what it tells of. Nothing is said of what is gone from a patch,
    /// from a template or from an object that a patch changes.
    "exposure/opened",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    covers: &["exposure/load-balancer", "exposure/node-port"],
    references: &["OWASP K8s 2025: K06", "CWE-668"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let patched = Patched::of(pair.head);
    let (reaches_before, reaches) = (ServiceReach::of(pair.base), ServiceReach::of(pair.head));
    let is_known =
        |object: &Object<'_>| Service::of(*object).is_some() || Ingress::of(*object).is_some();
    // Of several copies in one file, the last is the one that stays.
    let base: HashMap<_, _> = pair
        .base
        .objects()
        .filter(is_known)
        .map(|object| ((object.resource(), object.path()), object))
        .collect();
    let ingresses = pair.base.objects().filter_map(Ingress::of);
    let served: BTreeSet<String> = ingresses
        .flat_map(|ingress| ingress.hosts().collect::<Vec<_>>())
        .filter_map(|host| host.as_str().map(str::to_ascii_lowercase))
        .collect();
    for object in pair.head.objects().filter(is_known) {
        let path = pair.pairs.base_path(object.resource(), object.path());
        let Some(before) = path.and_then(|path| base.get(&(object.resource(), path))) else {
            if let Some(patch) = Service::of(object)
                && is_built(pair.base, object.path())
            {
                opened_by_patch(patch, (&reaches_before, &reaches), &mut sink.about(object));
            }
            continue;
        };
        let (is_whole, mut sink) = (patched.is_whole(object), sink.about(object));
        if let (Some(before), Some(after)) = (Service::of(*before), Service::of(object)) {
            let is_kept_in = object.completeness() == Completeness::Partial
                && after.reach() == Some(Reach::World)
                && after.open_range().is_none()
                && !reaches.is_opened_by(after);
            if after.object().completeness() == Completeness::Partial
                && !before.type_field().is_set()
            {
                opened_by_patch(after, (&reaches_before, &reaches), &mut sink);
            } else if !is_kept_in {
                opened_service(before, after, reaches.is_whole(after), &mut sink);
            }
        }
        if let (Some(before), Some(after)) = (Ingress::of(*before), Ingress::of(object))
            && is_whole
        {
            opened_ingress(before, after, &mut sink);
            opened_hosts(before, after, &served, &mut sink);
            opened_class(before, after, &mut sink);
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

/// True if what lies at a path belongs to something that a kustomization of the revision builds. A new one builds
/// something new, which opens nothing.
fn is_built(snapshot: &Snapshot, path: &str) -> bool {
    folders_up(folder(path)).any(|folder| snapshot.kustomization(folder).is_some())
}

/// A patch that begins to say the type of a Service that only the cluster reached.
fn opened_by_patch<'a>(
    after: Service<'a>,
    (was, now): (&ServiceReach<'a>, &ServiceReach<'a>),
    sink: &mut Sink<'_>,
) {
    let name = &after.object().resource().name;
    if was.unpatched(name) == Some(Reach::Cluster) && now.is_opened_by(after) {
        sink.report(after.open_range().unwrap_or(after.type_field()))
            .say("this patch makes type LoadBalancer of a Service that only the cluster reached, which opens it to everybody who finds it; keep the type, or list the networks that may come");
    }
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

/// Host names that the base did not serve.
fn opened_hosts(
    before: Ingress<'_>,
    after: Ingress<'_>,
    served: &BTreeSet<String>,
    sink: &mut Sink<'_>,
) {
    let is_narrow = Guard::Addresses.of(after).is_some() || Guard::Scheme.of(after).is_some();
    if is_narrow || reach_of_class(after) == Some(ClassReach::Internal) || before.serves_all() {
        return;
    }
    if let Some(place) = after.catch_all() {
        sink.report(place)
            .severity(Severity::Medium)
            .discriminator("every host")
            .say("it now answers to every host name that leads to the controller, and the base served named hosts alone; name the host");
        return;
    }
    let hosts = |ingress: Ingress<'_>| -> BTreeSet<String> {
        let hosts = ingress.hosts();
        hosts
            .filter_map(|host| host.as_str().map(str::to_ascii_lowercase))
            .collect()
    };
    let (old, now) = (hosts(before), hosts(after));
    let is_known = |host: &str| {
        let wildcard = host
            .split_once('.')
            .map(|(_, domain)| format!("*.{domain}"));
        served.contains(host) || wildcard.is_some_and(|wildcard| served.contains(&wildcard))
    };
    // A name that took the place of another opens nothing.
    let renamed = old.difference(&now).count();
    let mut told = BTreeSet::new();
    let new = after.hosts().filter(|host| {
        let name = host.as_str().map(str::to_ascii_lowercase);
        name.is_some_and(|name| {
            // A name that is filled in later may be a known one.
            let is_name = !name.is_empty() && !name.contains(['{', '$']);
            is_name && !is_known(&name) && told.insert(name)
        })
    });
    for host in new.skip(renamed).collect::<Vec<_>>() {
        let name = host.as_str().unwrap_or_default();
        sink.report(host)
            .severity(Severity::Low)
            .discriminator(&name.to_ascii_lowercase())
            .say(&format!(
                "host {} is new, so that what is behind it has one more public name; keep it if everybody may come, else list the addresses that may",
                quoted(name)
            ));
    }
}

/// What the name of a class says of who reaches its controller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ClassReach {
    Internal,
    Public,
}

fn reach_of_class(ingress: Ingress<'_>) -> Option<ClassReach> {
    let class = ingress.class()?.to_ascii_lowercase();
    let mut words = class.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.find_map(|word| match word {
        "internal" | "intern" | "private" => Some(ClassReach::Internal),
        "public" | "external" | "internet" => Some(ClassReach::Public),
        _ => None,
    })
}

/// A class that was internal by its name and is no longer.
fn opened_class(before: Ingress<'_>, after: Ingress<'_>, sink: &mut Sink<'_>) {
    let was_internal = reach_of_class(before) == Some(ClassReach::Internal);
    let (Some(old), Some(new)) = (before.class(), after.class()) else {
        return;
    };
    let is_placeholder = new.contains(['{', '$']);
    if !was_internal || is_placeholder {
        return;
    }
    let (severity, opens) = match reach_of_class(after) {
        Some(ClassReach::Internal) => return,
        Some(ClassReach::Public) => (Severity::High, "which opens it to everybody"),
        None => (
            Severity::Medium,
            "which is not called internal, so that it may open it to everybody",
        ),
    };
    sink.report(after.class_field())
        .severity(severity)
        .discriminator("class")
        .say(&format!(
            "the class goes from {} to {}, {opens}; keep {}, or list the addresses that may come",
            quoted(old),
            quoted(new),
            quoted(old)
        ));
}
