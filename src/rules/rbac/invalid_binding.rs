use crate::kubernetes::bindings::Binding;
use crate::kubernetes::field::shortened;
use crate::kubernetes::{Completeness, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::syntax::{Node, Span};

declare_rule! {
    /// A binding says what the API server refuses, so that it gives nothing.
    ///
    /// ## Why it matters
    /// A binding that is refused leaves whoever it is about without rights, and what was bound before stays bound. A kind
    /// in lower case and a `ServiceAccount` without a namespace look right to a reader.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata:
    ///   name: reader
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: view
    /// subjects:
    ///   - kind: ServiceAccount
    ///     name: reader
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata:
    ///   name: reader
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: view
    /// subjects:
    ///   - kind: ServiceAccount
    ///     namespace: shop
    ///     name: reader
    /// ```
    ///
    /// ## Limits
    /// A `RoleBinding` may leave out the namespace of an account: it is its own. Where a kustomization sets the namespace,
    /// it may set that of the accounts as well, and nothing is said of a missing one. What a patch or a template leaves
    /// out may stand elsewhere.
    "rbac/invalid-binding",
    severity: Severity::Medium,
    references: &["CWE-1286"],
    check: Check::Manifests(check),
}

const GROUP: &str = "rbac.authorization.k8s.io";

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for object in snapshot.objects() {
        if let Some(binding) = Binding::of(object) {
            let is_moved = snapshot.namespaces_set_at(object.path()).next().is_some();
            for (span, sentence) in faults(binding, is_moved) {
                sink.about(object)
                    .report_at(span, None)
                    .discriminator(&sentence)
                    .say(&format!(
                        "{sentence}, so that the API server refuses the binding"
                    ));
            }
        }
    }
}

/// What the API server refuses, and where it stands.
fn faults(binding: Binding<'_>, is_moved: bool) -> Vec<(Span, String)> {
    let object = binding.object();
    let mut faults = Vec::new();
    let kinds: &[&str] = if binding.is_of_cluster() {
        &["ClusterRole"]
    } else {
        &["ClusterRole", "Role"]
    };
    let kind = binding.role_kind();
    if let Some(node) = kind.node()
        && let Some(word) = wrong_word(node, kinds)
    {
        let wanted = kinds.join(" or ");
        faults.push((
            node.span(),
            format!("roleRef.kind is {word} and must be {wanted}"),
        ));
    }
    if let Some(node) = binding.role_group().node()
        && let Some(word) = wrong_word(node, &[GROUP, ""])
    {
        faults.push((
            node.span(),
            format!("roleRef.apiGroup is {word} and must be {GROUP}"),
        ));
    }
    for subject in binding.subjects() {
        let node = subject.node();
        if let Some(kind) = node.present("kind")
            && let Some(word) = wrong_word(kind, &["Group", "ServiceAccount", "User"])
        {
            faults.push((
                kind.span(),
                format!(
                    "the kind of a subject is {word} and must be ServiceAccount, User or Group"
                ),
            ));
            continue;
        }
        let is_account = subject.kind() == Some("ServiceAccount");
        let group = if is_account { "" } else { GROUP };
        if let Some(own) = node.present("apiGroup")
            && subject.kind().is_some()
            && let Some(word) = wrong_word(own, &[group, ""])
        {
            let wanted = if is_account { "left out" } else { GROUP };
            let kind = subject.kind().unwrap_or_default();
            faults.push((
                own.span(),
                format!("the apiGroup of a {kind} is {word} and must be {wanted}"),
            ));
        }
        let lacks_namespace = is_account
            && binding.is_of_cluster()
            && !is_moved
            && is_whole(object)
            && subject.namespace().is_none_or(str::is_empty)
            && node
                .present("namespace")
                .is_none_or(|it| it.as_str().is_some());
        if lacks_namespace {
            let name = shortened(subject.name().unwrap_or_default());
            faults.push((
                subject.span(),
                format!("ServiceAccount {name} has no namespace"),
            ));
        }
    }
    faults
}

fn is_whole(object: Object<'_>) -> bool {
    object.completeness() == Completeness::Complete
}

/// A word that is none of some, as a message shows it; none where something is filled in later.
fn wrong_word(node: Node<'_>, words: &[&str]) -> Option<String> {
    let word = node.as_str()?;
    let is_filled_in = word.contains("{{") || word.contains('$');
    (!is_filled_in && !words.contains(&word)).then(|| format!("\"{}\"", shortened(word)))
}
