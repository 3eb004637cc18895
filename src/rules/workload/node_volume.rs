use crate::kubernetes::Object;
use crate::kubernetes::field::quoted;
use crate::kubernetes::node_paths::gives_node_away;
use crate::kubernetes::persistent_volume::NodeVolume;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A `PersistentVolume` is a path of a node.
    ///
    /// ## Why it matters
    /// Pods that may not mount paths of the node mount this one through a claim, past the Pod Security Standards. With
    /// `hostPath` the data also stays behind on whatever node the pod ran on. Paths that give the node away, such as
    /// `/etc` or the folder of the runtime's socket, are high.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata: {name: data}
    /// spec:
    ///   capacity: {storage: 1Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   hostPath: {path: /data}
    /// ```
    ///
    /// ## Instead
    /// Let a storage class provide the volume.
    /// ```yaml good
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 1Gi}}
    /// ```
    ///
    /// ## Limits
    /// A `local` volume is made for one node by its administrator, and the scheduler knows it: only a path that gives the
    /// node away is told. Links on the node do not show.
    "workload/node-volume",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["PSS baseline: hostPathVolumes", "CIS 1.12: 5.2.11", "CWE-668"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(volume) = NodeVolume::of(object) else {
        return;
    };
    let Some(path) = volume.path.as_str() else {
        return;
    };
    let given_away = gives_node_away(path, volume.is_writable);
    if volume.is_local && !given_away {
        return;
    }
    let (severity, risk) = if given_away {
        (Severity::High, ", which gives the node away")
    } else {
        (Severity::Medium, "")
    };
    let kind = if volume.is_local { "local" } else { "hostPath" };
    sink.report(volume.path)
        .severity(severity)
        .discriminator(path)
        .say(&format!(
            "{kind} makes the path {} of the node a volume{risk}; use a storage class that provides volumes",
            quoted(path)
        ));
}
