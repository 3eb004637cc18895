//! Which request means what: who asks, whether they may, and who answers.

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::answer::Answer;
use super::record::Recorded;
use super::state::{Access, State};
use super::trouble::{Fate, meet};
use super::{code_scanning, contents, graphql, issues, pulls, reviews};

/// A request that got through.
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a [(String, String)],
    pub(crate) accept: &'a str,
    /// The whole address without the query.
    pub(crate) url: String,
    pub(crate) body: &'a [u8],
}

impl Asked<'_> {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body, which must be an object of JSON.
    pub(crate) fn json(&self) -> Result<Value, Answer> {
        match serde_json::from_slice(self.body) {
            Ok(value @ Value::Object(_)) => Ok(value),
            _ => Err(Answer::refused(400, "Problems parsing JSON")),
        }
    }
}

/// Serves one request, and notes it.
pub(crate) fn serve(state: &mut State, request: &Request) -> ResponseTemplate {
    let header = |name: &str| {
        let value = request.headers.get(name)?;
        Some(value.to_str().expect("it is a header").to_owned())
    };
    let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
    let full_path = request.url.path().to_owned();
    let path = below_prefix(state, &full_path);
    let method = request.method.as_str();
    let mut recorded = Recorded {
        method: method.to_owned(),
        host: header("host").unwrap_or_default(),
        path: path.clone().unwrap_or_else(|| full_path.clone()),
        query: query.clone(),
        authorization: header("authorization"),
        accept: header("accept"),
        body: request.body.clone(),
        status: 0,
    };
    let asked = Asked {
        query: &query,
        accept: recorded.accept.as_deref().unwrap_or_default(),
        url: format!("{}{full_path}", state.origin),
        body: &request.body,
    };
    let answer = if header("user-agent").is_none() {
        Answer::refused(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
        )
    } else {
        match path {
            None => Answer::not_found(),
            Some(path) => answer(
                state,
                method,
                &path,
                &asked,
                recorded.authorization.as_deref(),
            ),
        }
    };
    recorded.status = answer.status;
    state.requests.push(recorded);
    answer.send(!state.is_enterprise)
}

/// The path as the documentation writes it; none where this server has no API.
fn below_prefix(state: &State, path: &str) -> Option<String> {
    if !state.is_enterprise {
        return (!path.starts_with("/api/")).then(|| path.to_owned());
    }
    if path == "/api/graphql" {
        return Some("/graphql".to_owned());
    }
    let rest = path.strip_prefix("/api/v3")?;
    // GraphQL is not below `v3` there.
    (rest.starts_with('/') && rest != "/graphql").then(|| rest.to_owned())
}

fn answer(
    state: &mut State,
    method: &str,
    path: &str,
    asked: &Asked<'_>,
    authorization: Option<&str>,
) -> Answer {
    let fate = meet(state, method, path, asked.body);
    if let Fate::Answered(answer) = fate {
        return answer;
    }
    if let Err(answer) = authenticate(state, path, authorization) {
        return answer;
    }
    let answer = route(state, method, path, asked).unwrap_or_else(|answer| answer);
    if matches!(method, "POST" | "PATCH" | "PUT") && answer.status < 300 && path != "/graphql" {
        state.written += 1;
    }
    match fate {
        Fate::Lost => Answer::unavailable(502),
        _ => answer,
    }
}

fn authenticate(state: &State, path: &str, authorization: Option<&str>) -> Result<(), Answer> {
    let Some(authorization) = authorization else {
        // Anyone may read a public repository, but GraphQL wants to know who.
        if path == "/graphql" {
            return Err(Answer::refused(
                401,
                "This endpoint requires you to be authenticated.",
            ));
        }
        return Ok(());
    };
    let (scheme, value) = authorization.split_once(' ').unwrap_or_default();
    let is_known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    if is_known && value == state.token.value {
        Ok(())
    } else {
        Err(Answer::refused(401, "Bad credentials"))
    }
}

/// Says no where the token does not reach; reading what is public needs no permission.
pub(crate) fn need(state: &State, any_of: &[&str], access: Access) -> Result<(), Answer> {
    let is_open = access == Access::Read && !state.is_private;
    if is_open || any_of.iter().any(|name| state.token.may(name, access)) {
        return Ok(());
    }
    let level = if access == Access::Read {
        "read"
    } else {
        "write"
    };
    let needed: Vec<String> = any_of
        .iter()
        .map(|name| format!("{name}={level}"))
        .collect();
    Err(Answer::not_accessible(&needed.join("; ")))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Answer> {
    text.parse().map_err(|_| Answer::not_found())
}

fn route(state: &mut State, method: &str, path: &str, asked: &Asked<'_>) -> Result<Answer, Answer> {
    if path == "/graphql" {
        return if method == "POST" {
            graphql::serve(state, asked)
        } else {
            Err(Answer::not_found())
        };
    }
    if path == "/user" {
        return Err(Answer::not_accessible(""));
    }
    if let Some(rest) = below_former_name(state, path) {
        let status = if method == "GET" { 301 } else { 307 };
        let prefix = if state.is_enterprise { "/api/v3" } else { "" };
        let place = format!("{}{prefix}/repositories/1{rest}", state.origin);
        return Err(Answer::refused(status, "Moved Permanently").with("location", place));
    }
    let inside = format!("/repos/{}", state.repository);
    let rest = path.strip_prefix(&inside);
    let rest = rest.or_else(|| path.strip_prefix("/repositories/1"));
    let rest = rest.ok_or_else(Answer::not_found)?;
    let parts: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
    if matches!(method, "POST" | "PATCH" | "PUT") && state.written >= state.figures.writes {
        return Err(Answer::secondary_limit(403, Some(60)));
    }
    match (method, parts.as_slice()) {
        ("GET", [""]) => Ok(Answer::json(200, repository(state))),
        ("GET", ["pulls"]) => pulls::list(state, asked),
        ("GET", ["pulls", n]) => pulls::get(state, number(n)?, asked),
        ("GET", ["pulls", n, "files"]) => pulls::files(state, number(n)?, asked),
        ("GET", ["commits", sha, "pulls"]) => pulls::of_commit(state, sha, asked),
        ("GET", ["pulls", n, "reviews"]) => reviews::list(state, number(n)?, asked),
        ("POST", ["pulls", n, "reviews"]) => reviews::create(state, number(n)?, asked),
        ("GET", ["pulls", n, "comments"]) => reviews::list_comments(state, number(n)?, asked),
        ("POST", ["pulls", n, "comments"]) => reviews::create_comment(state, number(n)?, asked),
        ("POST", ["pulls", n, "comments", id, "replies"]) => {
            reviews::reply(state, number(n)?, number(id)?, asked)
        }
        ("PATCH", ["pulls", "comments", id]) => reviews::edit_comment(state, number(id)?, asked),
        ("DELETE", ["pulls", "comments", id]) => reviews::delete_comment(state, number(id)?),
        ("GET", ["issues", n, "comments"]) => issues::list(state, number(n)?, asked),
        ("POST", ["issues", n, "comments"]) => issues::create(state, number(n)?, asked),
        ("PATCH", ["issues", "comments", id]) => issues::edit(state, number(id)?, asked),
        ("DELETE", ["issues", "comments", id]) => issues::delete(state, number(id)?),
        ("POST", ["code-scanning", "sarifs"]) => code_scanning::upload(state, asked),
        ("GET", ["code-scanning", "analyses"]) => code_scanning::analyses(state, asked),
        ("GET", ["code-scanning", "sarifs", id]) => code_scanning::status(state, id),
        ("GET", ["compare", ends @ ..]) => contents::compare(state, &ends.join("/"), asked),
        ("GET", ["commits", sha]) => contents::commit(state, sha),
        ("GET", ["git", "commits", sha]) => contents::git_commit(state, sha),
        ("GET", ["git", "trees", sha]) => contents::tree(state, sha, asked),
        ("GET", ["git", "blobs", sha]) => contents::blob(state, sha, asked),
        ("GET", ["tarball", reference @ ..]) => contents::tarball(state, &reference.join("/")),
        _ => Err(Answer::not_found()),
    }
}

/// What follows the name that the repository had.
fn below_former_name<'p>(state: &State, path: &'p str) -> Option<&'p str> {
    let former = state.former_name.as_ref()?;
    path.strip_prefix("/repos/")?.strip_prefix(former.as_str())
}

pub(crate) fn repository(state: &State) -> Value {
    let (owner, name) = state
        .repository
        .split_once('/')
        .expect("it is owner and name");
    json!({
        "id": 1,
        "node_id": "R_1",
        "name": name,
        "full_name": state.repository,
        "private": state.is_private,
        "fork": false,
        "default_branch": "main",
        "owner": user(owner),
    })
}

/// An account, told by its name; bots end in `[bot]`.
pub(crate) fn user(login: &str) -> Value {
    let app = login.strip_suffix("[bot]");
    let page = app.map_or_else(|| login.to_owned(), |app| format!("apps/{app}"));
    let escaped = login.replace('[', "%5B").replace(']', "%5D");
    json!({
        "login": login,
        "id": login.bytes().map(u64::from).sum::<u64>(),
        "node_id": format!("U_{login}"),
        "type": if app.is_some() { "Bot" } else { "User" },
        "site_admin": false,
        "url": format!("https://api.github.example/users/{escaped}"),
        "html_url": format!("https://github.example/{page}"),
        "avatar_url": "https://avatars.github.example/u/1",
    })
}
