//! A changelog in Markdown.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(fuzz::changelogs::check_markdown);
