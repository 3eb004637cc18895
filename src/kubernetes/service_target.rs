//! Which ports of a pod a Service sends requests to.

use super::field::Field;
use super::object::Object;
use super::pod::Pod;
use super::process::scalar;

/// A port of a Service with the pods that it is for.
#[derive(Clone, Copy, Debug)]
pub struct ServiceTarget<'a> {
    /// The Service.
    pub service: Object<'a>,
    /// The port of the pod, as a number or a name: `targetPort`, or `port` where that is not set.
    pub port: Field<'a>,
}

impl<'a> ServiceTarget<'a> {
    /// The targets of a Service; none for what selects no pods.
    pub fn of(object: Object<'a>) -> impl Iterator<Item = Self> {
        let is_service = object.kind().name == "Service"
            && object.kind().groups.contains(&"")
            && object.field(&["spec", "selector"]).is_set();
        let ports = object
            .field(&["spec", "ports"])
            .items()
            .filter(move |_| is_service);
        ports.filter(|port| port.is_mapping()).map(move |port| {
            let target = Field::follow(port, &["targetPort"]);
            let port = if target.is_set() {
                target
            } else {
                Field::follow(port, &["port"])
            };
            Self {
                service: object,
                port,
            }
        })
    }

    /// True if its selector picks a pod by its labels. The namespace is for the caller to compare.
    #[must_use]
    pub fn selects(&self, pod: Pod<'_>) -> bool {
        let labels = Field::follow(pod.root(), &["metadata", "labels"]).node();
        let selector = self.service.field(&["spec", "selector"]).node();
        let mut wanted = selector
            .into_iter()
            .flat_map(crate::syntax::Node::entries)
            .peekable();
        wanted.peek().is_some()
            && wanted.all(|entry| {
                let label = labels.and_then(|labels| labels.get(entry.key.key_text()));
                label.is_some_and(|label| scalar(label) == scalar(entry.value))
            })
    }
}
