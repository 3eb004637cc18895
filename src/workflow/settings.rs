//! The variables that a workflow sets, and the scripts that it runs.

use crate::syntax::{Entry, Node};

use super::{jobs, scalar};

/// The most variables and scripts that are told apart in one workflow.
const MOST: usize = 1024;

/// A variable that a workflow sets for some of its steps.
#[derive(Clone, Copy, Debug)]
pub struct Variable<'a> {
    /// The job that it is set for; none where it is set for all of them.
    pub job: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// The value as it was meant: without quotes.
    pub text: &'a str,
    /// The node of the value.
    pub value: Node<'a>,
}

/// A script of a step.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// The job that runs it.
    pub job: &'a str,
    /// The node of its text.
    pub text: Node<'a>,
}

/// Source: the workflow syntax of GitHub Actions (`env`, `jobs.<id>.env`, `.container.env`, `.services.<id>.env`,
/// `.steps[*].env`).
pub(super) fn variables(root: Node<'_>) -> Vec<Variable<'_>> {
    let mut found = of_env(root, None);
    for job in jobs(root) {
        let name = Some(job.key.key_text());
        let services = job.value.get("services").into_iter();
        let services = services.flat_map(Node::entries).map(|entry| entry.value);
        let holders = std::iter::once(job.value)
            .chain(job.value.get("container"))
            .chain(services)
            .chain(steps(job));
        for holder in holders {
            found.extend(of_env(holder, name));
            if found.len() >= MOST {
                return found;
            }
        }
    }
    found
}

/// Source: `jobs.<id>.steps[*].run`.
pub(super) fn scripts(root: Node<'_>) -> Vec<Script<'_>> {
    let scripts = jobs(root).flat_map(|job| {
        let texts = steps(job).filter_map(|step| step.get("run"));
        let texts = texts.filter(|text| text.as_str().is_some());
        texts.map(move |text| Script {
            job: job.key.key_text(),
            text,
        })
    });
    scripts.take(MOST).collect()
}

fn steps(job: Entry<'_>) -> impl Iterator<Item = Node<'_>> {
    job.value.get("steps").into_iter().flat_map(Node::items)
}

fn of_env<'a>(holder: Node<'a>, job: Option<&'a str>) -> Vec<Variable<'a>> {
    let entries = holder.get("env").into_iter().flat_map(Node::entries);
    entries
        .filter_map(|entry| {
            Some(Variable {
                job,
                name: entry.key.key_text(),
                text: scalar(entry.value)?,
                value: entry.value,
            })
        })
        .take(MOST)
        .collect()
}
