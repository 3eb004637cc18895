//! A Gateway and the routes that hang on it.
//!
//! Source: `gateway.networking.k8s.io/v1` of the Gateway API 1.4.

use crate::syntax::Node;

use super::annotations::annotation_text;
use super::field::Field;
use super::object::Object;

const GROUP: &str = "gateway.networking.k8s.io";

/// A Gateway.
#[derive(Clone, Copy, Debug)]
pub struct Gateway<'a> {
    object: Object<'a>,
}

impl<'a> Gateway<'a> {
    /// The view, if the object is a Gateway of the Gateway API.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        let resource = object.resource();
        (&*resource.group == GROUP && &*resource.kind == "Gateway").then_some(Self { object })
    }

    /// The object.
    #[must_use]
    pub fn object(self) -> Object<'a> {
        self.object
    }

    /// Its listeners.
    pub fn listeners(self) -> impl Iterator<Item = Listener<'a>> {
        let listeners = self.object.field(&["spec", "listeners"]);
        listeners
            .items()
            .filter(|node| node.is_mapping())
            .map(|node| Listener { node })
    }

    /// True if only pods of the cluster reach it.
    #[must_use]
    pub fn stays_in_cluster(self) -> bool {
        const TYPE: &str = "networking.istio.io/service-type";
        let infrastructure = self
            .object
            .field(&["spec", "infrastructure", "annotations"])
            .node()
            .and_then(|annotations| annotations.present(TYPE))
            .map(Node::key_text);
        let class = self.object.field(&["spec", "gatewayClassName"]).as_str();
        annotation_text(self.object, TYPE).or(infrastructure) == Some("ClusterIP")
            || class.is_some_and(|class| class.contains("waypoint"))
    }
}

/// A listener of a Gateway.
#[derive(Clone, Copy, Debug)]
pub struct Listener<'a> {
    node: Node<'a>,
}

impl<'a> Listener<'a> {
    /// `name`.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.node
            .present("name")
            .map(Node::key_text)
            .unwrap_or_default()
    }

    /// `protocol`.
    #[must_use]
    pub fn protocol(self) -> Field<'a> {
        Field::follow(self.node, &["protocol"])
    }

    /// `port`.
    #[must_use]
    pub fn port(self) -> Option<i64> {
        Field::follow(self.node, &["port"]).as_int()
    }

    /// `hostname`.
    #[must_use]
    pub fn hostname(self) -> Option<&'a str> {
        Field::follow(self.node, &["hostname"]).as_str()
    }
}

/// A route.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    object: Object<'a>,
}

/// What a route hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Parent<'a> {
    /// The name of the Gateway.
    pub name: &'a str,
    /// Its namespace, where it is another than the route's own.
    pub namespace: Option<&'a str>,
    section: Option<&'a str>,
    port: Option<i64>,
}

impl Parent<'_> {
    /// True if it means a listener of its Gateway.
    #[must_use]
    pub fn means(&self, listener: Listener<'_>) -> bool {
        self.section.is_none_or(|name| name == listener.name())
            && self.port.is_none_or(|port| Some(port) == listener.port())
    }
}

impl<'a> Route<'a> {
    /// The view, if the object is a route for HTTP.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        let resource = object.resource();
        (&*resource.group == GROUP && matches!(&*resource.kind, "HTTPRoute" | "GRPCRoute"))
            .then_some(Self { object })
    }

    /// The object.
    #[must_use]
    pub fn object(self) -> Object<'a> {
        self.object
    }

    /// The Gateways that it hangs on.
    pub fn parents(self) -> impl Iterator<Item = Parent<'a>> {
        let parents = self.object.field(&["spec", "parentRefs"]);
        parents.items().filter_map(|node| {
            let text = |key| node.present(key).map(Node::key_text);
            let is_gateway = text("kind").is_none_or(|kind| kind == "Gateway");
            Some(Parent {
                name: text("name").filter(|_| is_gateway)?,
                namespace: text("namespace"),
                section: text("sectionName"),
                port: node.present("port").and_then(Node::as_int),
            })
        })
    }

    /// True if all that it does is to send clients to HTTPS.
    #[must_use]
    pub fn only_redirects(self) -> bool {
        let mut rules = self.object.field(&["spec", "rules"]).items().peekable();
        let redirects = |rule: Node<'_>| {
            let filters = rule.present("filters").into_iter().flat_map(Node::items);
            filters
                .filter_map(|filter| filter.present("requestRedirect"))
                .any(|redirect| redirect.present("scheme").and_then(Node::as_str) == Some("https"))
        };
        rules.peek().is_some() && rules.all(redirects)
    }
}
