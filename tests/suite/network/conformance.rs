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
    let lines = lines(&cluster.reach, &|_| true);
    lines
        .iter()
        .map(|(from, to, [connections])| (short(from), short(to), connections))
        .filter_map(|(from, to, connections)| {
            let (own, other) = if goes_out { (from, to) } else { (to, from) };
            (own == "a/web").then(|| format!("{other}: {connections}"))
        })
        .collect()
}

/// What passes where nothing denies it.
const EVERYBODY: &[&str] = &[
    "a/db: All Connections",
    "b/web: All Connections",
    "outside: All Connections",
];

/// A sentence, the policies of namespace `a`, and what passes.
type Case = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// Who reaches `a/web`.
const COMES_IN: &[Case] = &[
    ("nothing selects it", &[], EVERYBODY),
    ("an empty selector is all pods", &["{podSelector: {}}"], &[]),
    (
        "so is one that is not given",
        &["{policyTypes: [Ingress]}"],
        &[],
    ),
    (
        "another pod is selected",
        &["{podSelector: {matchLabels: {app: db}}}"],
        EVERYBODY,
    ),
    ("no rules deny", &["{podSelector: {}, ingress: []}"], &[]),
    (
        "an empty rule allows",
        &["{podSelector: {}, ingress: [{}]}"],
        EVERYBODY,
    ),
    (
        "an empty list of peers is any",
        &["{podSelector: {}, ingress: [{from: []}]}"],
        EVERYBODY,
    ),
    (
        "an empty list of ports is any",
        &["{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: []}]}"],
        &["a/db: All Connections"],
    ),
    (
        "pods alone are of its own namespace",
        &["{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}"],
        &[],
    ),
    (
        "namespaces alone are all their pods",
        &["{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"],
        &["a/db: All Connections", "b/web: All Connections"],
    ),
    (
        "both in one item are both",
        &[
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: db}}}]}]}",
        ],
        &[],
    ),
    (
        "in two items they are either",
        &[
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}, {podSelector: {matchLabels: {app: db}}}]}]}",
        ],
        &["a/db: All Connections", "b/web: All Connections"],
    ),
    (
        "a namespace has its name as a label",
        &[
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]}]}",
        ],
        &["b/web: All Connections"],
    ),
    (
        "and no label name",
        &["{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {name: b}}}]}]}"],
        &[],
    ),
    (
        "null is not given",
        &["{podSelector: {}, ingress: [{from: [{namespaceSelector: null, podSelector: {}}]}]}"],
        &["a/db: All Connections"],
    ),
    (
        "ranges are no pods",
        &["{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}"],
        &["outside: All Connections"],
    ),
    (
        "policies add up",
        &[
            "{podSelector: {}}",
            "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}",
        ],
        &["a/db: All Connections"],
    ),
    (
        "without types, rules for what goes out deny what comes in",
        &["{podSelector: {}, egress: [{}]}"],
        &[],
    ),
    (
        "a protocol is TCP where it is not given",
        &["{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}"],
        &["a/db: TCP 80"],
    ),
    (
        "a range of ports holds both ends",
        &[
            "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80, endPort: 82, protocol: SCTP}]}]}",
        ],
        &["a/db: SCTP 80-82"],
    ),
    (
        "a name is that of the destination",
        &["{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: api}]}]}"],
        &["a/db: TCP 80"],
    ),
    (
        "and of its protocol",
        &[
            "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: api, protocol: UDP}]}]}",
        ],
        &[],
    ),
    (
        "a range needs a number",
        &[
            "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: api, endPort: 90}]}]}",
        ],
        &[],
    ),
];

/// Whom it reaches.
const GOES_OUT: &[Case] = &[
    (
        "denying what comes in lets everything out",
        &["{podSelector: {matchLabels: {app: web}}}"],
        EVERYBODY,
    ),
    (
        "without types, an empty list denies nothing",
        &["{podSelector: {matchLabels: {app: web}}, egress: []}"],
        EVERYBODY,
    ),
    (
        "with them it does",
        &["{podSelector: {}, policyTypes: [Egress], egress: []}"],
        &[],
    ),
    (
        "rules that are not in force are none",
        &[
            "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}]}",
        ],
        EVERYBODY,
    ),
    (
        "a name is that of each destination",
        &[
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}], ports: [{port: api}]}]}",
        ],
        &["b/web: TCP 80"],
    ),
    (
        "both ends must let it through",
        &[
            "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5}]}]}",
            "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: 5, endPort: 6}]}]}",
        ],
        &["outside: TCP 5-6", "a/db: TCP 5", "b/web: TCP 5-6"],
    ),
    (
        "what is left out is left out of its own rule alone",
        &[
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/9]}}]}, {to: [{ipBlock: {cidr: 10.0.0.0/16}}]}]}",
        ],
        &[
            "10.0.0.0-10.0.255.255[External]: All Connections",
            "10.128.0.0-10.255.255.255[External]: All Connections",
        ],
    ),
];

#[test]
fn network_rules_mean_what_the_api_says() {
    for (cases, goes_out) in [(COMES_IN, false), (GOES_OUT, true)] {
        for (case, policies, expected) in cases {
            let mut told = passes(policies, goes_out);
            told.sort();
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(told, expected, "{case}");
        }
    }
}
