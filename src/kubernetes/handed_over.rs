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

/// The sources of which an `Application` of Argo CD says that it comes from them, or an `ApplicationSet` that its
/// applications do; none of other kinds.
pub(super) fn sources<'a>(
    object: Node<'a>,
    kind: &str,
) -> impl Iterator<Item = Node<'a>> + use<'a> {
    let spec = object.get("spec");
    let spec = match kind {
        "Application" => spec,
        "ApplicationSet" => spec.and_then(|spec| spec.get("template")?.get("spec")),
        _ => None,
    };
    let many = spec.and_then(|spec| spec.get("sources")).into_iter();
    let one = spec.and_then(|spec| spec.get("source"));
    one.into_iter().chain(many.flat_map(Node::items))
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
        ("argoproj.io", "Application" | "ApplicationSet") => &[],
        _ => return Vec::new(),
    };
    let Some(spec) = object.get("spec") else {
        return Vec::new();
    };
    let own = fields.iter().filter_map(|field| spec.present(field));
    let of_sources = sources(object, kind).flat_map(|source| {
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
                "{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, spec: {template: {spec: {source: {helm: {valuesObject: {a: 1}}}}}}}",
                1,
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
