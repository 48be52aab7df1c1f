//! YAML as a tree that knows where in the text each value stands, so that an edit splices the text itself.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use anyhow::Result;
use document::{Failure, ProjectPath};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::spots::without_bom;

/// A value of a YAML document. An alias is the value of its anchor.
#[derive(Debug)]
pub(crate) enum Node {
    Scalar(Scalar),
    List(Vec<Rc<Node>>),
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

/// A text, number or other single value.
#[derive(Debug)]
pub(crate) struct Scalar {
    /// The value, without quotes and escapes.
    pub(crate) value: String,
    /// Where the value stands in the text letter by letter; `None` for one with escapes or folded lines.
    pub(crate) range: Option<Range<usize>>,
    /// Whether it stands without quotes, so that its letters decide on its type.
    pub(crate) is_plain: bool,
    /// Whether it is a text whatever its letters are.
    pub(crate) is_text: bool,
}

/// More levels than any document of people has; it keeps the recursion over a tree within the stack.
const DEEPEST: usize = 256;

/// Reads the documents of a YAML file.
pub(crate) fn parse_yaml(path: &ProjectPath, text: &str) -> Result<Vec<Rc<Node>>> {
    let mut builder = Builder::new(text);
    for event in Parser::new_from_str(without_bom(text)) {
        let wrong = |line: usize, column: usize, cause: &str| {
            Failure::new(format!("cannot read `{path}:{line}:{column}`: {cause}")).hint("mend the YAML there")
        };
        let (event, span) =
            event.map_err(|error| wrong(error.marker().line(), error.marker().col() + 1, error.info()))?;
        builder.take(event, span);
        if builder.open.len() > DEEPEST {
            let place = span.start;
            return Err(wrong(place.line(), place.col() + 1, "it is nested too deep").into());
        }
    }
    Ok(builder.documents)
}

/// Says whether YAML reads these letters as a number where no quotes stand around them.
pub(crate) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.replace('_', "").parse::<f64>().is_ok()
}

impl Node {
    /// The value at a path of keys; the elements of a list are counted from 0.
    pub(crate) fn at(&self, path: &[impl AsRef<str>]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key.as_ref()))
    }

    /// The value of one key, also where `<<` merges it in.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Scalar(_) => None,
            Node::List(list) => list.get(key.parse::<usize>().ok()?).map(Rc::as_ref),
            Node::Map(_) => self.own(key).or_else(|| match self.own("<<")? {
                Node::List(merged) => merged.iter().find_map(|map| map.own(key)),
                merged => merged.own(key),
            }),
        }
    }

    /// The elements of a list; none for what is no list.
    pub(crate) fn elements(&self) -> &[Rc<Node>] {
        if let Node::List(list) = self { list } else { &[] }
    }

    /// The single value; `None` for a list or a map.
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        if let Node::Scalar(scalar) = self { Some(scalar) } else { None }
    }

    /// The keys that lead to the value at a byte, from the innermost.
    pub(crate) fn keys_at(&self, byte: usize) -> Option<Vec<String>> {
        self.search(byte, &mut HashSet::new())
    }

    /// `seen` are the values behind anchors that do not hold the byte: a few aliases can repeat a value without end.
    fn search(&self, byte: usize, seen: &mut HashSet<*const Node>) -> Option<Vec<String>> {
        if !seen.insert(std::ptr::from_ref(self)) {
            return None;
        }
        match self {
            Node::Scalar(scalar) => {
                let holds = |range: &Range<usize>| range.contains(&byte);
                scalar.range.as_ref().is_some_and(holds).then(Vec::new)
            }
            Node::List(list) => list.iter().find_map(|node| node.search(byte, seen)),
            Node::Map(map) => map.iter().find_map(|(key, value)| {
                let mut keys = value.search(byte, seen)?;
                keys.push(key.scalar().map(|key| key.value.clone()).unwrap_or_default());
                Some(keys)
            }),
        }
    }

    fn own(&self, key: &str) -> Option<&Node> {
        let Node::Map(map) = self else { return None };
        let is_key = |node: &Node| node.scalar().is_some_and(|scalar| scalar.value == key);
        map.iter().find(|(name, _)| is_key(name)).map(|(_, value)| value.as_ref())
    }
}

/// Makes trees of the events of a parser.
struct Builder<'a> {
    text: &'a str,
    /// The byte of each character, where they are not the same.
    bytes: Option<Vec<usize>>,
    open: Vec<(Vec<Rc<Node>>, usize)>,
    anchors: HashMap<usize, Rc<Node>>,
    documents: Vec<Rc<Node>>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        // The parser counts characters.
        let offset = text.len() - without_bom(text).len();
        let is_same = without_bom(text).is_ascii() && offset == 0;
        let bytes =
            (!is_same).then(|| without_bom(text).char_indices().map(|(byte, _)| byte + offset).collect());
        Self { text, bytes, open: Vec::new(), anchors: HashMap::new(), documents: Vec::new() }
    }

    fn take(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let range = self.located(&value, style, span);
                let is_plain = style == ScalarStyle::Plain;
                let is_text = !is_plain || tag.is_some();
                let scalar = Scalar { value: value.into_owned(), range, is_plain, is_text };
                self.close(Node::Scalar(scalar), anchor);
            }
            Event::Alias(anchor) => {
                // An alias inside its own anchor has no value yet.
                let node = self.anchors.get(&anchor).cloned();
                self.add(node.unwrap_or_else(|| Rc::new(Node::List(Vec::new()))));
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                self.open.push((Vec::new(), anchor));
            }
            Event::SequenceEnd => {
                if let Some((list, anchor)) = self.open.pop() {
                    self.close(Node::List(list), anchor);
                }
            }
            Event::MappingEnd => {
                if let Some((list, anchor)) = self.open.pop() {
                    let pairs = list.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
                    self.close(Node::Map(pairs.collect()), anchor);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, node: Node, anchor: usize) {
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node);
    }

    fn add(&mut self, node: Rc<Node>) {
        match self.open.last_mut() {
            Some((list, _)) => list.push(node),
            None => self.documents.push(node),
        }
    }

    fn byte(&self, index: usize) -> usize {
        match &self.bytes {
            None => index.min(self.text.len()),
            Some(bytes) => bytes.get(index).copied().unwrap_or(self.text.len()),
        }
    }

    /// Where a value stands letter by letter, behind its anchor, tag and quote.
    fn located(&self, value: &str, style: ScalarStyle, span: Span) -> Option<Range<usize>> {
        let span = self.byte(span.start.index())..self.byte(span.end.index());
        let whole = self.text.get(span.clone())?;
        let mut rest = whole;
        while rest.starts_with(['&', '!']) {
            rest = rest[rest.find(char::is_whitespace)?..].trim_start();
        }
        match style {
            ScalarStyle::Plain => {}
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => rest = rest.get(1..)?,
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let value = value.trim();
                let at = span.end - rest.len() + rest.find(value).filter(|_| !value.is_empty())?;
                return Some(at..at + value.len());
            }
        }
        let start = span.end - rest.len();
        (!value.is_empty() && rest.starts_with(value)).then(|| start..start + value.len())
    }
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
