//! Which images the jobs of a workflow run in, beside, and as a step.

use crate::syntax::{Node, Span};

use super::scalar;

/// What a job does with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Its steps run in it: `container`.
    Container,
    /// It runs beside the steps: `services`.
    Service,
    /// It is a step: `uses: docker://…`.
    Step,
}

/// An image that a job names.
#[derive(Clone, Debug)]
pub struct JobImage<'a> {
    /// The id of the job.
    pub job: &'a str,
    /// What for.
    pub usage: Use,
    /// The reference as it is written, without `docker://`.
    pub text: &'a str,
    /// The bytes of the value.
    pub at: Span,
}

/// The most images that are told apart in one workflow.
const MOST: usize = 256;

/// The images that a workflow names. What holds an expression is only known as it runs.
///
/// Source: the workflow syntax of GitHub Actions (`jobs.<id>.container`, `.services`, `.steps[*].uses`).
pub(super) fn all(root: Node<'_>) -> Vec<JobImage<'_>> {
    let mut found = Vec::new();
    for job in root.get("jobs").into_iter().flat_map(Node::entries) {
        let name = job.key.key_text();
        let container = job.value.get("container").into_iter();
        let services = job
            .value
            .get("services")
            .into_iter()
            .flat_map(Node::entries);
        let steps = job.value.get("steps").into_iter().flat_map(Node::items);
        let uses = steps.filter_map(|step| step.get("uses"));
        let named = container
            .map(|node| (Use::Container, node.get("image").unwrap_or(node)))
            .chain(services.filter_map(|entry| Some((Use::Service, entry.value.get("image")?))))
            .chain(uses.map(|node| (Use::Step, node)));
        for (usage, node) in named {
            if found.len() >= MOST {
                return found;
            }
            let Some(text) = scalar(node) else { continue };
            let text = match (usage, text.strip_prefix("docker://")) {
                (_, Some(image)) => image,
                (Use::Step, None) => continue,
                (_, None) => text,
            };
            if text.is_empty() || text.contains("${{") {
                continue;
            }
            found.push(JobImage {
                job: name,
                usage,
                text,
                at: node.span(),
            });
        }
    }
    found
}
