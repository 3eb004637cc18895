//! What objects of Flux, Argo CD and the Helm controller hand to a program that builds other objects: values of charts and
//! patches. What comes of it only a build shows.
//!
//! Source: the API references of `helm.toolkit.fluxcd.io`, `kustomize.toolkit.fluxcd.io`, `argoproj.io` and
//! `helm.cattle.io`.

use crate::syntax::Node;

use super::field::Field;
use super::kinds::group_of;

/// By group and kind: where it stands, below `spec`.
const FIELDS: [(&str, &str, &[&str]); 5] = [
    (
        "helm.toolkit.fluxcd.io",
        "HelmRelease",
        &["values", "postRenderers"],
    ),
    (
        "kustomize.toolkit.fluxcd.io",
        "Kustomization",
        &[
            "images",
            "patches",
            "patchesJson6902",
            "patchesStrategicMerge",
        ],
    ),
    ("helm.cattle.io", "HelmChart", &["set", "valuesContent"]),
    ("helm.cattle.io", "HelmChartConfig", &["valuesContent"]),
    ("argoproj.io", "Application", &[]),
];

/// What stands below a source of an `Application`.
const OF_SOURCE: [&[&str]; 5] = [
    &["helm", "parameters"],
    &["helm", "values"],
    &["helm", "valuesObject"],
    &["kustomize", "images"],
    &["kustomize", "patches"],
];

/// What an object hands over, in order of where it is looked for; nothing if it is of another kind.
#[must_use]
pub fn handed_over<'a>(object: Node<'a>, api_version: &str, kind: &str) -> Vec<Node<'a>> {
    let group = group_of(api_version);
    let mut kinds = FIELDS.iter();
    let Some((.., fields)) = kinds.find(|(of, name, _)| *of == group && *name == kind) else {
        return Vec::new();
    };
    let spec = Field::follow(object, &["spec"]);
    let mut found: Vec<_> = fields
        .iter()
        .filter_map(|field| spec.node()?.present(field))
        .collect();
    if fields.is_empty() {
        let one = spec.node().and_then(|spec| spec.present("source"));
        let many = spec.node().and_then(|spec| spec.present("sources"));
        for source in one
            .into_iter()
            .chain(many.into_iter().flat_map(Node::items))
        {
            let below = OF_SOURCE.iter();
            found.extend(below.filter_map(|path| Field::follow(source, path).node()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Format, parse};

    #[test]
    fn values_and_patches_are_found_where_the_kinds_have_them() {
        for (text, expected) in [
            (
                "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, spec: {values: {a: 1}}}",
                1,
            ),
            (
                "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, spec: {patches: [{}], images: [{}]}}",
                2,
            ),
            (
                "{apiVersion: argoproj.io/v1alpha1, kind: Application, spec: {source: {helm: {values: 'a: 1'}}, sources: [{kustomize: {patches: [{}]}}]}}",
                2,
            ),
            (
                "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, spec: {values: {a: 1}}}",
                0,
            ),
            (
                "{apiVersion: example.com/v1, kind: HelmRelease, spec: {values: {a: 1}}}",
                0,
            ),
        ] {
            let tree = parse(Format::Yaml, text.to_owned());
            let root = tree.root(tree.documents().first().unwrap());
            let text = |key| root.get(key).and_then(Node::as_str).unwrap();
            let found = handed_over(root, text("apiVersion"), text("kind"));
            assert_eq!(found.len(), expected, "{}", tree.text());
        }
    }
}
