//! Kinds beyond Kubernetes' own: several pods an object, pods that another object has, and declared kinds.

use tidegate::evaluate::evaluate;
use tidegate::kubernetes::Completeness;
use tidegate::kubernetes::kinds::Declared;
use tidegate::pod_security::answer;
use tidegate::rule::Context;
use tidegate::snapshot::Snapshot;

use tidegate::kubernetes::pod_security::{Level, Version};

use crate::reading::{snapshot, snapshot_with};

const RESTRICTED: &str = "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: \
                          [{name: a, image: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}";
const PRIVILEGED: &str = "{containers: [{name: a, image: a, securityContext: {privileged: true}}]}";

fn privileged_at(snapshot: &Snapshot) -> Vec<(String, String)> {
    let findings = evaluate(snapshot, &Context::default()).findings.into_iter();
    findings
        .filter(|finding| finding.rule == "pod-security/privileged")
        .map(|finding| {
            let resource = finding.subject.resource.unwrap();
            let (group, kind, _, name) = resource.identity();
            let field = finding.subject.field.unwrap().to_string();
            (format!("{group} {kind} {name}"), field)
        })
        .collect()
}

#[test]
fn each_pod_of_an_object_is_judged_and_the_weakest_decides() {
    let text = format!(
        "apiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {{name: train}}\nspec:\n  replicatedJobs:\n  - name: \
         driver\n    template: {{spec: {{template: {{spec: {RESTRICTED}}}}}}}\n  - name: worker\n    template: {{spec: {{template: \
         {{spec: {PRIVILEGED}}}}}}}\n"
    );
    let snapshot = snapshot(&[("jobs.yaml", &text)]);
    let field = "/spec/replicatedJobs/worker/template/spec/template/spec/containers/a/securityContext/privileged";
    let of = ("jobset.x-k8s.io JobSet train".to_owned(), field.to_owned());
    assert_eq!(privileged_at(&snapshot), [of]);
    let answer = answer(snapshot, None, Version::LATEST, |_| true);
    let levels: Vec<_> = answer.workloads.iter().map(|one| one.level).collect();
    assert_eq!(levels, [Level::Privileged]);
}

#[test]
fn a_rollout_may_take_the_pods_of_another_object() {
    let rollout = |spec: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: shop}}\nspec: {spec}\n"
        )
    };
    let completeness = |spec: &str| {
        let snapshot = snapshot(&[("rollout.yaml", &rollout(spec))]);
        let object = snapshot.objects().next().unwrap();
        (object.completeness(), object.pods().count())
    };
    let template = format!("{{selector: {{}}, template: {{spec: {RESTRICTED}}}}}");
    assert_eq!(completeness(&template), (Completeness::Complete, 1));
    assert_eq!(
        completeness("{workloadRef: {kind: Deployment, name: shop}}"),
        (Completeness::Complete, 0)
    );
    assert_eq!(
        completeness("{replicas: 3}"),
        (Completeness::Partial, 0),
        "a patch"
    );
}

#[test]
fn what_may_be_left_out_depends_on_the_kind() {
    let complete = |api_version: &str, kind: &str, container: &str| {
        let text = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{template: {{spec: {{containers: [{container}]}}}}}}\n"
        );
        let snapshot = snapshot(&[("a.yaml", &text)]);
        snapshot.objects().next().unwrap().completeness() == Completeness::Complete
    };
    assert!(complete("serving.knative.dev/v1", "Service", "{image: a}"));
    assert!(!complete("serving.knative.dev/v1", "Service", "{name: a}"));
    assert!(complete(
        "apps.openshift.io/v1",
        "DeploymentConfig",
        "{name: a}"
    ));
    assert!(!complete("batch/v1", "Job", "{image: a}"));
}

#[test]
fn a_declared_kind_is_judged_and_a_known_one_wins() {
    let declared = [
        Declared::parse("TrainJob", Some("ml.example.com"), "spec.roles.*.template").unwrap(),
        Declared::parse("Deployment", None, "spec.other").unwrap(),
    ];
    let training = format!(
        "apiVersion: ml.example.com/v1\nkind: TrainJob\nmetadata: {{name: a}}\nspec: {{roles: {{Worker: {{template: {{spec: {PRIVILEGED}}}}}}}}}\n"
    );
    let elsewhere = training.replace("ml.example.com", "example.com");
    let deployment = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{selector: {{}}, template: {{spec: {RESTRICTED}}}, other: {{spec: {PRIVILEGED}}}}}\n"
    );
    let files = [
        ("a.yaml", training.as_str()),
        ("b.yaml", &elsewhere),
        ("c.yaml", &deployment),
    ];
    let of = "ml.example.com TrainJob a".to_owned();
    let field = "/spec/roles/Worker/template/spec/containers/a/securityContext/privileged";
    assert_eq!(
        privileged_at(&snapshot_with(&files, &declared)),
        [(of, field.to_owned())]
    );
    assert_eq!(privileged_at(&snapshot(&files)), []);
}
