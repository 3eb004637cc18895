//! Suggestions: what is committed with one click mends what it stands at, and nothing else is offered.

use super::runner::Story;
use crate::loopback_github::objects::{Files, files};
use crate::loopback_github::state::State;

/// A Deployment with these lines in the security context of its container.
fn web(context: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n        - name: api\n          image: registry.example/web:1.0\n          securityContext:\n            runAsNonRoot: true\n{context}"
    )
}

const PRIVILEGED: &str = "            privileged: true\n";

fn repository(context: &str, configuration: &str) -> Files {
    files([
        ("deploy/web.yaml", web(context).as_str()),
        (".tidegate.yaml", configuration),
    ])
}

/// The lines that a comment offers.
fn suggestion(body: &str) -> Option<&str> {
    let (_, offered) = body.split_once("```suggestion\n")?;
    Some(offered.split_once("```")?.0)
}

fn story(name: &'static str, configuration: &str) -> Story {
    let mut state = State::new(&repository("", configuration));
    state.open_pull(7, &repository(PRIVILEGED, configuration));
    Story::new(name, state)
}

#[test]
fn a_committed_suggestion_settles_its_comment() {
    let configuration = "fail-on: high\n";
    let mut story = story("suggested", configuration);
    story.run().is_blocked().lacks("");
    let body = story.comment().body;
    let offered = suggestion(&body)
        .unwrap_or_else(|| panic!("{body}"))
        .to_owned();
    assert_eq!(offered, PRIVILEGED.replace("true", "false"));
    story
        .github
        .with(|state| state.push(7, &repository(&offered, configuration)));
    story.run().is_passed().lacks("");
    let body = story.comment().body;
    assert!(
        body.contains("**Fixed**") && suggestion(&body).is_none(),
        "{body}"
    );
}

#[test]
fn what_only_moves_the_trouble_is_not_offered() {
    // What a privileged container may do anyway is told once it is not privileged, and is as urgent here.
    let mut story = story(
        "unproven",
        "fail-on: high\nrules: {pod-security/privilege-escalation: critical}\n",
    );
    story.run().is_blocked().lacks("");
    let body = story.comment().body;
    assert!(
        body.contains("privileged") && suggestion(&body).is_none(),
        "{body}"
    );
}
