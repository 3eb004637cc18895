use crate::kubernetes::container::ContainerKind;
use crate::kubernetes::{Container, Field};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// Nothing tells the kubelet whether a container works.
    ///
    /// ## Why it matters
    /// Without a readiness probe a Service sends requests to a container that still starts, or that has lost its
    /// database, and a rollout goes on although the new version does not answer. Without any probe, a process that hangs
    /// stays until somebody notices: a Node.js process whose event loop is blocked keeps its port open all the same.
    ///
    /// ## Example
    /// ```yaml bad
    /// ports:
    ///   - containerPort: 8080
    /// readinessProbe: ~
    /// livenessProbe: ~
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// ports:
    ///   - containerPort: 8080
    /// readinessProbe:
    ///   httpGet:
    ///     path: /ready
    ///     port: 8080
    /// livenessProbe:
    ///   httpGet:
    ///     path: /live
    ///     port: 8080
    /// ```
    ///
    /// ## Limits
    /// Only of pods that are to keep running: not of Jobs, `CronJobs`, init containers, and pods whose `restartPolicy` lets
    /// them end. Containers without ports beside one that has ports or probes are silent. Readiness is asked for
    /// where the container has a port or a Service selects its pod; a readiness probe alone is enough, as a process that
    /// ends when it fails needs no liveness probe. Whether a Node.js service has an endpoint for its health, its code
    /// alone would say, and that is not read: of a service with a port and no probe this rule speaks, and no second one. Nothing is said of workloads that a kustomize patch changes.
    "workload/probe-missing",
    severity: Severity::Note,
    references: &["OWASP K8s 2022: K01"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let pod = workload.pod;
    let lasts = workload.object.kind().keeps_pods_running() && !pod.ends();
    if !lasts || !workload.is_whole {
        return;
    }
    let regular = || {
        let containers = pod.containers();
        containers.filter(|container| container.kind() == ContainerKind::Regular)
    };
    let has_ports = |container: &Container<'_>| container.ports().next().is_some();
    let has_probes = |container: &Container<'_>| {
        let probes = [
            container.readiness_probe(),
            container.liveness_probe(),
            container.startup_probe(),
        ];
        probes.into_iter().any(Field::is_set)
    };
    let is_alone = regular().nth(1).is_none();
    let told_apart = regular().any(|container| has_ports(&container) || has_probes(&container));
    for container in regular() {
        let readiness = container.readiness_probe();
        let ports = has_ports(&container);
        if readiness.is_set() {
            continue;
        }
        if !ports && told_apart && !is_alone && !has_probes(&container) {
            continue;
        }
        let served = || {
            is_alone
                && workload
                    .snapshot
                    .neighbours()
                    .is_served(workload.object, pod)
        };
        let is_asked = ports || served();
        let with = if ports && container.shows_node() {
            "add one, such as an httpGet of a path that the Node.js server answers only when it can work"
        } else {
            "add one"
        };
        let sentence = if is_asked && has_probes(&container) {
            format!("readinessProbe is not set, so requests reach it before it is ready; {with}")
        } else if is_asked {
            format!(
                "readinessProbe is not set, nor any other probe, so requests reach it whatever its state; {with}"
            )
        } else if has_probes(&container) {
            continue;
        } else {
            "readinessProbe is not set, nor any other probe, so it stays when it hangs; add a livenessProbe"
                .to_owned()
        };
        // Always the same field: a port that is added makes no new finding of an old one.
        let draft = sink.report(readiness).container(Some(container));
        draft.say(&sentence);
    }
}
