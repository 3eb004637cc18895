//! JSON patches of a kustomization: carried out in their order, told once, and silent where they weaken nothing.

use tidegate::finding::{Finding, Status};
use tidegate::run::{Request, run};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: shop}
spec:
  selector: {matchLabels: {app: d}}
  template:
    metadata: {labels: {app: d}}
    spec:
      automountServiceAccountToken: false
      containers:
      - name: a
        image: ghcr.io/example/c:1.2.3
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}
        resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
        readinessProbe: {tcpSocket: {port: 80}}
";

/// What a patch introduces, in a file of its own or within the kustomization.
fn introduced(patch: &str, target: &str, is_file: bool) -> Vec<Finding> {
    let write = |folder: &tempfile::TempDir, name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("it can be written");
    };
    let base = tempfile::tempdir().expect("a temporary folder");
    let head = tempfile::tempdir().expect("a temporary folder");
    for folder in [&base, &head] {
        write(folder, "d.yaml", DEPLOYMENT);
    }
    let place = if is_file {
        write(&head, "p.yaml", patch);
        "path: p.yaml".to_owned()
    } else {
        format!("patch: |-\n    {patch}")
    };
    write(&base, "kustomization.yaml", "resources: [d.yaml]\n");
    let text = format!("resources: [d.yaml]\npatches:\n- target: {{{target}}}\n  {place}\n");
    write(&head, "kustomization.yaml", &text);
    let side = |folder: &tempfile::TempDir| Some(format!("{}/", folder.path().display()));
    let request = Request {
        base: side(&base),
        head: side(&head),
        ..Request::default()
    };
    run(&request).expect("two folders can be compared").findings
}

fn rules(patch: &str, target: &str) -> Vec<&'static str> {
    let [inline, file] = [false, true].map(|is_file| {
        let found = introduced(patch, target, is_file);
        let rules: Vec<_> = found.iter().map(|finding| finding.rule).collect();
        rules
    });
    assert_eq!(inline, file, "{patch}");
    file
}

const OWN: &str = "kind: Deployment, name: d";
const POD: &str = "/spec/template/spec";

#[test]
fn operations_are_carried_out_in_their_order() {
    let add = |field: &str, value: &str| format!("{{op: add, path: {POD}{field}, value: {value}}}");
    let network = add("/hostNetwork", "true");
    for (operations, expected) in [
        (vec![network.clone()], &["pod-security/host-namespaces"][..]),
        (
            vec![
                network.clone(),
                format!("{{op: remove, path: {POD}/hostNetwork}}"),
            ],
            &[],
        ),
        (
            vec![
                network.clone(),
                format!("{{op: replace, path: {POD}/hostNetwork, value: false}}"),
            ],
            &[],
        ),
        (
            vec![
                add("/containers/0/securityContext", "{privileged: true}"),
                format!("{{op: remove, path: {POD}/containers/0/securityContext/privileged}}"),
            ],
            // What the container had is gone.
            &["input/not-judged"],
        ),
        (
            vec![
                add("/containers/0/securityContext", "{runAsUser: 1000}"),
                add("/containers/0/securityContext/privileged", "true"),
            ],
            &["input/not-judged", "pod-security/privileged"],
        ),
        (
            vec![
                add("/containers/-", "{name: s, image: ghcr.io/example/s:1.0.0}"),
                add(
                    "/containers",
                    "[{name: s, securityContext: {privileged: true}}]",
                ),
                add("/containers/0", "{name: t}"),
            ],
            // What the object had in its containers is replaced.
            &["input/not-judged", "pod-security/privileged"],
        ),
        (
            vec![
                add(
                    "/containers/0",
                    "{name: s, securityContext: {privileged: true}}",
                ),
                format!("{{op: remove, path: {POD}/containers/0}}"),
            ],
            &[],
        ),
        (
            vec![
                add(
                    "/containers/1",
                    "{name: s, securityContext: {privileged: true}}",
                ),
                format!("{{op: remove, path: {POD}/containers/0}}"),
            ],
            &["pod-security/privileged"],
        ),
        (
            vec![format!("{{op: remove, path: {POD}/hostNetwork}}"), network],
            &["pod-security/host-namespaces"],
        ),
    ] {
        let patch = format!("[{}]", operations.join(", "));
        assert_eq!(rules(&patch, OWN), expected, "{patch}");
    }
}

#[test]
fn only_what_may_weaken_something_is_told_to_be_unjudged() {
    for (patch, target, is_told) in [
        (
            "[{op: replace, path: /data/LOG_LEVEL, value: debug}]",
            "kind: ConfigMap",
            false,
        ),
        (
            "[{op: replace, path: /spec/ports/0/port, value: 8080}]",
            "kind: Service",
            false,
        ),
        (
            "[{op: add, path: /spec/ports/0/nodePort, value: 30080}]",
            "kind: Service",
            true,
        ),
        (
            "[{op: add, path: /metadata/labels/a, value: b}]",
            OWN,
            false,
        ),
        ("[{op: remove, path: /metadata/annotations/a}]", OWN, false),
        (
            "[{op: move, from: /metadata/labels/a, path: /metadata/labels/b}]",
            OWN,
            false,
        ),
        (
            "[{op: replace, path: /spec/replicas, value: 3}]",
            OWN,
            false,
        ),
        (
            "[{op: remove, path: /spec/template/spec/hostNetwork}]",
            OWN,
            false,
        ),
        (
            "[{op: remove, path: /spec/template/spec/containers/0/livenessProbe}]",
            OWN,
            false,
        ),
        (
            "[{op: replace, path: /spec/maxReplicas, value: 3}]",
            "kind: HorizontalPodAutoscaler",
            false,
        ),
        (
            "[{op: add, path: /metadata/labels/a, value: b}]",
            "kind: Service",
            false,
        ),
        (
            "[{op: replace, path: /spec/type, value: LoadBalancer}]",
            "kind: Service, group: serving.knative.dev",
            true,
        ),
        (
            "[{op: add, path: /metadata/labels/pod-security.kubernetes.io~1enforce, value: privileged}]",
            "kind: Namespace",
            true,
        ),
        // Policies may select a namespace by any label.
        (
            "[{op: replace, path: /metadata/labels/team, value: web}]",
            "kind: Namespace",
            true,
        ),
        (
            "[{op: replace, path: /spec/template/metadata, value: {labels: {app: b}}}]",
            OWN,
            true,
        ),
        ("[{op: foo, path: /spec/x, value: 1}]", OWN, true),
    ] {
        let expected: &[&str] = if is_told { &["input/not-judged"] } else { &[] };
        assert_eq!(rules(patch, target), expected, "{patch}");
    }
    let both = "[{op: add, path: /spec/template/spec/hostPID, value: true}, {op: remove, path: /spec/template/spec/securityContext}]";
    let found = introduced(both, OWN, true);
    let note = found
        .iter()
        .find(|finding| finding.rule == "input/not-judged");
    let message = &*note.expect("it is told").message;
    assert!(message.starts_with("a part of this file"), "{message}");
    assert_eq!(found.len(), 2);
}

#[test]
fn what_is_written_in_the_place_of_protections_is_told_to_be_unjudged() {
    for (patch, is_told) in [
        (
            "[{op: remove, path: /spec/template/spec/containers/0/securityContext}]",
            true,
        ),
        (
            "[{op: replace, path: /spec/template/spec/containers/0/securityContext, value: {runAsNonRoot: true}}]",
            true,
        ),
        (
            "[{op: add, path: /spec/template/spec/securityContext, value: {}}]",
            true,
        ),
        (
            "[{op: add, path: /spec/template/spec/securityContext, value: {runAsNonRoot: true}}]",
            false,
        ),
        // What stands there is replaced as well.
        (
            "[{op: add, path: /spec/template/spec/containers/0/securityContext, value: {runAsUser: 1000}}]",
            true,
        ),
        (
            "[{op: add, path: /spec/template/spec/containers/0/securityContext, value: {runAsUser: 1000, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}}]",
            false,
        ),
        (
            "[{op: replace, path: /spec/template/spec/containers/0, value: {name: web, image: web:2}}]",
            true,
        ),
        (
            "[{op: replace, path: /spec/template/spec/containers/0/securityContext/seccompProfile, value: {}}]",
            true,
        ),
        (
            "[{op: add, path: /spec/template/spec/containers, value: [{name: web, image: web:2}]}]",
            true,
        ),
        (
            "[{op: add, path: /spec/template/spec/containers/-, value: {name: log, image: log:2, securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}, resources: {requests: {cpu: 1, memory: 1Mi}, limits: {memory: 1Mi}}, livenessProbe: {tcpSocket: {port: 80}}, readinessProbe: {tcpSocket: {port: 80}}}}]",
            false,
        ),
        (
            "[{op: replace, path: /spec/template/spec/containers/0/securityContext/runAsUser, value: 1001}]",
            false,
        ),
    ] {
        let expected: &[&str] = if is_told { &["input/not-judged"] } else { &[] };
        assert_eq!(rules(patch, OWN), expected, "{patch}");
    }
}

/// What the head of two layers introduces beside a base where no patch is listed yet: `base` names a Deployment and a
/// Namespace, `over` takes it in with what it is given.
fn in_layers(middle: &str, over: &str, component: &str) -> Vec<&'static str> {
    let base = tempfile::tempdir().expect("a temporary folder");
    let head = tempfile::tempdir().expect("a temporary folder");
    let namespace =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: shop}}\n";
    for (folder, is_head) in [(&base, false), (&head, true)] {
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
            std::fs::write(path, text).expect("it can be written");
        };
        write("base/d.yaml", DEPLOYMENT);
        write("base/n.yaml", namespace);
        write("base/kustomization.yaml", "resources: [d.yaml, n.yaml]\n");
        write(
            "middle/kustomization.yaml",
            &format!("resources: [../base]\n{middle}"),
        );
        let own = if is_head { over } else { "" };
        write(
            "over/kustomization.yaml",
            &format!("resources: [../middle]\ncomponents: [../part]\n{own}"),
        );
        let own = if is_head { component } else { "" };
        write(
            "part/kustomization.yaml",
            &format!("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n{own}"),
        );
    }
    let side = |folder: &tempfile::TempDir| Some(format!("{}/", folder.path().display()));
    let request = Request {
        base: side(&base),
        head: side(&head),
        ..Request::default()
    };
    let findings = run(&request).expect("two folders can be compared").findings;
    let is_new = |finding: &&Finding| finding.status == Status::Introduced;
    findings
        .iter()
        .filter(is_new)
        .map(|finding| finding.rule)
        .collect()
}

#[test]
fn operations_are_told_of_what_they_reach() {
    let context = |target: &str| {
        format!(
            "patches:\n- target: {{{target}}}\n  patch: '[{{op: add, path: /spec/template/spec/containers/0/securityContext, value: {{runAsUser: 1000}}}}]'\n"
        )
    };
    let label = |target: &str, op: &str| {
        format!(
            "patches:\n- target: {{{target}}}\n  patch: '[{{op: {op}, path: /metadata/labels/team, value: web}}]'\n"
        )
    };
    let prefix = "namePrefix: p-\n";
    for (middle, over, part, is_told) in [
        ("", String::new(), context("kind: Deployment"), true),
        (
            "",
            String::new(),
            context("kind: Deployment, name: other"),
            false,
        ),
        // kustomize finds an object by every name that it had.
        (
            prefix,
            context("kind: Deployment, name: p-d"),
            String::new(),
            true,
        ),
        (
            prefix,
            context("kind: Deployment, name: d"),
            String::new(),
            true,
        ),
        (
            prefix,
            String::new(),
            context("kind: Deployment, name: p-d"),
            true,
        ),
        (
            "",
            context("kind: Deployment, name: p-d"),
            String::new(),
            false,
        ),
        ("", label("kind: Namespace", "replace"), String::new(), true),
        ("", label("name: shop", "replace"), String::new(), true),
        ("", label("kind: \"Name.*\"", "remove"), String::new(), true),
        ("", String::new(), label("version: v1", "add"), true),
        ("", label("name: shop", "test"), String::new(), false),
        ("", label("name: d", "replace"), String::new(), false),
        (
            "",
            label("kind: Deployment", "replace"),
            String::new(),
            false,
        ),
    ] {
        let expected: &[&str] = if is_told { &["input/not-judged"] } else { &[] };
        assert_eq!(
            in_layers(middle, &over, &part),
            expected,
            "{middle}{over}{part}"
        );
    }
}

#[test]
fn what_opens_a_service_or_an_ingress_is_judged() {
    let snippet = "nginx.ingress.kubernetes.io/server-snippet";
    let escaped = snippet.replace('/', "~1");
    let open = ["exposure/load-balancer"];
    let snippets = ["exposure/ingress-snippet", "exposure/retired-ingress-class"];
    for (patch, target, expected) in [
        (
            "[{op: replace, path: /spec/type, value: LoadBalancer}]".to_owned(),
            "kind: Service, name: s",
            &open[..],
        ),
        (
            "[{op: replace, path: /spec/type, value: LoadBalancer}, {op: add, path: /spec/loadBalancerSourceRanges, value: [10.0.0.0/8]}]".to_owned(),
            "kind: Service, name: s",
            &[],
        ),
        (
            "[{op: replace, path: /spec/type, value: ClusterIP}]".to_owned(),
            "kind: Service, name: s",
            &[],
        ),
        (
            format!("[{{op: add, path: /metadata/annotations/{escaped}, value: return 200;}}]"),
            "kind: Ingress, name: i",
            &snippets,
        ),
        (
            "[{op: add, path: /metadata/annotations/example.com~1team, value: web}]".to_owned(),
            "kind: Ingress, name: i",
            &[],
        ),
        // They take away what stood there: nobody knows what.
        (
            "[{op: replace, path: /metadata/annotations, value: {example.com/team: web}}]".to_owned(),
            "kind: Ingress, name: i",
            &["input/not-judged"],
        ),
        (
            "[{op: remove, path: /spec/tls}]".to_owned(),
            "kind: Ingress, name: i",
            &["input/not-judged"],
        ),
    ] {
        assert_eq!(rules(&patch, target), expected, "{patch}");
    }
    let object = format!(
        "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: i, annotations: {{{snippet}: return 200;}}}}}}"
    );
    let found = introduced(&object, "kind: Ingress, name: i", false);
    let rules: Vec<_> = found.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, snippets);
}

#[test]
fn a_credential_of_an_operation_is_told_once() {
    let token = "ghp_Pd5khxE3pyIgKpaUnArl63XykWZeiNNCiia3";
    let env = "/spec/template/spec/containers/0/env";
    for (patch, name) in [
        (
            format!(
                "[{{op: add, path: {env}/-, value: {{name: DB_PASSWORD, value: NqVwYS81VP7Hb1DX8p}}}}]"
            ),
            "env DB_PASSWORD shows",
        ),
        (
            format!("[{{op: replace, path: {env}/3/value, value: {token}}}]"),
            ": env shows",
        ),
        (
            format!(
                "[{{op: test, path: {env}/3/name, value: GH}}, {{op: replace, path: {env}/3/value, value: {token}}}]"
            ),
            "env GH shows",
        ),
    ] {
        assert_eq!(rules(&patch, OWN), ["secret/exposed"], "{patch}");
        let found = introduced(&patch, OWN, true);
        assert!(
            found.iter().all(|one| one.message.contains(name)),
            "{found:?}"
        );
    }
    // What no workload shows is told of the file.
    let patch = "[{op: replace, path: /stringData/password, value: NqVwYS81VP7Hb1DX8p}]";
    assert!(rules(patch, "kind: Secret").contains(&"secret/in-file"));
}

#[test]
fn a_password_before_a_registry_is_told() {
    let image = "deploy:NqVwYS81VP7Hb1DX8p@ghcr.io/example/c:1.2.3";
    let patch = format!("[{{op: replace, path: {POD}/containers/0/image, value: \"{image}\"}}]");
    let found = introduced(&patch, OWN, true);
    let own: Vec<_> = found
        .iter()
        .filter(|finding| finding.rule.starts_with("secret/"))
        .collect();
    assert_eq!(own.len(), 1, "{found:?}");
    assert!(
        own.iter()
            .all(|one| one.message.contains("an address with a password"))
    );
    assert!(found.iter().all(|one| !one.message.contains("NqVw")));
}
