//! A GitHub on this machine, in memory: it keeps what it is told, and refuses what GitHub refuses.
//!
//! `objects` has the commits of its one repository and `difference` the patches between them; `state` holds what was
//! said about its pull requests; `route` leads requests to `pulls`, `reviews`, `issues`, `code_scanning`, `contents`
//! and `graphql`; `trouble` breaks things on demand; `record` keeps what was asked. Archives come from a host of
//! their own, as they do there.

pub(crate) mod anchors;
pub(crate) mod answer;
pub(crate) mod archive;
pub(crate) mod code_scanning;
pub(crate) mod contents;
pub(crate) mod difference;
pub(crate) mod document;
pub(crate) mod graphql;
pub(crate) mod issues;
pub(crate) mod mutations;
pub(crate) mod nodes;
pub(crate) mod objects;
pub(crate) mod placing;
pub(crate) mod pulls;
pub(crate) mod record;
pub(crate) mod reviews;
pub(crate) mod route;
pub(crate) mod state;
pub(crate) mod trouble;

pub(crate) mod tests;

use std::sync::{Arc, Mutex};

use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use record::Recorded;
use state::State;

/// The servers, until they are dropped.
pub(crate) struct Github {
    state: Arc<Mutex<State>>,
    origin: String,
    is_enterprise: bool,
    _servers: [MockServer; 2],
}

type Serve = fn(&mut State, &Request) -> ResponseTemplate;

struct Responder(Arc<Mutex<State>>, Serve);

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().expect("no test failed in here");
        (self.1)(&mut state, request)
    }
}

impl Github {
    /// Serves a state on 127.0.0.1. The servers have threads of their own: the caller may block.
    pub(crate) fn start(state: State) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let state = Arc::new(Mutex::new(state));
        let start = async |serve: Serve| {
            let server = MockServer::builder()
                .disable_request_recording()
                .start()
                .await;
            Mock::given(any())
                .respond_with(Responder(Arc::clone(&state), serve))
                .mount(&server)
                .await;
            server
        };
        let servers =
            runtime.block_on(async { [start(route::serve).await, start(archive::serve).await] });
        let [origin, archive_origin] = [0, 1].map(|at: usize| servers[at].uri());
        let is_enterprise = {
            let mut state = state.lock().expect("nobody else has it yet");
            state.origin.clone_from(&origin);
            state.archive_origin = archive_origin;
            state.is_enterprise
        };
        Self {
            state,
            origin,
            is_enterprise,
            _servers: servers,
        }
    }

    /// Looks at the state, or changes it.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().expect("no answer failed"))
    }

    pub(crate) fn api_url(&self) -> String {
        let prefix = if self.is_enterprise { "/api/v3" } else { "" };
        format!("{}{prefix}", self.origin)
    }

    pub(crate) fn graphql_url(&self) -> String {
        let prefix = if self.is_enterprise { "/api" } else { "" };
        format!("{}{prefix}/graphql", self.origin)
    }

    /// What a runner tells a step about where GitHub is, and the token.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let server = if self.is_enterprise {
            self.origin.clone()
        } else {
            "https://github.example".to_owned()
        };
        vec![
            ("GITHUB_API_URL", self.api_url()),
            ("GITHUB_GRAPHQL_URL", self.graphql_url()),
            ("GITHUB_SERVER_URL", server),
            (
                "GITHUB_REPOSITORY",
                self.with(|state| {
                    let former = state.former_name.clone();
                    former.unwrap_or_else(|| state.repository.clone())
                }),
            ),
            (
                "INPUT_GITHUB-TOKEN",
                self.with(|state| state.token.value.clone()),
            ),
        ]
    }

    /// Everything that was asked so far, on both hosts.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.with(|state| state.requests.clone())
    }

    /// `METHOD /path` of what was asked, so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests().iter().map(Recorded::line).collect()
    }

    /// What was asked to be changed so far.
    pub(crate) fn writes(&self) -> Vec<Recorded> {
        let mut all = self.requests();
        all.retain(Recorded::is_write);
        all
    }

    /// Forgets what was asked, and starts to count anew.
    pub(crate) fn forget(&self) {
        self.with(|state| {
            state.requests.clear();
            state.written = 0;
        });
    }

    /// The token must have gone to the host of the API and nowhere else.
    #[track_caller]
    pub(crate) fn assert_token_stayed(&self) {
        let (host, token) = self.with(|state| {
            let host = state.origin.trim_start_matches("http://").to_owned();
            (host, state.token.value.clone())
        });
        for request in self.requests() {
            let is_elsewhere = request.host != host;
            assert!(
                !(is_elsewhere && request.authorization.is_some()),
                "{request:?}"
            );
            let body = String::from_utf8_lossy(&request.body);
            assert!(
                !body.contains(&token),
                "the token is in a body: {}",
                request.line()
            );
        }
    }
}
