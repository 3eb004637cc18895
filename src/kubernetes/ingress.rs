//! An Ingress: the hosts that it serves, and what controllers make of its annotations.
//!
//! Sources: `networking.k8s.io/v1` of Kubernetes 1.37 and the documentation of the controllers that are named.

use crate::syntax::{Entry, Node};

use super::annotations::{annotation, annotation_text, annotations};
use super::field::Field;
use super::object::Object;

/// The prefix of the annotations of ingress-nginx, the controller of the Kubernetes community.
pub const COMMUNITY_NGINX: &str = "nginx.ingress.kubernetes.io/";

/// What the community's controller calls itself in an `IngressClass`.
pub const COMMUNITY_CONTROLLER: &str = "k8s.io/ingress-nginx";

/// An Ingress.
#[derive(Clone, Copy, Debug)]
pub struct Ingress<'a> {
    object: Object<'a>,
}

impl<'a> Ingress<'a> {
    /// The view, if the object is an Ingress.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        let resource = object.resource();
        (&*resource.group == "networking.k8s.io" && &*resource.kind == "Ingress")
            .then_some(Self { object })
    }

    /// The object.
    #[must_use]
    pub fn object(self) -> Object<'a> {
        self.object
    }

    /// The class, by its field or by the annotation that came before it.
    #[must_use]
    pub fn class(self) -> Option<&'a str> {
        let field = self.object.field(&["spec", "ingressClassName"]).as_str();
        field.or_else(|| annotation_text(self.object, "kubernetes.io/ingress.class"))
    }

    /// The field that names the class.
    #[must_use]
    pub fn class_field(self) -> Field<'a> {
        let field = self.object.field(&["spec", "ingressClassName"]);
        let annotation = || annotation(self.object, "kubernetes.io/ingress.class");
        if field.is_set() {
            return field;
        }
        annotation().unwrap_or(field)
    }

    /// An annotation.
    #[must_use]
    pub fn annotation(self, name: &str) -> Option<Field<'a>> {
        annotation(self.object, name)
    }

    /// The annotations.
    pub fn annotations(self) -> impl Iterator<Item = Entry<'a>> {
        annotations(self.object)
    }

    /// `spec.tls`.
    #[must_use]
    pub fn tls(self) -> Field<'a> {
        self.object.field(&["spec", "tls"])
    }

    /// The hosts of its rules, in order. A rule without a host is there with the field that it lacks.
    pub fn hosts(self) -> impl Iterator<Item = Field<'a>> {
        let rules = self.object.field(&["spec", "rules"]);
        rules
            .items()
            .filter(|rule| rule.is_mapping())
            .map(|rule| Field::follow(rule, &["host"]))
    }

    /// What serves every host name: a rule without a host, or a default backend.
    #[must_use]
    pub fn catch_all(self) -> Option<Field<'a>> {
        let rules = self.object.field(&["spec", "rules"]);
        let bare = rules.items().find(|rule| {
            rule.is_mapping()
                && Field::follow(*rule, &["host"])
                    .as_str()
                    .is_none_or(str::is_empty)
        });
        let backend = self.object.field(&["spec", "defaultBackend"]);
        bare.map(Field::of)
            .or_else(|| Some(backend).filter(|backend| backend.is_set()))
    }

    /// True if it serves every host name.
    #[must_use]
    pub fn serves_all(self) -> bool {
        self.catch_all().is_some()
    }

    /// True if `spec.tls` covers a host. An entry without hosts leaves it to the controller, and is taken to cover all.
    #[must_use]
    pub fn covers(self, host: Option<&str>) -> bool {
        self.tls()
            .items()
            .filter(|entry| entry.is_mapping())
            .any(|entry| {
                let hosts = Field::follow(entry, &["hosts"]);
                let mut hosts = hosts.items().peekable();
                hosts.peek().is_none()
                    || host.is_some_and(|host| {
                        hosts.any(|known| known.as_str().is_some_and(|known| holds(known, host)))
                    })
            })
    }

    /// True if the community's controller takes it in, as far as its class and annotations say.
    #[must_use]
    pub fn is_of_community_nginx(self) -> bool {
        match self.class() {
            Some(class) => class == "nginx" || class == "ingress-nginx",
            None => self
                .annotations()
                .any(|entry| entry.key.key_text().starts_with(COMMUNITY_NGINX)),
        }
    }

    /// True if the community's controller is told to serve plain HTTP although there is a certificate.
    #[must_use]
    pub fn keeps_plain_http(self) -> bool {
        self.annotation("nginx.ingress.kubernetes.io/ssl-redirect")
            .and_then(Field::node)
            .is_some_and(|value| value.key_text() == "false")
    }

    /// True if TLS ends, or plain HTTP is refused, by other means than `spec.tls`; or nobody can say from here.
    #[must_use]
    pub fn has_tls_elsewhere(self) -> bool {
        if self.class().is_some_and(|class| {
            TUNNELS.iter().any(|tunnel| class.contains(tunnel)) || class.contains("{{")
        }) {
            return true;
        }
        self.annotations().any(|entry| {
            let (name, value) = (entry.key.key_text(), entry.value.key_text());
            if value.contains("{{") {
                return true;
            }
            ELSEWHERE.iter().any(|(known, wanted)| {
                name == *known
                    && match wanted {
                        Wanted::Anything => !value.is_empty(),
                        Wanted::Holds(part) => value.to_ascii_lowercase().contains(part),
                        Wanted::Only(text) => value.trim().eq_ignore_ascii_case(text),
                    }
            })
        })
    }
}

/// Classes whose controllers take in what comes through a tunnel of their own, with TLS.
const TUNNELS: [&str; 4] = ["cloudflare", "cloudflared", "ngrok", "tailscale"];

#[derive(Clone, Copy)]
enum Wanted {
    Anything,
    Holds(&'static str),
    Only(&'static str),
}

/// Annotations that say that TLS is seen to.
const ELSEWHERE: [(&str, Wanted); 24] = [
    (
        "alb.ingress.kubernetes.io/certificate-arn",
        Wanted::Anything,
    ),
    // The controller of AWS finds the certificate of each host by itself.
    (
        "alb.ingress.kubernetes.io/listen-ports",
        Wanted::Holds("https"),
    ),
    ("alb.ingress.kubernetes.io/ssl-redirect", Wanted::Anything),
    // Another Ingress of the group may hold the certificate.
    ("alb.ingress.kubernetes.io/group.name", Wanted::Anything),
    (
        "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
        Wanted::Anything,
    ),
    (
        "appgw.ingress.kubernetes.io/ssl-redirect",
        Wanted::Only("true"),
    ),
    (
        "ingress.gcp.kubernetes.io/pre-shared-cert",
        Wanted::Anything,
    ),
    ("kubernetes.io/ingress.allow-http", Wanted::Only("false")),
    ("networking.gke.io/certmap", Wanted::Anything),
    ("networking.gke.io/managed-certificates", Wanted::Anything),
    ("konghq.com/protocols", Wanted::Only("https")),
    (
        "ingress.kubernetes.io/force-ssl-redirect",
        Wanted::Only("true"),
    ),
    (
        "nginx.ingress.kubernetes.io/force-ssl-redirect",
        Wanted::Only("true"),
    ),
    (
        "nginx.ingress.kubernetes.io/ssl-passthrough",
        Wanted::Only("true"),
    ),
    ("nginx.org/redirect-to-https", Wanted::Only("true")),
    (
        "ingress.kubernetes.io/ssl-passthrough",
        Wanted::Only("true"),
    ),
    ("haproxy.org/ssl-passthrough", Wanted::Only("true")),
    (
        "haproxy-ingress.github.io/ssl-passthrough",
        Wanted::Only("true"),
    ),
    (
        "oci-native-ingress.oraclecloud.com/certificate-ocid",
        Wanted::Anything,
    ),
    ("route.openshift.io/termination", Wanted::Anything),
    (
        "traefik.ingress.kubernetes.io/router.tls",
        Wanted::Only("true"),
    ),
    (
        "traefik.ingress.kubernetes.io/router.tls.certresolver",
        Wanted::Anything,
    ),
    (
        "traefik.ingress.kubernetes.io/router.entrypoints",
        Wanted::Only("websecure"),
    ),
    (
        "traefik.ingress.kubernetes.io/frontend-entry-points",
        Wanted::Only("https"),
    ),
];

/// True if a host of a certificate is that host. A wildcard stands for one label.
fn holds(known: &str, host: &str) -> bool {
    if known.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(domain), Some((first, rest))) = (known.strip_prefix("*."), host.split_once('.'))
    else {
        return false;
    };
    !first.is_empty() && first != "*" && domain.eq_ignore_ascii_case(rest)
}

/// The controller of an `IngressClass`, with the name of the class.
#[must_use]
pub fn controller_of_class(object: Object<'_>) -> Option<(&str, &str)> {
    let resource = object.resource();
    if (&*resource.group, &*resource.kind) != ("networking.k8s.io", "IngressClass") {
        return None;
    }
    let controller = object.field(&["spec", "controller"]).as_str()?;
    let name = object
        .field(&["metadata", "name"])
        .node()
        .map(Node::key_text)?;
    Some((name, controller))
}

/// Annotations whose value becomes a part of the configuration of the proxy as it stands.
const SNIPPETS: [&str; 13] = [
    "nginx.ingress.kubernetes.io/auth-snippet",
    "nginx.ingress.kubernetes.io/configuration-snippet",
    "nginx.ingress.kubernetes.io/modsecurity-snippet",
    "nginx.ingress.kubernetes.io/server-snippet",
    "nginx.ingress.kubernetes.io/stream-snippet",
    "nginx.org/location-snippets",
    "nginx.org/server-snippets",
    "haproxy-ingress.github.io/config-backend",
    "haproxy-ingress.github.io/config-backend-early",
    "haproxy-ingress.github.io/config-backend-late",
    "haproxy-ingress.github.io/config-tcp-service",
    "haproxy.org/backend-config-snippet",
    "ingress.kubernetes.io/configuration-snippet",
];

/// Annotations whose value ingress-nginx wrote into its configuration unchecked, until it was found out.
/// `auth-url`: CVE-2025-24514; `auth-tls-match-cn`: CVE-2025-1097; `mirror-*`: CVE-2025-1098.
const INJECTABLE: [&str; 10] = [
    "app-root",
    "auth-method",
    "auth-signin",
    "auth-tls-match-cn",
    "auth-url",
    "mirror-host",
    "mirror-target",
    "rewrite-target",
    "upstream-vhost",
    "x-forwarded-prefix",
];

/// What an annotation does to the configuration of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injection {
    /// It is a piece of configuration.
    Snippet,
    /// It is a value that ends its own directive and goes on with others.
    BreaksOut,
}

/// What an annotation puts into the configuration of the proxy beside a value, if anything.
#[must_use]
pub fn injection(name: &str, value: &str) -> Option<Injection> {
    if value.trim().is_empty() {
        return None;
    }
    if SNIPPETS.contains(&name) {
        return Some(Injection::Snippet);
    }
    let short = name.strip_prefix(COMMUNITY_NGINX)?;
    if !INJECTABLE.contains(&short) || value.contains("{{") || value.contains("${") {
        return None;
    }
    // A regular expression may count with braces.
    let braces = short != "auth-tls-match-cn";
    let breaks = |c: char| matches!(c, '\n' | '\r' | ';') || braces && matches!(c, '{' | '}');
    value
        .trim()
        .contains(breaks)
        .then_some(Injection::BreaksOut)
}

/// Something that keeps clients out of an Ingress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// A list of addresses.
    Addresses,
    /// A login.
    Login,
    /// A certificate of the client.
    Certificate,
    /// A load balancer of AWS that is internal, which it is by default.
    Scheme,
}

const ALB_SCHEME: &str = "alb.ingress.kubernetes.io/scheme";

impl Guard {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Addresses,
        Self::Login,
        Self::Certificate,
        Self::Scheme,
    ];

    /// The annotations that set it.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Addresses => &[
                "alb.ingress.kubernetes.io/inbound-cidrs",
                "nginx.ingress.kubernetes.io/allowlist-source-range",
                "nginx.ingress.kubernetes.io/whitelist-source-range",
            ],
            Self::Login => &[
                "alb.ingress.kubernetes.io/auth-type",
                "nginx.ingress.kubernetes.io/auth-type",
                "nginx.ingress.kubernetes.io/auth-url",
                "nginx.ingress.kubernetes.io/enable-global-auth",
            ],
            Self::Certificate => &["nginx.ingress.kubernetes.io/auth-tls-secret"],
            Self::Scheme => &[ALB_SCHEME],
        }
    }

    /// What it did, as the end of a sentence about its annotation.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Addresses => "kept clients to a list of addresses",
            Self::Login => "asked clients to log in",
            Self::Certificate => "asked clients for a certificate",
            Self::Scheme => "kept the load balancer internal",
        }
    }

    /// The annotation by which an Ingress has it.
    #[must_use]
    pub fn of(self, ingress: Ingress<'_>) -> Option<&'static str> {
        let holds = |name: &str| {
            let value = annotation_text(ingress.object(), name).map(str::trim);
            value.is_some_and(|value| match self {
                Self::Scheme => value != "internet-facing",
                Self::Addresses => {
                    !value.is_empty() && super::service::everybody(value.split(',')).is_none()
                }
                Self::Login | Self::Certificate => {
                    !value.is_empty() && !["none", "false"].contains(&value)
                }
            })
        };
        if self == Self::Scheme {
            // Without the annotation it is internal.
            let of_aws = ingress.annotations().any(|entry| {
                entry
                    .key
                    .key_text()
                    .starts_with("alb.ingress.kubernetes.io/")
            }) || ingress.class() == Some("alb");
            let facing =
                annotation_text(ingress.object(), ALB_SCHEME).is_some() && !holds(ALB_SCHEME);
            return (of_aws && !facing).then_some(ALB_SCHEME);
        }
        self.names().iter().copied().find(|name| holds(name))
    }
}
