//! The commands of release.toml, as the shell reads them.

/// A text as one word for the shell; a plain one stays as it is.
pub fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./+=@%,:".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A command with a text in place of each `{name}`, as one word; `${name}` is a variable of the shell and stays.
pub fn filled(command: &str, name: &str, text: &str) -> String {
    let (place, word) = (format!("{{{name}}}"), quoted(text));
    let mut parts = command.split(&place);
    let mut line = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        line.push_str(if line.ends_with('$') { &place } else { &word });
        line.push_str(part);
    }
    line
}

/// The first line of a command, with a sign where more follow: what people see of it.
pub fn first_line(command: &str) -> String {
    let command = command.trim();
    match command.split_once('\n') {
        Some((first, _)) => format!("{first} …"),
        None => command.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_word_for_the_shell() {
        for text in ["/opt/python3.12/bin/python", "/a b/it's \"here\"/$HOME", "ä", ""] {
            let mut shell = std::process::Command::new("sh");
            let said = crate::run(shell.args(["-c", &format!("printf %s {}", quoted(text))]));
            assert_eq!(said.unwrap(), text);
        }
    }

    #[test]
    fn a_place_is_filled_and_a_variable_stays() {
        let filled = |command: &str, text: &str| filled(command, "python", text);
        assert_eq!(filled("{python} -V && \"{python}\"", "/b/python3"), "/b/python3 -V && \"/b/python3\"");
        assert_eq!(filled("{python} -V", "/it's here/python3"), r"'/it'\''s here/python3' -V");
        assert_eq!(filled("echo ${python}{python}", "/p"), "echo ${python}/p");
    }
}
