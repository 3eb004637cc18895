//! What a rule is, and the sink that it reports into.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::config::clusters::Clusters;
use crate::config::value::{Day, Setting};
use crate::finding::{Finding, Fingerprint, Location, Related, Status, Subject};
use crate::kubernetes::pod_admission::Demand;
use crate::kubernetes::pod_security::{Level, StandardCheck, VersionSet, Violation};
use crate::kubernetes::{
    Breach, Completeness, Container, Field, Labelled, NamespaceSource, Object, Pod, PolicyVersion,
    Standing,
};
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::{Node, Span};
use crate::waivers::uses::WaiverUse;

pub use crate::finding::Severity;
pub use crate::snapshot::pairs::Pair;

/// A rule: what it is called, what it means, and how it looks.
#[derive(Debug)]
pub struct Rule {
    /// `family/name`; its file is `rules/<family>/<name>.rs`.
    pub id: &'static str,
    /// The doc comment: title, why it matters, examples. Shown by `explain`, on the rule's page and in SARIF.
    pub documentation: &'static str,
    /// The severity of a finding that says nothing else.
    pub severity: Severity,
    /// Further severities that findings of this rule may carry.
    pub other_severities: &'static [Severity],
    /// Standards and identifiers that say the same.
    pub references: &'static [&'static str],
    /// How it looks.
    pub check: Check,
}

impl Rule {
    /// The first sentence of the documentation, without its full stop.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let first = self.documentation.split("\n\n").next().unwrap_or_default();
        first.trim().trim_end_matches('.')
    }

    /// The documentation as Markdown, with the marks of our own on its fences (`yaml bad`).
    #[must_use]
    pub fn markdown(&self) -> String {
        let lines = self.documentation.lines();
        let lines: Vec<_> = lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        lines.join("\n")
    }

    /// The gravest severity that its findings have by themselves.
    #[must_use]
    pub fn gravest(&self) -> Severity {
        let others = self.other_severities.iter().copied();
        others.fold(self.severity, Severity::max)
    }

    /// True if it declares a severity.
    #[must_use]
    pub fn may_be(&self, severity: Severity) -> bool {
        severity == self.severity || self.other_severities.contains(&severity)
    }

    /// The family: what stands before the slash.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.id
            .split_once('/')
            .map_or(self.id, |(family, _)| family)
    }
}

/// What a rule may see. Each is a pure function of the snapshot and the context.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// One object of any kind.
    Object(fn(Object<'_>, &Context, &mut Sink<'_>)),
    /// One workload: an object with a pod or a pod template; with each of them, where it has several.
    Workload(fn(&Workload<'_>, &Context, &mut Sink<'_>)),
    /// One file, as it was read.
    File(fn(&SourceFile, &Context, &mut Sink<'_>)),
    /// The whole revision.
    Manifests(fn(&Snapshot, &Context, &mut Sink<'_>)),
    /// One waiver, and what it covers.
    Waiver(fn(&WaiverUse<'_>, &Context, &mut Sink<'_>)),
    /// Both revisions, where there are two: what the change does, in contrast to what it leaves behind.
    Change(fn(&Pair<'_>, &Context, &mut Sink<'_>)),
}

/// What a rule may know beside its subject.
#[derive(Clone, Debug)]
pub struct Context {
    /// The level that workloads should meet where their namespace enforces none.
    pub level: Level,
    /// The versions of Kubernetes that the clusters run: the worst verdict of them counts. Never empty.
    pub targets: VersionSet,
    /// What is applied together; without any, copies of an object in different folders are alternatives.
    pub clusters: Arc<Clusters>,
    /// What the configuration makes of rules; a rule that is not here keeps its own severities.
    pub settings: BTreeMap<&'static str, Setting>,
    /// The day on which the run takes place; none where nobody says, so that nothing expires.
    pub today: Option<Day>,
}

impl Context {
    /// True if the configuration silences a rule. What could not be read is told all the same.
    #[must_use]
    pub fn is_off(&self, rule: &Rule) -> bool {
        self.settings.get(rule.id) == Some(&Setting::Off)
    }

    /// Makes of findings what the configuration wants. What could not be read is no matter of taste.
    pub fn settle(&self, findings: &mut Vec<Finding>) {
        if self.settings.is_empty() {
            return;
        }
        findings.retain_mut(|finding| match self.settings.get(finding.rule) {
            _ if finding.unread => true,
            None => true,
            Some(Setting::Off) => false,
            Some(Setting::Severity(severity)) => {
                finding.severity = *severity;
                true
            }
        });
    }

    /// Visits what breaks a check of the Pod Security Standards on one of the targets, if the workload is held to
    /// a level that asks for it. What is equal on several targets is visited once.
    pub fn violations<'a>(
        &self,
        check: StandardCheck,
        workload: &Workload<'a>,
        visit: &mut dyn FnMut(Told<'a>),
    ) {
        let standing = self.standing(workload);
        standing.breaches(check, workload.pod, self.targets, &mut |breach| {
            let only = (breach.holds != self.targets).then_some(breach.holds);
            visit(Told {
                breach,
                only,
                namespaces: workload.namespaces,
            });
        });
    }

    /// Whom a workload answers to.
    #[must_use]
    pub fn standing<'a>(&self, workload: &Workload<'a>) -> Standing<'a> {
        Standing {
            namespaces: workload.namespaces,
            otherwise: self.level,
            is_whole: workload.is_whole,
        }
    }
}

impl Default for Context {
    fn default() -> Self {
        Self {
            level: Level::Restricted,
            targets: VersionSet::SUPPORTED,
            clusters: Arc::default(),
            settings: BTreeMap::new(),
            today: None,
        }
    }
}

/// An object with the pod that it is or makes, or with one of them.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    /// The object.
    pub object: Object<'a>,
    /// Its pod.
    pub pod: Pod<'a>,
    /// The Namespace that it lands in, where the revision holds it; more than one where copies of it differ.
    pub namespaces: &'a [&'a Labelled],
    /// False if the pod is not known whole: the object is a patch or a template, or a patch changes it.
    pub is_whole: bool,
}

/// What breaks a check, as a finding tells it.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The place, and where it counts.
    pub breach: Breach<'a>,
    /// The targets on which it counts, if these are not all.
    only: Option<VersionSet>,
    namespaces: &'a [&'a Labelled],
}

impl<'a> std::ops::Deref for Told<'a> {
    type Target = Violation<'a>;

    fn deref(&self) -> &Violation<'a> {
        &self.breach.violation
    }
}

impl Told<'_> {
    /// What follows the sentence: the targets, and who refuses the pod.
    fn addition(&self, object: Object<'_>) -> String {
        let mut addition = self
            .only
            .map_or_else(String::new, |only| format!(" (Kubernetes {only})"));
        let Some(namespace) = self.refusing().next() else {
            return addition;
        };
        let refused = self.breach.refused;
        let on = if refused == self.breach.holds {
            String::new()
        } else {
            format!("in Kubernetes {refused} ")
        };
        let kind = &object.resource().kind;
        let then = if object.kind().is_pod() {
            format!("refuses this {kind}")
        } else {
            format!("accepts this {kind} and then refuses its Pods")
        };
        let who = enforces(namespace);
        let _ = write!(addition, "; {who}, so {on}the API server {then}");
        addition
    }

    /// The namespaces that refuse the pod; none where one of the candidates lets it in.
    fn refusing(&self) -> impl Iterator<Item = &Labelled> {
        let refused = !self.breach.refused.is_empty();
        self.namespaces.iter().copied().filter(move |_| refused)
    }
}

/// `namespace shop (deploy/namespace.yaml) enforces restricted`, with the version if it is pinned.
#[must_use]
pub fn enforces(namespace: &Labelled) -> String {
    enforces_from(namespace, &format!(" ({})", namespace.path))
}

fn enforces_from(namespace: &Labelled, place: &str) -> String {
    let name = crate::kubernetes::field::shortened(&namespace.name);
    let mut sentence = format!("namespace {name}{place}");
    if let Some(Demand { level, version }) = namespace.admission.enforced() {
        let _ = write!(sentence, " enforces {level}");
        if version != PolicyVersion::Latest {
            let _ = write!(sentence, " at {version}");
        }
    }
    sentence
}

/// Declares the rule of a file. The doc comment is its documentation.
#[macro_export]
macro_rules! declare_rule {
    (@others) => { &[] };
    (@others $others:expr) => { $others };
    (
        $(#[doc = $doc:literal])*
        $id:literal,
        severity: $severity:expr,
        $(other_severities: $others:expr,)?
        references: $references:expr,
        check: $check:expr $(,)?
    ) => {
        $(#[doc = $doc])*
        pub(crate) static RULE: $crate::rule::Rule = $crate::rule::Rule {
            id: $id,
            documentation: concat!($($doc, "\n"),*),
            severity: $severity,
            other_severities: $crate::declare_rule!(@others $($others)?),
            references: $references,
            check: $check,
        };
    };
}

pub use declare_rule;

/// Where a rule's findings go. It completes them (prefix, place, identity) and withholds what cannot be known.
#[derive(Debug)]
pub struct Sink<'a> {
    rule: &'static Rule,
    path: Arc<str>,
    object: Option<Object<'a>>,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Sink<'a> {
    /// A sink for what a rule says of one object, or of one file.
    pub fn new(
        rule: &'static Rule,
        path: &Arc<str>,
        object: Option<Object<'a>>,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        Self {
            rule,
            path: Arc::clone(path),
            object,
            findings,
        }
    }

    /// A sink for the same rule and another file: rules that see the whole revision use it.
    pub fn in_file<'b>(&'b mut self, path: &Arc<str>) -> Sink<'b> {
        Sink {
            rule: self.rule,
            path: Arc::clone(path),
            object: None,
            findings: self.findings,
        }
    }

    /// The same for an object.
    pub fn about<'b>(&'b mut self, object: Object<'b>) -> Sink<'b> {
        Sink {
            rule: self.rule,
            path: Arc::clone(object.path()),
            object: Some(object),
            findings: self.findings,
        }
    }

    /// Says of an object of the base that it is gone. The place is the start of the file of the head that held it,
    /// or of the file that is gone with it, as bytes of the base mean nothing in the head; where the run finds the
    /// changed lines that took it out, they take the place of this.
    pub fn report_removed<'s>(&'s mut self, pair: &Pair<'_>) -> Draft<'s, 'a> {
        self.path = pair.continued(&self.path);
        self.draft(Span::default(), None, false)
    }

    /// Reports about a field, present or absent. On partial objects, and on templates, nothing is said of
    /// what is absent: it may stand elsewhere.
    pub fn report<'s>(&'s mut self, field: Field<'_>) -> Draft<'s, 'a> {
        let completeness = self
            .object
            .map_or(Completeness::Complete, Object::completeness);
        let unrendered = completeness == Completeness::Template
            && field.as_str().is_some_and(|text| text.contains("{{"));
        let withheld = unrendered || completeness != Completeness::Complete && !field.is_set();
        let pointer = self.below_object(field.pointer());
        self.draft(field.span(), Some(pointer), withheld)
    }

    /// Reports about a node that is there, at its key.
    pub fn report_keyed<'s>(&'s mut self, node: Node<'_>, key: Span) -> Draft<'s, 'a> {
        let pointer = self.below_object(node.pointer());
        self.draft(key, Some(pointer), false)
    }

    /// Reports what breaks the Pod Security Standards: where it stands, what tells it from others, on which
    /// targets it counts, and which namespace refuses it.
    pub fn report_violation<'s>(&'s mut self, told: &Told<'_>) -> Draft<'s, 'a> {
        let addition = self
            .object
            .map_or_else(String::new, |object| told.addition(object));
        let mut draft = self
            .report(told.field)
            .container(told.container)
            .discriminator(&told.value);
        draft.addition = addition;
        for namespace in told.refusing() {
            draft.at_least = Severity::High;
            draft = draft.enforced_by(namespace);
        }
        draft
    }

    /// Reports about bytes of the file that have an address of their own.
    pub fn report_at<'s>(&'s mut self, span: Span, field: Option<Arc<str>>) -> Draft<'s, 'a> {
        self.draft(span, field, false)
    }

    /// Reports about bytes of the file.
    pub fn report_span<'s>(&'s mut self, span: Span) -> Draft<'s, 'a> {
        self.draft(span, None, false)
    }

    /// The address of a field from its object on: where the object stands in a list is no part of it.
    fn below_object(&self, pointer: String) -> Arc<str> {
        let object = self.object.map(|object| object.node().pointer());
        match object
            .as_deref()
            .and_then(|object| pointer.strip_prefix(object))
        {
            Some(below) => below.into(),
            None => pointer.into(),
        }
    }

    fn draft<'s>(
        &'s mut self,
        span: Span,
        field: Option<Arc<str>>,
        withheld: bool,
    ) -> Draft<'s, 'a> {
        let subject = Subject {
            resource: self.object.map(|object| Arc::clone(object.resource())),
            container: None,
            field,
            discriminator: "".into(),
        };
        Draft {
            severity: self.rule.severity,
            at_least: Severity::Note,
            addition: String::new(),
            span,
            subject,
            related: Vec::new(),
            withheld,
            unread: false,
            sink: self,
        }
    }
}

/// A finding in the making; [`Draft::say`] completes it.
#[must_use = "a draft reports nothing until it says something"]
#[derive(Debug)]
pub struct Draft<'s, 'a> {
    sink: &'s mut Sink<'a>,
    severity: Severity,
    at_least: Severity,
    /// What follows the sentence.
    addition: String,
    span: Span,
    subject: Subject,
    related: Vec<Related>,
    withheld: bool,
    unread: bool,
}

impl Draft<'_, '_> {
    /// The container that it is about.
    pub fn container(mut self, container: Option<Container<'_>>) -> Self {
        self.subject.container = container.map(|container| container.name().into());
        self
    }

    /// A severity other than the rule's default; the rule must declare it.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Another place than the field's own: the line that a person looks at.
    pub fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// The value that tells this finding from others about the same field.
    pub fn discriminator(mut self, value: &str) -> Self {
        self.subject.discriminator = value.into();
        self
    }

    /// Says that something could not be read, in contrast to something bad that was.
    pub fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    /// A further place of the same file.
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        let path = Arc::clone(&self.sink.path);
        self.related.push(Related {
            location: Location { path, span },
            message: message.into(),
        });
        self
    }

    /// A further place of another file.
    pub fn related_in(mut self, location: Location, message: impl Into<String>) -> Self {
        self.related.push(Related {
            location,
            message: message.into(),
        });
        self
    }

    /// The label by which a namespace refuses it.
    pub fn enforced_by(self, namespace: &Labelled) -> Self {
        let location = Location {
            path: Arc::clone(&namespace.path),
            span: namespace.at,
        };
        self.related_in(location, enforces_from(namespace, ""))
    }

    /// Completes the finding. The sentence starts with the field; resource and container are put before it.
    pub fn say(self, sentence: &str) {
        if self.withheld {
            return;
        }
        let severity = self.severity.max(self.at_least);
        debug_assert!(
            self.sink.rule.may_be(severity),
            "{} does not declare {severity:?}",
            self.sink.rule.id
        );
        let mut message = String::with_capacity(sentence.len() + self.addition.len() + 48);
        if let Some(object) = self.sink.object {
            message.push_str(&object_name(object));
            if let Some(container) = &self.subject.container {
                message.push_str(", container `");
                message.push_str(&crate::kubernetes::field::shortened(container));
                message.push('`');
            }
            message.push_str(": ");
        }
        let sentence_start = message.len();
        message.push_str(sentence);
        message.push_str(&self.addition);
        let fingerprint = Fingerprint::new(self.sink.rule.id, &self.subject, &self.sink.path);
        self.sink.findings.push(Finding {
            rule: self.sink.rule.id,
            severity,
            message,
            sentence_start,
            location: Location {
                path: Arc::clone(&self.sink.path),
                span: self.span,
            },
            changed_at: None,
            related: self.related,
            subject: self.subject,
            namespace: self.sink.object.and_then(stated_namespace).map(Into::into),
            waived: None,
            status: Status::Introduced,
            fingerprint,
            unread: self.unread,
            change: matches!(self.sink.rule.check, Check::Change(_)),
        });
    }
}

/// `Deployment shop/cart`: with the namespace that it lands in, where something says which.
#[must_use]
pub fn object_name(object: Object<'_>) -> String {
    let resource = object.resource();
    let name = crate::kubernetes::field::shortened(&resource.name);
    match stated_namespace(object) {
        Some(namespace) => {
            let namespace = crate::kubernetes::field::shortened(namespace);
            format!("{} {namespace}/{name}", resource.kind)
        }
        None => format!("{} {name}", resource.kind),
    }
}

/// The namespace that an object lands in, where the object or its kustomization says which.
fn stated_namespace(object: Object<'_>) -> Option<&str> {
    match object.namespace()? {
        (namespace, NamespaceSource::Written | NamespaceSource::Kustomization) => Some(namespace),
        (_, NamespaceSource::Default) => None,
    }
}
