//! Where findings go, and what completes them.

use std::sync::Arc;

use crate::finding::{
    Finding, Fingerprint, Fix, Fold, Location, PackageName, PackageSeen, Reach, Related, Severity,
    Status, Subject,
};
use crate::kubernetes::roles::Named;
use crate::kubernetes::{Completeness, Container, Field, Labelled, Object};
use crate::snapshot::held::Held;
use crate::snapshot::images::{ImagePlace, ImageUse};
use crate::snapshot::settings::{Setting, SettingPlace};
use crate::syntax::{Node, Span};

use super::told::enforces_from;
use super::{Check, Pair, Rule, Told};

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

    /// How much was said so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.findings.len()
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

    /// Says of an object of the base what the head leaves of it, at a line of the head.
    pub fn report_left<'s>(&'s mut self, at: &Location) -> Draft<'s, 'a> {
        self.path = Arc::clone(&at.path);
        self.draft(at.span, None, false)
    }

    /// Reports about a package, at the line that a person edits, with its place in the lockfile beside it.
    pub fn report_package<'s>(&'s mut self, held: Held<'_>, at: &Location) -> Draft<'s, 'a> {
        self.path = Arc::clone(&at.path);
        let (name, seen) = held.subject();
        let draft = self.draft(at.span, None, false).package(name, seen);
        let locked = held.package.locked_at();
        if locked == *at {
            return draft;
        }
        draft.related_in(locked, format!("{} is locked here", held.package.label()))
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

    /// Reports about a right that a role names, by what the right is: where among the rules it stands tells nothing.
    pub fn report_right<'s>(&'s mut self, named: Named<'_>) -> Draft<'s, 'a> {
        self.draft(named.verb.span(), Some("/rules".into()), false)
            .discriminator(&named.right())
    }

    /// Reports about bytes of the file that have an address of their own.
    pub fn report_at<'s>(&'s mut self, span: Span, field: Option<Arc<str>>) -> Draft<'s, 'a> {
        self.draft(span, field, false)
    }

    /// Reports about bytes of the file.
    pub fn report_span<'s>(&'s mut self, span: Span) -> Draft<'s, 'a> {
        self.draft(span, None, false)
    }

    /// Says something of an image, where it is named.
    pub fn say_of_image(&mut self, image: &ImageUse<'_>, severity: Severity, sentence: &str) {
        match image.place {
            ImagePlace::Container(object, _, container) => self
                .about(object)
                .report(container.image())
                .container(Some(container))
                .severity(severity)
                .say(sentence),
            ImagePlace::Volume(object, _, volume) => {
                if let Some(image) = volume.image() {
                    self.about(object)
                        .report(Field::follow(image, &["reference"]))
                        .severity(severity)
                        .say(sentence);
                }
            }
            ImagePlace::Kustomization(path, change) => self
                .in_file(path)
                .report_at(change.at, Some((&*change.pointer).into()))
                .severity(severity)
                .say(sentence),
        }
    }

    /// Says something of a value of a `ConfigMap`, with the containers that take it.
    pub fn say_of_setting<'b>(
        &'b mut self,
        setting: &Setting<'b>,
        severity: Severity,
        related: Option<(Location, String)>,
        sentence: &str,
    ) {
        let mut sink = match setting.place {
            SettingPlace::Object(map, _) => self.about(map),
            SettingPlace::Generated(value) => self.in_file(value.path),
        };
        let draft = match setting.place {
            SettingPlace::Object(_, value) => sink.report(Field::of(value)),
            SettingPlace::Generated(value) => {
                let draft = sink.report_span(value.at);
                draft.discriminator(&format!("{}, {}", value.map, value.key))
            }
        };
        let draft = draft.severity(severity);
        let places = setting.related().chain(related);
        places
            .fold(draft, |draft, (location, message)| {
                draft.related_in(location, message)
            })
            .say(sentence);
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
            package: None,
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
            copy: None,
            package: None,
            related: Vec::new(),
            withheld,
            unread: false,
            fold: None,
            fix: None,
            cause: None,
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
    copy: Option<Box<str>>,
    package: Option<Arc<PackageSeen>>,
    related: Vec<Related>,
    withheld: bool,
    unread: bool,
    fold: Option<Arc<Fold>>,
    fix: Option<Fix>,
    cause: Option<Location>,
}

impl Draft<'_, '_> {
    /// The container that it is about.
    pub fn container(mut self, container: Option<Container<'_>>) -> Self {
        self.subject.container = container.map(|container| container.name().into());
        self
    }

    /// The package that it is about, and what is known of it.
    pub fn package(mut self, name: PackageName, seen: PackageSeen) -> Self {
        self.subject.package = Some(Arc::new(name));
        self.package = Some(Arc::new(seen));
        self
    }

    /// Says that it is about each workspace that has the package in one of these versions.
    pub fn of_versions<'v>(self, versions: impl IntoIterator<Item = &'v str>) -> Self {
        let versions = versions.into_iter().map(Arc::from).collect();
        self.reaching(Reach::Versions(versions))
    }

    /// Says that it is about each workspace that asks for the package.
    pub fn of_asking(self) -> Self {
        self.reaching(Reach::Name)
    }

    /// The entries of its advisory that are about the version of the package.
    pub fn entries(mut self, entries: Vec<Arc<str>>) -> Self {
        if let Some(seen) = &mut self.package {
            Arc::make_mut(seen).entries = entries;
        }
        self
    }

    fn reaching(mut self, reach: Reach) -> Self {
        if let Some(seen) = &mut self.package {
            Arc::make_mut(seen).reach = reach;
        }
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

    /// What tells this finding from others about the same subject in one revision. Two revisions are compared without
    /// it: a copy takes the place of another.
    pub fn copy(mut self, copy: &str) -> Self {
        self.copy = Some(copy.into());
        self
    }

    /// Says that something could not be read, in contrast to something bad that was.
    pub fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    /// What the change did that caused it, where no place of the head shows it: a file that is gone.
    pub fn caused_at(mut self, location: Location) -> Self {
        self.cause = Some(location);
        self
    }

    /// Lets it be told with others of its kind in one sentence, where they are many of one status.
    pub fn fold(mut self, fold: Fold) -> Self {
        self.fold = Some(Arc::new(fold));
        self
    }

    /// What to write instead of this node, if it is spelt just so: whoever offers it need not know more.
    pub fn instead(mut self, node: Option<Node<'_>>, found: &str, replacement: &str) -> Self {
        let node = node.filter(|node| node.source() == found);
        self.fix = node.map(|node| Fix {
            span: node.span(),
            found: found.into(),
            replacement: replacement.into(),
            together: Arc::default(),
        });
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
            // Knative names what has no name, and an operation of a patch names its container by its place.
            let container = self.subject.container.as_ref();
            if let Some(container) = container.filter(|name| !name.is_empty()) {
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
        let fingerprint = match &self.copy {
            Some(copy) => fingerprint.of_copy(copy),
            None => fingerprint,
        };
        self.sink.findings.push(Finding {
            rule: self.sink.rule.id,
            severity,
            message,
            sentence_start,
            location: Location {
                path: Arc::clone(&self.sink.path),
                span: self.span,
            },
            changed_at: self.cause,
            related: self.related,
            subject: self.subject,
            package: self.package,
            namespace: self
                .sink
                .object
                .and_then(Object::stated_namespace)
                .map(Into::into),
            waived: None,
            status: Status::Introduced,
            fingerprint,
            unread: self.unread,
            refused: self.at_least == Severity::High,
            change: matches!(self.sink.rule.check, Check::Change(_) | Check::Arrivals(_)),
            fold: self.fold,
            fix: self.fix,
        });
    }
}

/// `Deployment shop/cart`: with the namespace that it lands in, where something says which.
#[must_use]
pub fn object_name(object: Object<'_>) -> String {
    let resource = object.resource();
    let name = crate::kubernetes::field::shortened(&resource.name);
    match object.stated_namespace() {
        // Files of the API server have no names.
        None if name.is_empty() => resource.kind.to_string(),
        Some(namespace) => {
            let namespace = crate::kubernetes::field::shortened(namespace);
            format!("{} {namespace}/{name}", resource.kind)
        }
        None => format!("{} {name}", resource.kind),
    }
}
