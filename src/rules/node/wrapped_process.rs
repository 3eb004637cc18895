use crate::kubernetes::field::quoted;
use crate::packages::launch::Wrapper;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::node_starts::{Start, node_starts, stays};
use crate::snapshot::projects::Projects;

declare_rule! {
    /// A package manager or a shell stands between a container's signals and Node.js.
    ///
    /// ## Why it matters
    /// Kubernetes ends a pod with SIGTERM to the first process of each container. Where that is `npm start` or a
    /// shell, Node.js often does not get it: requests are cut off when the grace period ends in SIGKILL, at every
    /// deployment and every scaling down. A package manager also stays in memory, and writes a cache that a read-only
    /// root file system refuses. A shell that runs one command may give its place to it, which depends on the shell:
    /// that is a note.
    ///
    /// ## Example
    /// ```yaml bad
    /// command: ["npm", "start"]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// command: ["node", "server.js"]
    /// ```
    /// Where a shell is needed, let it end in `exec node server.js`.
    ///
    /// ## Limits
    /// What an init process (`tini`, `dumb-init`) starts, what a script file starts, and pods that share their
    /// processes are left alone, and so are jobs and init containers, which end by themselves. In Dockerfiles only the last
    /// stage counts. `docker run --init` cannot be seen.
    "node/wrapped-process",
    severity: Severity::Low,
    other_severities: &[Severity::Note],
    references: &["CWE-404"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let projects = Projects::of(snapshot);
    for start in node_starts(snapshot, &projects) {
        let Some(wrapper) = start.launch.wrapper() else {
            continue;
        };
        let starts = if start.keyword == "args" {
            "start"
        } else {
            "starts"
        };
        let (severity, sentence) = match wrapper {
            Wrapper::PackageManager(written) => (
                Severity::Low,
                format!(
                    "{} {starts} {}, so that SIGTERM goes to the package manager and may not reach Node.js; start node itself",
                    start.keyword,
                    quoted(&written)
                ),
            ),
            Wrapper::Shell(shell) => (
                Severity::Note,
                format!(
                    "{} {starts} node under {}, which may keep SIGTERM from it; write a list of words without a shell, or exec in front of node",
                    start.keyword,
                    quoted(&shell)
                ),
            ),
        };
        report(&start, severity, &sentence, sink);
    }
}

fn report(start: &Start<'_>, severity: Severity, sentence: &str, sink: &mut Sink<'_>) {
    let Some((object, pod, container)) = start.container else {
        sink.in_file(start.path)
            .report_span(start.span)
            .discriminator(start.keyword)
            .severity(severity)
            .say(sentence);
        return;
    };
    if !stays(object, container) || pod.shares_processes() {
        return;
    }
    sink.about(object)
        .report(container.field(if start.keyword == "args" {
            &["args"]
        } else {
            &["command"]
        }))
        .container(Some(container))
        .severity(severity)
        .say(sentence);
}
