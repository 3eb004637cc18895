//! Where something other than workloads makes pods: objects of kinds that an operator takes up, such as a cluster of
//! Kafka or a release of Helm. Which pods these are, and which labels they have, no file says.

use std::collections::BTreeSet;

use crate::folders::folder;
use crate::kubernetes::kinds;
use crate::kubernetes::manifest::visit_objects;
use crate::syntax::Node;

use super::Snapshot;

/// Groups whose objects say how others are run, reached, watched or guarded, and of whose own no pods come that
/// anybody's labels mean.
const WITHOUT_PODS: [&str; 14] = [
    "argoproj.io/AppProject",
    "autoscaling.k8s.io",
    "cert-manager.io",
    "external-secrets.io",
    "keda.sh/ScaledObject",
    "monitoring.coreos.com/PodMonitor",
    "monitoring.coreos.com/PrometheusRule",
    "monitoring.coreos.com/ServiceMonitor",
    "networking.istio.io",
    "route.openshift.io",
    "secrets-store.csi.x-k8s.io",
    "security.istio.io",
    "traefik.containo.us",
    "traefik.io",
];

/// Where something makes pods that no file holds.
#[derive(Debug, Default)]
pub struct Makers {
    namespaces: BTreeSet<String>,
    /// The folders of those that name no namespace.
    folders: BTreeSet<String>,
}

impl Makers {
    /// Finds them in a revision.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut makers = Self::default();
        for file in snapshot.files() {
            let manifest = file.manifest();
            let Some(manifest) = manifest.filter(|manifest| manifest.other_objects > 0) else {
                continue;
            };
            visit_objects(&manifest.tree, &mut |object, api_version, kind| {
                let group = kinds::group_of(api_version);
                let name = format!("{group}/{kind}");
                let is_other = group.contains('.') && kinds::find(api_version, kind).is_none();
                if is_other && !WITHOUT_PODS.iter().any(|it| *it == group || *it == name) {
                    makers.add(object, &file.path);
                }
            });
        }
        makers
    }

    fn add(&mut self, object: Node<'_>, path: &str) {
        let text = |way: &[&str]| {
            let found = way.iter().try_fold(object, |node, key| node.present(key))?;
            Some(found.key_text().to_owned())
        };
        // What Flux and Argo CD install elsewhere, beside where most objects say it.
        let namespaces = [
            text(&["metadata", "namespace"]),
            text(&["spec", "targetNamespace"]),
            text(&["spec", "destination", "namespace"]),
        ];
        if namespaces.iter().all(Option::is_none) {
            self.folders.insert(folder(path).to_owned());
        }
        self.namespaces.extend(namespaces.into_iter().flatten());
    }

    /// True if pods that no file holds may stand in a namespace, seen from a file that names it or, where it names none,
    /// from its folder.
    #[must_use]
    pub fn reach(&self, namespace: &str, path: &str) -> bool {
        self.namespaces.contains(namespace) || self.folders.contains(folder(path))
    }
}
