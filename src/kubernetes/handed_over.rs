//! What objects of Flux, Argo CD and the Helm controller hand to a program that builds other objects: values of charts and
//! patches. What comes of it only a build shows.
//!
//! Source: the API references of `helm.toolkit.fluxcd.io`, `kustomize.toolkit.fluxcd.io`, `argoproj.io` and
//! `helm.cattle.io`.

use crate::syntax::Node;

use super::field::Field;
use super::kinds::group_of;

/// What stands below a source of an `Application`.
const OF_SOURCE: [&[&str]; 5] = [
    &["helm", "parameters"],
    &["helm", "values"],
    &["helm", "valuesObject"],
    &["kustomize", "images"],
    &["kustomize", "patches"],
];

/// The sources of which the `spec` of an `Application` of Argo CD says where it comes from.
pub(super) fn sources(spec: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let many = spec.get("sources").into_iter().flat_map(Node::items);
    spec.get("source").into_iter().chain(many)
}

/// What an object hands over, in order of where it is looked for; nothing if it is of another kind.
#[must_use]
pub fn handed_over<'a>(object: Node<'a>, api_version: &str, kind: &str) -> Vec<Node<'a>> {
    let fields: &[&str] = match (group_of(api_version), kind) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") => &["values", "postRenderers"],
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => &[
            "images",
            "patches",
            "patchesJson6902",
            "patchesStrategicMerge",
        ],
        ("helm.cattle.io", "HelmChart") => &["set", "valuesContent"],
        ("helm.cattle.io", "HelmChartConfig") => &["valuesContent"],
        ("argoproj.io", "Application") => &[],
        _ => return Vec::new(),
    };
    let Some(spec) = object.get("spec") else {
        return Vec::new();
    };
    let own = fields.iter().filter_map(|field| spec.present(field));
    let of_sources = sources(spec).filter(|_| fields.is_empty());
    let of_sources = of_sources.flat_map(|source| {
        let below = OF_SOURCE.iter();
        below.filter_map(move |path| Field::follow(source, path).node())
    });
    own.chain(of_sources).collect()
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
