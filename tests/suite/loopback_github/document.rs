//! The language of GraphQL, as much of it as a client writes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// One field that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The name in the answer.
    pub(crate) alias: String,
    pub(crate) name: String,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) selections: Vec<Selection>,
}

#[derive(Clone, Debug)]
pub(crate) enum Selection {
    Field(Field),
    /// `... on Type { }`, or a named fragment in its place.
    On(Option<String>, Vec<Selection>),
    Spread(String),
}

/// A document with one operation.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) is_mutation: bool,
    pub(crate) selections: Vec<Selection>,
    pub(crate) fragments: BTreeMap<String, Selection>,
}

/// Reads a document, with the values of its variables put in their places.
pub(crate) fn parse(text: &str, variables: &Value) -> Result<Document, String> {
    let mut reader = Reader {
        tokens: tokens(text)?,
        at: 0,
        variables: variables.as_object().cloned().unwrap_or_default(),
    };
    let mut document = Document {
        is_mutation: false,
        selections: Vec::new(),
        fragments: BTreeMap::new(),
    };
    let mut operations = 0;
    while reader.at < reader.tokens.len() {
        if reader.take("fragment") {
            let name = reader.name()?;
            reader.expect("on")?;
            let kind = reader.name()?;
            let selections = reader.selections()?;
            document
                .fragments
                .insert(name, Selection::On(Some(kind), selections));
            continue;
        }
        operations += 1;
        if reader.take("mutation") {
            document.is_mutation = true;
            reader.head()?;
        } else if reader.take("query") {
            reader.head()?;
        }
        document.selections = reader.selections()?;
    }
    if operations == 1 {
        Ok(document)
    } else {
        Err("An operation name is required".to_owned())
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Mark(&'static str),
    Text(String),
    Number(Value),
    Variable(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    const MARKS: &[&str] = &["...", "{", "}", "(", ")", "[", "]", ":", "=", "!", "@"];
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == ',');
        let Some(first) = rest.chars().next() else {
            return Ok(found);
        };
        if first == '#' {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            found.push(Token::Mark(mark));
            rest = &rest[mark.len()..];
        } else if first == '"' {
            // GraphQL writes its strings as JSON does.
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let value = stream.next().and_then(Result::ok);
            let end = stream.byte_offset();
            found.push(Token::Text(value.ok_or("a broken string")?));
            rest = &rest[end..];
        } else {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
            let start = usize::from(first == '$');
            let length = rest[start..]
                .find(|letter| !is_name(letter))
                .unwrap_or(rest.len() - start);
            if length == 0 {
                return Err(format!("Unexpected {first:?}"));
            }
            let word = rest[start..start + length].to_owned();
            rest = &rest[start + length..];
            found.push(if start == 1 {
                Token::Variable(word)
            } else if first == '-' || first.is_ascii_digit() {
                let number = serde_json::from_str(&word);
                Token::Number(number.map_err(|_| format!("no number: {word}"))?)
            } else {
                Token::Word(word)
            });
        }
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    variables: Map<String, Value>,
}

impl Reader {
    fn next(&mut self) -> Result<Token, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token.ok_or_else(|| "Unexpected end of document".to_owned())
    }

    fn is(&self, wanted: &str) -> bool {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => word == wanted,
            Some(Token::Mark(mark)) => *mark == wanted,
            _ => false,
        }
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is = self.is(wanted);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        if self.take(wanted) {
            Ok(())
        } else {
            Err(format!("Expected {wanted:?} at token {}", self.at))
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            other => Err(format!("Expected a name, found {other:?}")),
        }
    }

    /// The name and the variables of an operation. Each variable that is not null needs a value.
    fn head(&mut self) -> Result<(), String> {
        if matches!(self.tokens.get(self.at), Some(Token::Word(_))) {
            self.at += 1;
        }
        if !self.take("(") {
            return Ok(());
        }
        while !self.take(")") {
            let Token::Variable(name) = self.next()? else {
                return Err("Expected a variable".to_owned());
            };
            self.expect(":")?;
            while self.take("[") {}
            self.name()?;
            let mut is_required = false;
            while self.is("!") || self.is("]") {
                is_required = self.is("!");
                self.at += 1;
            }
            if self.take("=") {
                let default = self.value()?;
                self.variables.entry(name).or_insert(default);
            } else if is_required && self.variables.get(&name).is_none_or(Value::is_null) {
                return Err(format!(
                    "Variable ${name} of type was provided invalid value"
                ));
            } else {
                self.variables.entry(name).or_insert(Value::Null);
            }
        }
        Ok(())
    }

    fn selections(&mut self) -> Result<Vec<Selection>, String> {
        self.expect("{")?;
        let mut found = Vec::new();
        while !self.take("}") {
            if self.take("...") {
                if self.take("on") {
                    let kind = self.name()?;
                    found.push(Selection::On(Some(kind), self.selections()?));
                } else if self.is("{") {
                    found.push(Selection::On(None, self.selections()?));
                } else {
                    found.push(Selection::Spread(self.name()?));
                }
                continue;
            }
            let first = self.name()?;
            let (alias, name) = if self.take(":") {
                (first, self.name()?)
            } else {
                (first.clone(), first)
            };
            let mut arguments = Map::new();
            if self.take("(") {
                while !self.take(")") {
                    let name = self.name()?;
                    self.expect(":")?;
                    arguments.insert(name, self.value()?);
                }
            }
            let selections = if self.is("{") {
                self.selections()?
            } else {
                Vec::new()
            };
            found.push(Selection::Field(Field {
                alias,
                name,
                arguments,
                selections,
            }));
        }
        if found.is_empty() {
            return Err("Expected at least one selection".to_owned());
        }
        Ok(found)
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.next()? {
            Token::Text(text) => Ok(Value::String(text)),
            Token::Number(number) => Ok(number),
            Token::Word(word) => Ok(match word.as_str() {
                "true" => json!(true),
                "false" => json!(false),
                "null" => Value::Null,
                name => json!(name),
            }),
            Token::Variable(name) => self
                .variables
                .get(&name)
                .cloned()
                .ok_or_else(|| format!("Variable ${name} is used but not declared")),
            Token::Mark("[") => {
                let mut list = Vec::new();
                while !self.take("]") {
                    list.push(self.value()?);
                }
                Ok(Value::Array(list))
            }
            Token::Mark("{") => {
                let mut object = Map::new();
                while !self.take("}") {
                    let name = self.name()?;
                    self.expect(":")?;
                    object.insert(name, self.value()?);
                }
                Ok(Value::Object(object))
            }
            Token::Mark(mark) => Err(format!("Unexpected {mark:?}")),
        }
    }
}
