//! What goes wrong, once or for good: limits, outages, and others who act meanwhile.

use super::answer::Answer;
use super::state::State;

/// What happens to a request.
pub(crate) enum Mishap {
    /// The hourly limit is used up; seconds until it is not.
    PrimaryLimit { status: u16, reset_in: u64 },
    /// Too much at once; seconds to wait, if GitHub says how many.
    SecondaryLimit {
        status: u16,
        retry_after: Option<u64>,
    },
    /// The change is made, and the answer gets lost.
    LostAnswer,
    /// No answer of GitHub's own at all.
    Unavailable(u16),
    /// A refusal in the words of GitHub.
    Refused(u16, &'static str),
    /// Something else happens just before the request is served.
    Meanwhile(Box<dyn FnMut(&mut State) + Send>),
}

/// A mishap and the requests that meet it.
pub(crate) struct Trouble {
    pub(crate) method: &'static str,
    /// How the path ends, or what a GraphQL document holds.
    pub(crate) what: &'static str,
    /// How many requests are let through before it.
    pub(crate) after: usize,
    /// How many requests meet it.
    pub(crate) times: usize,
    pub(crate) mishap: Mishap,
}

impl Trouble {
    pub(crate) fn once(method: &'static str, what: &'static str, mishap: Mishap) -> Self {
        Self {
            method,
            what,
            after: 0,
            times: 1,
            mishap,
        }
    }

    pub(crate) fn always(method: &'static str, what: &'static str, mishap: Mishap) -> Self {
        Self {
            times: usize::MAX,
            ..Self::once(method, what, mishap)
        }
    }

    fn meets(&self, method: &str, path: &str, body: &[u8]) -> bool {
        let is_here = path.ends_with(self.what)
            || (path == "/graphql"
                && !self.what.is_empty()
                && String::from_utf8_lossy(body).contains(self.what));
        self.method == method && is_here
    }
}

/// What became of a request before it was served.
pub(crate) enum Fate {
    Served,
    /// Served, with the answer thrown away.
    Lost,
    Answered(Answer),
}

/// Looks for the first trouble that a request runs into.
pub(crate) fn meet(state: &mut State, method: &str, path: &str, body: &[u8]) -> Fate {
    let mut troubles = std::mem::take(&mut state.troubles);
    let mut fate = Fate::Served;
    for trouble in &mut troubles {
        if trouble.times == 0 || !trouble.meets(method, path, body) {
            continue;
        }
        if trouble.after > 0 {
            trouble.after -= 1;
            continue;
        }
        trouble.times -= 1;
        fate = match &mut trouble.mishap {
            Mishap::PrimaryLimit { status, reset_in } => {
                Fate::Answered(Answer::primary_limit(*status, *reset_in))
            }
            Mishap::SecondaryLimit {
                status,
                retry_after,
            } => Fate::Answered(Answer::secondary_limit(*status, *retry_after)),
            Mishap::LostAnswer => Fate::Lost,
            Mishap::Unavailable(status) => Fate::Answered(Answer::unavailable(*status)),
            Mishap::Refused(status, message) => Fate::Answered(Answer::refused(*status, message)),
            Mishap::Meanwhile(act) => {
                act(state);
                continue;
            }
        };
        break;
    }
    troubles.append(&mut state.troubles);
    state.troubles = troubles;
    fate
}
