//! Notes within the limit of a place that takes no more: cut between entries, with a link to the rest.

use crate::Notes;

impl Notes {
    /// The notes in at most `limit` characters (Unicode scalar values): whole where they fit, else as many entries as
    /// fit above a link to the full text. No code fence is left open and no heading without entries.
    pub fn within(&self, limit: usize, link: Option<&str>) -> String {
        let body = self.body.trim_end();
        if body.chars().count() <= limit {
            return body.to_owned();
        }
        let more = link.map_or_else(|| "…".to_owned(), |link| format!("[The full notes]({link})"));
        let tail = format!("\n\n{more}");
        let room = limit.saturating_sub(tail.chars().count());
        let kept = start_of(body, room);
        if link.is_none() && kept.ends_with('…') {
            return kept;
        }
        match (kept.is_empty(), more.chars().count() <= limit) {
            (false, _) => format!("{kept}{tail}"),
            (true, true) => more,
            (true, false) => more.chars().take(limit).collect(),
        }
    }
}

/// The start of a text in so many characters: up to the last entry that fits, else the last line, else the last word.
fn start_of(text: &str, room: usize) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (mut used, mut end) = (0, 0);
    let (mut entries, mut whole_lines) = (0, None);
    let mut fence: Option<&str> = None;
    for (at, line) in lines.iter().enumerate() {
        used += line.trim_end_matches(['\n', '\r']).chars().count();
        let open = after(fence, line);
        let closing = open.map_or(0, |fence| fence.len() + 1);
        if used + closing > room {
            break;
        }
        fence = open;
        used += line.len() - line.trim_end_matches(['\n', '\r']).len();
        end += line.len();
        if fence.is_none() && lines.get(at + 1).is_none_or(|next| starts_an_entry(next)) {
            entries = end;
        }
        whole_lines = Some((end, fence));
    }
    let kept = without_bare_headings(&text[..entries]);
    if !kept.is_empty() {
        return kept.to_owned();
    }
    if let Some((end, fence)) = whole_lines {
        let kept = without_bare_headings(&text[..end]);
        let closed = fence.map_or_else(|| kept.to_owned(), |fence| format!("{kept}\n{fence}"));
        if !kept.is_empty() && closed.chars().count() <= room {
            return closed;
        }
    }
    let start: String = text.chars().take(room.saturating_sub(1)).collect();
    let line = start.lines().next().unwrap_or_default();
    let is_whole_word = text[line.len()..].starts_with(char::is_whitespace);
    let words = line.rfind(' ').filter(|_| !is_whole_word).map_or(line, |end| &line[..end]).trim_end();
    if words.is_empty() || words.starts_with('#') || after(None, line).is_some() {
        return String::new();
    }
    format!("{words}…")
}

/// The fence that is open behind a line.
fn after<'a>(open: Option<&'a str>, line: &'a str) -> Option<&'a str> {
    let text = line.trim();
    let Some(mark) = text.chars().next().filter(|mark| matches!(mark, '`' | '~')) else { return open };
    let fence = &text[..text.len() - text.trim_start_matches(mark).len()];
    match open {
        Some(open) if text.starts_with(open) && text.trim_start_matches(mark).is_empty() => None,
        Some(open) => Some(open),
        None => (fence.len() >= 3 && !text[fence.len()..].contains('`')).then_some(fence),
    }
}

/// Says whether nothing is torn apart above a line: an indented line belongs to the entry above it.
fn starts_an_entry(line: &str) -> bool {
    let is_item = |text: &str| {
        let text = text.trim_start_matches(|c: char| c.is_ascii_digit());
        ["- ", "* ", "+ ", ". ", ") "].iter().any(|mark| text.starts_with(mark))
    };
    line.trim().is_empty() || line.starts_with('#') || is_item(line)
}

fn without_bare_headings(text: &str) -> &str {
    let mut kept = text.trim_end();
    loop {
        let start = kept.rfind('\n').map_or(0, |end| end + 1);
        if kept.is_empty() || !kept[start..].starts_with('#') {
            return kept;
        }
        kept = kept[..start].trim_end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(body: &str, limit: usize) -> String {
        Notes { body: body.to_owned(), edit: None }.within(limit, None)
    }

    #[test]
    fn cuts_between_entries_and_links_to_the_rest() {
        let notes = Notes {
            body: "### Added\n\n- one\n- two\n  and more\n\n### Fixed\n\n- three\n".to_owned(),
            edit: None,
        };
        let whole = notes.body.trim_end();
        assert_eq!(notes.within(whole.len(), Some("u")), whole);
        assert_eq!(notes.within(whole.len() - 1, Some("u")), "### Added\n\n- one\n\n[The full notes](u)");
        assert_eq!(cut(whole, 47), "### Added\n\n- one\n- two\n  and more\n\n…");
        assert_eq!(cut(whole, 30), "### Added\n\n- one\n\n…");
        assert_eq!(cut(whole, 15), "…");
    }

    #[test]
    fn no_fence_is_left_open() {
        let body = "- how:\n\n```sh\nfirst\nsecond\n```\n\n- next entry\n";
        assert_eq!(cut(body, 36), "- how:\n\n```sh\nfirst\nsecond\n```\n\n…");
        assert_eq!(cut(body, 28), "- how:\n\n…");
        let fenced = "~~~\none\ntwo\nthree\n~~~\n";
        assert_eq!(
            cut(fenced, 17),
            "~~~\none\ntwo\n~~~\n\n…".chars().take(0).collect::<String>() + "~~~\none\n~~~\n\n…"
        );
    }

    #[test]
    fn a_long_line_is_cut_between_words_and_never_within_a_character() {
        assert_eq!(cut("日本 語日本 語日本語", 10), "日本 語日本…");
        assert_eq!(cut("one two three four five", 13), "one two…");
        assert_eq!(cut("word", 3), "…");
        assert_eq!(cut("word", 0), "");
    }

    proptest! {
        #[test]
        fn never_longer_than_the_limit_and_never_in_a_fence(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("### Added\n"), Just("- entry of words\n"), Just("  continued\n"), Just("\n"), Just("```\n"), Just("~~~~ x\n"),
                    Just("é日本 語\r\n"), Just("* `a`\n"), Just("    - nested\n"), Just("1. first\n"),
                ],
                0..16,
            ),
            limit in 0usize..120,
            link in any::<bool>(),
        ) {
            let body: String = pieces.concat();
            let notes = Notes { body: body.clone(), edit: None };
            let cut = notes.within(limit, link.then_some("https://h/x"));
            prop_assert!(cut.chars().count() <= limit, "{:?} {}", cut, limit);
            let balanced = |text: &str| text.lines().fold(None, |open: Option<String>, line| after(open.as_deref(), line).map(str::to_owned)).is_none();
            if balanced(&body) {
                prop_assert!(balanced(&cut), "{:?} {:?}", body, cut);
            }
        }
    }
}
