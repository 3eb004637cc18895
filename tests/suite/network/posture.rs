//! What a run says of the connections that a change opens and closes, beside its findings.

use std::fs;
use std::path::Path;

use tidegate::report::review::digest::Digest;
use tidegate::report::review::sticky::{Told, render};
use tidegate::report::summary::{self, Budget, Links};
use tidegate::report::terminal::{self, Detail, Terminal};
use tidegate::run::{Request, run};
use tidegate::verdict::Report;

const PLAIN: Terminal = Terminal {
    width: 200,
    color: false,
};

fn deployment(name: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - {{name: app, image: registry.example.com/app:1.0.0}}
"
    )
}

fn policy(name: &str, selector: &str, rest: &str) -> String {
    format!(
        "---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: shop}}
spec:
  podSelector: {selector}
{rest}"
    )
}

fn judged(base: &str, head: &str) -> Report {
    let place = tempfile::tempdir().expect("a place");
    for (side, text) in [("base", base), ("head", head)] {
        let folder = place.path().join(side);
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("all.yaml"), text).expect("a file");
    }
    judge(place.path(), Vec::new())
}

fn judge(place: &Path, paths: Vec<std::path::PathBuf>) -> Report {
    let named = |side: &str| format!("{}/", place.join(side).display());
    let request = Request {
        base: Some(named("base")),
        head: Some(named("head")),
        paths,
        ..Request::default()
    };
    run(&request).expect("folders can be judged")
}

/// The rows as the terminal has them.
fn told(report: &Report) -> Vec<String> {
    let text = terminal::render(report, Detail::Normal, PLAIN);
    let rows = text.lines().skip_while(|line| *line != "Network:").skip(1);
    rows.take_while(|line| line.starts_with("  "))
        .map(|line| line.trim().to_owned())
        .collect()
}

const FROM_WEB: &str = "  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}]
      ports: [{port: 5432}]
";

/// Four workloads, one of which lets in one other.
fn shop() -> String {
    let workloads: String = ["cart", "mail", "payments", "web"].map(deployment).concat();
    workloads + &policy("payments", "{matchLabels: {app: payments}}", FROM_WEB)
}

#[test]
fn network_posture_tells_the_widest_ends_and_no_pair_that_they_cover() {
    let wide = shop().replace(
        "podSelector: {matchLabels: {app: web}}",
        "namespaceSelector: {}",
    );
    assert_ne!(wide, shop());
    let row = "entire-cluster => shop/payments[Deployment] : TCP 5432";
    assert_eq!(told(&judged(&shop(), &wide)), [format!("+ {row}")]);
    assert_eq!(told(&judged(&wide, &shop())), [format!("- {row}")]);
}

#[test]
fn network_posture_lists_ends_that_change_alike() {
    let head = shop().replace("{app: web}}}]\n", "{app: web}}}, {podSelector: {matchLabels: {app: cart}}}, {podSelector: {matchLabels: {app: mail}}}]\n");
    assert_ne!(head, shop());
    let report = judged(&shop(), &head);
    assert_eq!(
        told(&report),
        ["+ shop/cart[Deployment], shop/mail[Deployment] => shop/payments[Deployment] : TCP 5432"]
    );
    let summary = summary::render(&report, &Links::default(), None, Budget::JOB);
    for part in [
        "| added | `shop/cart[Deployment]`<br>`shop/mail[Deployment]` | `shop/payments[Deployment]` | `No Connections` | `TCP 5432` |\n",
        "```mermaid\nflowchart LR\n  subgraph s0[\"shop\"]\n",
        " ==>|\"added: TCP 5432\"| ",
    ] {
        assert!(summary.contains(part), "{part}\n{summary}");
    }
    let comment = render(&Digest::of(&report), &Links::default(), Told::default());
    let (_, section) = comment.split_once("### Network\n").expect("a section");
    assert!(section.contains("```mermaid\n"), "{section}");
}

#[test]
fn network_posture_tells_what_goes_out_once() {
    let deny = policy(
        "egress",
        "{matchLabels: {app: web}}",
        "  policyTypes: [Egress]\n",
    );
    let base = shop() + &deny;
    assert_eq!(
        told(&judged(&base, &shop())),
        [
            "+ shop/web[Deployment] => 0.0.0.0-255.255.255.255[External], entire-cluster : All Connections",
            "+ shop/web[Deployment] => shop/payments[Deployment] : TCP 5432",
        ]
    );
}

#[test]
fn network_posture_is_silent_where_no_policy_denies_anything() {
    let base: String = ["cart", "web"].map(deployment).concat();
    let head = base.clone() + &deployment("mail");
    assert_eq!(judged(&base, &head).network, []);
    let allow_all = policy("all", "{}", "  ingress: [{}]\n");
    assert_eq!(judged(&base, &(base.clone() + &allow_all)).network, []);
    // Renamed, and written in another way.
    let other = shop()
        .replace(
            "name: payments, namespace: shop}\nspec:\n  podSelector",
            "name: data, namespace: shop}\nspec:\n  podSelector",
        )
        .replace("{port: 5432}", "{port: 5432, protocol: TCP, endPort: 5432}");
    assert_ne!(other, shop());
    assert_eq!(judged(&shop(), &other).network, []);
}

#[test]
fn network_posture_tells_of_new_workloads_and_ways_in() {
    let denies = shop() + &policy("deny", "{}", "  policyTypes: [Ingress]\n");
    let way = "---
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: shop}
spec:
  selector: {app: payments}
  ports: [{port: 80, targetPort: 5432}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: payments, namespace: shop}
spec:
  defaultBackend: {service: {name: payments, port: {number: 80}}}
";
    // Nobody lets the controller in.
    assert_eq!(judged(&denies, &(denies.clone() + way)).network, []);
    let open = denies.replace(
        "podSelector: {matchLabels: {app: web}}",
        "namespaceSelector: {}",
    );
    assert_eq!(
        told(&judged(&open, &(open.clone() + way))),
        ["+ {ingress-controller} => shop/payments[Deployment] : TCP 5432"]
    );
    let more = denies.clone() + &deployment("news");
    assert_eq!(
        told(&judged(&denies, &more)),
        [
            "+ shop/news[Deployment] => 0.0.0.0-255.255.255.255[External], entire-cluster : All Connections"
        ]
    );
}

#[test]
fn network_posture_reads_no_selector_of_who_scrapes_metrics() {
    let monitors = |label: &str| {
        format!(
            "---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {{name: payments, namespace: shop}}
spec:
  namespaceSelector: {{any: true}}
  selector: {{matchLabels: {{app: {label}}}}}
  endpoints: [{{port: metrics}}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {{name: payments, namespace: shop}}
spec:
  namespaceSelector: {{matchNames: [{label}]}}
  selector: {{}}
  podMetricsEndpoints: [{{port: metrics}}]
"
        )
    };
    let report = judged(
        &(shop() + &monitors("web")),
        &(shop() + &monitors("payments")),
    );
    assert_eq!(report.network, []);
    let mut findings = report.findings.iter();
    assert!(!findings.any(|finding| finding.change && finding.rule.starts_with("network-policy/")));
}

#[test]
fn network_posture_keeps_to_the_paths_that_are_asked_for() {
    let place = tempfile::tempdir().expect("a place");
    let wide = shop().replace(
        "podSelector: {matchLabels: {app: web}}",
        "namespaceSelector: {}",
    );
    for (side, text) in [("base", shop()), ("head", wide)] {
        let folder = place.path().join(side);
        fs::create_dir_all(folder.join("a")).expect("a folder");
        fs::create_dir_all(folder.join("b")).expect("a folder");
        fs::write(folder.join("a/all.yaml"), text).expect("a file");
        fs::write(folder.join("b/other.yaml"), deployment("other")).expect("a file");
    }
    assert_eq!(judge(place.path(), vec!["a".into()]).network.len(), 1);
    assert_eq!(judge(place.path(), vec!["b".into()]).network, []);
}

#[test]
fn network_policies_of_plugins_are_told_as_not_analysed() {
    let plugin = "---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: payments, namespace: shop}
spec: {endpointSelector: {}}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: deny}
spec: {selector: all()}
";
    let report = judged(&shop(), &(shop() + plugin));
    let skipped = &report.coverage.skipped;
    assert_eq!(skipped.len(), 1, "{skipped:?}");
    assert_eq!(
        skipped[0].reason,
        "holds policies of a network plugin, whose content is not analysed"
    );
    // They may deny what comes in to the others.
    let mut findings = report.findings.iter();
    assert!(!findings.any(|finding| finding.rule == "network-policy/unprotected"));
    assert_eq!(judged(&shop(), &shop()).coverage.skipped, []);
}

#[test]
fn network_in_a_closed_world_labels_that_nobody_has_are_told() {
    let place = tempfile::tempdir().expect("a place");
    let head = place.path().join("head");
    fs::create_dir(&head).expect("a folder");
    let alone = policy("payments", "{matchLabels: {app: payments}}", FROM_WEB);
    fs::write(head.join("all.yaml"), alone).expect("a file");
    let told = |world: &str| -> Vec<&'static str> {
        let config = place.path().join("tidegate.yaml");
        fs::write(&config, format!("kubernetes: {{world: {world}}}\n")).expect("a file");
        let request = Request {
            head: Some(format!("{}/", head.display())),
            config: Some(config),
            ..Request::default()
        };
        let report = run(&request).expect("a folder can be judged");
        report.findings.iter().map(|finding| finding.rule).collect()
    };
    assert_eq!(told("open"), [""; 0]);
    let rules = [
        "network-policy/selects-nothing",
        "network-policy/peer-selects-nothing",
    ];
    assert_eq!(told("closed"), rules);
}
