use std::collections::BTreeMap;

use crate::packages::purpose::is_specimen;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::node_versions::{Place, Source, node_versions};
use crate::snapshot::projects::Projects;

declare_rule! {
    /// Places of one package ask for versions of Node.js that exclude each other.
    ///
    /// ## Why it matters
    /// Where `engines` ask for 22, `.nvmrc` says 20 and the image brings 18, what developers run, what is tested and
    /// what runs in the cluster are three programs. Mistakes then show in production alone, and an upgrade for
    /// security that was made in one place has not happened in the others.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: package.json
    /// {"name": "shop", "engines": {"node": ">=24"}}
    /// # file: .nvmrc
    /// 22
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// # file: package.json
    /// {"name": "shop", "engines": {"node": ">=24"}}
    /// # file: .nvmrc
    /// 24
    /// ```
    ///
    /// ## Limits
    /// Ranges (`engines`, `devEngines`) must share a version with what is used; of two places that name the version
    /// to use, only the release line counts. A file belongs to the nearest `package.json` in its folder or above it,
    /// a workflow to the one at the root of the repository, and a manifest only if its image is one of Node.js. A
    /// workflow agrees if one of its versions does, and no workflow disagrees with another: testing several lines is
    /// normal. What lies in folders of tests, fixtures and examples of the package
    /// has a version of its own.
    "node/versions-disagree",
    severity: Severity::Low,
    references: &["CWE-1104"],
    check: Check::Manifests(check),
}

/// The most places of one package that are compared.
const MOST: usize = 64;

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let projects = Projects::of(snapshot);
    let mut packages: BTreeMap<&str, Vec<Place<'_>>> = BTreeMap::new();
    for place in node_versions(snapshot) {
        let path = match place.source {
            Source::Service => continue,
            Source::Workflow => "",
            _ => place.path,
        };
        if let Some(project) = projects.around(path) {
            let below = path.strip_prefix(project.file.folder()).unwrap_or(path);
            if is_specimen(below) {
                continue;
            }
            let places = packages.entry(&project.file.path).or_default();
            if places.len() < MOST {
                places.push(place);
            }
        }
    }
    for mut places in packages.into_values() {
        places.sort_by_key(|place| place.source);
        if let Some((odd, others)) = odd_one(&places) {
            report(odd, &others, &places, sink);
        }
    }
}

/// The place that excludes most others, with these; of equals the first.
fn odd_one<'p, 'a>(places: &'p [Place<'a>]) -> Option<(&'p Place<'a>, Vec<&'p Place<'a>>)> {
    let mut found: Option<(&Place<'_>, Vec<&Place<'_>>)> = None;
    for place in places {
        let others: Vec<_> = places
            .iter()
            .filter(|other| is_at_odds(place, other, places))
            .collect();
        let most = found.as_ref().map_or(0, |(_, others)| others.len());
        if others.len() > most {
            found = Some((place, others));
        }
    }
    found
}

/// True if two places exclude each other for good. A workflow may test several lines, in one job or in many: it is at
/// odds with what every one of its versions excludes, and with no other workflow.
fn is_at_odds(one: &Place<'_>, other: &Place<'_>, all: &[Place<'_>]) -> bool {
    let in_workflow = |place: &Place<'_>| place.source == Source::Workflow;
    let (tested, stated) = match (in_workflow(one), in_workflow(other)) {
        (true, true) => return false,
        (false, false) => return exclude(one, other),
        (true, false) => (one, other),
        (false, true) => (other, one),
    };
    all.iter()
        .filter(|place| in_workflow(place) && place.path == tested.path)
        .all(|place| exclude(place, stated))
}

fn exclude(one: &Place<'_>, other: &Place<'_>) -> bool {
    let is_range = |place: &Place<'_>| {
        matches!(place.source, Source::Engines | Source::DevEngines) && !place.version.is_exact()
    };
    if is_range(one) || is_range(other) {
        !one.version.meets(&other.version)
    } else {
        !one.version.shares_line(&other.version)
    }
}

fn report(odd: &Place<'_>, others: &[&Place<'_>], all: &[Place<'_>], sink: &mut Sink<'_>) {
    let mut named: Vec<_> = others
        .iter()
        .map(|other| match &**other.path {
            path if path.ends_with(other.key.as_str()) => other.title.clone(),
            path if path == &**odd.path => other.title.clone(),
            path => format!("{} ({path})", other.title),
        })
        .collect();
    named.dedup();
    let more = named.len().saturating_sub(3);
    named.truncate(3);
    let mut named = named.join(", ");
    if more > 0 {
        named = format!("{named} and {more} more");
    }
    let sentence = format!(
        "{} and {named} exclude each other; let all places of a package name the same Node.js",
        odd.title
    );
    let related = |place: &Place<'_>| format!("{} is here", place.title);
    let is_other = |place: &&Place<'_>| place.location() != odd.location();
    let places = all.iter().filter(is_other);
    if let Some((object, container)) = odd.container {
        let mut sink = sink.about(object);
        let draft = sink.report(container.image()).container(Some(container));
        places
            .fold(draft, |draft, place| {
                draft.related_in(place.location(), related(place))
            })
            .say(&sentence);
    } else {
        let mut sink = sink.in_file(odd.path);
        let draft = sink.report_span(odd.span).discriminator("versions");
        places
            .fold(draft, |draft, place| {
                draft.related_in(place.location(), related(place))
            })
            .say(&sentence);
    }
}
