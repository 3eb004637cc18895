use crate::kubernetes::Field;
use crate::kubernetes::service::{Reach, Service};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::patched::ServiceReach;

declare_rule! {
    /// A load balancer takes clients from everywhere.
    ///
    /// ## Why it matters
    /// A Service of type `LoadBalancer` without `loadBalancerSourceRanges` and without the annotation that makes it
    /// internal gets an address of the internet on most clouds, past every Ingress and what guards it. Ports of
    /// databases and of what administers machines are high: they are found and tried within minutes. The proxy behind
    /// Ingresses or Gateways, with ports 80 and 443 alone, is low: it is mostly meant to be reached.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: shop
    /// spec:
    ///   type: LoadBalancer
    ///   selector:
    ///     app: shop
    ///   ports:
    ///     - port: 8080
    /// ```
    ///
    /// ## Instead
    /// Say who may come, or keep it in a network of your own with the annotation of your cloud.
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: shop
    /// spec:
    ///   type: LoadBalancer
    ///   loadBalancerSourceRanges: [203.0.113.0/24]
    ///   selector:
    ///     app: shop
    ///   ports:
    ///     - port: 8080
    /// ```
    ///
    /// ## Limits
    /// For a Service that is meant for everybody, a waiver says so. The annotations of AWS, Azure, Google, Oracle, IBM,
    /// Alibaba, Tencent, `DigitalOcean`, Hetzner, Scaleway, Yandex and `OpenStack` are known, and that the controller
    /// of AWS makes what is internal by itself. Where a private address is asked for, the load balancer is taken to be
    /// internal; whether that of a cluster of your own can be reached from outside, nobody can say from here. Of a
    /// Service to which a patch gives a type or a network nothing is said where it stands; a patch that sets the type is
    /// told, unless the Service, or another patch for its name, keeps it to a network.
    "exposure/load-balancer",
    severity: Severity::Medium,
    other_severities: &[Severity::High, Severity::Low],
    references: &["OWASP K8s 2025: K06", "CWE-668"],
    check: Check::Manifests(check),
}

/// Ports that nobody opens to the internet on purpose, with what answers there.
const NEVER_PUBLIC: [(i64, &str); 17] = [
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (2375, "Docker"),
    (2379, "etcd"),
    (3306, "MySQL"),
    (3389, "remote desktops"),
    (5432, "PostgreSQL"),
    (5672, "RabbitMQ"),
    (5900, "VNC"),
    (5984, "CouchDB"),
    (6379, "Redis"),
    (8086, "InfluxDB"),
    (9042, "Cassandra"),
    (9200, "Elasticsearch"),
    (10250, "the kubelet"),
    (11211, "Memcached"),
    (27017, "MongoDB"),
];

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let reaches = ServiceReach::of(snapshot);
    for service in snapshot.objects().filter_map(Service::of) {
        let object = service.object();
        let open = service.open_range();
        // A patch that sets the type is told of what it makes of a Service.
        let is_judged = reaches.is_whole(service) || reaches.is_opened_by(service);
        if service.reach() != Some(Reach::World) || !is_judged && open.is_none() {
            continue;
        }
        let mut ports = service.ports().filter_map(Field::as_int);
        let grave = ports.find_map(|port| NEVER_PUBLIC.iter().find(|(known, _)| *known == port));
        let (severity, what) = match grave {
            Some((port, name)) => (Severity::High, format!("port {port} of {name}")),
            None if service.is_entry() => (Severity::Low, "it".to_owned()),
            None => (Severity::Medium, "it".to_owned()),
        };
        let sentence = match open {
            Some(_) => format!(
                "the source ranges of the load balancer let in half of all addresses or more, so that everybody reaches {what}; list the networks that may come"
            ),
            None => format!(
                "type LoadBalancer without loadBalancerSourceRanges lets everybody reach {what}; list the networks that may come, or make it internal"
            ),
        };
        sink.about(object)
            .report(open.unwrap_or(service.type_field()))
            .severity(severity)
            .say(&sentence);
    }
}
