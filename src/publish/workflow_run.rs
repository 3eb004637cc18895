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
    /// Who owns that repository, and the branch that the commit was at the tip of, where GitHub says it.
    pub head_branch: Option<(String, String)>,
}

/// What GitHub knows of the pull request of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is open, and the commit is at its tip.
    Pull(Pull),
    /// It is open, and another commit is at its tip by now.
    MovedOn,
    /// No open pull request comes from there.
    Nothing,
}

#[derive(Deserialize)]
struct Payload {
    workflow_run: Option<Run>,
}

#[derive(Deserialize)]
struct Run {
    head_sha: Option<String>,
    event: Option<String>,
    head_branch: Option<String>,
    head_repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: Option<String>,
    owner: Option<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    login: Option<String>,
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
        let (head_repository, owner) = match run.head_repository {
            Some(found) => (found.full_name, found.owner.and_then(|owner| owner.login)),
            None => (None, None),
        };
        let is_there = |text: &String| !text.is_empty();
        let owner = owner.filter(is_there);
        Ok(Self {
            head,
            head_repository: head_repository
                .ok_or_else(|| wrong("does not say where the commit comes from"))?,
            head_branch: owner.zip(run.head_branch.filter(is_there)),
        })
    }

    /// The open pull request that this commit is the tip of. All that it is looked for by is the event's: the branch first,
    /// as GitHub knows no pull request of a commit that only a fork has; then the commit, which a branch may share.
    ///
    /// # Errors
    /// [`Failure::Rejected`] if there are several; else what GitHub says.
    pub async fn pull(&self, client: &Client) -> Result<Found, Failure> {
        let from_there = |pulls: Vec<Pull>| -> Vec<Pull> {
            let is_from_there = |pull: &Pull| {
                let comes_from = pull.head_repository.as_deref();
                pull.state == "open"
                    && comes_from
                        .is_some_and(|name| name.eq_ignore_ascii_case(&self.head_repository))
            };
            pulls.into_iter().filter(is_from_there).collect()
        };
        let mut pulls = match &self.head_branch {
            Some((owner, branch)) => from_there(client.pulls_from(owner, branch).await?),
            None => Vec::new(),
        };
        if pulls.is_empty() {
            pulls = match client.pulls_of_commit(&self.head).await {
                Ok(pulls) => from_there(pulls),
                // It has no such commit.
                Err(Failure::NotFound | Failure::Rejected { .. }) => Vec::new(),
                Err(failure) => return Err(failure),
            };
        }
        let is_there = !pulls.is_empty();
        let mut pulls = pulls.into_iter().filter(|pull| pull.head_sha == self.head);
        let Some(first) = pulls.next() else {
            return Ok(if is_there {
                Found::MovedOn
            } else {
                Found::Nothing
            });
        };
        match pulls.next() {
            None => Ok(Found::Pull(first)),
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
        let fork = r#"{"full_name": "eve/deploy", "owner": {"login": "eve"}}"#;
        let expected = |head_branch| WorkflowRun {
            head: sha.clone(),
            head_repository: "eve/deploy".to_owned(),
            head_branch,
        };
        let text = payload("pull_request", &sha, fork);
        assert_eq!(WorkflowRun::parse(text.as_bytes()).unwrap(), expected(None));
        let text = text.replace(
            r#""pull_requests""#,
            r#""head_branch": "fix/it", "pull_requests""#,
        );
        let branch = ("eve".to_owned(), "fix/it".to_owned());
        assert_eq!(
            WorkflowRun::parse(text.as_bytes()).unwrap(),
            expected(Some(branch))
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
