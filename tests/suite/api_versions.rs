//! The table of versions of the API that are gone, against what others wrote down and what is still described.

use std::collections::BTreeSet;
use std::fs;

use tidegate::kubernetes::api_versions::Retired;
use tidegate::kubernetes::kinds;
use tidegate::kubernetes::schema::Type;
use tidegate::syntax::{Format, Node, parse};

use crate::corpora;

/// Rows of the corpus that say something else, and why the table is right.
const EXCEPTIONS: &[(&str, &str)] = &[
    // There is no such kind.
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowControl"),
    // The guide names 1.26 for both kinds.
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "PriorityLevelConfiguration",
    ),
    // The description of 1.37 still serves them.
    ("resource.k8s.io/v1beta1", "DeviceClass"),
    ("resource.k8s.io/v1beta1", "ResourceClaim"),
    ("resource.k8s.io/v1beta1", "ResourceClaimTemplate"),
    ("resource.k8s.io/v1beta1", "ResourceSlice"),
    // The description of 1.37 no longer serves it; when it was written down nobody knew.
    ("storage.k8s.io/v1beta1", "VolumeAttributesClass"),
];

#[test]
fn every_kind_of_the_table_is_read() {
    let mut seen = BTreeSet::new();
    for (api_version, kind) in Retired::all() {
        assert!(
            seen.insert((api_version, kind)),
            "{api_version} {kind} twice"
        );
        assert!(
            kinds::find(api_version, kind).is_some(),
            "{api_version} {kind}"
        );
        let retired = Retired::of(api_version, kind).unwrap();
        assert!(
            retired
                .removed
                .is_none_or(|removed| removed >= retired.deprecated)
        );
        // What is described is served.
        let described = Type::of(api_version, kind).is_some();
        assert!(
            !described || retired.removed.is_none(),
            "{api_version} {kind}"
        );
        if let Some((instead, _)) = retired.instead {
            assert_eq!(Retired::of(instead, kind), None, "{api_version} {kind}");
        }
    }
}

#[test]
fn the_table_says_what_others_say() {
    let Some(folder) = corpora::folder("api-removals") else {
        return;
    };
    let text = fs::read_to_string(folder.join("versions.yaml")).unwrap();
    let tree = parse(Format::Yaml, text);
    let root = tree.root(tree.documents().first().unwrap());
    let minor = |row: Node<'_>, key: &str| {
        let version = row.get(key).and_then(Node::as_str)?;
        version
            .strip_prefix("v1.")?
            .strip_suffix(".0")?
            .parse::<u32>()
            .ok()
    };
    let mut rows = 0;
    let mut wrong = Vec::new();
    for row in root.get("deprecated-versions").unwrap().items() {
        let word = |key: &str| row.get(key).and_then(Node::as_str).unwrap_or_default();
        if word("component") != "k8s" {
            continue;
        }
        rows += 1;
        let (api_version, kind) = (word("version"), word("kind"));
        // Lists are read as what they hold.
        let kind = kind.strip_suffix("List").unwrap_or(kind);
        let own = Retired::of(api_version, kind);
        let removed = own.and_then(|own| own.removed);
        let same_group =
            |instead: &str| kinds::group_of(instead) == kinds::group_of(word("replacement-api"));
        let instead = own.and_then(|own| own.instead);
        let agrees = own.is_some()
            && removed == minor(row, "removed-in")
            && (word("replacement-api").is_empty()
                || instead.is_none_or(|(instead, _)| same_group(instead)));
        let excepted = EXCEPTIONS.contains(&(api_version, kind));
        if agrees == excepted {
            wrong.push(format!("{api_version} {kind}: {own:?}"));
        }
    }
    assert!(rows > 80, "only {rows} rows");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
