//! Patches of kustomizations in the form of objects: what they take away, and whom the Services let in that they change.

use tidegate::finding::{Finding, Status};
use tidegate::run::{Request, run};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      nodeSelector: {disk: fast}
      containers:
      - name: web
        image: ghcr.io/example/c:1.2.3
        env: [{name: A, value: b}]
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}
        resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}
        readinessProbe: {tcpSocket: {port: 80}}
";
const SERVICE: &str = "apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
";
const INGRESS: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {nginx.ingress.kubernetes.io/auth-url: 'https://a.example.com'}}
spec:
  ingressClassName: nginx
  tls: [{hosts: [a.example.com], secretName: t}]
  rules: [{host: a.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
";
const NETWORK_POLICY: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
";

/// What an overlay introduces that changes its patch, `p.yaml`, of what lies in `base/a.yaml`.
fn overlay(object: &str, before: Option<&str>, after: &str) -> Vec<Finding> {
    let folders = [before, Some(after)].map(|patch| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
            std::fs::write(path, text).expect("it can be written");
        };
        write("base/a.yaml", object);
        write("base/kustomization.yaml", "resources: [a.yaml]\n");
        let listed = "resources: [../base]\npatches: [{path: p.yaml}]\n";
        write("over/kustomization.yaml", listed);
        if let Some(patch) = patch {
            write("over/p.yaml", patch);
        }
        folder
    });
    introduced(&folders)
}

/// What a patch introduces that is written into a kustomization.
fn inline(object: &str, patch: &str) -> Vec<Finding> {
    let start = "resources: [a.yaml]\n";
    let lines = patch.trim_end().replace('\n', "\n    ");
    let patched = format!("{start}patches:\n- patch: |\n    {lines}\n");
    let folders = [start, &patched].map(|text| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [("a.yaml", object), ("kustomization.yaml", text)] {
            std::fs::write(folder.path().join(name), text).expect("it can be written");
        }
        folder
    });
    introduced(&folders)
}

fn introduced([base, head]: &[tempfile::TempDir; 2]) -> Vec<Finding> {
    let side = |folder: &tempfile::TempDir| Some(format!("{}/", folder.path().display()));
    let request = Request {
        base: side(base),
        head: side(head),
        ..Request::default()
    };
    let report = run(&request).expect("two folders can be compared");
    let findings = report.findings.into_iter();
    findings
        .filter(|finding| finding.status == Status::Introduced)
        .collect()
}

fn rules(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule).collect()
}

/// A patch of an object: its head with something of its own behind it.
fn patch(object: &str, rest: &str) -> String {
    let head: Vec<_> = object.lines().take(3).collect();
    let head = head.join("\n");
    let head = head.split(", annotations").next().unwrap_or_default();
    let end = if head.ends_with('}') { "" } else { "}" };
    format!("{head}{end}\n{rest}\n")
}

fn of_pod(rest: &str) -> String {
    patch(DEPLOYMENT, &format!("spec: {{template: {{spec: {rest}}}}}"))
}

fn of_container(rest: &str) -> String {
    of_pod(&format!("{{containers: [{{name: web, {rest}}}]}}"))
}

const NOT_JUDGED: &str = "input/not-judged";

#[test]
fn what_a_patch_takes_away_from_protections_is_told_to_be_unjudged() {
    let of_deployment = [
        of_pod("{automountServiceAccountToken: null}"),
        of_pod("{$patch: replace, containers: [{name: web, image: 'ghcr.io/example/c:1.2.3'}]}"),
        of_pod("{containers: [{$patch: replace}, {name: web, image: 'ghcr.io/example/c:1.2.3'}]}"),
        of_pod("{containers: [{name: web, $patch: replace, image: 'ghcr.io/example/c:1.2.3'}]}"),
        of_container("securityContext: null"),
        of_container("securityContext: ~"),
        of_container("securityContext: {$patch: delete}"),
        of_container("securityContext: {$patch: replace, runAsUser: 1000}"),
        of_container("securityContext: {allowPrivilegeEscalation: null}"),
        of_container("securityContext: {$retainKeys: [runAsUser], runAsUser: 1000}"),
        of_container("securityContext: {capabilities: {drop: null}}"),
        of_container("securityContext: {capabilities: {$deleteFromPrimitiveList/drop: [ALL]}}"),
        of_container("resources: {limits: null}"),
        of_container("resources: {limits: {memory: null}}"),
    ];
    let of_deployment = of_deployment
        .iter()
        .map(|patch| (DEPLOYMENT, patch.clone()));
    let others = [
        (INGRESS, patch(INGRESS, "spec: {tls: null}")),
        (INGRESS, patch(INGRESS, "spec: {tls: []}")),
        (
            INGRESS,
            patch(INGRESS, "spec: {}").replace(
                "namespace: shop",
                "namespace: shop, annotations: {nginx.ingress.kubernetes.io/auth-url: null}",
            ),
        ),
        (NETWORK_POLICY, patch(NETWORK_POLICY, "$patch: delete")),
        (
            NETWORK_POLICY,
            patch(NETWORK_POLICY, "spec: {policyTypes: null}"),
        ),
    ];
    for (object, text) in of_deployment.chain(others) {
        let harmless = patch(object, "");
        let found = overlay(object, Some(&harmless), &text);
        assert_eq!(rules(&found), [NOT_JUDGED], "{text}");
        let found = found.first().expect("one");
        assert_eq!(&*found.location.path, "over/p.yaml", "{text}");
        // What was taken away before is no change.
        let again = overlay(object, Some(&text), &format!("{text}# more\n"));
        assert!(again.is_empty(), "{text}");
        assert_eq!(rules(&inline(object, &text)), [NOT_JUDGED], "{text}");
    }
}

#[test]
fn what_a_patch_takes_away_that_protects_nothing_is_no_matter() {
    for text in [
        patch(DEPLOYMENT, "$patch: delete"),
        patch(DEPLOYMENT, "spec: {replicas: null}"),
        patch(
            DEPLOYMENT,
            "spec: {strategy: {$retainKeys: [type], type: Recreate}}",
        ),
        of_pod("{nodeSelector: null}"),
        of_pod("{hostNetwork: null}"),
        // It holds none.
        of_pod("{securityContext: null}"),
        of_pod("{runtimeClassName: null}"),
        of_container("env: [{name: A, $patch: delete}]"),
        of_container("readinessProbe: null"),
        of_container("resources: {limits: {cpu: null}}"),
        of_container("securityContext: {privileged: null}"),
        of_container("securityContext: {capabilities: {add: null}}"),
        // It stays as it is.
        of_container("$setElementOrder/env: [{name: A}], resources: {requests: {cpu: 2}}"),
    ] {
        for found in [overlay(DEPLOYMENT, None, &text), inline(DEPLOYMENT, &text)] {
            assert!(found.is_empty(), "{text} {found:?}");
        }
    }
    let text = patch(INGRESS, "spec: {defaultBackend: null}");
    assert!(overlay(INGRESS, None, &text).is_empty());
}

#[test]
fn what_a_patch_takes_away_from_an_unknown_object_is_told() {
    let text = of_pod("{securityContext: null}");
    let other = DEPLOYMENT.replace("name: web", "name: other");
    for found in [overlay(&other, None, &text), inline(&other, &text)] {
        assert_eq!(rules(&found), [NOT_JUDGED]);
    }
}

#[test]
fn an_account_that_a_patch_gives_its_token_to_is_told_to_be_unjudged() {
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}\n";
    let kept = format!("{account}automountServiceAccountToken: false\n");
    for value in ["true", "null"] {
        let text = format!("{account}automountServiceAccountToken: {value}\n");
        for found in [overlay(&kept, None, &text), inline(&kept, &text)] {
            assert_eq!(rules(&found), [NOT_JUDGED], "{value}");
        }
        let found = overlay(account, None, &text);
        assert!(found.is_empty(), "{value} {found:?}");
    }
    let found = overlay(account, None, &kept);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_load_balancer_that_a_patch_makes_is_told() {
    const TOLD: &str = "exposure/load-balancer";
    let balanced = patch(SERVICE, "spec: {type: LoadBalancer}");
    for found in [
        overlay(SERVICE, None, &balanced),
        inline(SERVICE, &balanced),
    ] {
        assert_eq!(rules(&found), ["exposure/opened"]);
    }
    // A new environment is new altogether.
    let built = |base: &str, over: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [
            ("base/a.yaml", SERVICE),
            ("base/kustomization.yaml", "resources: [a.yaml]\n"),
            (base, "resources: [../base]\n"),
            (over, "resources: [../base]\npatches: [{path: p.yaml}]\n"),
            ("over/p.yaml", if over.is_empty() { "" } else { &balanced }),
        ] {
            if !name.is_empty() && !text.is_empty() {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
                std::fs::write(path, text).expect("it can be written");
            }
        }
        folder
    };
    let new = [built("", ""), built("", "over/kustomization.yaml")];
    assert_eq!(rules(&introduced(&new)), [TOLD]);
    let known = [
        built("over/kustomization.yaml", ""),
        built("", "over/kustomization.yaml"),
    ];
    assert_eq!(rules(&introduced(&known)), ["exposure/opened"]);
    // A Service that nobody knows.
    let unknown = SERVICE.replace("name: web", "name: other");
    assert_eq!(rules(&inline(&unknown, &balanced)), [TOLD]);
    let ranges = "loadBalancerSourceRanges: [203.0.113.0/24]";
    let internal = "annotations: {service.beta.kubernetes.io/aws-load-balancer-internal: 'true'}";
    let kept = [
        patch(SERVICE, &format!("spec: {{type: LoadBalancer, {ranges}}}")),
        balanced.replace("namespace: shop", &format!("namespace: shop, {internal}")),
        patch(SERVICE, "spec: {sessionAffinity: None}"),
    ];
    for text in &kept {
        for found in [overlay(SERVICE, None, text), inline(SERVICE, text)] {
            assert!(found.is_empty(), "{text} {found:?}");
        }
    }
    // The Service keeps it to a network itself.
    for service in [
        SERVICE.replace("selector", &format!("{ranges}, selector")),
        SERVICE.replace("namespace: shop", &format!("namespace: shop, {internal}")),
    ] {
        for found in [
            overlay(&service, None, &balanced),
            inline(&service, &balanced),
        ] {
            assert!(found.is_empty(), "{service} {found:?}");
        }
    }
}

#[test]
fn a_patch_that_begins_to_open_a_service_is_told() {
    let quiet = patch(SERVICE, "spec: {sessionAffinity: None}");
    let balanced = patch(SERVICE, "spec: {type: LoadBalancer}");
    for before in [&quiet, &patch(SERVICE, "spec: {type: ClusterIP}")] {
        let found = overlay(SERVICE, Some(before), &balanced);
        assert_eq!(rules(&found), ["exposure/opened"], "{before}");
    }
    let ranges = "loadBalancerSourceRanges: [203.0.113.0/24]";
    let kept = SERVICE.replace("selector", &format!("{ranges}, selector"));
    assert!(overlay(&kept, Some(&quiet), &balanced).is_empty());
    // A load balancer that everybody reached opens nothing.
    let open = SERVICE.replace("selector", "type: LoadBalancer, selector");
    let found = overlay(&open, Some(&quiet), &balanced);
    assert!(!rules(&found).contains(&"exposure/opened"), "{found:?}");
}

#[test]
fn a_patch_that_lets_everybody_into_a_load_balancer_is_told_to_be_unjudged() {
    let service = SERVICE.replace(
        "selector",
        "type: LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/24], selector",
    );
    for rest in [
        "spec: {loadBalancerSourceRanges: null}",
        "spec: {loadBalancerSourceRanges: []}",
    ] {
        let text = patch(SERVICE, rest);
        for found in [overlay(&service, None, &text), inline(&service, &text)] {
            assert_eq!(rules(&found), [NOT_JUDGED], "{text}");
        }
    }
}

#[test]
fn what_a_patch_does_to_the_level_of_a_namespace_is_told_once() {
    let of = |level: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{pod-security.kubernetes.io/enforce: {level}}}}}\n"
        )
    };
    let mut told = rules(&inline(&of("restricted"), &of("privileged")));
    told.sort_unstable();
    assert_eq!(told, ["namespace/privileged", "namespace/weakened"]);
}
