//! Who decides which image a container runs, where its manifest leaves that open.

use crate::syntax::{Node, Tree};

use super::container::Container;
use super::object::Object;

/// What stands for the image that is injected with a proxy of Istio.
const INJECTED: &str = "auto";

/// True if something in the cluster fills in the image of a container: a trigger of a `DeploymentConfig`, or the
/// injection of a proxy.
#[must_use]
pub fn is_filled_in(object: Object<'_>, container: Container<'_>) -> bool {
    let triggers = object.field(&["spec", "triggers"]);
    let names = |trigger: Node<'_>| {
        let parameters = trigger.present("imageChangeParams");
        parameters
            .and_then(|parameters| parameters.present("containerNames"))
            .into_iter()
            .flat_map(Node::items)
            .any(|name| name.as_str() == Some(container.name()))
    };
    container.image().as_str() == Some(INJECTED) || triggers.items().any(names)
}

/// The images that a configuration of Skaffold builds: it puts the tag, and the registry, in their place.
pub fn built_by_skaffold(tree: &Tree) -> impl Iterator<Item = &str> {
    let roots = tree.documents().iter().map(|document| tree.root(document));
    let configurations = roots.filter(|root| {
        let version = root.get("apiVersion").and_then(Node::as_str);
        version.is_some_and(|version| version.starts_with("skaffold/"))
    });
    configurations
        .flat_map(|root| {
            let profiles = root.present("profiles").into_iter().flat_map(Node::items);
            std::iter::once(root).chain(profiles)
        })
        .filter_map(|part| part.present("build")?.present("artifacts"))
        .flat_map(Node::items)
        .filter_map(|artifact| artifact.present("image")?.as_str())
}
