//! GitHub workflows, as far as they run tidegate: which steps do, under which conditions, and what of that a
//! change weakens.
//!
//! A workflow file is never a manifest, and nothing else of it is judged but the versions of Node.js that it uses,
//! and whether it verifies certificates.

mod checkout;
mod compare;
mod disarm;
mod exit_code;
mod harmless;
mod job_image;
mod needs;
mod pin;
mod script;
mod scripted;
mod settings;
mod setup_node;
mod shell;
mod step;
mod trigger;

use std::sync::Arc;

use crate::syntax::{Entry, Format, Node, Span, Tree, decode, parse};

pub use compare::{Force, Weakening, weakenings};
pub use job_image::{JobImage, Use};
pub use settings::{Script, Variable};
pub use setup_node::NodeSetup;
pub use step::{MOST_STEPS, Step};

/// Where GitHub looks for workflows: in this folder and in none below it.
const FOLDER: &str = ".github/workflows/";

/// True if GitHub would read a workflow from this path.
#[must_use]
pub fn is_workflow(path: &str) -> bool {
    path.strip_prefix(FOLDER).is_some_and(|name| {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        !name.contains('/') && matches!(extension, Some("yml" | "yaml"))
    })
}

/// What a composite action runs.
fn composite(root: Node<'_>) -> Option<Entry<'_>> {
    root.entry("runs").filter(|runs| {
        let using = runs.value.get("using").and_then(Node::as_str);
        using == Some("composite")
    })
}

/// The jobs of a workflow, or the `runs` of a composite action: what has steps.
fn jobs(root: Node<'_>) -> impl Iterator<Item = Entry<'_>> {
    let jobs = root.get("jobs").into_iter().flat_map(Node::entries);
    jobs.chain(composite(root))
}

/// A workflow file, or an action that is made of steps.
#[derive(Debug)]
pub struct Workflow {
    /// None if the file is no text.
    tree: Option<Tree>,
}

impl Workflow {
    /// Reads a workflow file.
    #[must_use]
    pub fn read(bytes: Vec<u8>) -> Self {
        Self {
            tree: decode(bytes).ok().map(|text| parse(Format::Yaml, text)),
        }
    }

    /// Reads an action that is made of steps, whatever file it stands in; none if it is anything else, or an object.
    #[must_use]
    pub fn composite(bytes: &[u8]) -> Option<Self> {
        memchr::memmem::find(bytes, b"composite")?;
        let action = Self::read(bytes.to_vec());
        let root = action.root()?;
        let is_one = composite(root).is_some() && root.get("apiVersion").is_none();
        // What stands behind a first document may be an object.
        let documents = action
            .tree
            .as_ref()
            .map_or(0, |tree| tree.documents().len());
        (is_one && documents == 1).then_some(action)
    }

    /// The text of the file, if it is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.tree.as_ref().map(Tree::text)
    }

    fn root(&self) -> Option<Node<'_>> {
        let tree = self.tree.as_ref()?;
        let root = tree.root(tree.documents().first()?);
        (tree.problems().is_empty() && root.is_mapping()).then_some(root)
    }

    /// True if the file is a YAML mapping throughout: what else it may be, GitHub runs nothing of it.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.root().is_some()
    }

    /// Where the reader stopped.
    #[must_use]
    pub fn stopped_at(&self) -> Span {
        let problem = self.tree.as_ref().and_then(|tree| tree.problems().first());
        problem.map(|problem| problem.at).unwrap_or_default()
    }

    /// The steps that run tidegate, in order.
    #[must_use]
    pub fn steps(&self, path: &Arc<str>) -> Vec<Step> {
        self.root()
            .map(|root| step::all(root, path))
            .unwrap_or_default()
    }

    /// The steps that set up a version of Node.js.
    #[must_use]
    pub fn node_setups(&self) -> Vec<NodeSetup<'_>> {
        self.root().map(setup_node::all).unwrap_or_default()
    }

    /// The images that its jobs name.
    #[must_use]
    pub fn job_images(&self) -> Vec<JobImage<'_>> {
        self.root().map(job_image::all).unwrap_or_default()
    }

    /// The variables that it sets.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable<'_>> {
        self.root().map(settings::variables).unwrap_or_default()
    }

    /// The scripts of its steps.
    #[must_use]
    pub fn scripts(&self) -> Vec<Script<'_>> {
        self.root().map(settings::scripts).unwrap_or_default()
    }

    /// The line to point at for what is gone from a job: the job's own, else that of all jobs.
    #[must_use]
    pub fn place_of_job(&self, job: &str) -> Span {
        let Some(jobs) = self.root().and_then(|root| root.entry("jobs")) else {
            return Span::default();
        };
        jobs.value.entry(job).unwrap_or(jobs).key.span()
    }
}

/// A scalar as it was meant: YAML for Kubernetes makes booleans of words that GitHub takes for text.
fn scalar(node: Node<'_>) -> Option<&str> {
    if node.is_null() || node.is_mapping() || node.is_sequence() {
        return None;
    }
    Some(node.as_str().unwrap_or_else(|| node.source()).trim())
}
