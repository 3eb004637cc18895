//! One mistake is told once: what a key brings about that is no field is left to the finding about the key.
//!
//! A protection that is misspelt, or stands in the wrong place, is missing for that very reason, and one edit mends
//! both. Nothing graver than the finding about the key is left to it, nor, beyond low, what would still be missing if
//! the key were right.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::finding::{Finding, Location, Resource, Severity};
use crate::kubernetes::schema::{Meant, What};
use crate::kubernetes::{Object, service};
use crate::rule::Context;
use crate::rules;
use crate::snapshot::Snapshot;
use crate::syntax::{Node, unescape_segment};

/// The rules that tell of keys that are no fields.
const TELLS: [&str; 2] = ["workload/misplaced-field", "workload/unknown-field"];

/// Fields of a pod that its containers take where they have none of their own.
const INHERITED: [&str; 7] = [
    "appArmorProfile",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
    "windowsOptions",
];

/// What a field of that value does is what happens without it.
const DEFAULTS: [(&str, bool); 4] = [
    ("allowPrivilegeEscalation", true),
    ("automountServiceAccountToken", true),
    ("readOnlyRootFilesystem", false),
    ("runAsNonRoot", false),
];

/// Rules that speak of one field for want of another.
const FOR_WANT_OF: [(&str, &str, &str); 1] = [(
    "exposure/load-balancer",
    "/spec/type",
    "/spec/loadBalancerSourceRanges",
)];

/// Any item of a list.
const ANY: &str = "*";

/// What holds the protections of a pod, and of a container.
const CONTEXT: &str = "securityContext";

/// A key that is no field, and the fields that it is meant to be.
struct Cause<'a> {
    object: Object<'a>,
    /// The value of the key.
    node: Node<'a>,
    /// The addresses of the fields from the object on; an item of a list may be any.
    meant: Vec<Vec<String>>,
    /// What it is told with.
    severity: Severity,
}

/// An object of a file.
type Key<'a> = (&'a Arc<str>, &'a Arc<Resource>);

/// Takes what follows from a key that is no field out of the findings, where the finding about the key says enough.
pub(super) fn take_consequences(
    snapshot: &Snapshot,
    context: &Context,
    findings: &mut Vec<Finding>,
) -> Vec<Finding> {
    let told: BTreeMap<&Location, Severity> = findings
        .iter()
        .filter(|finding| TELLS.contains(&finding.rule) && !is_off(finding, context))
        .map(|finding| (&finding.location, settled(finding, context)))
        .collect();
    let mut causes: HashMap<Key<'_>, Vec<Cause<'_>>> = HashMap::new();
    let mut paths: Vec<&Arc<str>> = told.keys().map(|location| &location.path).collect();
    paths.dedup();
    for path in paths {
        let file = snapshot.file(path).into_iter();
        for object in file.flat_map(|file| snapshot.objects_of(file)) {
            let own = causes_of(object, &told);
            if !own.is_empty() {
                let key = (object.path(), object.resource());
                causes.entry(key).or_default().extend(own);
            }
        }
    }
    if causes.is_empty() {
        return Vec::new();
    }
    let follows = |finding: &Finding| {
        let (Some(resource), Some(field)) = (&finding.subject.resource, wanted_field(finding))
        else {
            return false;
        };
        if TELLS.contains(&finding.rule) {
            return false;
        }
        let own = causes.get(&(&finding.location.path, resource));
        let severity = settled(finding, context);
        let segments: Vec<&str> = field.split('/').skip(1).collect();
        let cause = own.into_iter().flatten().find(|cause| {
            let span = cause.object.node().span();
            let is_within =
                span.start <= finding.location.span.start && finding.location.span.end <= span.end;
            is_within && severity <= cause.severity && cause.accounts_for(&segments, severity)
        });
        // What is written there all the same is a mistake of its own.
        cause.is_some_and(|cause| at(cause.object.node(), &segments).is_none())
    };
    let (consequences, rest) = std::mem::take(findings).into_iter().partition(follows);
    *findings = rest;
    consequences
}

fn is_off(finding: &Finding, context: &Context) -> bool {
    rules::find(finding.rule).is_none_or(|rule| context.is_off(rule))
}

/// The severity that the configuration leaves to a finding.
fn settled(finding: &Finding, context: &Context) -> Severity {
    context
        .severity_of(finding.rule)
        .unwrap_or(finding.severity)
}

/// The keys of an object that are no fields, are told, and are known to be meant for one that is missing.
fn causes_of<'a>(object: Object<'a>, told: &BTreeMap<&Location, Severity>) -> Vec<Cause<'a>> {
    let root = object.node().pointer();
    let below = |pointer: &str| -> Vec<String> {
        let below = pointer.strip_prefix(&*root).unwrap_or(pointer);
        below.split('/').skip(1).map(str::to_owned).collect()
    };
    let mut causes = Vec::new();
    for odd in object.oddities().filter(|odd| odd.what == What::NoField) {
        let node = odd.node(object);
        let (Some(key), Some(within)) = (node.key(), node.parent()) else {
            continue;
        };
        let location = Location {
            path: Arc::clone(object.path()),
            span: key.span(),
        };
        let Some(severity) = told.get(&location) else {
            continue;
        };
        let mut meant = match odd.meant(object) {
            Meant::Field(name) if within.present(name).is_none() => {
                let mut segments = below(&within.pointer());
                segments.push(name.to_owned());
                vec![segments]
            }
            Meant::Elsewhere(places) => places.iter().map(|place| segments_of(place)).collect(),
            Meant::Field(_) | Meant::Version(_) | Meant::Unknown => continue,
        };
        let of_containers: Vec<_> = meant
            .iter()
            .flat_map(|one| inherited(object, one, &below))
            .collect();
        meant.extend(of_containers);
        causes.push(Cause {
            object,
            node,
            meant,
            severity: *severity,
        });
    }
    causes
}

/// The address of `spec.containers[].image`.
fn segments_of(place: &str) -> Vec<String> {
    let mut segments = Vec::new();
    for step in place.split('.') {
        match step.strip_suffix("[]") {
            Some(list) => segments.extend([list.to_owned(), ANY.to_owned()]),
            None => segments.push(step.to_owned()),
        }
    }
    segments
}

/// Where containers lack what is meant for the `securityContext` of their pod.
fn inherited(
    object: Object<'_>,
    meant: &[String],
    below: &dyn Fn(&str) -> Vec<String>,
) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for pod in object.pods() {
        let spec = below(&pod.spec().pointer());
        let Some([context, rest @ ..]) = meant.strip_prefix(&*spec) else {
            continue;
        };
        let is_taken = rest.first().is_none_or(|name| INHERITED.contains(&&**name));
        if context == CONTEXT && is_taken {
            let steps = ["containers", ANY, CONTEXT].map(str::to_owned);
            found.push([&*spec, &steps, rest].concat());
        }
    }
    found
}

impl Cause<'_> {
    /// True if a field is what the key is meant to be, or lies below it and would be mended with it.
    fn accounts_for(&self, segments: &[&str], severity: Severity) -> bool {
        self.meant.iter().any(|meant| {
            let is_exact = meant.iter().all(|step| step != ANY);
            rest_of(segments, meant).is_some_and(|rest| {
                severity <= Severity::Low && is_exact || self.would_mend(meant, rest)
            })
        })
    }

    /// True if the value holds what the finding misses, and not what would be as bad.
    fn would_mend(&self, meant: &[String], rest: &[&str]) -> bool {
        // Of the whole `securityContext` of a pod its containers take some fields.
        let is_whole = meant.last().is_some_and(|last| last == CONTEXT);
        let is_taken = rest.first().is_some_and(|name| INHERITED.contains(name));
        if is_whole && meant.iter().any(|step| step == ANY) && !is_taken {
            return false;
        }
        let mut name = meant.last().map_or("", |last| &**last);
        let mut node = self.node;
        for step in rest {
            let Some(inner) = node.present(&unescape_segment(step)) else {
                return false;
            };
            (name, node) = (step, inner);
        }
        protects(name, node)
    }
}

/// The field that a finding misses.
fn wanted_field(finding: &Finding) -> Option<&str> {
    let field = finding.subject.field.as_deref()?;
    let other = FOR_WANT_OF
        .iter()
        .find(|(rule, place, _)| *rule == finding.rule && *place == field);
    Some(other.map_or(field, |(.., wanted)| wanted))
}

/// What of an address lies below a field.
fn rest_of<'s, 'f>(segments: &'s [&'f str], meant: &[String]) -> Option<&'s [&'f str]> {
    let (own, rest) = segments.split_at_checked(meant.len())?;
    let fits = |(own, meant): (&&str, &String)| {
        *own == *meant || meant == ANY || meant == "containers" && *own == "initContainers"
    };
    own.iter().zip(meant).all(fits).then_some(rest)
}

/// What stands at an address.
fn at<'a>(root: Node<'a>, segments: &[&str]) -> Option<Node<'a>> {
    let mut node = root;
    for segment in segments {
        node = if node.is_sequence() {
            // Items are called by their names, as containers are.
            let name = unescape_segment(segment);
            node.items().find(|item| {
                item.present("name")
                    .is_some_and(|own| own.key_text() == name)
            })?
        } else {
            node.present(&unescape_segment(segment))?
        };
    }
    Some(node)
}

/// True if a field of that value does what it is there for.
fn protects(name: &str, node: Node<'_>) -> bool {
    if node.is_null() {
        return false;
    }
    match name {
        "capabilities" => node
            .present("drop")
            .is_some_and(|drop| protects("drop", drop)),
        "drop" => node.items().any(|item| {
            item.as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case("ALL"))
        }),
        "loadBalancerSourceRanges" => {
            let ranges = || node.items().filter_map(Node::as_str);
            ranges().next().is_some() && service::everybody(ranges()).is_none()
        }
        "runAsUser" => node.as_int().is_some_and(|user| user != 0),
        "seccompProfile" | "appArmorProfile" => {
            let kind = node.present("type").and_then(Node::as_str);
            kind.is_some_and(|kind| kind != "Unconfined")
        }
        "type" => node.as_str() != Some("Unconfined"),
        _ => DEFAULTS
            .iter()
            .all(|(known, value)| name != *known || node.as_bool() == Some(!value)),
    }
}
