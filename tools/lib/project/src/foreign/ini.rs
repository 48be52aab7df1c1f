//! INI files as Python's `configparser` reads them: values go on over indented lines, and comments have lines of their own.

use document::{Failure, ProjectPath};

use super::table::{Entry, Table};

/// The sections in the order of the file, each with its name.
pub(super) fn sections(file: &ProjectPath, text: &str) -> Result<Vec<(String, Table)>, Failure> {
    let mut sections: Vec<(String, Table)> = Vec::new();
    // The key that an indented line goes on with, and how far the key itself is indented.
    let mut open: Option<(String, usize)> = None;
    for (at, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.starts_with(['#', ';']) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if let Some((key, from)) = &open
            && (content.is_empty() || indent > *from)
        {
            let entry = sections.last_mut().and_then(|(_, table)| table.entries.get_mut(key));
            entry.into_iter().for_each(|entry| entry.text.push_str(&format!("\n{content}")));
            continue;
        }
        if content.is_empty() {
            continue;
        }
        let place = format!("{file}:{}", at + 1);
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            open = None;
            let table = Table { file: file.to_string(), line: at + 1, ..Table::default() };
            sections.push((name.to_owned(), table));
            continue;
        }
        let Some((_, table)) = sections.last_mut() else {
            return Err(Failure::new(format!("cannot read `{place}`: it stands in no section"))
                .hint("write a `[section]` above it"));
        };
        // A key may stand without a value in some files; it says nothing here.
        let (key, value) = content.split_once(['=', ':']).unwrap_or((content, ""));
        let key = key.trim().to_lowercase();
        let entry = Entry { text: value.trim().to_owned(), items: Vec::new(), line: at + 1 };
        table.entries.insert(key.clone(), entry);
        open = Some((key, indent));
    }
    for entry in sections.iter_mut().flat_map(|(_, table)| table.entries.values_mut()) {
        entry.text.truncate(entry.text.trim_end().len());
        let lines = entry.text.lines().map(str::trim).filter(|line| !line.is_empty());
        entry.items = lines.map(str::to_owned).collect();
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_configparser_does() {
        let text = "# top\r\n[bumpversion]\r\nCurrent_Version: 1.2.3\r\nfiles =\r\n    a.py\r\n    # not this\r\n\tb.py\r\n\r\n\
            tag = True ; kept\r\n[bumpversion:file:a b.py]\r\nsearch = x = {current_version}\r\n  y\r\n";
        let sections = sections(&"x.cfg".parse().unwrap(), text).unwrap();
        let names: Vec<_> = sections.iter().map(|(name, table)| (name.as_str(), table.line)).collect();
        assert_eq!(names, [("bumpversion", 2), ("bumpversion:file:a b.py", 10)]);
        let table = &sections[0].1;
        assert_eq!(table.text("current_version"), Some("1.2.3"));
        assert_eq!(table.items("files"), ["a.py", "b.py"]);
        assert_eq!(table.text("tag"), Some("True ; kept"));
        assert_eq!(table.place("tag"), "`x.cfg:9` (`tag`)");
        assert_eq!(sections[1].1.text("search"), Some("x = {current_version}\ny"));
    }

    #[test]
    fn refuses_what_stands_in_no_section() {
        let error = sections(&"x.cfg".parse().unwrap(), "\na = 1\n").unwrap_err().to_string();
        assert_eq!(error, "cannot read `x.cfg:2`: it stands in no section");
    }
}
