//! What a rule is, and the sink that it reports into.

use std::sync::Arc;

use crate::finding::{Finding, Fingerprint, Location, Related, Status, Subject};
use crate::kubernetes::pod_security::{Level, StandardCheck, Version, Violation};
use crate::kubernetes::{Completeness, Container, Field, NamespaceSource, Object, Pod};
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::{Node, Span};

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
    /// One workload: an object with a pod or a pod template.
    Workload(fn(&Workload<'_>, &Context, &mut Sink<'_>)),
    /// One file, as it was read.
    File(fn(&SourceFile, &Context, &mut Sink<'_>)),
    /// The whole revision.
    Manifests(fn(&Snapshot, &Context, &mut Sink<'_>)),
    /// Both revisions, where there are two: what the change does, in contrast to what it leaves behind.
    Change(fn(&Pair<'_>, &Context, &mut Sink<'_>)),
}

/// What a rule may know beside its subject.
#[derive(Clone, Debug)]
pub struct Context {
    /// The level that workloads should meet.
    pub level: Level,
    /// The version of the Pod Security Standards that they are judged by.
    pub version: Version,
}

impl Context {
    /// Visits what breaks a check of the Pod Security Standards, if the level that workloads should meet asks
    /// for it.
    pub fn violations<'a>(
        &self,
        check: StandardCheck,
        pod: Pod<'a>,
        visit: &mut dyn FnMut(Violation<'a>),
    ) {
        if self.level >= check.level() {
            check.run(pod, self.version, visit);
        }
    }
}

impl Default for Context {
    fn default() -> Self {
        Self {
            level: Level::Restricted,
            version: Version::LATEST,
        }
    }
}

/// An object with the pod that it is or makes.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    /// The object.
    pub object: Object<'a>,
    /// Its pod.
    pub pod: Pod<'a>,
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

    /// Reports what breaks the Pod Security Standards: where it stands, and what tells it from others.
    pub fn report_violation<'s>(&'s mut self, violation: &Violation<'_>) -> Draft<'s, 'a> {
        self.report(violation.field)
            .container(violation.container)
            .discriminator(&violation.value)
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
        debug_assert!(
            severity == self.sink.rule.severity
                || self.sink.rule.other_severities.contains(&severity),
            "{} does not declare {severity:?}",
            self.sink.rule.id
        );
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

    /// Completes the finding. The sentence starts with the field; resource and container are put before it.
    pub fn say(self, sentence: &str) {
        if self.withheld {
            return;
        }
        let mut message = String::with_capacity(sentence.len() + 48);
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
        let fingerprint = Fingerprint::new(self.sink.rule.id, &self.subject, &self.sink.path);
        self.sink.findings.push(Finding {
            rule: self.sink.rule.id,
            severity: self.severity,
            message,
            sentence_start,
            location: Location {
                path: Arc::clone(&self.sink.path),
                span: self.span,
            },
            changed_at: None,
            related: self.related,
            subject: self.subject,
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
    match object.namespace() {
        Some((namespace, NamespaceSource::Written | NamespaceSource::Kustomization)) => {
            format!(
                "{} {}/{name}",
                resource.kind,
                crate::kubernetes::field::shortened(namespace)
            )
        }
        _ => format!("{} {name}", resource.kind),
    }
}
