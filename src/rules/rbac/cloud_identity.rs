use crate::kubernetes::Object;
use crate::kubernetes::accounts::CLOUD_IDENTITIES;
use crate::kubernetes::annotations::annotation;
use crate::kubernetes::field::{Field, shortened};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::pairs::Pair;
use crate::syntax::Node;

declare_rule! {
    /// A change gives a `ServiceAccount` an identity of a cloud, or another one, or has pods run as an account that has one.
    ///
    /// ## Why it matters
    /// Pods that run as the account act as that identity outside of the cluster, where no role of the cluster says what
    /// they may do.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: account.yaml
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// # file: account.yaml
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    ///   annotations:
    ///     eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/cart
    /// ```
    ///
    /// ## Instead
    /// An identity that stays the same is nothing new.
    /// ```yaml good
    /// # base: account.yaml
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    ///   annotations:
    ///     eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/cart
    /// # file: account.yaml
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    ///   annotations:
    ///     eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/cart
    ///     example.com/team: shop
    /// ```
    ///
    /// ## Limits
    /// What the identity may do is said in the cloud, and is not seen. Nothing is said of accounts that are wholly new, nor
    /// of workloads that are.
    "rbac/cloud-identity",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K08", "CWE-266"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for object in pair.head.objects() {
        let is_account = object.kind().name == "ServiceAccount";
        if !is_account && !object.kind().bears_pods() {
            continue;
        }
        let Some(before) = pair.before(object) else {
            continue;
        };
        if !is_account {
            moved(pair, before, object, sink);
            continue;
        }
        for name in CLOUD_IDENTITIES {
            let Some(node) = annotation(object, name).and_then(Field::node) else {
                continue;
            };
            let new = node.key_text();
            let old = annotation(before, name).and_then(Field::node);
            let old = old.map(Node::key_text);
            if new.is_empty() || old == Some(new) {
                continue;
            }
            let what = match old {
                Some(old) => format!("is {new} instead of {old}"),
                None => format!("is new and gives {new}"),
            };
            sink.about(object)
                .report_at(node.span(), Some("/metadata/annotations".into()))
                .discriminator(name)
                .say(&format!(
                    "{name} {what}, which pods of the account act as outside of the cluster; have somebody look at what that identity may do, or leave it as it was"
                ));
        }
    }
}

/// What the pods of a workload become in a cloud by running as another account.
fn moved(pair: &Pair<'_>, before: Object<'_>, after: Object<'_>, sink: &mut Sink<'_>) {
    for (old, new) in before.pods().zip(after.pods()) {
        let (Some(old), Some(account)) = (old.account(), new.account()) else {
            continue;
        };
        if old == account {
            continue;
        }
        let mut identities = pair.head.neighbours().cloud_identities(after, account);
        let Some(identity) = identities.next() else {
            continue;
        };
        let had: Vec<&str> = pair
            .base
            .neighbours()
            .cloud_identities(before, old)
            .collect();
        if had.contains(&identity) || identities.any(|identity| had.contains(&identity)) {
            continue;
        }
        let instead = match had.first() {
            Some(had) => format!(" instead of {had}"),
            None => String::new(),
        };
        sink.about(after)
            .report(new.account_field())
            .discriminator(identity)
            .say(&format!(
                "pods run as ServiceAccount {} now, and so act as {}{instead} outside of the cluster; have somebody look at what that identity may do, or leave {} in its place",
                shortened(account),
                shortened(identity),
                shortened(old),
            ));
    }
}
