//! Which pull request a saved report belongs to, by the event `workflow_run`: never by the report, which whoever wrote the
//! pull request may have written as well.

use serde::Deserialize;

use crate::error::Error;
use crate::github::{Client, Failure, Pull};

/// The run that ended, as GitHub describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRun {
    /// The commit at the tip of the pull request when the run started.
    pub head: String,
    /// `owner/name` of where that commit comes from.
    pub head_repository: String,
}

#[derive(Deserialize)]
struct Payload {
    workflow_run: Option<Run>,
}

#[derive(Deserialize)]
struct Run {
    head_sha: Option<String>,
    event: Option<String>,
    head_repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: Option<String>,
}

impl WorkflowRun {
    /// Reads the payload of the event.
    ///
    /// # Errors
    /// [`Error::Event`] if it is another event, or the run that ended was none for a pull request.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let wrong = |what: &str| Error::Event(format!("the event {what}"));
        let payload: Payload = serde_json::from_slice(payload).map_err(|error| {
            // The error may hold all that stands there.
            let why: String = error.to_string().chars().take(300).collect();
            Error::Event(format!("the event cannot be understood: {why}"))
        })?;
        let run = payload.workflow_run.ok_or_else(|| {
            wrong("names no run: `tidegate publish` runs in a workflow `on: workflow_run`")
        })?;
        if run.event.as_deref() != Some("pull_request") {
            return Err(wrong(
                "is the end of a run that was started by no pull request: add `if: github.event.workflow_run.event == 'pull_request'`",
            ));
        }
        let head = run.head_sha.unwrap_or_default();
        if !is_commit(&head) {
            return Err(wrong("names no commit"));
        }
        let repository = run.head_repository.and_then(|found| found.full_name);
        Ok(Self {
            head,
            head_repository: repository
                .ok_or_else(|| wrong("does not say where the commit comes from"))?,
        })
    }

    /// The open pull request that this commit is the tip of.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if there is none, [`Failure::Rejected`] if there are several; else what GitHub says.
    pub async fn pull(&self, client: &Client) -> Result<Pull, Failure> {
        let pulls = client.pulls_of_commit(&self.head).await?;
        let mut pulls = pulls.into_iter().filter(|pull| {
            let comes_from = pull.head_repository.as_deref();
            pull.state == "open"
                && pull.head_sha == self.head
                && comes_from.is_some_and(|name| name.eq_ignore_ascii_case(&self.head_repository))
        });
        let first = pulls.next().ok_or(Failure::NotFound)?;
        match pulls.next() {
            None => Ok(first),
            Some(second) => Err(Failure::Rejected {
                message: format!(
                    "the commit is the tip of the pull requests {} and {}, and the report is about one of them",
                    first.number, second.number
                ),
                errors: Vec::new(),
            }),
        }
    }
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_run_for_a_pull_request_counts() {
        let sha = "a".repeat(40);
        let payload = |event: &str, sha: &str, repository: &str| {
            format!(
                r#"{{"workflow_run": {{"event": "{event}", "head_sha": "{sha}", "head_repository": {repository}, "pull_requests": []}}}}"#
            )
        };
        let fork = r#"{"full_name": "eve/deploy"}"#;
        assert_eq!(
            WorkflowRun::parse(payload("pull_request", &sha, fork).as_bytes()).unwrap(),
            WorkflowRun {
                head: sha.clone(),
                head_repository: "eve/deploy".to_owned()
            }
        );
        for wrong in [
            payload("push", &sha, fork),
            payload("pull_request", "main", fork),
            payload("pull_request", &sha, "null"),
            "{}".to_owned(),
            "[".to_owned(),
        ] {
            assert!(
                matches!(WorkflowRun::parse(wrong.as_bytes()), Err(Error::Event(_))),
                "{wrong}"
            );
        }
    }
}
