//! Copies of one object, as of overlays and of documents in one file, and comments whose lines go elsewhere: each is told,
//! answered and mended for itself.

use super::runner::{Outcome, Story};
use crate::loopback_github::objects::{Files, files};
use crate::loopback_github::state::{ReviewComment, State};
use crate::loopback_github::trouble::{Mishap, Trouble};

const PROD: &str = "prod/cart.yaml";
const STAGING: &str = "staging/cart.yaml";

/// A Deployment of this name with nothing to find, or with one privileged container.
fn deployment(name: &str, is_privileged: bool) -> String {
    let digest = "a".repeat(64);
    let privileged = if is_privileged {
        "            privileged: true\n"
    } else {
        ""
    };
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        seccompProfile: {{type: RuntimeDefault}}
      containers:
        - name: api
          image: registry.example/web@sha256:{digest}
          resources: {{limits: {{memory: 1Gi, cpu: \"1\"}}, requests: {{memory: 1Gi, cpu: \"1\"}}}}
          securityContext:
            readOnlyRootFilesystem: true
            capabilities: {{drop: [ALL]}}
            allowPrivilegeEscalation: {is_privileged}
{privileged}"
    )
}

fn good() -> String {
    deployment("cart", false)
}

fn bad() -> String {
    deployment("cart", true)
}

/// Both overlays.
fn overlays(prod: &str, staging: &str) -> Files {
    files([(PROD, prod), (STAGING, staging)])
}

fn story(name: &'static str, base: &Files, head: &Files) -> Story {
    let mut state = State::new(base);
    state.open_pull(7, head);
    Story::new(name, state)
}

fn on(story: &Story, path: &str) -> ReviewComment {
    let all = story.comments().into_iter();
    let mut there: Vec<ReviewComment> = all.filter(|comment| comment.path == path).collect();
    assert_eq!(there.len(), 1, "{there:?}");
    there.remove(0)
}

/// Somebody resolves the thread of the comment on a file.
fn resolve(story: &Story, path: &str) {
    let thread = on(story, path).thread;
    story
        .github
        .with(|state| state.threads[thread].resolved_by = Some("reviewer".to_owned()));
}

/// How the text of a comment starts.
fn start(comment: &ReviewComment) -> &str {
    comment.body.split("**").nth(1).unwrap_or_default()
}

fn is_quiet(outcome: &Outcome) {
    assert!(outcome.writes().is_empty(), "{:?}", outcome.writes());
}

#[test]
fn an_answer_on_staging_is_none_on_prod() {
    for is_mended in [false, true] {
        let name = if is_mended {
            "answered-mended"
        } else {
            "answered-copy"
        };
        let mut story = story(
            name,
            &overlays(&good(), &good()),
            &overlays(&good(), &bad()),
        );
        story.run().is_blocked();
        resolve(&story, STAGING);
        let staging = if is_mended { good() } else { bad() };
        story.push(&overlays(&bad(), &staging));
        story.run().is_blocked().lacks("");
        let comment = on(&story, PROD);
        assert!(comment.body.contains("privileged"), "{}", comment.body);
        let answered = on(&story, STAGING);
        if is_mended {
            assert_eq!(start(&answered), "Fixed");
        } else {
            assert_eq!(answered.edits, 0, "{}", answered.body);
        }
        let is_resolved = story
            .github
            .with(|state| state.threads[answered.thread].resolved_by.is_some());
        assert!(is_resolved);
        let outcome = story.run();
        outcome.is_blocked();
        is_quiet(&outcome);
    }
}

#[test]
fn of_two_copies_the_one_that_is_mended_says_so() {
    let mut story = story(
        "copies",
        &overlays(&good(), &good()),
        &overlays(&bad(), &bad()),
    );
    story.run().is_blocked();
    let prod = on(&story, PROD).body;
    story.push(&overlays(&bad(), &good()));
    story.run().is_blocked();
    assert_eq!(start(&on(&story, STAGING)), "Fixed");
    assert_eq!(on(&story, PROD).body, prod);
    // Mended in the other one instead, an answer stays an answer.
    story.push(&overlays(&bad(), &bad()));
    story.run().is_blocked();
    resolve(&story, STAGING);
    story.push(&overlays(&good(), &bad()));
    let outcome = story.run();
    outcome.is_blocked();
    assert_eq!(outcome.count("POST", "/reviews"), 0);
    assert_eq!(start(&on(&story, PROD)), "Fixed");
    assert_ne!(start(&on(&story, STAGING)), "Moved");
}

#[test]
fn what_the_base_has_in_one_copy_is_still_mended_in_the_other() {
    let mut story = story(
        "base-copy",
        &overlays(&bad(), &good()),
        &overlays(&bad(), &bad()),
    );
    story.run().is_blocked();
    story.push(&files([
        (PROD, bad().as_str()),
        (STAGING, &good()),
        ("README.md", "more"),
    ]));
    story.run().is_passed();
    assert_eq!(start(&on(&story, STAGING)), "Fixed");
}

#[test]
fn a_waiver_of_one_document_is_none_of_the_other() {
    let two = |first: &str| files([("cart.yaml", format!("{first}---\n{}", bad()).as_str())]);
    let base = format!("{}---\n{}", good(), good());
    let mut story = story(
        "waived-copy",
        &files([("cart.yaml", base.as_str())]),
        &two(&bad()),
    );
    story.run().is_blocked();
    let before = story.comments();
    assert_eq!(before.len(), 2);
    let comment = "            # tidegate: allow(pod-security/privileged) reason=\"x\"\n            privileged: true\n";
    let waived = bad().replace("            privileged: true\n", comment);
    story.push(&two(&waived));
    story.run().is_blocked();
    let after = story.comments();
    let second = after.iter().find(|it| it.id == before[1].id).unwrap();
    assert_eq!(second.body, before[1].body);
    assert_eq!(second.minimized, None);
    let first = after.iter().find(|it| it.id == before[0].id).unwrap();
    assert_eq!(start(first), "Accepted");
}

#[test]
fn a_comment_does_not_go_on_telling_what_is_elsewhere() {
    let file = |text: &str| files([("web.yaml", text)]);
    let mut story = story("other-object", &file(&good()), &file(&bad()));
    story.run().is_blocked();
    let first = story.comment();
    assert!(
        first.body.contains("Deployment shop/cart,") && first.line.is_some(),
        "{}",
        first.body
    );
    // A new `cart` above, with the same on lines that are written otherwise; the old one has another name.
    let flow = good().replace(
        "            allowPrivilegeEscalation: false\n",
        "            allowPrivilegeEscalation: true # it has to\n            \"privileged\": true\n",
    );
    let old = bad().replace("cart", "cart-old");
    story.push(&file(&format!("{flow}---\n{old}")));
    story.run().is_blocked();
    let told = |name: &str| {
        let all = story.comments().into_iter();
        let open = all.filter(|it| {
            it.body.contains("state=open") && it.body.contains("explain pod-security/privileged`")
        });
        open.filter(|it| it.body.contains(&format!("Deployment shop/{name},")))
            .collect::<Vec<_>>()
    };
    for (name, lines) in [("cart", 1..25), ("cart-old", 26..60)] {
        let told = told(name);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        let line = told[0].line.expect("it is shown");
        assert!(lines.contains(&line), "{name}: {line}");
    }
    // Nothing was suggested for a line that is not the one of the finding.
    let text = format!("{flow}---\n{old}");
    for comment in story.comments() {
        let Some((_, offer)) = comment.body.split_once("```suggestion\n") else {
            continue;
        };
        let line = usize::try_from(comment.line.expect("a line")).unwrap();
        let replaced = text.lines().nth(line - 1).expect("it is there");
        let key = |line: &str| {
            line.trim()
                .trim_matches('"')
                .split(['"', ':'])
                .next()
                .map(str::to_owned)
        };
        let offered = offer.lines().next().unwrap_or_default();
        assert_eq!(key(offered), key(replaced), "{}", comment.body);
    }
    let outcome = story.run();
    outcome.is_blocked();
    is_quiet(&outcome);
}

#[test]
fn a_document_that_is_put_above_takes_no_comment_along() {
    let file = |text: &str| files([("web.yaml", text)]);
    let mut story = story("above", &file(&good()), &file(&bad()));
    story.run().is_blocked();
    let before = story.comment();
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {a: b}\n---\n";
    story.push(&file(&format!("{other}{}", bad())));
    let outcome = story.run();
    outcome.is_blocked();
    assert_eq!(outcome.count("POST", "/reviews"), 0);
    assert_eq!(story.comment().id, before.id);
}

/// A namespace that enforces a level, or does not.
fn namespace(is_enforced: bool) -> String {
    let label = if is_enforced {
        "    pod-security.kubernetes.io/enforce: restricted\n"
    } else {
        ""
    };
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n{label}    z: y\n"
    )
}

/// A workload that such a namespace refuses.
fn refused() -> String {
    good().replace("        runAsNonRoot: true\n", "")
}

#[test]
fn a_comment_names_the_file_that_is_there_and_stays_with_its_cause() {
    let with = |path: &str, text: &str, is_enforced| {
        files([("ns.yaml", namespace(is_enforced).as_str()), (path, text)])
    };
    let mut story = story(
        "renamed",
        &with("w/a.yaml", &refused(), false),
        &with("w/a.yaml", &refused(), true),
    );
    story.run().is_blocked();
    let before = story.comment();
    assert_eq!(before.path, "ns.yaml");
    assert!(before.body.contains("`w/a.yaml:"), "{}", before.body);
    story.push(&with("w/b.yaml", &refused(), true));
    let outcome = story.run();
    outcome.is_blocked();
    assert_eq!(outcome.count("POST", "/reviews"), 0);
    let renamed = story.comment();
    assert!(
        renamed.body.contains("`w/b.yaml:") && !renamed.body.contains("w/a.yaml"),
        "{}",
        renamed.body
    );
    // Something unrelated above the workload is not what caused it.
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {a: b}\n---\n";
    story.push(&with("w/b.yaml", &format!("{other}{}", refused()), true));
    let outcome = story.run();
    outcome.is_blocked();
    assert_eq!(outcome.count("POST", "/reviews"), 0);
    assert_eq!(
        (story.comment().id, story.comment().path),
        (before.id, "ns.yaml".to_owned())
    );
}

#[test]
fn what_is_mended_below_a_path_is_settled_wherever_its_comment_is() {
    let with = |text: &str, is_enforced| {
        files([
            ("platform/ns.yaml", namespace(is_enforced).as_str()),
            ("w/a.yaml", text),
            ("w/z.yaml", "a: b\n"),
        ])
    };
    let mut story = story("below", &with(&refused(), false), &with(&refused(), true));
    let run = |story: &mut Story| story.run_with("pull_request", &[("path", "w")]);
    run(&mut story).is_blocked();
    assert_eq!(story.comment().path, "platform/ns.yaml");
    story.push(&with(&good(), true));
    run(&mut story).is_passed();
    assert_eq!(start(&story.comment()), "Fixed");
}

#[test]
fn what_left_the_paths_is_not_called_fixed() {
    let base = files([("w/a.yaml", good().as_str()), ("w/z.yaml", "a: b\n")]);
    let head = files([("w/a.yaml", bad().as_str()), ("w/z.yaml", "a: b\n")]);
    let mut story = story("left-paths", &base, &head);
    let run = |story: &mut Story| story.run_with("pull_request", &[("path", "w")]);
    run(&mut story).is_blocked();
    story.push(&files([
        ("v/a.yaml", bad().as_str()),
        ("w/z.yaml", "a: b\n"),
    ]));
    run(&mut story).is_passed();
    assert_eq!(start(&story.comment()), "No longer here");
}

#[test]
fn what_was_not_stored_is_not_taken_for_the_comment_of_another_copy() {
    let mut state = State::new(&overlays(&good(), &good()));
    state.open_pull(7, &overlays(&bad(), &bad()));
    // Without patches, each has a comment on its file.
    state.figures.patch.lines = 1;
    let mut trouble = Trouble::once("POST", "/pulls/7/comments", Mishap::Unavailable(502));
    trouble.after = 1;
    state.troubles.push(trouble);
    let mut story = Story::new("not-stored", state);
    story.run().is_blocked().lacks("");
    let (prod, staging) = (on(&story, PROD), on(&story, STAGING));
    assert!(prod.is_on_file && staging.is_on_file);
}

#[test]
fn copies_without_a_comment_are_counted_for_themselves() {
    let paths: Vec<String> = (0..8)
        .map(|number| format!("e{number}/cart.yaml"))
        .collect();
    let all = |text: &str| {
        let pairs = paths.iter().map(|path| (path.as_str(), text));
        files(pairs)
    };
    let mut state = State::new(&all(&good()));
    state.open_pull(7, &all(&bad()));
    state.figures.patch.lines = 1;
    let mut story = Story::new("eight-copies", state);
    story.run().is_blocked();
    let on_files = story.comments().len();
    assert!((1..8).contains(&on_files));
    let summary = story.summary().body;
    assert!(
        summary.contains("have their comments on the changed lines and files"),
        "{summary}"
    );
    let listed = summary.lines().filter(|line| line.starts_with("- **"));
    let commented = paths.iter().filter(|path| {
        story
            .comments()
            .iter()
            .any(|comment| comment.path == **path)
    });
    let listed: Vec<&str> = listed.collect();
    for path in commented {
        let of_privileged = listed.iter().filter(|line| {
            line.contains(path.as_str()) && line.contains("pod-security/privileged`")
        });
        let told = story.comments();
        let told = told.iter().filter(|it| it.path == *path);
        let has_it = told
            .filter(|it| it.body.contains("explain pod-security/privileged`"))
            .count();
        assert_eq!(of_privileged.count() + has_it, 1, "{path}: {listed:?}");
    }
}

#[test]
fn what_gets_graver_in_an_answered_comment_is_told() {
    let pod = |is_privileged: bool| {
        let digest = "a".repeat(64);
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop}}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}\n  containers:\n    - name: api\n      image: registry.example/a@sha256:{digest}\n      securityContext: {{privileged: {is_privileged}, runAsNonRoot: false, allowPrivilegeEscalation: true, capabilities: {{drop: [ALL]}}}}\n"
        )
    };
    let fine = pod(false).replace(
        "runAsNonRoot: false, allowPrivilegeEscalation: true",
        "runAsNonRoot: true, allowPrivilegeEscalation: false",
    );
    let with = |text: &str, is_enforced| {
        files([
            ("ns.yaml", namespace(is_enforced).as_str()),
            ("p.yaml", text),
        ])
    };
    let mut story = story("graver", &with(&fine, false), &with(&pod(true), false));
    story.run().is_blocked();
    resolve(&story, "p.yaml");
    // The critical one is mended; what the namespace refuses now is graver than it was.
    story.push(&with(&pod(false), true));
    let outcome = story.run();
    outcome.is_blocked();
    assert!(!outcome.writes().is_empty(), "{}", outcome.log);
    let open: Vec<ReviewComment> = story
        .comments()
        .into_iter()
        .filter(|comment| {
            let is_resolved = story
                .github
                .with(|state| state.threads[comment.thread].resolved_by.is_some());
            comment.body.contains("state=open") && !is_resolved
        })
        .collect();
    assert!(
        open.iter().any(|comment| comment.body.contains("**high**")),
        "{:?}",
        story.comments()
    );
}

#[test]
fn a_waiver_of_a_fork_does_not_hold_in_the_queue() {
    let comment = "            # tidegate: allow(pod-security/privileged) reason=\"x\"\n            privileged: true\n";
    // What goes with it is accepted as well, so that the waivers alone decide.
    let waived = bad()
        .replace("            privileged: true\n", comment)
        .replace(
            "allowPrivilegeEscalation: true",
            "allowPrivilegeEscalation: false",
        );
    for (name, is_fork) in [("queue-own", false), ("queue-fork", true)] {
        let mut state = State::new(&files([("cart.yaml", good().as_str())]));
        let pull = state.open_pull(7, &files([("cart.yaml", waived.as_str())]));
        if is_fork {
            pull.head_repository = Some("eve/deploy".to_owned());
        }
        let mut story = Story::new(name, state);
        let outcome = story.run_with("merge_group", &[("fail-on", "high")]);
        if is_fork {
            outcome
                .is_blocked()
                .says("waivers that the change adds do not hold");
        } else {
            outcome.is_passed();
        }
    }
}
