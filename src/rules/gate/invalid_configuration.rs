use crate::change::LeftOutReason;
use crate::config::PATHS;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::{Snapshot, State};
use crate::syntax::Span;

declare_rule! {
    /// The configuration of tidegate cannot be read.
    ///
    /// ## Why it matters
    /// A configuration that is broken on the base branch is not obeyed: every setting has its default until the file
    /// is mended, and waivers do not hold. So the pull request that mends it is judged by the defaults, and one that
    /// breaks it is told here.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: .tidegate.yaml
    /// fial-on: medium
    /// ```
    ///
    /// ## Instead
    /// The schema in `schema/config.schema.json` lets an editor show the settings as you type.
    /// ```yaml good
    /// # file: .tidegate.yaml
    /// fail-on: medium
    /// ```
    ///
    /// ## Limits
    /// A file by another name, such as `.tidegate.yml`, is told and not read.
    "gate/invalid-configuration",
    severity: Severity::High,
    references: &["CWE-693"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let mut counts = None;
    for path in PATHS {
        if let Some(left_out) = snapshot
            .left_out
            .iter()
            .find(|left_out| left_out.path == path)
            && left_out.reason == LeftOutReason::Symlink
        {
            whole_file(
                path,
                "link",
                "a symbolic link is not followed, so that the defaults hold; commit the file itself",
                sink,
            );
        }
        let Some(file) = snapshot.file(path) else {
            continue;
        };
        if let Some(first) = counts {
            let what =
                format!("this file is not read, as {first} is there too; keep one of the two");
            whole_file(path, "second", &what, sink);
            continue;
        }
        counts = Some(path);
        // A file that this clone lacks is told like any other that cannot be had.
        if let State::Configuration(config) = &*file.state {
            for problem in config.config.as_ref().err().into_iter().flatten() {
                sink.in_file(&file.path)
                    .report_span(problem.at)
                    .discriminator(&problem.message)
                    .say(&problem.message);
            }
        }
    }
    for path in &snapshot.misnamed {
        let what = format!(
            "nobody reads a configuration by this name; call it {}",
            PATHS.join(" or ")
        );
        whole_file(path, "name", &what, sink);
    }
}

fn whole_file(path: &str, discriminator: &str, what: &str, sink: &mut Sink<'_>) {
    sink.in_file(&path.into())
        .report_span(Span::default())
        .discriminator(discriminator)
        .say(what);
}
