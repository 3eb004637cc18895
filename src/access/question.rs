//! Questions as people type them, and what is wrong with those that nobody could answer.

use crate::kubernetes::api_resources::{SUBRESOURCES, group_of, meant, names};
use crate::nearest::nearest;

use super::symbols::verbs;

/// How a question is written.
const FORM: &str = "write it as \"VERB RESOURCE[.GROUP][/SUBRESOURCE] [NAME]\" or \"VERB /PATH\", such as \"get secrets\", \
                    \"patch deployments.apps/scale web\" or \"get /metrics\"";

/// The verbs of paths outside of resources.
const VERBS_OF_PATHS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// A request that somebody might make: `get secrets`, `create deployments.apps`, `create pods/exec`, `get /metrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The verb.
    pub verb: String,
    /// What it is about.
    pub about: About,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A resource: its group, its name with the subresource behind a slash, and the name of the object.
    Resource(String, String, Option<String>),
    /// A path outside of resources.
    Url(String),
}

impl std::str::FromStr for Question {
    type Err = String;

    /// `VERB RESOURCE[.GROUP][/SUBRESOURCE] [NAME]`, or `VERB /PATH`. A resource without a group is one of Kubernetes
    /// itself; one with a group may be any, and so may its verb.
    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (verb, resource, name) = match words.as_slice() {
            [verb, resource] => (*verb, *resource, None),
            [verb, resource, name] => (*verb, *resource, Some((*name).to_owned())),
            _ => return Err(FORM.to_owned()),
        };
        let about = if resource.starts_with('/') {
            if name.is_some() {
                return Err(format!("a path has no name behind it; {FORM}"));
            }
            is_verb(verb, &VERBS_OF_PATHS)?;
            About::Url(resource.to_owned())
        } else {
            about(verb, resource, name)?
        };
        Ok(Self {
            verb: verb.to_owned(),
            about,
        })
    }
}

fn about(verb: &str, resource: &str, name: Option<String>) -> Result<About, String> {
    let (resource, below) = match resource.split_once('/') {
        Some((resource, below)) => (resource, Some(below)),
        None => (resource, None),
    };
    let with_below = |resource: &str| match below {
        Some(below) => format!("{resource}/{below}"),
        None => resource.to_owned(),
    };
    if let Some((resource, group)) = resource.split_once('.') {
        let group = without_version(group);
        if group == "core" || is_version(group) {
            return Err(format!(
                "there is no API group {group}; what Kubernetes has without a group is written as {verb} {}",
                with_below(resource)
            ));
        }
        return Ok(About::Resource(
            group.to_owned(),
            with_below(resource),
            name,
        ));
    }
    if resource == "*" {
        is_verb(verb, verbs())?;
        return Ok(About::Resource("*".to_owned(), with_below("*"), name));
    }
    let Some(group) = group_of(resource) else {
        return Err(unknown(verb, resource));
    };
    is_verb(verb, verbs())?;
    if let Some(below) = below
        && resource != "userextras"
        && !SUBRESOURCES.contains(&below)
    {
        let instead = match nearest(below, SUBRESOURCES) {
            Some(instead) => format!("; did you mean {resource}/{instead}?"),
            None => String::new(),
        };
        return Err(format!(
            "resources of Kubernetes have no subresource {below}{instead}"
        ));
    }
    Ok(About::Resource(
        group.to_owned(),
        with_below(resource),
        name,
    ))
}

/// `apps` of `v1.apps`, as `kubectl` takes it.
fn without_version(group: &str) -> &str {
    let Some((first, rest)) = group.split_once('.') else {
        return group;
    };
    if is_version(first) { rest } else { group }
}

/// `v1`, `v1beta1`.
fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix('v').unwrap_or_default();
    digits.starts_with(|letter: char| letter.is_ascii_digit()) && !text.contains('.')
}

/// What is said of a resource that Kubernetes has not.
fn unknown(verb: &str, resource: &str) -> String {
    if group_of(verb).is_some() && verbs().contains(&resource) {
        return format!("the verb comes first; did you mean \"{resource} {verb}\"?");
    }
    let instead = meant(resource).or_else(|| nearest(resource, names()));
    match instead {
        Some(instead) => format!(
            "Kubernetes has no resource {resource}; did you mean {instead}? Others are written with their group, such as \
             {resource}.example.com"
        ),
        None => format!(
            "Kubernetes has no resource {resource}; others are written with their group, such as {resource}.example.com"
        ),
    }
}

fn is_verb(verb: &str, verbs: &[&str]) -> Result<(), String> {
    if verb == "*" || verbs.contains(&verb) {
        return Ok(());
    }
    let instead = match nearest(&verb.to_ascii_lowercase(), verbs.iter().copied()) {
        Some(instead) => format!("; did you mean {instead}?"),
        None => String::new(),
    };
    Err(format!(
        "{verb} is no verb of what Kubernetes has itself, which are {}{instead}",
        verbs.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_as_people_type_them() {
        let resource = |verb: &str, group: &str, resource: &str, name: Option<&str>| {
            Ok(Question {
                verb: verb.to_owned(),
                about: About::Resource(
                    group.to_owned(),
                    resource.to_owned(),
                    name.map(str::to_owned),
                ),
            })
        };
        for (text, expected) in [
            ("get secrets", resource("get", "", "secrets", None)),
            ("get secrets db", resource("get", "", "secrets", Some("db"))),
            (
                "create deployments",
                resource("create", "apps", "deployments", None),
            ),
            (
                "get networkpolicies",
                resource("get", "networking.k8s.io", "networkpolicies", None),
            ),
            (
                "get ingresses",
                resource("get", "networking.k8s.io", "ingresses", None),
            ),
            (
                "patch deployments.apps/scale",
                resource("patch", "apps", "deployments/scale", None),
            ),
            (
                "create pods/exec",
                resource("create", "", "pods/exec", None),
            ),
            (
                "get things.example.com",
                resource("get", "example.com", "things", None),
            ),
            ("get services", resource("get", "", "services", None)),
            ("list events", resource("list", "", "events", None)),
            (
                "approve signers",
                resource("approve", "certificates.k8s.io", "signers", None),
            ),
            (
                "get deployments.v1.apps",
                resource("get", "apps", "deployments", None),
            ),
            (
                "mix carts.example.com",
                resource("mix", "example.com", "carts", None),
            ),
            ("mix secrets.", resource("mix", "", "secrets", None)),
            (
                "impersonate userextras/scopes",
                resource(
                    "impersonate",
                    "authentication.k8s.io",
                    "userextras/scopes",
                    None,
                ),
            ),
            ("* *", resource("*", "*", "*", None)),
            (
                "bind clusterroles",
                resource("bind", "rbac.authorization.k8s.io", "clusterroles", None),
            ),
        ] {
            assert_eq!(text.parse::<Question>(), expected, "{text}");
        }
        let url = About::Url("/metrics".to_owned());
        assert_eq!(
            "get /metrics".parse::<Question>().map(|it| it.about),
            Ok(url)
        );
    }

    #[test]
    fn what_nobody_could_answer_is_refused_with_what_is_meant() {
        for (wrong, told) in [
            ("", "write it as"),
            ("get", "write it as"),
            ("secrets", "write it as"),
            ("get secrets db more", "write it as"),
            ("get /metrics a", "write it as"),
            ("get svc", "did you mean services?"),
            ("get po", "did you mean pods?"),
            ("get secret", "did you mean secrets?"),
            ("get Secrets", "did you mean secrets?"),
            ("get secrts", "did you mean secrets?"),
            ("get gizmos", "gizmos.example.com"),
            ("secrets get", "did you mean \"get secrets\"?"),
            ("GET secrets", "did you mean get?"),
            ("read secrets", "is no verb"),
            ("list /metrics", "is no verb"),
            ("create pods/exce", "did you mean pods/exec?"),
            ("create pods/*", "no subresource"),
            ("get secrets.core", "written as get secrets"),
            ("create pods.v1/exec", "there is no API group v1"),
        ] {
            let error = wrong.parse::<Question>().unwrap_err();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }
}
