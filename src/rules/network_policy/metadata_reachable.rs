use crate::network::Addresses;
use crate::network::Direction;
use crate::network::connections::Protocol;
use crate::network::ends::End;
use crate::network::in_cluster::InCluster;
use crate::network::world::Peer;
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A `NetworkPolicy` lets pods reach the metadata service of the cloud.
    ///
    /// ## Why it matters
    /// At 169.254.169.254 (and `fd00:ec2::254`) a cloud hands out the credentials of the node to whoever asks from it.
    /// A range of addresses that holds it gives every pod that the policy selects the rights of its node.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Egress]
    ///   egress:
    ///     - to:
    ///         - ipBlock: {cidr: 0.0.0.0/0}
    ///       ports: [{port: 80}, {port: 443}]
    /// ```
    ///
    /// ## Instead
    /// Leave the address out, in each rule and policy of the same pods: `except` takes nothing from other rules.
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Egress]
    ///   egress:
    ///     - to:
    ///         - ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}
    ///       ports: [{port: 80}, {port: 443}]
    /// ```
    ///
    /// ## Limits
    /// Told where the port of the service, TCP 80, is open. Nothing is said of a range that names link-local addresses
    /// on purpose, nor of pods that no policy keeps from going out anywhere.
    "network-policy/metadata-reachable",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K08", "CWE-918"],
    check: Check::Manifests(check),
}

/// Where clouds answer, by the notation of a range: AWS, Google Cloud and Azure; AWS for IPv6.
const SERVICES: [&str; 2] = ["169.254.169.254/32", "fd00:ec2::254/128"];
/// What somebody names who means such addresses.
const ON_PURPOSE: [&str; 2] = ["169.254.0.0/16", "fd00:ec2::/32"];
/// The port that they answer at.
const PORT: u16 = 80;

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for own in snapshot.network(&context.clusters).policies() {
        for rule in own.policy.egress.iter().flatten() {
            if !rule.numbered().contains(Protocol::Tcp, PORT) {
                continue;
            }
            for written in rule.peers.iter().flatten() {
                let Peer::Addresses(set) = &written.peer else {
                    continue;
                };
                let services = SERVICES.iter().zip(ON_PURPOSE);
                let reached = services.filter(|(service, purpose)| {
                    let of = |range: &str| Addresses::of_cidr(range).unwrap_or_default();
                    of(service).is_within(set)
                        && !set.is_within(&of(purpose))
                        && is_let_out(&own, &of(service))
                });
                for (service, _) in reached {
                    let address = service.split('/').next().unwrap_or(service);
                    sayings.add(
                        &written.at,
                        address,
                        Severity::Medium,
                        format!("to holds {address}, where a cloud hands out the credentials of the node; leave it out with except: [{service}]"),
                        Vec::new(),
                    );
                }
            }
        }
    }
    sayings.tell(snapshot, sink);
}

/// True if nothing that counts for more keeps the pods from it, as far as they are known.
fn is_let_out(own: &InCluster<'_>, service: &Addresses) -> bool {
    let reach = &own.cluster.reach;
    let mut parts = reach.ends.parts.iter();
    let part = parts.position(|part| !part.intersection(service).is_empty());
    let mut classes = own.classes().peekable();
    classes.peek().is_none()
        || part.is_some_and(|part| {
            classes.any(|class| {
                let side = reach.side(class, Direction::Egress, End::Addresses(part));
                side.contains(Protocol::Tcp, PORT)
            })
        })
}
