use std::collections::BTreeSet;

use crate::finding::Location;
use crate::kubernetes::Object;
use crate::kubernetes::accounts::CLOUD_IDENTITIES;
use crate::kubernetes::annotations::{annotation, annotation_text};
use crate::kubernetes::field::{Field, shortened};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::built_accounts::BuiltAccounts;
use crate::snapshot::built_before::BuiltBefore;
use crate::snapshot::pairs::Pair;
use crate::syntax::Span;

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
    /// What the identity may do is said in the cloud, and is not seen. What strategic merge patches say counts in each
    /// overlay as it is built. Nothing is said of accounts that are wholly new, nor of workloads that are.
    "rbac/cloud-identity",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K08", "CWE-266"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let accounts = BuiltAccounts::of(pair.head);
    if !accounts.have_identities() {
        return;
    }
    let had = BuiltAccounts::of(pair.base);
    let is_account = |object: Object<'_>| object.kind().name == "ServiceAccount";
    let is_wanted = |object: Object<'_>| is_account(object) || object.kind().bears_pods();
    let before = BuiltBefore::of(pair, is_wanted);
    let mut told = BTreeSet::new();
    for object in pair.head.landed_objects().filter(|it| is_wanted(*it)) {
        let before = before.of_object(object);
        if before.is_empty() {
            continue;
        }
        let news = if is_account(object) {
            given(&before, object)
        } else {
            moved((&before, &had), object, &accounts)
        };
        // What several variants take in is told once.
        for news in news {
            let place = object.location(news.at);
            if told.insert((place.clone(), news.told_by)) {
                tell(pair, object, &place, &news, sink);
            }
        }
    }
}

/// What is new of an identity.
struct News<'a> {
    at: Span,
    field: String,
    told_by: &'a str,
    sentence: String,
}

fn tell(
    pair: &Pair<'_>,
    object: Object<'_>,
    place: &Location,
    news: &News<'_>,
    sink: &mut Sink<'_>,
) {
    // It may be a patch that says it, and several variants may take in what does.
    let object = pair.head.object_at(place).unwrap_or(object);
    sink.about(object)
        .report_at(place.span, Some((&*news.field).into()))
        .discriminator(news.told_by)
        .say(&news.sentence);
}

/// The identities that an account has and had not.
fn given<'a>(before: &[Object<'_>], account: Object<'a>) -> Vec<News<'a>> {
    let news = CLOUD_IDENTITIES.iter().filter_map(|name| {
        let node = annotation(account, name).and_then(Field::node)?;
        let new = node.key_text();
        let old = before.iter().map(|before| annotation_text(*before, name));
        let mut old = old.map(Option::unwrap_or_default);
        let first = old.next()?;
        if new.is_empty() || first == new || old.any(|old| old == new) {
            return None;
        }
        let what = match first {
            "" => format!("is new and gives {new}"),
            old => format!("is {new} instead of {old}"),
        };
        Some(News {
            at: node.span(),
            field: "/metadata/annotations".to_owned(),
            told_by: name,
            sentence: format!(
                "{name} {what}, which pods of the account act as outside of the cluster; have somebody look at what that identity may do, or leave it as it was"
            ),
        })
    });
    news.collect()
}

/// What the pods of a workload become in a cloud by running as another account.
fn moved<'a>(
    (before, had): (&[Object<'a>], &BuiltAccounts<'a>),
    after: Object<'a>,
    accounts: &BuiltAccounts<'a>,
) -> Vec<News<'a>> {
    let mut news = Vec::new();
    for (number, new) in after.pods().enumerate() {
        let old = before
            .iter()
            .filter_map(|it| Some((*it, it.pods().nth(number)?.account()?)));
        let old: Vec<(Object<'a>, &str)> = old.collect();
        let (Some(account), Some((_, first))) = (new.account(), old.first()) else {
            continue;
        };
        if old.iter().any(|(_, old)| *old == account) {
            continue;
        }
        let identities = accounts.identities(after, account);
        let had = old.iter().flat_map(|(it, old)| had.identities(*it, old));
        let had: Vec<&str> = had.collect();
        let Some(identity) = identities.first() else {
            continue;
        };
        if identities.iter().any(|identity| had.contains(identity)) {
            continue;
        }
        let instead = match had.first() {
            Some(had) => format!(" instead of {had}"),
            None => String::new(),
        };
        let field = new.account_field();
        let root = after.node().pointer();
        let pointer = field.pointer();
        news.push(News {
            at: field.span(),
            field: pointer.strip_prefix(&*root).unwrap_or(&pointer).to_owned(),
            told_by: identity,
            sentence: format!(
                "pods run as ServiceAccount {} now, and so act as {}{instead} outside of the cluster; have somebody look at what that identity may do, or leave {} in its place",
                shortened(account),
                shortened(identity),
                shortened(first),
            ),
        });
    }
    news
}
