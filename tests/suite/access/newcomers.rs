//! Whoever is new in a binding gains what it gives, whoever had it before; and whoever has less than before gains nothing,
//! whatever it is called now.

use tidegate::finding::{Severity, Status};
use tidegate::verdict::Report;

use super::paths::manifest;
use crate::reports;

/// What is news, one a line: how grave, which rule, and the text of the line that caused it.
fn news(report: &Report) -> Vec<String> {
    let findings = report
        .findings
        .iter()
        .filter(|it| it.rule.starts_with("rbac/") && it.status == Status::Introduced)
        .filter(|it| it.rule != "rbac/escalation-path-added");
    let told = findings.map(|it| {
        let cause = it.changed_at.as_ref().map_or("?", |at| {
            let file = report.head_snapshot.file(&at.path).unwrap();
            line(file.text().unwrap(), at.span.range())
        });
        format!("{} {} {cause}", it.severity.name(), it.rule)
    });
    told.collect()
}

/// The whole line of some bytes, without the dash of an entry.
fn line(text: &str, bytes: std::ops::Range<usize>) -> &str {
    let start = text[..bytes.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    text[start..end].trim().trim_start_matches("- ")
}

fn of(base: &str, head: &str) -> Vec<String> {
    news(&reports::of(&[("a.yaml", base)], &[("a.yaml", head)]))
}

/// `{kind: User, name: "eve"}` and the like, as a further entry of the last binding.
fn with_subject(text: &str, subject: &str) -> String {
    format!("{text}  - {subject}\n")
}

const EVE: &str = "{kind: User, name: \"eve\"}";

#[test]
fn who_is_new_in_a_binding_gains_what_it_gives() {
    for (lines, severity, rule) in [
        (
            "sa/ci/bot -> ClusterRole cluster-admin",
            "critical",
            "cluster-admin-binding",
        ),
        (
            "sa/ci/bot -> ClusterRole admin",
            "high",
            "cluster-admin-binding",
        ),
        (
            "sa/ci/bot -> ClusterRole edit in shop",
            "high",
            "permissions-widened",
        ),
        (
            "sa/ci/bot -> ClusterRole view",
            "low",
            "permissions-widened",
        ),
        (
            "sa/ci/bot -> ClusterRole system:kube-controller-manager",
            "high",
            "system-role-binding",
        ),
        (
            "ClusterRole r | * | * | *\nsa/ci/bot -> ClusterRole r",
            "critical",
            "permissions-widened",
        ),
        (
            "ClusterRole r | | secrets | get list\nsa/ci/bot -> ClusterRole r",
            "high",
            "permissions-widened",
        ),
        (
            "ClusterRole r | | users | impersonate\nsa/ci/bot -> ClusterRole r",
            "critical",
            "permissions-widened",
        ),
        (
            "Role kube-system/r | | secrets | get\nsa/ci/bot -> Role r in kube-system",
            "high",
            "permissions-widened",
        ),
        (
            "Role shop/r | | configmaps | get\nsa/ci/bot -> Role r in shop",
            "note",
            "permissions-widened",
        ),
    ] {
        let base = manifest(lines);
        for subject in [
            EVE,
            "{kind: Group, name: \"everybody\"}",
            "{kind: ServiceAccount, namespace: dev, name: other}",
        ] {
            let wanted = format!("{severity} rbac/{rule} ");
            // In the binding that there is.
            let found = of(&base, &with_subject(&base, subject));
            let told = format!("{wanted}{subject}");
            assert!(
                matches!(found.as_slice(), [one] if one.contains(&told[wanted.len()..]) && one.starts_with(&wanted)),
                "{lines}, {subject}: {found:#?}"
            );
            // By another binding of the same role.
            let another = base.split("---\n").last().unwrap();
            let another = another.replace("name: b", "name: other-b");
            let (another, _) = another.split_once("  - ").unwrap();
            let head = format!("{base}---\n{another}  - {subject}\n");
            let found = of(&base, &head);
            assert!(
                matches!(found.as_slice(), [one] if one.starts_with(&wanted)),
                "{lines}, {subject}: {found:#?}"
            );
        }
    }
}

#[test]
fn who_has_it_already_gains_nothing() {
    let base = manifest(
        "ClusterRole r | | secrets | get list
         group/system:serviceaccounts:ci -> ClusterRole r
         sa/ci/bot -> ClusterRole r",
    );
    // A member of a group that has it, and whoever may do everything whatever is written.
    for subject in [
        "{kind: ServiceAccount, namespace: ci, name: other}",
        "{kind: User, name: \"system:serviceaccount:ci:other\"}",
    ] {
        let found = of(&base, &with_subject(&base, subject));
        assert_eq!(found, [""; 0], "{subject}");
    }
    let masters = "{kind: Group, name: \"system:masters\"}";
    let found = of(&base, &with_subject(&base, masters));
    assert_eq!(found, [format!("critical rbac/masters-group {masters}")]);
}

#[test]
fn a_line_of_everybody_is_told_once_and_as_gravely_as_it_is() {
    let gets = manifest("ClusterRole r | | pods | get\nsa/ci/bot -> ClusterRole r");
    let all = manifest("ClusterRole r | * | * | *\nsa/ci/bot -> ClusterRole r");
    let everybody = "{kind: Group, name: \"system:authenticated\"}";
    let of_shop = "{kind: Group, name: \"system:serviceaccounts:shop\"}";
    for (base, subject, wanted) in [
        (&gets, everybody, "high rbac/authenticated-binding"),
        (&gets, of_shop, "medium rbac/authenticated-binding"),
        (&all, everybody, "critical rbac/permissions-widened"),
        (&all, of_shop, "critical rbac/permissions-widened"),
    ] {
        let found = of(base, &with_subject(base, subject));
        assert_eq!(found, [format!("{wanted} {subject}")]);
        // Somebody else beside them is told as well.
        let found = of(base, &with_subject(&with_subject(base, subject), EVE));
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found.iter().any(|it| it.ends_with(EVE)), "{found:#?}");
    }
}

#[test]
fn several_who_are_new_in_one_binding_are_told_in_one_sentence() {
    let only = |lines: &str| {
        let base = manifest(lines);
        let head = with_subject(&with_subject(&base, EVE), "{kind: User, name: \"mallory\"}");
        let report = reports::of(&[("a.yaml", &base)], &[("a.yaml", &head)]);
        let mut found = report
            .findings
            .into_iter()
            .filter(|it| it.status == Status::Introduced);
        let told = found.next().unwrap();
        assert_eq!(found.count(), 0);
        told.message
    };
    let told = only("ClusterRole r | | secrets | get\nsa/ci/bot -> ClusterRole r");
    assert!(told.contains("User eve and User mallory may now"), "{told}");
    // So are those who are new where everything is given.
    let told = only("sa/ci/bot -> ClusterRole cluster-admin");
    let clause = "; with this change User eve and User mallory get it";
    assert!(told.ends_with(clause), "{told}");
}

#[test]
fn what_is_wholly_new_is_judged_by_what_it_is() {
    let app = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: cart, namespace: shop}\n"
        .to_owned();
    let base = manifest("ClusterRole r | | secrets | get\nsa/ci/bot -> ClusterRole r");
    // An ordinary application with its own role.
    let harmless = app.clone()
        + &manifest("Role shop/cart | | configmaps | get watch\nsa/shop/cart -> Role cart in shop");
    let grave =
        app + &manifest("ClusterRole cart | | secrets | list\nsa/shop/cart -> ClusterRole cart");
    let with = |app: &str| {
        let report = reports::of(
            &[("a.yaml", &base)],
            &[("a.yaml", &base), ("app.yaml", app)],
        );
        let mut rules: Vec<_> = news(&report);
        for rule in &mut rules {
            let end = rule.match_indices(' ').nth(1).unwrap().0;
            rule.truncate(end);
        }
        rules
    };
    assert_eq!(with(&harmless), [""; 0]);
    assert_eq!(with(&grave), ["high rbac/secrets-read"]);
    // The same of a role that nobody was given before: the line is the one that gives it.
    let latent = manifest("ClusterRole r | | secrets | get");
    let bound = manifest("user/eve -> ClusterRole r");
    let report = reports::of(
        &[("r.yaml", &latent)],
        &[("r.yaml", &latent), ("b.yaml", &bound)],
    );
    let found = news(&report);
    assert_eq!(found, [format!("high rbac/secrets-read {EVE}")]);
}

#[test]
fn an_account_with_another_name_alone_is_nobody_new() {
    let account = |name: &str, namespace: &str| {
        format!(
            "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        ) + &manifest(&format!(
            "sa/{namespace}/{name} -> ClusterRole r\nsa/{namespace}/{name} -> ClusterRole cluster-admin"
        ))
    };
    let role = manifest("ClusterRole r | | secrets | get");
    let app = |name: &str, namespace: &str| role.clone() + &account(name, namespace);
    let base = app("old", "ci");
    assert_eq!(of(&base, &app("new", "ci")), [""; 0]);
    // Elsewhere others make pods, and a new one beside the old one is one more.
    let beside = account("new", "ci").replace("{name: b", "{name: c");
    for head in [app("old", "dev"), base.clone() + &beside] {
        let found = of(&base, &head);
        assert!(
            matches!(found.as_slice(), [one] if one.starts_with("critical rbac/cluster-admin-binding ")),
            "{found:#?}"
        );
    }
}

#[test]
fn who_has_less_than_before_gains_nothing_by_its_name() {
    for (before, after) in [
        (
            "sa/ci/bot -> ClusterRole cluster-admin",
            "ClusterRole own | | secrets | get list\nsa/ci/bot -> ClusterRole own",
        ),
        (
            "sa/ci/bot -> ClusterRole cluster-admin",
            "ClusterRole own | apps | * | *\nsa/ci/bot -> ClusterRole own",
        ),
        (
            "sa/ci/bot -> ClusterRole edit in shop",
            "Role shop/own | | pods/exec | create\nsa/ci/bot -> Role own in shop",
        ),
        (
            "sa/ci/bot -> ClusterRole cluster-admin",
            "sa/ci/bot -> ClusterRole cluster-admin in shop",
        ),
        (
            "group/system:serviceaccounts -> ClusterRole edit",
            "Role shop/own | | pods/exec | create\nsa/ci/bot -> Role own in shop",
        ),
    ] {
        let found = of(&manifest(before), &manifest(after));
        assert_eq!(found, [""; 0], "{before} => {after}");
    }
    // Whoever comes with it gains, and so does who has something else beside it.
    for (before, after, wanted) in [
        (
            "sa/ci/bot -> ClusterRole cluster-admin in shop",
            "ClusterRole own | | secrets | list\nsa/ci/bot -> ClusterRole own",
            "high rbac/secrets-read",
        ),
        (
            "sa/ci/bot -> ClusterRole edit",
            "ClusterRole own | | nodes/proxy | get\nsa/ci/bot -> ClusterRole own",
            "critical rbac/nodes-proxy",
        ),
        (
            "sa/ci/bot -> ClusterRole edit",
            "ClusterRole own | | secrets | list\nsa/ci/bot -> ClusterRole own\nuser/eve -> ClusterRole own",
            "high rbac/secrets-read",
        ),
    ] {
        let found = of(&manifest(before), &manifest(after));
        assert!(
            found.iter().any(|it| it.starts_with(wanted)),
            "{before} => {after}: {found:#?}"
        );
    }
}

#[test]
fn questions_about_others_are_no_rights_to_change() {
    let base = manifest("sa/ci/bot -> ClusterRole system:auth-delegator");
    let head = with_subject(&base, EVE);
    let report = reports::of(&[("a.yaml", &base)], &[("a.yaml", &head)]);
    let severities = report
        .findings
        .iter()
        .filter(|it| it.status == Status::Introduced);
    let severities: Vec<Severity> = severities.map(|it| it.severity).collect();
    assert_eq!(severities, [Severity::Low]);
}

#[test]
fn who_opens_a_way_by_being_bound_is_told_of_the_way_alone() {
    let base = manifest(
        "sa/ops/root -> ClusterRole cluster-admin
         Role ops/exec | | pods | create
         sa/people/support -> Role exec in ops",
    );
    let account =
        "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: root, namespace: ops}\n";
    let base = account.to_owned() + &base;
    let head = with_subject(&with_subject(&base, EVE), "{kind: User, name: \"mallory\"}");
    let report = reports::of(&[("a.yaml", &base)], &[("a.yaml", &head)]);
    let new = report
        .findings
        .iter()
        .filter(|it| it.status == Status::Introduced && it.rule.starts_with("rbac/"));
    let mut told: Vec<_> = new.map(|it| (it.rule, it.severity)).collect();
    told.dedup();
    assert_eq!(told, [("rbac/escalation-path-added", Severity::Critical)]);
}

#[test]
fn what_becomes_graver_by_what_is_around_it_is_news() {
    let account = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: ops}}\n"
        )
    };
    let base = account("plain")
        + &manifest("Role ops/own | | pods | create\nsa/ci/bot -> Role own in ops");
    let strong =
        manifest("sa/ops/root -> ClusterRole cluster-admin").replace("name: b0", "name: root");
    let head = base.clone() + &account("root") + &strong;
    let report = reports::of(&[("a.yaml", &base)], &[("a.yaml", &head)]);
    let mut new = report
        .findings
        .iter()
        .filter(|it| it.status == Status::Introduced && it.severity >= Severity::High);
    assert!(
        new.any(|it| it.message.contains("ServiceAccount ci/bot")),
        "{:#?}",
        report.findings
    );
}
