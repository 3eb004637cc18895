use std::collections::{BTreeMap, BTreeSet};

use crate::folders::folder;
use crate::kubernetes::Field;
use crate::kubernetes::field::quoted;
use crate::kubernetes::ingress::Ingress;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::patched::Patched;

declare_rule! {
    /// An Ingress serves a host without TLS.
    ///
    /// ## Why it matters
    /// Whoever is on the way reads and changes what clients send and get: passwords, session cookies, scripts.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: shop
    /// spec:
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
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: shop
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
    /// Hosts are compared, and a wildcard stands for one label. An Ingress without any TLS is one mistake, however many
    /// hosts it serves. Nothing is said where annotations of AWS, Azure, Google, Oracle, `OpenShift`, Traefik, Kong,
    /// `HAProxy` or nginx say that TLS ends elsewhere or that plain HTTP is refused, where the class is that of a
    /// tunnel (Cloudflare, ngrok, Tailscale), of `localhost` and names below `.localhost` and `.test`, nor of an
    /// Ingress that a patch changes. The community's nginx has one server for a host, however many Ingresses name it:
    /// where one of another name, in the same folder and class, gives that host its certificate, both are served with it. A proxy before the cluster that ends TLS cannot be seen: a waiver says so.
    "exposure/ingress-without-tls",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K06", "CWE-319"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let patched = Patched::of(snapshot);
    let shared = Shared::of(snapshot);
    let ingresses = snapshot.objects().filter_map(Ingress::of);
    for ingress in ingresses.filter(|ingress| patched.is_whole(ingress.object())) {
        if !ingress.has_tls_elsewhere() {
            judge(ingress, &shared, sink);
        }
    }
}

/// A folder, a class and a host.
type Server<'a> = (&'a str, Option<&'a str>, &'a str);

/// What Ingresses of the community's nginx bring a certificate for, with what these are called.
struct Shared<'a>(BTreeMap<Server<'a>, BTreeSet<&'a str>>);

impl<'a> Shared<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut servers: BTreeMap<Server<'a>, BTreeSet<&'a str>> = BTreeMap::new();
        let ingresses = snapshot.objects().filter_map(Ingress::of);
        for ingress in ingresses.filter(|ingress| ingress.is_of_community_nginx()) {
            for host in ingress.hosts().filter_map(Field::as_str) {
                if ingress.covers(Some(host)) {
                    let names = servers.entry(server(ingress, host)).or_default();
                    names.insert(&ingress.object().resource().name);
                }
            }
        }
        Self(servers)
    }

    /// An Ingress of the same name is one to apply in place of this one, not beside it.
    fn has(&self, ingress: Ingress<'a>, host: &'a str) -> bool {
        let name = &*ingress.object().resource().name;
        ingress.is_of_community_nginx()
            && !ingress.keeps_plain_http()
            && self
                .0
                .get(&server(ingress, host))
                .is_some_and(|names| names.iter().any(|other| *other != name))
    }
}

fn server<'a>(ingress: Ingress<'a>, host: &'a str) -> Server<'a> {
    (folder(ingress.object().path()), ingress.class(), host)
}

fn judge<'a>(ingress: Ingress<'a>, shared: &Shared<'a>, sink: &mut Sink<'_>) {
    let mut sink = sink.about(ingress.object());
    let is_open = |host: &Field<'a>| match host.as_str() {
        Some(host) => {
            let is_covered = ingress.covers(Some(host)) || shared.has(ingress, host);
            !is_local(host) && !host.contains("{{") && !is_covered
        }
        None => !ingress.covers(None),
    };
    if ingress.tls().items().next().is_none() {
        let all_local = ingress.hosts().next().is_some();
        let mut open = ingress.hosts().filter(is_open);
        let who = match open.next().map(Field::as_str) {
            None if all_local => return,
            Some(Some(host)) => quoted(host),
            Some(None) | None => "every host".to_owned(),
        };
        let more = match open.count() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        sink.report(ingress.tls()).say(&format!(
            "tls is not set, so that {who}{more} is served in the clear; name the hosts and the Secret with their certificate"
        ));
        return;
    }
    for field in ingress.hosts().filter(is_open) {
        match field.as_str() {
            Some(host) => sink.report(field).discriminator(host).say(&format!(
                "host {} is in no tls[].hosts, so that it is served in the clear; add it there",
                quoted(host)
            )),
            None => sink.report(field).say(
                "a rule without host serves every host, and tls names only some of them; give the rule a host",
            ),
        }
    }
}

/// True for names that never leave a machine, for which nobody issues certificates.
fn is_local(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    host == "localhost" || last != host && ["localhost", "test"].contains(&last)
}
