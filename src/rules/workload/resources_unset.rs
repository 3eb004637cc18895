use crate::kubernetes::container::ContainerKind;
use crate::kubernetes::pod_security::Version;
use crate::kubernetes::resources::Stated;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A container does not say what it needs, or nothing bounds its memory.
    ///
    /// ## Why it matters
    /// Without requests the scheduler takes the container for one that needs nothing, and puts it on nodes that are full;
    /// without a memory limit, one leak or one large upload takes the memory of everything else on the node.
    ///
    /// ## Example
    /// ```yaml bad
    /// resources: ~
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// resources:
    ///   requests:
    ///     cpu: 100m
    ///     memory: 128Mi
    ///   limits:
    ///     memory: 128Mi
    /// ```
    ///
    /// ## Limits
    /// A CPU limit is never asked for: it slows a container down even while the node idles. A limit counts as the request
    /// where that is missing, as for the API server. What a `LimitRange` of the namespace fills in is not missing, nor what
    /// the pod sets for all of its containers, if every targeted cluster knows the pod's `resources` (1.34). An init
    /// container that ends runs while the others do not, so that the scheduler has their requests for it: it is asked for
    /// a memory limit alone. Nothing is said of workloads that a kustomize patch changes.
    "workload/resources-unset",
    severity: Severity::Low,
    references: &["OWASP K8s 2022: K01", "CWE-770"],
    check: Check::Workload(check),
}

/// The first version whose clusters know `resources` of a pod without being told to.
const KNOWS_PODS: Version = Version(34);

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    if !workload.is_whole {
        return;
    }
    let pod = workload.pod;
    let mut given = workload.snapshot.neighbours().limits(workload.object);
    if context.targets.oldest() >= Some(KNOWS_PODS) {
        given = given.with(Stated::of_pod(pod));
    }
    for container in pod.containers() {
        let mut stated = Stated::of_container(container).with(given);
        match container.kind() {
            ContainerKind::Ephemeral => continue,
            ContainerKind::Init if !container.is_sidecar() => {
                stated.cpu_request = true;
                stated.memory_request = true;
            }
            ContainerKind::Init | ContainerKind::Regular => {}
        }
        let (missing, them) = match stated.missing().as_slice() {
            [] => continue,
            [one] => ((*one).to_owned(), "it"),
            [before @ .., last] => (format!("{} and {last}", before.join(", ")), "them"),
        };
        let field = container.resources();
        let sentence = if field.is_set() {
            format!("resources lacks {missing}; set {them}")
        } else {
            format!("resources is not set; set {missing}")
        };
        sink.report(field).container(Some(container)).say(&sentence);
    }
}
