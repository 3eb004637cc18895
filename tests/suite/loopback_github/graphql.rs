//! GraphQL: runs a document over what the state holds, and answers as GitHub does, errors included.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::document::{Document, Field, Selection, parse};
use super::nodes::{Found, Node};
use super::route::Asked;
use super::state::State;

/// Why a field has no value.
#[derive(Debug)]
pub(crate) struct Complaint {
    /// `FORBIDDEN`, `NOT_FOUND`; none for a document that is wrong.
    pub(crate) kind: Option<&'static str>,
    pub(crate) message: String,
}

impl Complaint {
    pub(crate) fn forbidden() -> Self {
        Self {
            kind: Some("FORBIDDEN"),
            message: "Resource not accessible by integration".to_owned(),
        }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self {
            kind: Some("NOT_FOUND"),
            message: what.to_owned(),
        }
    }

    pub(crate) fn wrong(message: String) -> Self {
        Self {
            kind: None,
            message,
        }
    }
}

struct Run<'a> {
    state: &'a mut State,
    document: &'a Document,
    errors: Vec<Value>,
    /// Nothing is answered if the document does not fit the schema.
    is_invalid: bool,
}

pub(crate) fn serve(state: &mut State, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let body = asked.json()?;
    let Some(query) = body["query"].as_str() else {
        return Err(Answer::refused(
            400,
            "A query attribute must be specified and must be a string.",
        ));
    };
    let document = match parse(query, &body["variables"]) {
        Ok(document) => document,
        Err(message) => {
            return Ok(Answer::json(200, json!({"errors": [{"message": message}]})));
        }
    };
    let root = if document.is_mutation {
        Node::Mutation
    } else {
        Node::Query
    };
    let mut run = Run {
        state,
        document: &document,
        errors: Vec::new(),
        is_invalid: false,
    };
    let data = run.object(&root, &document.selections, &mut Vec::new());
    let (errors, is_invalid) = (run.errors, run.is_invalid);
    if is_invalid {
        return Ok(Answer::json(200, json!({"errors": errors})));
    }
    if document.is_mutation && errors.is_empty() {
        state.written += 1;
    }
    let mut answer = json!({"data": data});
    if !errors.is_empty() {
        answer["errors"] = errors.into();
    }
    Ok(Answer::json(200, answer))
}

impl Run<'_> {
    fn object(&mut self, node: &Node, selections: &[Selection], path: &mut Vec<Value>) -> Value {
        let mut object = Map::new();
        self.fill(node, selections, path, &mut object);
        Value::Object(object)
    }

    fn fill(
        &mut self,
        node: &Node,
        selections: &[Selection],
        path: &mut Vec<Value>,
        object: &mut Map<String, Value>,
    ) {
        for selection in selections {
            match selection {
                Selection::On(kind, below) => {
                    let is_it = kind.as_deref().is_none_or(|kind| node.is_a(kind));
                    if is_it {
                        self.fill(node, below, path, object);
                    }
                }
                Selection::Spread(name) => {
                    let document = self.document;
                    match document.fragments.get(name) {
                        Some(fragment) => {
                            self.fill(node, std::slice::from_ref(fragment), path, object);
                        }
                        None => self.complain(
                            &Complaint::wrong(format!("Fragment {name} was used, but not defined")),
                            path,
                        ),
                    }
                }
                Selection::Field(field) => {
                    path.push(field.alias.as_str().into());
                    let value = self.field(node, field, path);
                    path.pop();
                    object.insert(field.alias.clone(), value);
                }
            }
        }
    }

    fn field(&mut self, node: &Node, field: &Field, path: &mut Vec<Value>) -> Value {
        if field.name == "__typename" {
            return node.kind().into();
        }
        let found = match node.field(self.state, &field.name, &field.arguments) {
            Ok(found) => found,
            Err(complaint) => {
                self.complain(&complaint, path);
                return Value::Null;
            }
        };
        let has_selections = !field.selections.is_empty();
        match found {
            Found::Value(value) if !has_selections => value,
            // A null has nothing below it.
            Found::Nothing if has_selections => Value::Null,
            Found::Node(below) if has_selections => self.object(&below, &field.selections, path),
            Found::Nodes(all) if has_selections => {
                let mut list = Vec::new();
                for (at, below) in all.iter().enumerate() {
                    path.push(at.into());
                    list.push(match below {
                        Some(below) => self.object(below, &field.selections, path),
                        None => Value::Null,
                    });
                    path.pop();
                }
                list.into()
            }
            _ => {
                let message = format!(
                    "Field '{}' must have selections exactly if it is an object",
                    field.name
                );
                self.complain(&Complaint::wrong(message), path);
                Value::Null
            }
        }
    }

    fn complain(&mut self, complaint: &Complaint, path: &[Value]) {
        let mut error = json!({"message": complaint.message, "path": path});
        match complaint.kind {
            Some(kind) => error["type"] = kind.into(),
            None => self.is_invalid = true,
        }
        self.errors.push(error);
    }
}
