//! The text of an announcement in Markdown.

use document::{Publication, Release};
use project::Project;

/// Returns the subject line: the project's name and the version.
pub fn subject(release: &Release) -> String {
    format!("{} {}", release.project.name, release.version.current)
}

/// Returns the text: a heading, the notes, and how to install it from each place.
pub fn body(project: &Project, release: &Release, notes: &str, publications: &[Publication]) -> String {
    let mut text = format!("# {}\n\n{}\n", subject(release), notes.trim());
    for publication in publications.iter().filter(|publication| !publication.files.is_empty()) {
        text.push_str(&format!("\n## Install from {}\n\n", publication.target));
        text.push_str(&install(project, release, publication));
    }
    text
}

/// The commands that take nothing from anywhere else, so that no stranger's package comes in by its name.
fn install(project: &Project, release: &Release, publication: &Publication) -> String {
    let mut names: Vec<&str> = publication.files.iter().map(|file| file.package.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let version = &release.version.current;
    let pinned: Vec<String> = names.iter().map(|name| format!("{name}=={version}")).collect();
    let pinned = pinned.join(" ");
    let folder = project.root.join(&publication.location).join("simple");
    let url = format!("file://{}/", encoded(&folder.to_string_lossy()));
    format!(
        "```sh\nuv pip install --default-index {url} {pinned}\npip install --index-url {url} {pinned}\n```\n\n\
        With requirements from elsewhere, name this index in `[[tool.uv.index]]` with `explicit = true`, and in \
        `[tool.uv.sources]` for {}.\n",
        names.join(" and ")
    )
}

/// A path in a URL (RFC 8089).
fn encoded(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) => text.push(char::from(b)),
            b => text.push_str(&format!("%{b:02X}")),
        }
    }
    text
}
