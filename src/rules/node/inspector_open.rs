use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::field::quoted;
use crate::kubernetes::process::scalar;
use crate::kubernetes::service_target::ServiceTarget;
use crate::kubernetes::{Container, Field, Object, Pod, Process};
use crate::packages::launch::Inspector;
use crate::packages::node_options;
use crate::packages::purpose::is_for_development;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::node_starts::{
    is_development, is_development_image, node_starts, options_of, options_of_image,
    service_scripts,
};
use crate::snapshot::projects::Projects;
use crate::snapshot::settings::{Setting, settings};
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::dockerfile::Dockerfile;

declare_rule! {
    /// A deployed program of Node.js opens its inspector.
    ///
    /// ## Why it matters
    /// The inspector asks for no password: whoever reaches its port runs any code in the process, with its environment,
    /// its files and its connections. Bound to all addresses (`--inspect=0.0.0.0`), every pod that may talk to this one
    /// can do so, and so can whoever a Service lets in.
    ///
    /// It is high where it is bound beyond the pod itself, or where a port of the container or a Service is for it.
    /// Without an address `--inspect` binds 127.0.0.1: only the containers of the pod, who may forward ports to it, and
    /// pages in a browser that rebind names reach it (medium).
    ///
    /// ## Example
    /// ```yaml bad
    /// command: ["node", "--inspect=0.0.0.0:9229", "server.js"]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// command: ["node", "server.js"]
    /// ```
    /// To look into a running pod, send SIGUSR1 to Node.js and use `kubectl port-forward`.
    ///
    /// ## Limits
    /// It reads commands, arguments, `NODE_OPTIONS` (also from `ConfigMap` objects of the repository), what the last stage of a Dockerfile starts, and the scripts of
    /// `package.json` that these lead to. Node.js takes its options before the script: what stands behind it belongs to
    /// the program, and a command that does not name Node.js to somebody else. Arguments without a command count where
    /// the image is the official one, or where an option stands before a script. Files and objects whose name says that they are for development or tests are left
    /// alone.
    "node/inspector-open",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["CWE-489", "CWE-306"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let mut targets = None;
    for file in snapshot.files() {
        if is_for_development(&file.path) {
            continue;
        }
        if let Some(dockerfile) = file.dockerfile() {
            of_dockerfile(file, dockerfile, sink);
            continue;
        }
        for object in snapshot.objects_of(file) {
            for pod in object.pods() {
                for container in pod.containers() {
                    let found = opened(container);
                    if found.is_empty() || is_development(object) {
                        continue;
                    }
                    let targets = targets.get_or_insert_with(|| targets_by_port(snapshot));
                    for (inspector, field) in found {
                        let exposed = exposed(object, pod, &inspector, targets);
                        let place = field.span();
                        let draft = sink.about(object);
                        report_container(
                            draft,
                            field,
                            container,
                            &inspector,
                            exposed.filter(|at| at.span != place),
                        );
                    }
                }
            }
        }
    }
    let settings = settings(snapshot, &["NODE_OPTIONS"]).into_iter();
    for setting in settings.filter_map(Setting::deployed) {
        let Some(inspector) = Inspector::all(&setting.text).last() else {
            continue;
        };
        let targets = targets.get_or_insert_with(|| targets_by_port(snapshot));
        let mut readers = setting.readers.iter();
        let exposed =
            readers.find_map(|reader| exposed(reader.object, reader.pod, &inspector, targets));
        let (severity, sentence) = judged(&inspector, exposed.is_some());
        let exposed = exposed.map(|location| {
            let message = format!("port {} is for the inspector", inspector.port);
            (location, message)
        });
        sink.say_of_setting(&setting, severity, exposed, &sentence);
    }
    of_scripts(snapshot, sink);
}

/// The inspectors of a container with where they stand; one a field.
fn opened(container: Container<'_>) -> Vec<(Inspector, Field<'_>)> {
    let mut found: Vec<(Inspector, Field<'_>)> = Vec::new();
    for (node, option) in options_of(container) {
        let Some(inspector) = Inspector::of_word(&option) else {
            continue;
        };
        let field = Field::of(node);
        match found.last_mut() {
            Some((known, at)) if at.span() == field.span() => *known = inspector,
            _ => found.push((inspector, field)),
        }
    }
    let process = Process::of(container);
    let options = process.variable("NODE_OPTIONS");
    let options = options.and_then(|options| {
        let inspector = Inspector::all(&process.expanded(options.text())).last()?;
        Some((inspector, Field::of(options.value)))
    });
    found.extend(options);
    found
}

/// The ports that Services send requests to, by namespace and by what they call the port.
type Targets<'a> = BTreeMap<(&'a str, &'a str), Vec<ServiceTarget<'a>>>;

/// The most Services with one port that are asked whether they are for a pod.
const MOST: usize = 64;

fn targets_by_port(snapshot: &Snapshot) -> Targets<'_> {
    let mut targets = Targets::new();
    for target in snapshot.objects().flat_map(ServiceTarget::of) {
        let key = (
            namespace_of(target.service),
            target.port.node().map_or("", scalar),
        );
        let known = targets.entry(key).or_default();
        if known.len() < MOST {
            known.push(target);
        }
    }
    targets
}

fn namespace_of(object: Object<'_>) -> &str {
    object.namespace().map_or("", |(name, _)| name)
}

/// The port of a container, or of a Service, that is for the inspector.
fn exposed(
    object: Object<'_>,
    pod: Pod<'_>,
    inspector: &Inspector,
    targets: &Targets<'_>,
) -> Option<Location> {
    let port = inspector.port;
    let own = pod
        .containers()
        .flat_map(Container::ports)
        .find(|own| own.container_port().as_int() == Some(i64::from(port)));
    if let Some(own) = own {
        return Some(Location {
            path: Arc::clone(object.path()),
            span: own.container_port().span(),
        });
    }
    let port = port.to_string();
    let of_number = targets.get(&(namespace_of(object), &*port));
    let target = of_number?.iter().find(|target| target.selects(pod))?;
    Some(Location {
        path: Arc::clone(target.service.path()),
        span: target.port.span(),
    })
}

fn report_container(
    mut sink: Sink<'_>,
    field: Field<'_>,
    container: Container<'_>,
    inspector: &Inspector,
    exposed: Option<Location>,
) {
    let (severity, sentence) = judged(inspector, exposed.is_some());
    let mut draft = sink
        .report(field)
        .container(Some(container))
        .severity(severity);
    if let Some(location) = exposed {
        draft = draft.related_in(
            location,
            format!("port {} is for the inspector", inspector.port),
        );
    }
    draft.say(&sentence);
}

fn judged(inspector: &Inspector, is_exposed: bool) -> (Severity, String) {
    let flag = quoted(&inspector.flag);
    let remedy = "take it away";
    match (&inspector.beyond_loopback, is_exposed) {
        (Some(host), _) => (
            Severity::High,
            format!(
                "{flag} opens the inspector on {}, where whoever reaches port {} runs any code; {remedy}",
                quoted(host),
                inspector.port
            ),
        ),
        (None, true) => (
            Severity::High,
            format!(
                "{flag} opens the inspector, and port {} is declared for it, through which any code can be run; {remedy}",
                inspector.port
            ),
        ),
        (None, false) => (
            Severity::Medium,
            format!(
                "{flag} opens the inspector on the pod's own 127.0.0.1, where whoever can forward a port runs any code; {remedy}"
            ),
        ),
    }
}

fn of_dockerfile(file: &SourceFile, dockerfile: &Dockerfile, sink: &mut Sink<'_>) {
    let stages = dockerfile.stages();
    if is_development_image(file, &stages) {
        return;
    }
    let mut report = |span, inspector: &Inspector, key: &str| {
        let (severity, sentence) = judged(inspector, false);
        sink.in_file(&file.path)
            .report_span(span)
            .severity(severity)
            .discriminator(key)
            .say(&sentence);
    };
    let options = options_of_image(dockerfile, &stages);
    for keyword in ["ENTRYPOINT", "CMD"] {
        let own = options.iter().filter(|(of, ..)| *of == keyword);
        let mut found =
            own.filter_map(|(_, span, option)| Some((*span, Inspector::of_word(option)?)));
        if let Some((span, inspector)) = found.next_back() {
            report(span, &inspector, keyword);
        }
    }
    let mut options = None;
    stages.walk(&mut |_, instruction, _| {
        if instruction.keyword == "ENV" {
            let pairs = dockerfile.pairs(instruction).into_iter();
            if let Some(pair) = pairs.rev().find(|pair| pair.name == "NODE_OPTIONS") {
                options = pair.value;
            }
        }
    });
    if let Some(options) = options
        && let Some(inspector) = Inspector::all(&options.text).last()
    {
        report(options.span, &inspector, "NODE_OPTIONS");
    }
}

/// Scripts that a deployed service starts.
fn of_scripts(snapshot: &Snapshot, sink: &mut Sink<'_>) {
    let projects = Projects::of(snapshot);
    let starts = node_starts(snapshot, &projects);
    let mut told = BTreeSet::new();
    for script in service_scripts(&starts) {
        let options = node_options::of_script(script.text).into_iter();
        let mut inspectors = options.filter_map(|option| Inspector::of_word(&option.text));
        let Some(inspector) = inspectors.next_back() else {
            continue;
        };
        let file = script.project.file;
        if !told.insert((&file.path, script.name)) {
            continue;
        }
        let (severity, sentence) = judged(&inspector, false);
        let name = crate::kubernetes::field::shortened(script.name);
        sink.in_file(&file.path)
            .report(Field::of(script.node))
            .severity(severity)
            .related_in(script.start.location(), "started here")
            .say(&format!(
                "scripts.{name} is what a service starts: {sentence}"
            ));
    }
}
