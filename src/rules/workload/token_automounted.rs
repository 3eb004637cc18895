use crate::kubernetes::accounts::DEFAULT;
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule};

declare_rule! {
    /// A pod gets a token for the API server that nothing in the repository has a use for.
    ///
    /// ## Why it matters
    /// Whoever reads a file of the container can speak to the API server as its `ServiceAccount`: see what every account
    /// may see, and use whatever rights the account is given some day. Most services never speak to it.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   serviceAccountName: default
    ///   automountServiceAccountToken: true
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// spec:
    ///   serviceAccountName: shop
    ///   automountServiceAccountToken: false
    /// ```
    /// Where the program does speak to the API server, give its `ServiceAccount` a Role that says what it may do.
    ///
    /// ## Limits
    /// The token counts as needed where a `RoleBinding` or `ClusterRoleBinding` of the repository names the `ServiceAccount`,
    /// where a token is mounted by hand, where Consul, Dapr or Vault is asked to inject a container that uses the token,
    /// where a container starts `kubectl` or a program with an option of controllers such as `--leader-elect`, and where a `ServiceAccount` with a name of its own is not in the repository: it may be given rights where it is.
    /// A program that uses only what every account may do needs a token and no binding: waive the finding.
    /// The pod's field counts more than the `ServiceAccount`'s; of several copies of that, the nearest count, and one that
    /// says `false` is believed.
    "workload/token-automounted",
    severity: Severity::Low,
    references: &["CIS 1.12: 5.1.6", "OWASP K8s 2022: K06", "CWE-522"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let pod = workload.pod;
    let field = pod.automount();
    let Some(account) = pod.account() else {
        return;
    };
    if field.is_set() && !field.is_true() || pod.wants_token() {
        return;
    }
    // A patch may say it, or name another account.
    if !workload.is_whole {
        return;
    }
    let (neighbours, object) = (workload.snapshot.neighbours(), workload.object);
    if !field.is_set() && neighbours.account_keeps_token(object, account) {
        return;
    }
    let is_known = account == DEFAULT || neighbours.has_account(object, account);
    if !is_known || neighbours.has_rights(object, account) {
        return;
    }
    let found = if field.is_set() { "true" } else { "not set" };
    let whose = if account == DEFAULT {
        "the default ServiceAccount".to_owned()
    } else {
        format!("ServiceAccount {}", shortened(account))
    };
    sink.report(field).say(&format!(
        "automountServiceAccountToken is {found}, so the pod gets the token of {whose}, which no binding here gives \
         rights; set it to false"
    ));
}
