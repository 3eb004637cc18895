//! The two sides of a change through GitHub's API, where the checkout lacks the history or where there is none.

use super::compared::{Compared, tip};
use crate::change::api::{self, Wanted};
use crate::change::git::Repository;
use crate::change::{Relevance, Side};
use crate::config;
use crate::error::Error;
use crate::event::{Base, Environment, Target};
use crate::github::Client;
use crate::http::{Proxies, block_on};
use crate::run::settings_files::is_settings;
use crate::run::sides::Tip;
use crate::snapshot::load::is_relevant;

/// GitHub, for a run that has a token.
#[derive(Debug)]
pub(super) struct Remote {
    client: Client,
}

impl Remote {
    /// GitHub as the environment names it; none without a token, or where the network is to be left alone.
    ///
    /// # Errors
    /// [`Error::Event`] if the environment names no GitHub, or something that is no token.
    pub(super) fn of(environment: &Environment, offline: bool) -> Result<Option<Self>, Error> {
        if let Some(why) = environment.misplaced_token().filter(|_| !offline) {
            return Err(Error::Event(why));
        }
        let Some(connection) = environment.connection().filter(|_| !offline) else {
            return Ok(None);
        };
        let client = Client::patient(connection, environment.patience(), Proxies::System)
            .map_err(|failure| Error::Event(format!("GitHub cannot be asked: {failure}")))?;
        Ok(Some(Self { client }))
    }

    /// What speaks with it.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// True unless GitHub says that what a queue tries is a branch of this repository.
    pub(super) fn may_queue_a_fork(&self, target: &Target) -> bool {
        let Some(number) = target.queued else {
            return true;
        };
        let Ok(Ok(pull)) = block_on(self.client.pull(number)) else {
            return true;
        };
        let repository = target.repository.as_deref().unwrap_or_default();
        let head = pull.head_repository.as_deref();
        !head.is_some_and(|head| head.eq_ignore_ascii_case(repository))
    }

    /// The two sides, as far as possible from what `repository` has. Where the head has moved on meanwhile, the commit of
    /// the event is judged nevertheless, as it is with a checkout; only nothing is written about it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::HistoryMissing`], so that the run is incomplete.
    pub(super) fn compared(
        &self,
        repository: Option<&Repository>,
        target: &Target,
    ) -> Result<Compared, Error> {
        block_on(self.ask(repository, target))
            .map_err(|failure| Error::Unavailable(failure.to_string()))?
    }

    async fn ask(
        &self,
        repository: Option<&Repository>,
        target: &Target,
    ) -> Result<Compared, Error> {
        let (base, reason) = match &target.base {
            Base::Tip(tip) => {
                let base = api::merge_base(&self.client, tip, &target.head).await?;
                (base, None)
            }
            Base::Head(reason) => (target.head.clone(), Some(*reason)),
        };
        let whole = |commit| Wanted {
            commit,
            is_relevant,
            is_read: |_| true,
        };
        let wanted = [
            // The head first: nearly all of the base is in it.
            whole(target.head.as_str()),
            whole(base.as_str()),
            Wanted {
                commit: tip(target),
                is_relevant: |path| Relevance::own_if(governs(path)),
                is_read: governs,
            },
        ];
        let sides = api::sides(&self.client, repository, &wanted).await?;
        let [head, base, tip]: [Side; 3] = sides
            .try_into()
            .map_err(|_| Error::Unavailable("not all commits were read".to_owned()))?;
        Ok(Compared {
            base,
            head,
            tip: Tip::Side(Box::new(tip)),
            note: Some(reason.unwrap_or(match repository {
                Some(_) => "the checkout lacks what is to be compared, which was read through the API of GitHub",
                None => "there is no checkout: all files were read through the API of GitHub",
            })),
        })
    }
}

/// What counts of the tip: the configuration, and where packages come from.
fn governs(path: &str) -> bool {
    config::PATHS.contains(&path) || is_settings(path)
}
