//! What leads to pods from outside of the cluster: Services that are open to it, and what sends requests on to Services.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::service::{Reach, Service};
use crate::kubernetes::{Field, Object};

use super::parts::Runner;
use super::role::{landing, place};

/// Where something leads to pods from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// What it is: `Ingress shop/web`.
    pub title: String,
    /// Where it says so.
    pub at: Location,
}

/// A Service, as far as it leads to pods.
#[derive(Clone, Debug)]
pub struct Served {
    namespace: Arc<str>,
    name: Arc<str>,
    selector: Vec<(String, String)>,
    /// Set where it is open to what lies outside by itself.
    entrance: Option<Entrance>,
}

/// What sends requests from outside on to a Service.
#[derive(Clone, Debug)]
pub struct Route {
    namespace: Arc<str>,
    service: Arc<str>,
    entrance: Entrance,
}

impl Served {
    /// The view, if the object is a Service that selects pods.
    #[must_use]
    pub(super) fn of(object: Object<'_>) -> Option<Self> {
        let service = Service::of(object)?;
        let selector = object.field(&["spec", "selector"]).node()?.entries();
        let selector: Vec<(String, String)> = selector
            .map(|entry| {
                let (key, value) = (entry.key.key_text(), entry.value.key_text());
                (key.to_owned(), value.to_owned())
            })
            .collect();
        if selector.is_empty() {
            return None;
        }
        let is_open = matches!(service.reach(), Some(Reach::World | Reach::Nodes));
        Some(Self {
            namespace: landing(object).into(),
            name: (&*object.resource().name).into(),
            selector,
            entrance: is_open.then(|| entrance(object, service.type_field().span())),
        })
    }
}

impl Route {
    /// All that an Ingress, a route of a Gateway or one of `OpenShift` sends on.
    #[must_use]
    pub(super) fn all_of(object: Object<'_>) -> Vec<Self> {
        let rules = || object.field(&["spec", "rules"]).items();
        let mut backends: Vec<Field<'_>> = Vec::new();
        match object.kind().name {
            "Ingress" => {
                backends.push(object.field(&["spec", "defaultBackend"]));
                let paths =
                    rules().flat_map(|rule| Field::follow(rule, &["http", "paths"]).items());
                backends.extend(paths.map(|path| Field::follow(path, &["backend"])));
                let services = backends.iter().filter_map(|backend| backend.node());
                backends = services
                    .flat_map(|backend| {
                        // The second one is that of the versions before v1.
                        [&["service", "name"][..], &["serviceName"]]
                            .map(|path| Field::follow(backend, path))
                    })
                    .collect();
            }
            "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute" => {
                let found = rules().flat_map(|rule| Field::follow(rule, &["backendRefs"]).items());
                backends.extend(found.map(|backend| Field::follow(backend, &["name"])));
            }
            "Route" => backends.push(object.field(&["spec", "to", "name"])),
            _ => {}
        }
        let named = backends.into_iter();
        let named = named.filter_map(|name| Some((name.as_str()?, name.span())));
        named
            .map(|(name, span)| Self {
                namespace: landing(object).into(),
                service: name.into(),
                entrance: entrance(object, span),
            })
            .collect()
    }
}

fn entrance(object: Object<'_>, span: crate::syntax::Span) -> Entrance {
    let resource = object.resource();
    let (namespace, name) = (landing(object), &resource.name);
    Entrance {
        title: format!("{} {namespace}/{name}", resource.kind),
        at: place(object, span),
    }
}

/// All that leads to pods of a cluster.
#[derive(Debug, Default)]
pub struct Entrances<'c> {
    /// By namespace and the first label that they select by.
    served: HashMap<(&'c str, &'c str, &'c str), Vec<&'c Served>>,
    /// By namespace and Service.
    routes: HashMap<(&'c str, &'c str), &'c Entrance>,
}

impl<'c> Entrances<'c> {
    /// Gathers them.
    #[must_use]
    pub fn of(served: &'c [Arc<Served>], routes: &'c [Arc<Route>]) -> Self {
        let mut entrances = Self::default();
        for served in served {
            if let Some((key, value)) = served.selector.first() {
                let place = (&*served.namespace, &**key, &**value);
                entrances.served.entry(place).or_default().push(served);
            }
        }
        for route in routes {
            let place = (&*route.namespace, &*route.service);
            entrances.routes.entry(place).or_insert(&route.entrance);
        }
        entrances
    }

    /// What leads to the pods of something from outside; none where nothing is known to.
    #[must_use]
    pub fn to(&self, runner: &'c Runner) -> Option<&'c Entrance> {
        let namespace = &*runner.namespace;
        runner.labels.iter().find_map(|(key, value)| {
            let served = self.served.get(&(namespace, &**key, &**value))?;
            served.iter().find_map(|served| {
                let mut selector = served.selector.iter();
                let is_meant = selector.all(|label| runner.labels.contains(label));
                let own = served.entrance.as_ref();
                let routed = || self.routes.get(&(namespace, &*served.name)).copied();
                own.or_else(routed).filter(|_| is_meant)
            })
        })
    }
}
