//! What breaks the Pod Security Standards, as a finding tells it.

use std::fmt::Write as _;

use crate::kubernetes::pod_admission::Demand;
use crate::kubernetes::pod_security::{VersionSet, Violation};
use crate::kubernetes::{Breach, Labelled, Object, PolicyVersion};

/// What breaks a check, as a finding tells it.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The place, and where it counts.
    pub breach: Breach<'a>,
    /// The targets on which it counts, if these are not all.
    pub(super) only: Option<VersionSet>,
    pub(super) namespaces: &'a [&'a Labelled],
}

impl<'a> std::ops::Deref for Told<'a> {
    type Target = Violation<'a>;

    fn deref(&self) -> &Violation<'a> {
        &self.breach.violation
    }
}

impl Told<'_> {
    /// What follows the sentence: the targets, and who refuses the pod.
    pub(super) fn addition(&self, object: Object<'_>) -> String {
        let mut addition = self
            .only
            .map_or_else(String::new, |only| format!(" (Kubernetes {only})"));
        let Some(namespace) = self.refusing().next() else {
            return addition;
        };
        let refused = self.breach.refused;
        let on = if refused == self.breach.holds {
            String::new()
        } else {
            format!("in Kubernetes {refused} ")
        };
        let kind = &object.resource().kind;
        let then = if object.kind().is_pod() {
            format!("refuses this {kind}")
        } else {
            format!("accepts this {kind} and then refuses its Pods")
        };
        let who = enforces(namespace);
        let _ = write!(addition, "; {who}, so {on}the API server {then}");
        addition
    }

    /// The namespaces that refuse the pod; none where one of the candidates lets it in.
    pub(super) fn refusing(&self) -> impl Iterator<Item = &Labelled> {
        let refused = !self.breach.refused.is_empty();
        self.namespaces.iter().copied().filter(move |_| refused)
    }
}

/// `namespace shop (deploy/namespace.yaml) enforces restricted`, with the version if it is pinned.
#[must_use]
pub fn enforces(namespace: &Labelled) -> String {
    enforces_from(namespace, &format!(" ({})", namespace.path))
}

pub(super) fn enforces_from(namespace: &Labelled, place: &str) -> String {
    let name = crate::kubernetes::field::shortened(&namespace.name);
    let mut sentence = format!("namespace {name}{place}");
    if let Some(Demand { level, version }) = namespace.admission.enforced() {
        let _ = write!(sentence, " enforces {level}");
        if version != PolicyVersion::Latest {
            let _ = write!(sentence, " at {version}");
        }
    }
    sentence
}
