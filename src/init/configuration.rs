//! A configuration to start from: the defaults, and the choices that most repositories come to.
//!
//! `# ` starts a remark; `#` without a space stands before a line that is ready to be used.

use std::fmt::Write as _;

use super::shape::Shape;
use crate::kubernetes::pod_security::VersionSet;

const HEAD: &str = "\
# yaml-language-server: $schema=https://raw.githubusercontent.com/tidegate/tidegate/main/schema/config.schema.json
# What this repository asks of a change. All of it is optional: what is left out keeps its default. Lines that start
# with `#` and no space are ready to be used: take the sign away from a whole block.
# It counts from the tip of the base branch, so that a pull request cannot weaken the gate that judges it.

# The least severity of an introduced finding that blocks: critical, high, medium, low or never.
fail-on: high

# What a run ends with that could not see something that changed: fail or pass.
on-incomplete: fail

# Whether waivers that a pull request adds hold in it already: accept, or after-merge. From forks they never do.
new-waivers: accept
";

const TAIL: &str = "
# Severities by rule or pattern: critical, high, medium, low, note or off. `tidegate rules` lists the rules;
# those that are opt-in look only where they are named here.
#rules:
#  image/unpinned: note
#  workload/resources-unset: off

# What is accepted, and why. A waiver needs a reason; one that is expired or covers nothing is told.
#waivers:
#  - rule: pod-security/host-path
#    resource: DaemonSet/logging/fluent-bit
#    reason: reads node logs
#    owner: \"@platform\"
#    until: 2027-01-31
";

/// The text of the configuration.
pub(super) fn text(shape: &Shape) -> String {
    let mut text = HEAD.to_owned();
    // A repository that has nothing yet gets both.
    let has_neither = shape.objects == 0 && !shape.has_packages;
    if shape.objects > 0 || has_neither {
        kubernetes(&mut text, shape);
    }
    images(&mut text, shape);
    if shape.has_packages || has_neither {
        packages(&mut text);
    }
    text.push_str(TAIL);
    text
}

// Writing to a string cannot fail.
fn kubernetes(text: &mut String, shape: &Shape) {
    let versions: Vec<String> = VersionSet::SUPPORTED
        .iter()
        .map(|version| format!("\"{version}\""))
        .collect();
    let _ = write!(
        text,
        "
#kubernetes:
#  # The versions that your clusters run, in quotes. Without it, those that the Kubernetes project supports.
#  versions: [{}]
#  # What workloads should meet where their namespace does not say: privileged, baseline or restricted.
#  pod-security: restricted
",
        versions.join(", ")
    );
    let mut folders = shape.folders.iter().filter(|folder| is_plain(folder));
    if let Some(folder) = folders.next() {
        let _ = write!(
            text,
            "\
#  # What is applied to one cluster together. Without it, the nearest folders count.
#  clusters:
#    - {{name: prod, paths: [\"{folder}/**\"]}}
"
        );
    }
    text.push_str(
        "
# Files that are no manifests of yours.
#manifests:
#  exclude: [\"**/testdata/**\"]
",
    );
}

fn images(text: &mut String, shape: &Shape) {
    if shape.registries.is_empty() {
        return;
    }
    text.push_str(
        "\n# Where images may come from; without it, from anywhere. These are in use now.\n#images:\n#  registries:\n",
    );
    for registry in &shape.registries {
        let _ = writeln!(text, "#    - \"{registry}\"");
    }
}

fn packages(text: &mut String) {
    text.push_str(
        "
#packages:
#  # How old a release must be before it comes in.
#  cooldown: 3d
#  # What a package that is behind its newest release counts as, by how far.
#  outdated: {major: low, minor: note, patch: off}
#  # Which licences a change may bring in; without it, any.
#  licenses: {allow: [MIT, Apache-2.0, ISC, BSD-2-Clause, BSD-3-Clause], unknown: medium}
",
    );
}

/// True if a folder means only itself in a pattern in quotes.
fn is_plain(folder: &str) -> bool {
    !folder.is_empty()
        && folder
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
