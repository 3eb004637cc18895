//! How a run writes: once, no more than it may, and again only where GitHub surely kept nothing.

use std::time::Duration;

use crate::github::{Failure, Patience, TokenKind};

use super::capability::Feature;

/// The most writes of one run beside the summary: several times as many as it takes to edit, to fold and to open again
/// all comments that one review and what it left to files may hold, many of them in each. What is left is done by the next run. GitHub allows about 80
/// a minute and 500 an hour.
const MOST: usize = 24;

/// Paces that GitHub asks to wait where its limit on bursts names no time.
const PACES_AFTER_BURST: u32 = 60;

/// What a run may still write, and how long it may still wait for that.
#[derive(Debug)]
pub(super) struct Writes {
    left: usize,
    pace: Duration,
    budget: Duration,
}

impl Writes {
    pub(super) fn new(patience: Patience) -> Self {
        Self {
            left: MOST,
            pace: patience.pace,
            budget: patience.budget,
        }
    }

    /// The unit of waits.
    pub(super) fn pace(&self) -> Duration {
        self.pace
    }

    /// True once something was written.
    pub(super) fn has_written(&self) -> bool {
        self.left < MOST
    }

    /// True if there is room for as many more.
    pub(super) fn has_room(&self, number: usize) -> bool {
        self.left >= number
    }

    /// Waits, if the time is there.
    pub(super) async fn wait(&mut self, time: Duration) -> bool {
        let Some(left) = self.budget.checked_sub(time) else {
            return false;
        };
        self.budget = left;
        tokio::time::sleep(time).await;
        true
    }

    /// Writes. What met a limit was not kept, and is tried once more when the limit is over, if that is soon.
    pub(super) async fn once<T, F: Future<Output = Result<T, Failure>>>(
        &mut self,
        write: impl Fn() -> F,
    ) -> Result<T, Failure> {
        self.left = self.left.saturating_sub(1);
        let first = write().await;
        let Err(Failure::Limited { wait, .. }) = &first else {
            return first;
        };
        let wait = wait.unwrap_or(self.pace * PACES_AFTER_BURST);
        if self.wait(wait).await {
            write().await
        } else {
            first
        }
    }
}

/// What a failure means for a feature, and what grants it.
pub(super) fn explain(failure: &Failure, feature: Feature, token: TokenKind) -> String {
    let grant = feature.grant(token);
    match failure {
        Failure::Denied { message } if failure.lacks_permission() => {
            format!("GitHub says \"{message}\"; {grant}")
        }
        // Whatever it is, another line in the workflow does not mend it.
        Failure::Denied { message } => format!("GitHub says \"{message}\""),
        Failure::NotFound => format!(
            "GitHub knows no such thing, or hides it from this token; {grant}"
        ),
        Failure::CodeSecurityOff => {
            "code scanning is not enabled on this repository; the SARIF file is written all the same".to_owned()
        }
        Failure::BadCredentials => {
            "GitHub does not accept the token; write `github-token: ${{ github.token }}` under `with:` of this step".to_owned()
        }
        Failure::Limited { .. } => {
            format!("{failure}, and it lasts longer than this run waits; the next run goes on")
        }
        Failure::TooLarge
        | Failure::Rejected { .. }
        | Failure::Unavailable { .. }
        | Failure::Malformed { .. } => failure.to_string(),
    }
}
