//! The text of an announcement in Markdown.

use anyhow::Result;
use document::{Publication, Release};
use project::Project;

/// Returns the subject line: the project's name and the version.
pub fn subject(release: &Release) -> String {
    format!("{} {}", release.project.name, release.version.current)
}

/// Returns the text: a heading, the notes, and how to install it from each place. With a limit it has at most so many
/// characters: the notes are cut, and where they would keep less than half of them, the rest goes.
pub fn body(
    project: &Project,
    release: &Release,
    publications: &[Publication],
    limit: Option<usize>,
) -> Result<String> {
    let notes = release.notes.as_ref();
    let head = format!("# {}\n\n", subject(release));
    let mut rest = String::new();
    for publication in publications.iter().filter(|publication| !publication.files.is_empty()) {
        rest.push_str(&format!("\n## {} {}\n\n", heading(publication), publication.target));
        rest.push_str(&install(project, release, publication));
    }
    let whole = format!("{head}{}\n{rest}", notes.map_or("", |notes| notes.body.trim()));
    let Some(limit) = limit.filter(|limit| whole.chars().count() > *limit) else { return Ok(whole) };
    let room = |rest: &str| limit.saturating_sub(head.chars().count() + rest.chars().count() + 1);
    if room(&rest) < limit / 2 {
        rest.clear();
    }
    let link = full_notes(project, release)?;
    let notes = notes.map(|notes| notes.within(room(&rest), link.as_deref())).unwrap_or_default();
    Ok(format!("{head}{notes}\n{rest}").chars().take(limit).collect())
}

/// The web address of the notes: the changelog as the tag has it, else the release of that tag.
fn full_notes(project: &Project, release: &Release) -> Result<Option<String>> {
    let Some(remote) = &release.project.remote else { return Ok(None) };
    let Some(url) = project.git.web_address(remote)? else { return Ok(None) };
    let tag = encoded(&release.version.tag);
    let edit = release.notes.as_ref().and_then(|notes| notes.edit.as_ref());
    Ok(Some(match edit {
        Some(edit) => format!("{url}/blob/{tag}/{}{}", project.git.prefix(), encoded(edit.path.as_str())),
        None => format!("{url}/releases/tag/{tag}"),
    }))
}

fn heading(publication: &Publication) -> &'static str {
    if publication.kind == "github" { "Files at" } else { "Install from" }
}

/// How to get what was published there. Commands take nothing from anywhere else, so that no stranger's package comes in
/// by its name; only PyPI, which everybody has, needs no more than the names.
fn install(project: &Project, release: &Release, publication: &Publication) -> String {
    if let (Some(url), "github") = (&publication.url, publication.kind.as_str()) {
        return format!("The files, their checksums and signatures: <{url}>\n");
    }
    let mut names: Vec<&str> =
        publication.files.iter().filter_map(|file| Some(file.package.as_ref()?.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    let version = &release.version.current;
    let pinned: Vec<String> = names.iter().map(|name| format!("{name}=={version}")).collect();
    let pinned = pinned.join(" ");
    if publication.location == "pypi://pypi" {
        return format!("```sh\nuv pip install {pinned}\npip install {pinned}\n```\n");
    }
    let folder = project.root.join(&publication.location).join("simple");
    let in_folder = || format!("file://{}/", encoded(&folder.to_string_lossy()));
    let url = publication.url.clone().unwrap_or_else(in_folder);
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
