//! Which versions of Node.js the jobs of a workflow set up, or the steps of a composite action.

use crate::syntax::{Entry, Node, Span};

use super::trigger::on;
use super::{composite, jobs, scalar};

/// A step that sets up Node.js.
#[derive(Clone, Debug)]
pub struct NodeSetup<'a> {
    /// The id of the job; none in an action.
    pub job: Option<&'a str>,
    /// The versions as they are written: one, or all that a matrix runs through.
    pub versions: Vec<&'a str>,
    /// The place to edit: the value, or the list of the matrix.
    pub at: Span,
}

/// The most steps that are told apart in one workflow.
const MOST: usize = 256;

/// The steps of a workflow that name a version of Node.js.
pub(super) fn all(root: Node<'_>) -> Vec<NodeSetup<'_>> {
    let mut found = Vec::new();
    for job in jobs(root) {
        let steps = job.value.get("steps").into_iter().flat_map(Node::items);
        // A job may be a workflow that is called.
        let steps = steps.chain([job.value]);
        for step in steps.filter(|step| step.is_mapping()) {
            if found.len() >= MOST {
                return found;
            }
            found.extend(setup(root, &job, step));
        }
    }
    found
}

fn setup<'a>(root: Node<'a>, job: &Entry<'a>, step: Node<'a>) -> Option<NodeSetup<'a>> {
    let uses = scalar(step.get("uses")?)?;
    let action = uses.split('@').next()?;
    // What the repository itself calls so hands it on to that.
    if !action.eq_ignore_ascii_case("actions/setup-node") && !action.starts_with("./") {
        return None;
    }
    let version = step.get("with")?.get("node-version")?;
    let text = scalar(version)?;
    let (versions, at) = match expression(text) {
        None if text.is_empty() || text.contains("${{") => return None,
        None => (vec![text], version.span()),
        Some(expression) => match expression.rsplit_once("||") {
            None => given(root, job, step, expression)?,
            // Where nothing says another one, it is the last.
            Some((before, last)) => {
                let last = literal(last)?;
                let from = text.rfind(last)?;
                let range = from..from + last.len();
                let place = version.parts(&[range]).pop().flatten();
                let own = (vec![last], place.unwrap_or(version.span()));
                given(root, job, step, before.trim()).unwrap_or(own)
            }
        },
    };
    Some(NodeSetup {
        job: composite(root).is_none().then(|| job.key.key_text()),
        versions,
        at,
    })
}

/// The versions that an expression comes to, and the place to edit.
fn given<'a>(
    root: Node<'a>,
    job: &Entry<'a>,
    step: Node<'a>,
    expression: &str,
) -> Option<(Vec<&'a str>, Span)> {
    if let Some(name) = expression.strip_prefix("env.") {
        let value = [step, job.value, root]
            .into_iter()
            .find_map(|place| place.get("env")?.get(name))?;
        let text = scalar(value).filter(|text| !text.contains("${{"))?;
        return Some((vec![text], value.span()));
    }
    if let Some(name) = key_of("inputs", expression) {
        // Who calls it may say another one, which is judged there, if it is called `node-version` there.
        let default = inputs(root)?.get(name)?.get("default")?;
        let text = scalar(default).filter(|text| !text.is_empty() && !text.contains("${{"))?;
        return Some((vec![text], default.span()));
    }
    let name = key_of("matrix", expression)?;
    let matrix = job.value.get("strategy")?.get("matrix")?;
    let list = matrix.entry(name).filter(|entry| entry.value.is_sequence());
    let included = matrix.get("include").into_iter().flat_map(Node::items);
    let included: Vec<_> = included.filter_map(|item| item.entry(name)).collect();
    let at = list.as_ref().or(included.first())?;
    let values = list.iter().flat_map(|entry| entry.value.items());
    let values = values.chain(included.iter().map(|entry| entry.value));
    // One value that is not known makes the whole of them unknown.
    let versions: Option<Vec<_>> = values
        .map(|value| scalar(value).filter(|text| !text.contains("${{")))
        .collect();
    let versions = versions.filter(|versions| !versions.is_empty())?;
    Some((versions, at.key.span().to(at.value.span())))
}

/// A text of an expression, without its quotes.
fn literal(operand: &str) -> Option<&str> {
    let text = operand.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    (!text.is_empty() && !text.contains('\'')).then_some(text)
}

/// What callers may say: to an action, or to a workflow that others call or that a person starts.
fn inputs(root: Node<'_>) -> Option<Node<'_>> {
    let of = |event: &str| on(root)?.value.get(event)?.get("inputs");
    let called = || of("workflow_call").or_else(|| of("workflow_dispatch"));
    root.get("inputs").or_else(called)
}

/// What stands in `${{ … }}`, where nothing stands around it.
fn expression(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("${{")?.strip_suffix("}}")?;
    (!inner.contains("${{")).then(|| inner.trim())
}

/// The key of `matrix.key` and `matrix['key']`, where that is the context.
fn key_of<'a>(context: &str, expression: &'a str) -> Option<&'a str> {
    let rest = expression.strip_prefix(context)?;
    let name = rest
        .strip_prefix('.')
        .or_else(|| rest.strip_prefix("['")?.strip_suffix("']"))?;
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    name.chars().all(is_name).then_some(name)
}
