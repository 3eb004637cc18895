//! What events and variables are read as.

use super::*;

const BASE: &str = "1111111111111111111111111111111111111111";
const HEAD: &str = "2222222222222222222222222222222222222222";
const MERGE: &str = "3333333333333333333333333333333333333333";
const NOTHING: &str = "0000000000000000000000000000000000000000";

fn parse(event: &str, payload: &str) -> Result<Target, Error> {
    let variables = [
        ("GITHUB_EVENT_NAME", event),
        ("GITHUB_SHA", MERGE),
        ("GITHUB_REF", "refs/pull/7/merge"),
        ("GITHUB_REPOSITORY", "shop/deploy"),
        ("GITHUB_SERVER_URL", "https://github.example"),
    ];
    let environment = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into_iter()
        .collect();
    Target::parse(&environment, payload.as_bytes())
}

fn error(event: &str, payload: &str) -> String {
    match parse(event, payload) {
        Err(Error::Event(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn pull_request(base: &str, head: &str, head_repo: &str) -> String {
    format!(
        r#"{{"action": "synchronize", "number": 7, "pull_request": {{
            "base": {{"sha": "{base}", "repo": {{"full_name": "shop/deploy"}}}},
            "head": {{"sha": "{head}", "repo": {head_repo}}}}}}}"#
    )
}

#[test]
fn a_pull_request_compares_its_head_with_the_tip_of_its_base() {
    let payload = pull_request(BASE, HEAD, r#"{"full_name": "shop/deploy"}"#);
    let target = parse("pull_request", &payload).unwrap();
    assert_eq!(target.base, Base::Tip(BASE.to_owned()));
    assert_eq!(target.head, HEAD);
    assert_eq!(target.merge.as_deref(), Some(MERGE));
    assert_eq!(target.pull_request, Some(7));
    assert_eq!(target.reference.as_deref(), Some("refs/pull/7/merge"));
    assert_eq!(target.repository.as_deref(), Some("shop/deploy"));
    assert!(!target.is_fork);
    // GITHUB_SHA of this event is the base, not a merge.
    let target = parse("pull_request_target", &payload).unwrap();
    assert_eq!((target.head.as_str(), target.merge), (HEAD, None));
}

#[test]
fn a_head_elsewhere_or_nowhere_is_a_fork() {
    for repo in [r#"{"full_name": "someone/deploy"}"#, "null"] {
        let target = parse("pull_request", &pull_request(BASE, HEAD, repo)).unwrap();
        assert!(target.is_fork, "{repo}");
    }
}

#[test]
fn a_merge_group_compares_both_its_ends() {
    let payload = format!(r#"{{"merge_group": {{"base_sha": "{BASE}", "head_sha": "{HEAD}"}}}}"#);
    let target = parse("merge_group", &payload).unwrap();
    // Nothing says where it comes from.
    assert!(target.is_fork && target.queued.is_none());
    for (name, expected) in [
        (
            "refs/heads/gh-readonly-queue/main/pr-104-0123abcd",
            Some(104),
        ),
        ("refs/heads/gh-readonly-queue/pr-9-x/y/pr-7-0", Some(7)),
        ("refs/heads/gh-readonly-queue/main/7", None),
        ("refs/heads/main/pr-7-0", None),
    ] {
        let payload = payload.replace(
            "{\"base_sha",
            &format!("{{\"head_ref\": \"{name}\", \"base_sha"),
        );
        let target = parse("merge_group", &payload).unwrap();
        assert_eq!(target.queued, expected, "{name}");
    }
    assert_eq!(target.base, Base::Tip(BASE.to_owned()));
    assert_eq!((target.head.as_str(), target.merge), (HEAD, None));
}

#[test]
fn a_push_compares_with_what_was_before_it() {
    let push = |before, after| format!(r#"{{"before": "{before}", "after": "{after}"}}"#);
    let target = parse("push", &push(BASE, HEAD)).unwrap();
    assert_eq!(target.base, Base::Tip(BASE.to_owned()));
    assert_eq!(target.head, MERGE);
    let target = parse("push", &push(NOTHING, HEAD)).unwrap();
    assert!(matches!(target.base, Base::Head(why) if why.contains("new branch")));
    assert!(error("push", &push(BASE, NOTHING)).contains("deleted"));
}

#[test]
fn the_clock_and_the_button_compare_the_commit_with_itself() {
    for event in ["schedule", "workflow_dispatch"] {
        let target = parse(event, r#"{"inputs": null, "schedule": "0 4 * * 1"}"#).unwrap();
        assert!(matches!(target.base, Base::Head(_)));
        assert_eq!(target.head, MERGE);
    }
}

#[test]
fn other_events_are_refused_with_those_that_work() {
    let text = error("issue_comment", "{}");
    assert!(
        text.contains("issue_comment") && text.contains("merge_group"),
        "{text}"
    );
}

#[test]
fn commits_must_look_like_commits() {
    for sha in [
        "",
        "main",
        "--upload-pack=x",
        "HEAD~1",
        &"g".repeat(40),
        &"1".repeat(41),
        "::error::x",
    ] {
        let text = error("pull_request", &pull_request(BASE, sha, "null"));
        assert!(text.starts_with("pull_request.head.sha is no"), "{text}");
    }
    assert!(parse("pull_request", &pull_request(BASE, &"a".repeat(64), "null")).is_ok());
    assert!(error("pull_request", "{}").contains("lacks pull_request.base.sha"));
    assert!(error("pull_request", "[").contains("cannot be understood"));
}

#[test]
fn the_token_is_no_variable_that_anybody_shows() {
    let environment = |pairs: &[(&str, &str)]| -> Environment {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let repository = ("GITHUB_REPOSITORY", "shop/deploy");
    let both = [
        repository,
        ("INPUT_GITHUB-TOKEN", "ghs_input"),
        ("GITHUB_TOKEN", "ghs_other"),
        ("GITHUB_API_URL", "https://ghe.example/api/v3"),
    ];
    let with_both = environment(&both);
    assert!(!format!("{with_both:?}").contains("ghs_"));
    assert_eq!(with_both.input("github-token"), None);
    assert_eq!(with_both.get("GITHUB_TOKEN"), None);
    let connection = with_both.connection().unwrap();
    assert_eq!(connection.token, Token::new("ghs_input"));
    assert_eq!(connection.graphql_url, "https://ghe.example/api/graphql");
    let broken = environment(&[repository, ("INPUT_GITHUB-TOKEN", "ghs_a\nb")]);
    assert_eq!(broken.connection(), None);
    let why = broken.misplaced_token().unwrap();
    assert!(
        why.contains("`github-token`") && !why.contains("ghs_"),
        "{why}"
    );
    let beside = environment(&[
        repository,
        ("INPUT_GITHUB-TOKEN", "a b"),
        ("GITHUB_TOKEN", "ghs_other"),
    ]);
    assert_eq!(beside.misplaced_token(), None);
    let blank = environment(&[
        repository,
        ("INPUT_GITHUB-TOKEN", " "),
        ("GITHUB_TOKEN", "ghs_other"),
    ]);
    let connection = blank.connection().unwrap();
    assert_eq!(connection.token, Token::new("ghs_other"));
    assert_eq!(connection.graphql_url, "https://api.github.com/graphql");
    assert_eq!(environment(&[repository]).connection(), None);
    assert!(is_wanted("GITHUB_TOKEN") && !is_wanted("GITHUB_OTHER_TOKEN"));
}

#[test]
fn an_input_that_is_blank_is_not_set() {
    let environment: Environment = [("INPUT_FAIL-ON", " low\n"), ("INPUT_PATH", " ")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into_iter()
        .collect();
    assert_eq!(environment.input("fail-on"), Some("low"));
    assert_eq!(environment.input("path"), None);
    assert_eq!(environment.input("category"), None);
}
