//! The grammar of a commit's message, as the npm package `@conventional-commits/parser` 0.4 reads it.
//!
//! Release Please reads every message with that parser, so its corners are part of the form: `footer` may hold any
//! `type(scope)!: text` line, a body ends where nothing but footers follows, and a `type(` that is never closed
//! spoils the whole message.

/// A message that follows the grammar.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: &'a str,
    pub(super) scope: Option<&'a str>,
    pub(super) breaking: bool,
    pub(super) subject: &'a str,
    pub(super) body: Vec<BodyPart<'a>>,
    pub(super) footers: Vec<Footer<'a>>,
}

/// A piece of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyPart<'a> {
    /// `BREAKING CHANGE:` or `BREAKING-CHANGE:` at the start of a line.
    Breaking,
    /// A line, or the line ends between two.
    Text(&'a str),
}

/// `token: value`, or `token #value`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Footer<'a> {
    /// The type; `None` for a `BREAKING CHANGE` or `!` in its place.
    pub(super) kind: Option<&'a str>,
    pub(super) scope: Option<&'a str>,
    /// `!`, `BREAKING CHANGE` or `BREAKING-CHANGE`.
    pub(super) breaking: &'a str,
    /// `:` or ` #`.
    pub(super) separator: &'a str,
    /// The first line of the value.
    pub(super) first: &'a str,
    /// The line ends before each continued line, and the line without its indent.
    pub(super) continued: Vec<(&'a str, &'a str)>,
}

impl<'a> Footer<'a> {
    /// The last line of the value.
    pub(super) fn last(&self) -> &'a str {
        self.continued.last().map_or(self.first, |(_, line)| line)
    }
}

/// The message cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Reads a message.
pub(super) fn parse(message: &str) -> Result<Message<'_>, Unreadable> {
    let mut scanner = Scanner { text: trim(message), at: 0 };
    let mut message = scanner.summary()?;
    if scanner.at_end() {
        return Ok(message);
    }
    if scanner.newline().is_empty() {
        return Err(Unreadable);
    }
    message.body = scanner.body()?;
    if scanner.at_end() {
        return Ok(message);
    }
    if !message.body.is_empty() && scanner.newline().is_empty() {
        return Err(Unreadable);
    }
    while !scanner.at_end() {
        let Some(footer) = scanner.footer()? else { break };
        message.footers.push(footer);
        if scanner.newline().is_empty() {
            break;
        }
    }
    Ok(message)
}

/// Trims what JavaScript takes for white space.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}')
}

const BREAKING: [&str; 2] = ["BREAKING CHANGE", "BREAKING-CHANGE"];

/// A place in a text. Whatever returns `None` has found nothing there.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = &self.rest()[..length];
        self.at += length;
        taken
    }

    fn take_until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        self.take(rest.find(ends).unwrap_or(rest.len()))
    }

    fn newline(&mut self) -> &'a str {
        self.take_until(|c| !is_newline(c))
    }

    fn whitespace(&mut self) -> &'a str {
        self.take_until(|c| !is_whitespace(c))
    }

    fn line(&mut self) -> &'a str {
        self.take_until(is_newline)
    }

    fn kind(&mut self) -> Option<&'a str> {
        let kind =
            self.take_until(|c| matches!(c, '(' | ')' | '!' | ':') || is_whitespace(c) || is_newline(c));
        (!kind.is_empty()).then_some(kind)
    }

    fn scope(&mut self) -> Result<Option<&'a str>, Unreadable> {
        if !self.rest().starts_with('(') {
            return Ok(None);
        }
        self.take(1);
        let scope = self.take_until(|c| matches!(c, '(' | ')') || is_newline(c));
        if !self.rest().starts_with(')') {
            return Err(Unreadable);
        }
        if scope.is_empty() {
            return Ok(None);
        }
        self.take(1);
        Ok(Some(scope))
    }

    /// `!`, where it is allowed, or `BREAKING CHANGE`; empty when neither stands here.
    fn breaking(&mut self, bang: bool) -> &'a str {
        let rest = self.rest();
        if bang && rest.starts_with('!') {
            return self.take(1);
        }
        let found = BREAKING.iter().find(|literal| rest.starts_with(**literal));
        self.take(found.map_or(0, |literal| literal.len()))
    }

    fn separator(&mut self) -> Option<&'a str> {
        let found = [":", " #"].iter().find(|separator| self.rest().starts_with(**separator))?;
        Some(self.take(found.len()))
    }

    fn summary(&mut self) -> Result<Message<'a>, Unreadable> {
        let kind = self.kind().ok_or(Unreadable)?;
        let scope = self.scope()?;
        let breaking = !self.breaking(true).is_empty();
        self.separator().ok_or(Unreadable)?;
        self.whitespace();
        Ok(Message { kind, scope, breaking, subject: self.line(), ..Message::default() })
    }

    /// The lines up to where nothing but footers follows; empty, and nothing taken, when that is here.
    fn body(&mut self) -> Result<Vec<BodyPart<'a>>, Unreadable> {
        let mut parts = Vec::new();
        let mut gap = (self.at, "");
        while !self.only_footers_follow()? {
            if !gap.1.is_empty() {
                parts.push(BodyPart::Text(gap.1));
            }
            let marker = self.breaking(false);
            if !marker.is_empty() && self.rest().starts_with(':') {
                self.take(1);
                self.whitespace();
                parts.push(BodyPart::Breaking);
            }
            parts.push(BodyPart::Text(self.line()));
            gap = (self.at, self.newline());
            if gap.1.is_empty() {
                break;
            }
        }
        self.at = gap.0;
        Ok(parts)
    }

    fn only_footers_follow(&mut self) -> Result<bool, Unreadable> {
        let start = self.at;
        let mut only = true;
        while only && !self.at_end() {
            self.newline();
            only = self.footer()?.is_some();
        }
        self.at = start;
        Ok(only)
    }

    fn footer(&mut self) -> Result<Option<Footer<'a>>, Unreadable> {
        let start = self.at;
        let (mut kind, mut scope) = (None, None);
        let mut breaking = self.breaking(true);
        if breaking.is_empty() {
            kind = self.kind();
            if kind.is_none() {
                return Ok(None);
            }
            scope = self.scope()?;
            breaking = self.breaking(true);
        }
        let Some(separator) = self.separator() else {
            self.at = start;
            return Ok(None);
        };
        self.whitespace();
        let first = self.line();
        let mut continued = Vec::new();
        loop {
            let before = self.at;
            let newline = self.newline();
            if newline.is_empty() || self.whitespace().is_empty() {
                self.at = before;
                return Ok(Some(Footer { kind, scope, breaking, separator, first, continued }));
            }
            continued.push((newline, self.line()));
        }
    }
}

fn is_newline(c: char) -> bool {
    matches!(c, '\r' | '\n')
}

fn is_whitespace(c: char) -> bool {
    matches!(c, '\u{feff}' | '\t' | '\u{b}' | '\u{c}' | ' ' | '\u{a0}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_body_ends_where_only_footers_follow() {
        let message =
            parse("feat(io)!: x\n\nBody: of one line\nand more\n\nCloses #5\nBREAKING CHANGE: a\n b\n")
                .unwrap();
        assert_eq!((message.kind, message.scope, message.breaking), ("feat", Some("io"), true));
        assert_eq!(
            message.body,
            [BodyPart::Text("Body: of one line"), BodyPart::Text("\n"), BodyPart::Text("and more")]
        );
        let [closes, breaking] = &message.footers[..] else { panic!("{message:?}") };
        assert_eq!((closes.kind, closes.separator, closes.last()), (Some("Closes"), " #", "5"));
        assert_eq!((breaking.breaking, breaking.last()), ("BREAKING CHANGE", "b"));
    }

    #[test]
    fn an_open_parenthesis_after_a_word_spoils_the_message() {
        assert_eq!(parse("feat: x\n\ncall(me\n"), Err(Unreadable));
        assert!(parse("feat: x\n\ncall (me\n").is_ok());
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(message in "(feat|fix|x)?(\\(a?\\)?)?!?:? ?([a-z#:!() \r\n]|BREAKING CHANGE|é|\u{a0}){0,60}") {
            let _ = parse(&message);
        }
    }
}
