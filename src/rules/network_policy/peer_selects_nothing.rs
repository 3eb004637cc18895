use crate::config::World;
use crate::network::ends::End;
use crate::network::in_cluster::InCluster;
use crate::network::notation::pods_text;
use crate::network::reach::Reach;
use crate::network::world::{Direction, Peer, Pods};
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A peer of a `NetworkPolicy` is no workload.
    ///
    /// ## Why it matters
    /// What a rule lets in or out is nobody, so that what is meant is cut off, or will be once its labels are repaired
    /// elsewhere. Most often a label is misspelt.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2"}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2"}]
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - podSelector: {matchLabels: {app: website}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2"}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2"}]
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - podSelector: {matchLabels: {app: web}}
    /// ```
    ///
    /// ## Limits
    /// Only of peers in one namespace of which the files hold workloads; with `kubernetes.world: closed` of all pods.
    /// Pods that an operator makes are not known.
    "network-policy/peer-selects-nothing",
    severity: Severity::Low,
    references: &["OWASP K8s 2025: K05"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    let is_closed = context.world == World::Closed;
    for own in snapshot.network(&context.clusters).policies() {
        let reach = &own.cluster.reach;
        for direction in Direction::BOTH {
            let rules = own.policy.rules(direction).unwrap_or_default();
            for written in rules.iter().flat_map(|rule| rule.peers.iter().flatten()) {
                let Peer::Pods(pods) = &written.peer else {
                    continue;
                };
                let field = match direction {
                    Direction::Ingress => "from",
                    Direction::Egress => "to",
                };
                let told = format!("{field} {}", pods_text(pods));
                if is_somebody(reach, &written.peer) {
                    sayings.refute(&written.at, &told);
                } else if is_closed || is_known(&own, pods) {
                    let sentence = format!(
                        "{field} asks for {}, and no workload of these files is that, so that it lets nobody through; write the labels of the pods that are meant",
                        pods_text(pods)
                    );
                    sayings.add(&written.at, &told, Severity::Low, sentence, Vec::new());
                }
            }
        }
    }
    sayings.tell(snapshot, sink);
}

fn is_somebody(reach: &Reach, peer: &Peer) -> bool {
    let mut members = reach.ends.members_of(peer).iter();
    let is_all = matches!(peer, Peer::Pods(pods) if pods.is_all());
    is_all
        || members.any(|member| {
            let member = usize::try_from(*member).unwrap_or(usize::MAX);
            matches!(reach.ends.end(member), End::Class(_))
        })
}

/// True if they are asked for by labels, in one namespace, and workloads of that are known.
fn is_known(own: &InCluster<'_>, pods: &Pods) -> bool {
    let Some(only) = pods.namespaces.only_namespace() else {
        return false;
    };
    let mut workloads = own.cluster.reach.world.workloads.iter();
    let is_known = if **only == *own.namespace() {
        own.knows_neighbours()
    } else {
        workloads.any(|workload| workload.namespace == *only)
    };
    is_known && !pods.pods.is_all() && pods.namespaces.without_namespace_name().is_all()
}
