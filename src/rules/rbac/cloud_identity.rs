use crate::kubernetes::accounts::CLOUD_IDENTITIES;
use crate::kubernetes::annotations::annotation;
use crate::kubernetes::field::Field;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::pairs::Pair;
use crate::syntax::Node;

declare_rule! {
    /// A change gives a `ServiceAccount` an identity of a cloud, or another one.
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
    /// What the identity may do is said in the cloud, and is not seen. Nothing is said of accounts that are wholly new.
    "rbac/cloud-identity",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K08", "CWE-266"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for object in pair.head.objects() {
        if object.kind().name != "ServiceAccount" {
            continue;
        }
        let Some(before) = pair.before(object) else {
            continue;
        };
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
