//! reStructuredText as far as a changelog needs it: underlined titles, and the step from and to Markdown.

use super::title::Title;
use super::{Mark, Section, anchored, is_anchor};

/// The characters that underline the groups of a section in a file that has none yet.
const GROUPS: [char; 2] = ['~', '^'];

/// A title with the place of its section.
struct Heading<'a> {
    start: usize,
    body_start: usize,
    title: &'a str,
    mark: Mark,
}

/// The sections in the order of the file: those whose titles are marked as the first release's is.
pub fn sections(text: &str) -> Vec<Section<'_>> {
    let headings = headings(text);
    let usual = headings.iter().find(|heading| Title::read(heading.title).is_release());
    let Some(usual) = usual.map(|heading| heading.mark) else { return Vec::new() };
    let mut sections: Vec<Section<'_>> = Vec::new();
    for Heading { start, body_start, title, mark } in headings.into_iter().filter(|it| it.mark == usual) {
        if let Some(last) = sections.last_mut() {
            last.end = anchored(text, start).max(last.body_start);
        }
        sections.push(Section { start, body_start, status: None, end: text.len(), title, mark });
    }
    sections
}

/// A mark that no title of the file has.
pub fn free_mark(text: &str) -> Mark {
    let used = headings(text);
    let is_free = |mark: &Mark| used.iter().all(|heading| heading.mark != *mark);
    let marks = ['-', '=', '+'].map(|character| Mark::Underline(character, false));
    marks.into_iter().find(is_free).unwrap_or(marks[0])
}

/// The mark of the groups in a section: a second one for titles of one level is an error of the language.
pub fn group_mark(text: &str) -> Mark {
    let headings = headings(text);
    let first = headings.iter().position(|heading| Title::read(heading.title).is_release());
    let (above, releases) = headings.split_at(first.unwrap_or(headings.len()));
    let usual = releases.first().map(|heading| heading.mark);
    let is_lower = |mark: &Mark| Some(*mark) != usual && above.iter().all(|heading| heading.mark != *mark);
    let is_free = |mark: &Mark| headings.iter().all(|heading| heading.mark != *mark);
    let own = GROUPS.map(|character| Mark::Underline(character, false));
    let used = releases.iter().map(|heading| heading.mark).find(is_lower);
    used.or_else(|| own.into_iter().find(is_free)).unwrap_or(own[0])
}

/// The body without groups that hold nothing.
pub fn filled_groups(body: &str) -> String {
    let headings = headings(body);
    let mut text = body[..headings.first().map_or(body.len(), |heading| heading.start)].to_owned();
    for (at, Heading { start, body_start, mark, .. }) in headings.iter().enumerate() {
        let next = headings.get(at + 1);
        let end = next.map_or(body.len(), |next| next.start);
        // What stands below a title of another mark may be a part of this group.
        let has_parts = next.is_some_and(|next| next.mark != *mark);
        if has_parts || !body[*body_start..end].trim().is_empty() {
            text.push_str(&body[*start..end]);
        }
    }
    // Without the empty group below it, an anchor would turn into that of the next release.
    match text.trim_end().lines().last() {
        Some(last) if is_anchor(last) => body.to_owned(),
        _ => text,
    }
}

fn headings(whole: &str) -> Vec<Heading<'_>> {
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let mut start = whole.len() - whole.trim_start_matches('\u{feff}').len();
    for line in whole[start..].split_inclusive('\n') {
        lines.push((start, line));
        start += line.len();
    }
    let mut headings: Vec<Heading<'_>> = Vec::new();
    let mut last_end = 0;
    for at in 1..lines.len() {
        let ((title_start, title), (line_start, line)) = (lines[at - 1], lines[at]);
        let Some(mark) = underline(line) else { continue };
        let above = at.checked_sub(2).map_or("", |above| lines[above].1);
        // The line above may be the underline of the title before, also of one that it is too short for.
        let follows = title_start == last_end;
        let begins = at.checked_sub(3).is_none_or(|before| {
            let (start, line) = lines[before];
            line.trim().is_empty() || start + line.len() == last_end
        });
        let is_above = underline(above) == Some(mark) && begins && !follows;
        let stands_free = above.trim().is_empty() || is_above || follows;
        let indented = title.starts_with([' ', '\t']) && !is_above;
        if !stands_free || indented || title.trim().is_empty() || underline(title).is_some() {
            continue;
        }
        // A table has an underline above its first row and further ones in the lines.
        if line.trim_end().chars().count() < title.trim_end().chars().count().min(4) {
            continue;
        }
        let start = if is_above { lines[at - 2].0 } else { title_start };
        let body_start = line_start + line.len();
        last_end = body_start;
        headings.push(Heading {
            start,
            body_start,
            title: title.trim(),
            mark: Mark::Underline(mark, is_above),
        });
    }
    headings
}

/// The character that a line underlines a title with.
fn underline(line: &str) -> Option<char> {
    let line = line.trim_end();
    let mark = line.chars().next().filter(char::is_ascii_punctuation)?;
    (line.len() >= 2 && line.trim_start_matches(mark).is_empty()).then_some(mark)
}

/// Markdown notes in reStructuredText: groups with that mark, lists, code, links and bold words.
pub fn from_markdown(body: &str, group: Mark) -> String {
    let mut text = String::new();
    let mut is_code = false;
    for line in body.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
            text.push_str(if is_code { "::\n\n" } else { "\n" });
        } else if is_code {
            text.push_str(&format!("    {line}\n"));
        } else if let Some(title) = line.strip_prefix("### ") {
            let title = inline(title);
            text.push_str(&format!("{}\n", group.title(&title)));
        } else if let Some(entry) =
            line.trim_start().strip_prefix(['-', '*']).and_then(|it| it.strip_prefix(' '))
        {
            let indent = &line[..line.len() - line.trim_start().len()];
            text.push_str(&format!("{indent}- {}\n", inline(entry)));
        } else {
            let indent = &line[..line.len() - line.trim_start().len()];
            text.push_str(&format!("{indent}{}\n", inline(line.trim_start())));
        }
    }
    text
}

/// One line of Markdown without its marks in reStructuredText.
fn inline(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let bold = rest.strip_prefix("**").and_then(|rest| rest.split_once("**"));
        let code = rest.strip_prefix('`').and_then(|rest| rest.split_once('`'));
        let link = rest.strip_prefix('[').and_then(|rest| rest.split_once("](")).and_then(|(label, rest)| {
            let (url, rest) = rest.split_once(')')?;
            (!label.contains('[') && !label.is_empty()).then_some((label, url, rest))
        });
        let filled = |text: &&str| !text.is_empty() && text.trim() == *text;
        if let Some((word, after)) = bold.filter(|(word, _)| filled(word)) {
            text.push_str(&format!("**{}**", word.replace('\\', "\\\\")));
            rest = after;
        } else if let Some((word, after)) = code.filter(|(word, _)| filled(word)) {
            text.push_str(&format!("``{word}``"));
            rest = after;
        } else if let Some((label, url, after)) = link {
            text.push_str(&format!("`{} <{url}>`__", label.replace('`', "")));
            rest = after;
        } else {
            rest = &rest[next.len_utf8()..];
            let ends_word = next == '_' && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            if matches!(next, '*' | '`' | '|' | '\\') || ends_word {
                text.push('\\');
            }
            text.push(next);
        }
    }
    text
}

/// A section's body in Markdown: titles as groups, code and links; the rest is the same in both languages.
pub fn to_markdown(body: &str) -> String {
    let lines: Vec<&str> = body.lines().collect();
    let mut text = String::new();
    let mut at = 0;
    while at < lines.len() {
        let is_title = lines.get(at + 1).is_some_and(|next| {
            underline(next).is_some_and(|mark| "~^-=\"'+#*".contains(mark))
                && !lines[at].trim().is_empty()
                && !lines[at].starts_with([' ', '-', '*'])
                && underline(lines[at]).is_none()
        });
        if is_title {
            text.push_str(&format!("### {}\n", words(lines[at].trim())));
            at += 2;
        } else {
            text.push_str(&format!("{}\n", words(lines[at])));
            at += 1;
        }
    }
    text
}

/// One line of reStructuredText in Markdown.
fn words(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let code = rest.strip_prefix("``").and_then(|rest| rest.split_once("``"));
        let link = rest.strip_prefix('`').and_then(|rest| {
            let (inside, after) = rest.split_once("`_")?;
            let (label, url) = inside.strip_suffix('>')?.rsplit_once(" <")?;
            Some((label, url, after.strip_prefix('_').unwrap_or(after)))
        });
        if let Some((word, after)) = code.filter(|(word, _)| !word.is_empty()) {
            text.push_str(&format!("`{word}`"));
            rest = after;
        } else if let Some((label, url, after)) = link.filter(|(label, ..)| !label.contains('`')) {
            text.push_str(&format!("[{label}]({url})"));
            rest = after;
        } else {
            rest = &rest[next.len_utf8()..];
            let escaped = rest.chars().next().filter(|c| next == '\\' && c.is_ascii_punctuation());
            text.push(escaped.unwrap_or(next));
            rest = &rest[escaped.map_or(0, char::len_utf8)..];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Changelog, Syntax};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_come_back_from_the_other_language() {
        for line in ["a `b` [c](d) **e** *f* g_ h|i `", "x_y_ \\ \"q\"", "**open [a](b", "", "é_ 日本"] {
            assert_eq!(words(&inline(line)), line);
        }
        let body = "### Added\n\n- a\n  - b\n\n1. c\n";
        assert_eq!(to_markdown(&from_markdown(body, group_mark(""))), body);
        assert_eq!(
            from_markdown("Run:\n\n```sh\nx *y*\n```\n", group_mark("")),
            "Run:\n\n::\n\n    x *y*\n\n"
        );
    }

    #[test]
    fn empty_groups_go_and_the_others_keep_their_words() {
        let body = "Added\n-----\n\nFixed\n-----\n\n* |x|\n\nParts\n-----\n\nOne\n~~~\n\n* y\n\nDocs\n----\n";
        let filled = "Fixed\n-----\n\n* |x|\n\nParts\n-----\n\nOne\n~~~\n\n* y\n\n";
        assert_eq!(filled_groups(body), filled);
        let text = format!("0.5.0 (unreleased)\n==================\n\n{body}");
        let unreleased = Changelog::new(&text, Syntax::Rst).unreleased();
        assert_eq!(unreleased.as_deref(), Some("### Fixed\n\n* |x|\n\n### One\n\n* y\n"));
    }

    proptest! {
        #[test]
        fn any_text_has_titles_and_words(text in "([-=~`*_\\[\\]()<> \n\r]|\\PC){0,80}") {
            let _ = sections(&text);
            let _ = to_markdown(&text);
            let _ = from_markdown(&text, group_mark(&text));
            let _ = filled_groups(&text);
            let _ = Title::read(&text);
        }

        #[test]
        fn a_line_without_code_and_links_comes_back(line in "[a-z *_|.#(){}\\\\é]{0,40}") {
            prop_assert_eq!(words(&inline(&line)), line);
        }
    }
}
