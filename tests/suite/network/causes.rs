//! One answer a cause: on the line that was edited, however many workloads it is about.

use std::fs;

use tidegate::finding::Severity;
use tidegate::run::{Request, run};

/// What a rule says: the rule, how grave it is, the line that was edited, and the sentence.
type Said = (String, Severity, String, String);

const CHANGED: [&str; 2] = [
    "network-policy/connectivity-added",
    "network-policy/protection-removed",
];

/// What the rules of network policies about changes say of an edit of one file.
fn told(files: &[(&str, &str)], file: &str, from: &str, to: &str) -> Vec<Said> {
    told_of(&CHANGED, files, file, from, to)
}

fn told_of(rules: &[&str], files: &[(&str, &str)], file: &str, from: &str, to: &str) -> Vec<Said> {
    let place = tempfile::tempdir().expect("a place");
    for side in ["base", "head"] {
        fs::create_dir(place.path().join(side)).expect("a folder");
        for (name, text) in files {
            let edited = text.replace(from, to);
            let is_edited = side == "head" && *name == file;
            assert!(!is_edited || edited != *text, "{file} has no {from}");
            let text = if is_edited { &edited } else { *text };
            fs::write(place.path().join(side).join(name), text).expect("a file");
        }
    }
    let named = |side: &str| format!("{}/", place.path().join(side).display());
    let request = Request {
        base: Some(named("base")),
        head: Some(named("head")),
        ..Request::default()
    };
    let report = run(&request).expect("folders can be judged");
    let findings = report.findings.iter();
    let findings = findings.filter(|it| {
        it.status == tidegate::finding::Status::Introduced && rules.contains(&it.rule)
    });
    let told = findings.map(|finding| {
        let line = finding.changed_at.as_ref().map_or_else(String::new, |at| {
            let text = fs::read_to_string(place.path().join("head").join(&*at.path));
            let text = text.expect("the file");
            let start = text[..at.span.start as usize]
                .rfind('\n')
                .map_or(0, |it| it + 1);
            let own = text[start..].lines().next().unwrap_or_default();
            format!("{}: {}", at.path, own.trim())
        });
        let rule = finding
            .rule
            .trim_start_matches("network-policy/")
            .to_owned();
        (rule, finding.severity, line, finding.message.clone())
    });
    told.collect()
}

/// A Deployment with one port.
fn deployment(namespace: &str, name: &str, labels: &str, ports: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
{labels}    spec:
      dnsPolicy: ClusterFirst
      containers:
        - name: {name}
          image: registry.example.com/{name}:1.0.0
          ports:
{ports}"
    )
}

fn policy(name: &str, selector: &str, rest: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
  namespace: shop
spec:
  podSelector: {selector}
{rest}"
    )
}

const SQL: &str = "            - {name: sql, containerPort: 5432}\n";
const HTTP: &str = "            - {name: http, containerPort: 8080}\n";

fn only(told: Vec<Said>) -> Said {
    assert_eq!(told.len(), 1, "{told:#?}");
    told.into_iter().next().expect("one")
}

#[test]
fn network_a_workload_that_lets_itself_in_opens_nothing() {
    let postgres = deployment("shop", "postgres", "", SQL);
    let guard = policy(
        "postgres",
        "{matchLabels: {app: postgres}}",
        "  policyTypes: [Ingress]\n  ingress: []\n",
    );
    let files = [("postgres.yaml", &*postgres), ("guard.yaml", &*guard)];
    let itself = "ingress: [{from: [{podSelector: {matchLabels: {app: postgres}}}]}]";
    assert_eq!(told(&files, "guard.yaml", "ingress: []", itself), []);
    // Another one of them is another one.
    let other = deployment("shop", "replica", "", SQL).replace("app: replica", "app: postgres");
    let files = [
        ("postgres.yaml", &*postgres),
        ("guard.yaml", &*guard),
        ("replica.yaml", &*other),
    ];
    let (rule, severity, _, message) = only(told(&files, "guard.yaml", "ingress: []", itself));
    assert_eq!((&*rule, severity), ("connectivity-added", Severity::Medium));
    assert!(!message.contains("nobody"), "{message}");
}

#[test]
fn network_a_label_that_opens_both_ends_is_told_for_each() {
    let web = deployment("shop", "web", "        tier: front\n", HTTP);
    let postgres = deployment("shop", "postgres", "", SQL);
    let policies = [
        policy("deny", "{}", "  policyTypes: [Ingress, Egress]\n"),
        policy(
            "postgres",
            "{matchLabels: {app: postgres}}",
            "  ingress:\n    - from: [{podSelector: {matchLabels: {tier: back}}}]\n      ports: [{port: 5432}]\n",
        ),
        policy(
            "back",
            "{matchLabels: {tier: back}}",
            "  policyTypes: [Egress]\n  egress:\n    - to: [{podSelector: {matchLabels: {app: postgres}}}]\n      ports: [{port: 5432}]\n",
        ),
    ]
    .join("---\n");
    let files = [
        ("web.yaml", &*web),
        ("postgres.yaml", &*postgres),
        ("policies.yaml", &*policies),
    ];
    // Whoever accepts the one end accepts nothing of the other.
    let all = told(&files, "web.yaml", "tier: front", "tier: back");
    assert_eq!(all.len(), 2);
    for (rule, severity, line, message) in all {
        assert_eq!((&*rule, severity), ("connectivity-added", Severity::Medium));
        assert_eq!(line, "web.yaml: tier: back");
        assert!(message.contains("TCP 5432"), "{message}");
    }
}

#[test]
fn network_host_network_is_told_once_where_it_is_written() {
    let guest = deployment("guests", "guest", "", HTTP);
    let shop = ["a", "b", "c", "d"]
        .map(|name| deployment("shop", name, "", HTTP))
        .join("---\n");
    let deny = policy("deny", "{}", "  policyTypes: [Ingress]\n");
    let files = [
        ("guest.yaml", &*guest),
        ("shop.yaml", &*shop),
        ("deny.yaml", &*deny),
    ];
    let edit = ("dnsPolicy: ClusterFirst", "hostNetwork: true");
    let (rule, severity, line, message) = only(told(&files, "guest.yaml", edit.0, edit.1));
    assert_eq!((&*rule, severity), ("connectivity-added", Severity::High));
    assert_eq!(line, "guest.yaml: hostNetwork: true");
    for part in [
        "guests/guest[Deployment]",
        "reaches 4 workloads",
        "shop/a[Deployment]",
        "on the same node",
        "most network plugins",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    // What escapes its own policies and reaches past those of others is one cause as well.
    let (_, severity, line, message) = only(told(
        &[
            ("a.yaml", &*deployment("shop", "a", "", HTTP)),
            (
                "shop.yaml",
                &*shop
                    .replace("name: a\n", "name: e\n")
                    .replace("app: a\n", "app: e\n"),
            ),
            ("deny.yaml", &*deny),
        ],
        "a.yaml",
        edit.0,
        edit.1,
    ));
    assert_eq!(
        (severity, &*line),
        (Severity::High, "a.yaml: hostNetwork: true")
    );
    for part in ["comes in from any address", "reaches 4 workloads"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

const GUARD: &str = "\
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata:
  name: guard
spec:
  priority: 10
  subject:
    namespaces: {matchLabels: {guarded: \"yes\"}}
  ingress:
    - name: guests
      action: Deny
      from:
        - namespaces: {matchLabels: {team: guests}}
";

#[test]
fn network_a_label_of_a_namespace_under_a_policy_of_the_cluster_is_told_where_it_is() {
    let namespace = |name: &str, label: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels:\n    kept: \"yes\"\n    {label}\n"
        )
    };
    let (shop, guests) = (
        namespace("shop", "guarded: \"yes\""),
        namespace("guests", "team: guests"),
    );
    let (a, b) = (
        deployment("shop", "a", "", HTTP),
        deployment("guests", "b", "", HTTP),
    );
    for (kind, at) in [
        ("AdminNetworkPolicy", GUARD.to_owned()),
        (
            "BaselineAdminNetworkPolicy",
            GUARD.replace("AdminN", "BaselineAdminN"),
        ),
    ] {
        let files = [
            ("shop.yaml", &*shop),
            ("guests.yaml", &*guests),
            ("a.yaml", &*a),
            ("b.yaml", &*b),
            ("guard.yaml", &*at),
        ];
        for (file, from, to) in [
            ("shop.yaml", "guarded: \"yes\"", "guarded: \"no\""),
            ("guests.yaml", "team: guests", "team: others"),
        ] {
            let (rule, severity, line, _) = only(told(&files, file, from, to));
            assert_eq!(
                (&*rule, severity),
                ("connectivity-added", Severity::High),
                "{kind}"
            );
            assert_eq!(line, format!("{file}: {to}"), "{kind}");
        }
    }
}

#[test]
fn network_a_port_that_moves_takes_those_along_who_know_its_name() {
    let web = deployment("shop", "web", "", HTTP);
    let guard = policy(
        "web",
        "{matchLabels: {app: web}}",
        "  ingress:\n    - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: front}}}]\n      ports: [{port: http}]\n",
    );
    let files = [("web.yaml", &*web), ("guard.yaml", &*guard)];
    let moved = "{name: http, containerPort: 9090}";
    let at = "{name: http, containerPort: 8080}";
    assert_eq!(told(&files, "web.yaml", at, moved), []);
    // Nothing had the name.
    let unnamed = web.replace("name: http", "name: other");
    let files = [("web.yaml", &*unnamed), ("guard.yaml", &*guard)];
    let (rule, _, line, _) = only(told(&files, "web.yaml", "name: other", "name: http"));
    assert_eq!(rule, "connectivity-added");
    assert_eq!(line, "web.yaml: - {name: http, containerPort: 8080}");
    // The name goes to a port that was there, and that they could not reach.
    let both = format!("{HTTP}            - {{name: admin, containerPort: 9090}}\n");
    let web = deployment("shop", "web", "", &both);
    let files = [("web.yaml", &*web), ("guard.yaml", &*guard)];
    let (rule, severity, line, _) = only(told(
        &files,
        "web.yaml",
        &both,
        "            - {name: admin, containerPort: 8080}\n            - {name: http, containerPort: 9090}\n",
    ));
    assert_eq!((&*rule, severity), ("connectivity-added", Severity::High));
    assert!(line.starts_with("web.yaml: - {name: "), "{line}");
}

#[test]
fn network_what_a_plugin_may_hold_is_told_as_not_analysed() {
    let web = deployment("shop", "web", "", HTTP);
    let deny = policy("deny", "{}", "  policyTypes: [Ingress, Egress]\n");
    let files = [("web.yaml", &*web), ("deny.yaml", &*deny)];
    let cilium = |selector: &str, rest: &str| {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: web, namespace: shop}}\nspec:\n  endpointSelector: {selector}\n{rest}"
        )
    };
    let severities = |instead: &str| -> Vec<Severity> {
        let all = told(&files, "deny.yaml", &deny, instead);
        for (rule, severity, _, message) in &all {
            assert_eq!(rule, "protection-removed");
            let is_lower = !message.contains("comes in") && !message.contains("goes out");
            assert_eq!(
                message.contains("tidegate does not analyse"),
                is_lower,
                "{message}"
            );
            assert!(!is_lower || *severity <= Severity::Medium, "{message}");
        }
        let mut all: Vec<Severity> = all.iter().map(|it| it.1).collect();
        all.sort_unstable();
        all
    };
    let (low, medium, high) = (Severity::Low, Severity::Medium, Severity::High);
    let open = "  ingress: []\n  egress: []\n";
    assert_eq!(severities(&cilium("{}", open)), [low, medium]);
    assert_eq!(
        severities(&cilium("{matchLabels: {\"k8s:app\": web}}", open)),
        [low, medium]
    );
    // It cannot be about these pods, or not about what comes in.
    assert_eq!(
        severities(&cilium("{matchLabels: {app: cart}}", open)),
        [medium, high]
    );
    assert_eq!(severities(&cilium("{}", "  egress: []\n")), [low, high]);
    let other = cilium("{}", open).replace("namespace: shop", "namespace: ops");
    assert_eq!(severities(&other), [medium, high]);
    assert_eq!(
        severities(
            &cilium("{}", open)
                .replace("CiliumN", "CiliumClusterwideN")
                .replace(", namespace: shop", "")
        ),
        [low, medium]
    );
    let calico = |selector: &str| {
        format!(
            "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: web, namespace: shop}}\nspec:\n  selector: {selector}\n  types: [Ingress]\n"
        )
    };
    assert_eq!(severities(&calico("app == 'web'")), [medium, medium]);
    assert_eq!(severities(&calico("all()")), [medium, medium]);
    assert_eq!(severities(&calico("app == 'cart'")), [medium, high]);
    let staged = calico("all()").replace("kind: N", "kind: StagedN");
    assert_eq!(severities(&staged), [medium, high]);
}

#[test]
fn network_a_rule_without_ports_reaches_no_dns_that_is_none() {
    let web = deployment("shop", "web", "", HTTP);
    let peer = deployment("shop", "postgres", "", SQL);
    let guard = policy(
        "web",
        "{matchLabels: {app: web}}",
        "  policyTypes: [Egress]\n  egress:\n    - to: [{podSelector: {matchLabels: {app: postgres}}}]\n",
    );
    let (none, guarded) = ("policyTypes: [Ingress]", "policyTypes: [Egress]");
    let edit = |peer: &str| {
        let files = [
            ("web.yaml", &*web),
            ("peer.yaml", peer),
            ("guard.yaml", &*guard.replace(guarded, none)),
        ];
        told_of(
            &["network-policy/dns-blocked"],
            &files,
            "guard.yaml",
            none,
            guarded,
        )
    };
    let (_, severity, _, message) = only(edit(&peer));
    assert_eq!(severity, Severity::Medium);
    assert!(message.contains("shop/web[Deployment]"), "{message}");
    let dns = peer.replace(
        "{name: sql, containerPort: 5432}",
        "{name: dns, containerPort: 53, protocol: UDP}",
    );
    assert_ne!(dns, peer);
    assert_eq!(edit(&dns), []);
}

#[test]
fn network_another_value_of_a_label_is_told_without_those_that_were_there() {
    let web = deployment("shop", "web", "", HTTP);
    let guard = policy(
        "web",
        "{matchLabels: {app: web}}",
        "  ingress:\n    - from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [front]}]}}]\n",
    );
    let files = [("web.yaml", &*web), ("guard.yaml", &*guard)];
    let (_, _, _, message) = only(told(&files, "guard.yaml", "[front]", "[front, bff]"));
    assert!(
        message.contains("from shop/[pods with app=bff],"),
        "{message}"
    );
}
