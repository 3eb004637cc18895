use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::packages::node_release::Support;
use crate::packages::purpose::is_specimen;
use crate::packages::{Line, NodeVersion};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::node_versions::{Place, Source, node_versions};
use crate::snapshot::projects::Projects;

declare_rule! {
    /// A version of Node.js is asked for that gets no more security fixes.
    ///
    /// ## Why it matters
    /// Holes in Node.js, and in the OpenSSL, HTTP parser and V8 that it brings, are fixed in supported release lines
    /// alone. After a line's last day every hole that is found stays open in it, and many are found by comparing what
    /// the supported lines fix.
    ///
    /// What runs in a cluster, the image of a container or what a Dockerfile's last stage is built on, is high; what
    /// builds, tests or develops (`.nvmrc`, `engines`, workflows, build stages, files for development) is medium. A
    /// line that ends within 90 days is low, and so is what a Dockerfile, a version file or a `package.json` in a folder
    /// of tests, fixtures or examples asks for: it is made to be looked at. A note says that the `engines` of a private package still allow an ended
    /// line beside supported ones.
    ///
    /// ## Example
    /// ```yaml bad
    /// image: node:18.20.4-alpine3.20@sha256:02376a266c84acbf45bd19440e08e48b1c8b98037417334046029ab585de03e2
    /// ```
    ///
    /// ## Instead
    /// Move to the newest line with long support.
    /// ```yaml good
    /// image: node:24.11.1-alpine3.22@sha256:02376a266c84acbf45bd19440e08e48b1c8b98037417334046029ab585de03e2
    /// ```
    ///
    /// ## Limits
    /// The dates are those of the schedule that the Node.js project publishes, as of July 2026; nothing is concluded
    /// from a number being odd or even, and a line that is newer than the schedule counts as supported. Vendors who
    /// maintain a line for longer are not taken into account. Nothing is said where the day of the run is not known,
    /// nor of an image whose tag is a variable.
    "node/end-of-life",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low, Severity::Note],
    references: &["CWE-1104", "OWASP 2021: A06"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let Some(today) = context.today.map(|today| today.0) else {
        return;
    };
    let projects = Projects::of(snapshot);
    let mut told: Vec<Told<'_>> = Vec::new();
    let mut known: BTreeMap<(Arc<str>, String), usize> = BTreeMap::new();
    for place in node_versions(snapshot) {
        let judged = match place.version.best(today) {
            Some((_, Support::Supported)) => None,
            Some((line, Support::EndsSoon)) => Some((
                Severity::Low,
                format!(
                    "{} is Node.js {line}, whose support ends on {}",
                    place.title, line.end
                ),
            )),
            Some((line, Support::Ended)) => {
                let severity = if place.container.is_none() && is_specimen(place.path) {
                    Severity::Low
                } else if place.is_deployed {
                    Severity::High
                } else {
                    Severity::Medium
                };
                Some((severity, ended(&place, line)))
            }
            None => lowest(&place, &projects, today).map(|sentence| (Severity::Note, sentence)),
        };
        let Some((severity, sentence)) = judged else {
            continue;
        };
        let sentence = match Line::oldest_lts(today).filter(|_| severity == Severity::Note) {
            Some(oldest) => format!(
                "{sentence}; let it start at {oldest}, the oldest that is supported, or later"
            ),
            None => format!("{sentence}{}", remedy(today)),
        };
        let key = key(&place, today);
        let twin = known
            .get(&(Arc::clone(place.path), key.clone()))
            .filter(|_| place.container.is_none());
        if let Some(first) = twin.and_then(|index| told.get_mut(*index)) {
            first.more.push(place);
            continue;
        }
        known.insert((Arc::clone(place.path), key.clone()), told.len());
        told.push(Told {
            place,
            key,
            severity,
            sentence,
            more: Vec::new(),
        });
    }
    for told in &told {
        report(told, sink);
    }
}

/// A finding with the further places of its file that say the same. Places come with the gravest first.
struct Told<'a> {
    place: Place<'a>,
    key: String,
    severity: Severity,
    sentence: String,
    more: Vec<Place<'a>>,
}

/// What makes two places of one file one mistake. A newer patch of an ended line is no new mistake, so that in
/// Dockerfiles and workflows it is the line.
fn key(place: &Place<'_>, today: Date) -> String {
    match (place.source, place.version.best(today)) {
        (Source::Base | Source::Variable | Source::Workflow | Source::Service, Some((line, _))) => {
            format!("Node.js {line}")
        }
        _ => place.key.clone(),
    }
}

fn ended(place: &Place<'_>, best: &Line) -> String {
    let lines: Vec<_> = place.version.lines().map(ToString::to_string).collect();
    if lines.len() == 1 {
        return format!(
            "{} is Node.js {best}, whose support ended on {}",
            place.title, best.end
        );
    }
    format!(
        "{} allows no Node.js that is still supported: the last of them, {best}, ended on {}",
        place.title, best.end
    )
}

/// What `engines` allow that has ended, beside what has not. A library says with it what it works with, and may.
fn lowest(place: &Place<'_>, projects: &Projects<'_>, today: Date) -> Option<String> {
    if place.source != Source::Engines || matches!(place.version, NodeVersion::Moving) {
        return None;
    }
    let project = projects.around(place.path)?;
    let lowest = place.version.lines().next()?;
    let is_open = place.version.lines().any(|line| line.major == 0);
    let tells = project.package.is_private() && lowest.support(today) == Support::Ended && !is_open;
    tells.then(|| {
        format!(
            "{} still allows Node.js {lowest}, whose support ended on {}",
            place.title, lowest.end
        )
    })
}

fn remedy(today: Date) -> String {
    match Line::newest_lts(today) {
        Some(line) => format!(
            "; move to Node.js {line}, which is supported until {}",
            line.end
        ),
        None => "; move to a line that is supported".to_owned(),
    }
}

fn report(told: &Told<'_>, sink: &mut Sink<'_>) {
    let place = &told.place;
    if let Some((object, container)) = place.container {
        sink.about(object)
            .report(container.image())
            .container(Some(container))
            .severity(told.severity)
            .say(&told.sentence);
        return;
    }
    let mut sink = sink.in_file(place.path);
    let mut draft = sink
        .report_span(place.span)
        .severity(told.severity)
        .discriminator(&told.key);
    for used in &place.used_at {
        draft = draft.related(*used, "used here");
    }
    for more in &told.more {
        draft = draft.related(more.span, format!("{} is here", more.title));
    }
    draft.say(&told.sentence);
}
