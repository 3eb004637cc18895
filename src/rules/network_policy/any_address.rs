use crate::finding::Location;
use crate::network::addresses::{Addresses, without_private};
use crate::network::connections::Connections;
use crate::network::in_cluster::{InCluster, allows_all};
use crate::network::notation::Named;
use crate::network::ways_in::fronted;
use crate::network::words::{listed, passing};
use crate::network::world::{Peer, Rule};
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A `NetworkPolicy` lets in every address, where nothing from outside leads to.
    ///
    /// ## Why it matters
    /// Ranges of addresses are for what is outside of the cluster. What a load balancer or an Ingress leads to must let
    /// it in; other pods gain nothing by it, and many network plugins count pods and nodes among the addresses, so that
    /// the whole cluster comes in.
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
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2", ports: [{containerPort: 8080}]}]
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
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2", ports: [{containerPort: 8080}]}]
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
    ///         - ipBlock: {cidr: 0.0.0.0/0}
    ///       ports: [{port: 8080}]
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
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2", ports: [{containerPort: 8080}]}]
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
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2", ports: [{containerPort: 8080}]}]
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
    ///       ports: [{port: 8080}]
    /// ```
    ///
    /// ## Limits
    /// Two halves of all addresses are all, and so is what leaves out nothing but private ranges. A rule without `from`
    /// means all addresses as well. It is medium where the files hold no workload that is meant, as it is not
    /// known what leads to these, and for what goes out, which is told on every port alone. Services and Ingress objects of
    /// other repositories are not seen.
    "network-policy/any-address",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2025: K05", "CWE-923"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for cluster in &snapshot.network(&context.clusters).clusters {
        let ways = fronted(&cluster.reach.world);
        for own in cluster.policies() {
            let rules = own.policy.ingress.as_deref().unwrap_or_default();
            if allows_all(rules).is_none() {
                for rule in rules.iter().filter(|rule| is_from_everywhere(rule, rules)) {
                    let beyond = own.beyond(rule, &ways);
                    let told = format!("Ingress {}", rule.numbered());
                    if let Some((severity, sentence)) = sentence(&own, rule, &beyond) {
                        sayings.add(line_of(rule), &told, severity, sentence, Vec::new());
                    } else {
                        sayings.refute(line_of(rule), &told);
                    }
                }
            }
            let rules = own.policy.egress.as_deref().unwrap_or_default();
            if allows_all(rules).is_none() {
                for rule in rules.iter().filter(|rule| is_to_everywhere(rule)) {
                    sayings.add(
                        line_of(rule),
                        "Egress",
                        Severity::Medium,
                        "to lets out to every address on every port, which many network plugins take for the pods of the cluster as well; name the ports, or leave out the cluster's own ranges with except".to_owned(),
                        Vec::new(),
                    );
                }
            }
        }
    }
    sayings.tell(snapshot, sink);
}

fn sentence(
    own: &InCluster<'_>,
    rule: &Rule,
    beyond: &[(Named, Connections)],
) -> Option<(Severity, String)> {
    const INSTEAD: &str = "name the pods, or the ranges of those who need it";
    if own.selected().next().is_none() {
        let numbered = rule.numbered();
        let what = if numbered.is_empty() {
            "the ports that it names".to_owned()
        } else {
            passing(&numbered)
        };
        return Some((
            Severity::Medium,
            format!("from lets in every address for {what}; {INSTEAD}"),
        ));
    }
    let ports = beyond
        .iter()
        .fold(Connections::none(), |all, (_, ports)| all.union(ports));
    if ports.is_empty() {
        return None;
    }
    let names: Vec<String> = beyond.iter().map(|(name, _)| name.to_string()).collect();
    let (names, ports) = (listed(&names), passing(&ports));
    Some((
        Severity::High,
        format!(
            "from lets every address reach {names} by {ports}, where no load balancer, node port or Ingress of these files leads; {INSTEAD}"
        ),
    ))
}

/// The first range of addresses, or the rule where it names nobody.
fn line_of(rule: &Rule) -> &Location {
    let mut peers = rule.peers.iter().flatten();
    let range = peers.find(|written| matches!(written.peer, Peer::Addresses(_)));
    range.map_or(&rule.at, |written| &written.at)
}

/// True if a rule, with others of the same ports, means every address beside private ones.
fn is_from_everywhere(rule: &Rule, rules: &[Rule]) -> bool {
    if rule.peers.is_none() {
        return true;
    }
    let own = rule.addresses();
    let alike = rules
        .iter()
        .filter(|other| other.meant_ports() == rule.meant_ports());
    let all = alike.fold(Addresses::default(), |all, other| {
        all.union(&other.addresses())
    });
    !own.is_empty() && is_whole(&all)
}

/// True if it means all addresses of IPv4 or of IPv6, but private ones.
fn is_whole(addresses: &Addresses) -> bool {
    let missing = without_private(&Addresses::all().minus(addresses));
    missing.v4.is_empty() || missing.v6.is_empty()
}

/// True if a rule lets out to every address on every port, and leaves out nothing.
fn is_to_everywhere(rule: &Rule) -> bool {
    let missing = Addresses::all().minus(&rule.addresses());
    rule.peers.is_some() && rule.ports.is_none() && (missing.v4.is_empty() || missing.v6.is_empty())
}
