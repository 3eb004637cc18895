//! What the API says of policies, case by case: who of a small cluster reaches whom. The cases are written for this
//! repository; each is about one sentence of the API reference that is easily read in another way.

use std::fmt::Write as _;

use tidegate::network::Network;
use tidegate::network::notation::{Named, lines};
use tidegate::network::world::HostNetwork;

use crate::reading::snapshot;

/// Three pods of two namespaces, each with a port that has a name: for TCP in the one, for UDP in the other.
fn cluster() -> String {
    let mut text = String::new();
    for (namespace, name, protocol) in
        [("a", "web", "TCP"), ("a", "db", "UDP"), ("b", "web", "TCP")]
    {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}
spec:
  containers:
    - {{name: app, image: example.com/app, ports: [{{name: api, containerPort: 80, protocol: {protocol}}}]}}
"
        );
    }
    text + "---
apiVersion: v1
kind: Namespace
metadata: {name: b, labels: {team: b}}
"
}

/// What reaches `a/web`, or what it reaches, in short: `a/db: TCP 80`, and addresses as `outside`.
fn passes(policies: &[&str], goes_out: bool) -> Vec<String> {
    let mut text = cluster();
    for (number, spec) in policies.iter().enumerate() {
        let _ = write!(
            text,
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{number}, namespace: a}}\nspec: {spec}\n"
        );
    }
    let snapshot = snapshot(&[("all.yaml", &text)]);
    let network = Network::of(snapshot.objects(), &|_| Vec::new(), HostNetwork::default());
    let [cluster] = network.clusters.as_slice() else {
        panic!("{} clusters", network.clusters.len());
    };
    let short = |end: &Named| match end {
        Named::Workload {
            namespace, name, ..
        } => format!("{namespace}/{name}"),
        Named::External(range) if &**range == "0.0.0.0-255.255.255.255" => "outside".to_owned(),
        other => other.to_string(),
    };
    let lines = lines(&cluster.reach).into_iter();
    lines
        .map(|line| (short(&line.from), short(&line.to), line.connections))
        .filter_map(|(from, to, connections)| {
            let (own, other) = if goes_out { (from, to) } else { (to, from) };
            (own == "a/web").then(|| format!("{other}: {connections}"))
        })
        .collect()
}

const ALL: &str = "All Connections";

fn everybody() -> Vec<String> {
    ["outside", "a/db", "b/web"]
        .map(|who| format!("{who}: {ALL}"))
        .to_vec()
}

#[test]
fn network_rules_mean_what_the_api_says() {
    let only =
        |who: &[&str]| -> Vec<String> { who.iter().map(|who| format!("{who}: {ALL}")).collect() };
    for (case, policies, expected) in [
        ("nothing selects it", &[][..], everybody()),
        (
            "an empty selector is all pods",
            &["{podSelector: {}}"][..],
            vec![],
        ),
        (
            "so is one that is not given",
            &["{policyTypes: [Ingress]}"],
            vec![],
        ),
        (
            "another pod is selected",
            &["{podSelector: {matchLabels: {app: db}}}"],
            everybody(),
        ),
        ("no rules deny", &["{podSelector: {}, ingress: []}"], vec![]),
        (
            "an empty rule allows",
            &["{podSelector: {}, ingress: [{}]}"],
            everybody(),
        ),
        (
            "an empty list of peers is any",
            &["{podSelector: {}, ingress: [{from: []}]}"],
            everybody(),
        ),
        (
            "an empty list of ports is any",
            &["{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: []}]}"],
            only(&["a/db"]),
        ),
        (
            "pods alone are of its own namespace",
            &["{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}"],
            vec![],
        ),
        (
            "namespaces alone are all their pods",
            &["{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"],
            only(&["a/db", "b/web"]),
        ),
        (
            "both in one item are both",
            &[
                "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: db}}}]}]}",
            ],
            vec![],
        ),
        (
            "in two items they are either",
            &[
                "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}, {podSelector: {matchLabels: {app: db}}}]}]}",
            ],
            only(&["a/db", "b/web"]),
        ),
        (
            "a namespace has its name as a label",
            &[
                "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]}]}",
            ],
            only(&["b/web"]),
        ),
        (
            "and no label name",
            &[
                "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {name: b}}}]}]}",
            ],
            vec![],
        ),
        (
            "null is not given",
            &["{podSelector: {}, ingress: [{from: [{namespaceSelector: null, podSelector: {}}]}]}"],
            only(&["a/db"]),
        ),
        (
            "ranges are no pods",
            &["{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}"],
            only(&["outside"]),
        ),
        (
            "policies add up",
            &[
                "{podSelector: {}}",
                "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}",
            ],
            only(&["a/db"]),
        ),
        (
            "without types, rules for what goes out deny what comes in",
            &["{podSelector: {}, egress: [{}]}"],
            vec![],
        ),
        (
            "a protocol is TCP where it is not given",
            &["{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}"],
            vec!["a/db: TCP 80".to_owned()],
        ),
        (
            "a range of ports holds both ends",
            &[
                "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80, endPort: 82, protocol: SCTP}]}]}",
            ],
            vec!["a/db: SCTP 80-82".to_owned()],
        ),
        (
            "a name is that of the destination",
            &["{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: api}]}]}"],
            vec!["a/db: TCP 80".to_owned()],
        ),
        (
            "and of its protocol",
            &[
                "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: api, protocol: UDP}]}]}",
            ],
            vec![],
        ),
        (
            "a range needs a number",
            &[
                "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: api, endPort: 90}]}]}",
            ],
            vec![],
        ),
    ] {
        let mut told = passes(policies, false);
        let mut expected = expected;
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "{case}");
    }
}

#[test]
fn network_rules_for_what_goes_out_mean_what_the_api_says() {
    for (case, policies, expected) in [
        (
            "denying what comes in lets everything out",
            &["{podSelector: {matchLabels: {app: web}}}"][..],
            everybody(),
        ),
        (
            "without types, an empty list denies nothing",
            &["{podSelector: {matchLabels: {app: web}}, egress: []}"][..],
            everybody(),
        ),
        (
            "with them it does",
            &["{podSelector: {}, policyTypes: [Egress], egress: []}"],
            vec![],
        ),
        (
            "rules that are not in force are none",
            &[
                "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}]}",
            ],
            everybody(),
        ),
        (
            "a name is that of each destination",
            &[
                "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}], ports: [{port: api}]}]}",
            ],
            vec!["b/web: TCP 80".to_owned()],
        ),
        (
            "both ends must let it through",
            &[
                "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5}]}]}",
                "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: 5, endPort: 6}]}]}",
            ],
            vec![
                "outside: TCP 5-6".to_owned(),
                "a/db: TCP 5".to_owned(),
                "b/web: TCP 5-6".to_owned(),
            ],
        ),
        (
            "what is left out is left out of its own rule alone",
            &[
                "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/9]}}]}, {to: [{ipBlock: {cidr: 10.0.0.0/16}}]}]}",
            ],
            vec![
                format!("10.0.0.0-10.0.255.255[External]: {ALL}"),
                format!("10.128.0.0-10.255.255.255[External]: {ALL}"),
            ],
        ),
    ] {
        let mut told = passes(policies, true);
        let mut expected = expected;
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "{case}");
    }
}
