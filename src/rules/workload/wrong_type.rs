use crate::kubernetes::field::{Field, quoted, shortened};
use crate::kubernetes::schema::{Shape, What};
use crate::kubernetes::{Container, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::syntax::{Node, Value};

declare_rule! {
    /// A value has a type that the Kubernetes API refuses.
    ///
    /// ## Why it matters
    /// The API server does not convert: a number where it takes text, or text where it takes a boolean, and it refuses
    /// the whole object. The deployment stops, at times half-way, and what the change should have mended stays as it
    /// is. Unquoted `8080`, `true`, `on` and `1.10` in labels, annotations and environment variables are the usual
    /// ways there.
    ///
    /// ## Example
    /// ```yaml bad
    /// env:
    ///   - name: PORT
    ///     value: 8080
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// env:
    ///   - name: PORT
    ///     value: "8080"
    /// ```
    ///
    /// ## Limits
    /// Quantities, and what can be a number or a name, take both. Text that looks like a placeholder is left alone.
    /// Judged are the stable versions of Kubernetes' own kinds; values of an anchor's copies are judged where they are
    /// written.
    "workload/wrong-type",
    severity: Severity::Medium,
    references: &["CWE-704"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for odd in object.oddities() {
        let What::WrongType(wanted) = odd.what else {
            continue;
        };
        let node = odd.node(object);
        // A scalar has no name in its list; what it is tells it from others.
        let list = node
            .parent()
            .filter(|list| list.is_sequence() && !node.is_mapping());
        let (field, item) = list.map_or((node, ""), |list| (list, node.source()));
        sink.report(Field::of(field))
            .at(Field::of(node).span())
            .discriminator(item)
            .container(Container::around(node))
            .say(&format!(
                "{} is {} where the API takes {}, so the API server refuses the object; {}",
                named(node),
                found(node),
                wanted.in_words(),
                remedy(node, wanted)
            ));
    }
}

/// What a value is called: its key, with what tells it from others of the name.
fn named(node: Node<'_>) -> String {
    let parent = node.parent();
    let Some(key) = node.key().map(Node::key_text) else {
        let list = parent
            .and_then(Node::key)
            .map_or("the list", Node::key_text);
        return format!("an item of {}", shortened(list));
    };
    match parent.and_then(Node::key).map(Node::key_text) {
        Some("annotations") => return format!("annotation {}", shortened(key)),
        Some("labels") => return format!("label {}", shortened(key)),
        _ => {}
    }
    // The container is named already.
    let container = Container::around(node).map(Container::node);
    let item =
        parent.filter(|item| item.key().is_none() && key != "name" && Some(*item) != container);
    match item
        .and_then(|item| item.get("name"))
        .and_then(Node::as_str)
    {
        Some(name) => format!("{} of {}", shortened(key), quoted(name)),
        None => shortened(key),
    }
}

/// What a value is; a value that may be a secret is not repeated.
fn found(node: Node<'_>) -> &'static str {
    match node.value() {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Text(_) => "text",
        Value::Sequence => "a list",
        Value::Mapping => "a mapping",
    }
}

fn remedy(node: Node<'_>, wanted: Shape) -> String {
    match (wanted, node.value()) {
        (Shape::Text, Value::Bool(_)) if !matches!(node.source(), "true" | "false") => format!(
            "put it in quotes, as YAML reads {} as a boolean",
            shortened(node.source())
        ),
        (Shape::Text | Shape::Bytes, Value::Bool(_) | Value::Int(_) | Value::Float(_)) => {
            "put it in quotes".to_owned()
        }
        (Shape::Bool, Value::Text("true" | "false")) => "leave out the quotes".to_owned(),
        (Shape::Int, Value::Text(text)) if text.parse::<i64>().is_ok() => {
            "leave out the quotes".to_owned()
        }
        _ => format!("write {}", wanted.in_words()),
    }
}
