//! Long descriptions: whether indexes can show them, as the library renders them that PyPI and `twine check` use.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};
use distribution::siblings::Sibling;
use distribution::{Code, Problem};
use serde::{Deserialize, Serialize};
use uv::Uv;

/// The library, with what it needs for Markdown.
const RENDERER: &str = "readme_renderer[md]==46.0";

/// Renders each description of a list, and says of each why that cannot be done.
const RENDER: &str = r#"
import io, json, sys
from readme_renderer import markdown, rst, txt
faults = []
for kind, text in json.load(open(sys.argv[1], encoding="utf-8")):
    kind, _, rest = kind.partition(";")
    kind, said = kind.strip().lower() or "text/x-rst", io.StringIO()
    if kind == "text/markdown":
        options = dict(part.strip().split("=", 1) for part in rest.split(";") if "=" in part)
        shown = markdown.render(text, variant=options.get("variant", "GFM"))
    elif kind == "text/plain":
        shown = txt.render(text)
    else:
        shown = rst.render(text, stream=said)
    lines = said.getvalue().replace("<string>:", "line ").splitlines()
    faults.append(None if shown is not None else (lines or ["it cannot be read"])[0])
json.dump(faults, sys.stdout)
"#;

/// What came of rendering.
pub enum Rendered {
    /// The problems, each with the place of its file in the list.
    Checked(Vec<(usize, Problem)>),
    /// Nothing, for this reason.
    Skipped(String),
}

#[derive(Serialize)]
struct Description<'a>(&'a str, &'a str);

#[derive(Deserialize)]
struct Faults(Vec<Option<String>>);

/// Renders the descriptions of all files by one process, equal ones once; uv is asked for where there are any.
pub fn render(uv: impl FnOnce() -> Result<Uv>, root: &Path, files: &[Sibling]) -> Result<Rendered> {
    let of = |file: &Sibling| {
        let kind =
            file.metadata.get_all("Description-Content-Type").first().copied().unwrap_or_default().to_owned();
        (kind, file.metadata.description().to_owned())
    };
    let all: Vec<(String, String)> = files.iter().map(of).collect();
    let mut distinct: Vec<&(String, String)> =
        all.iter().filter(|(_, text)| !text.trim().is_empty()).collect();
    distinct.sort();
    distinct.dedup();
    if distinct.is_empty() {
        return Ok(Rendered::Checked(Vec::new()));
    }
    let mut file = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    let asked: Vec<Description> = distinct.iter().map(|(kind, text)| Description(kind, text)).collect();
    file.write_all(serde_json::to_string(&asked)?.as_bytes()).context("cannot write a temporary file")?;
    let Ok(uv) = uv() else { return Ok(Rendered::Skipped("uv cannot be had here".to_owned())) };
    let mut command = uv.command();
    command
        .args(["run", "--quiet", "--no-project", "--with", RENDERER, "python", "-c", RENDER])
        .arg(file.path());
    let output = project::run_quietly(command.current_dir(root).env("PYTHONIOENCODING", "utf-8"))?;
    if !output.status.success() {
        return Ok(Rendered::Skipped(format!("`{RENDERER}` cannot be had or run here")));
    }
    let Faults(faults) =
        serde_json::from_slice(&output.stdout).context("cannot read what the renderer said")?;
    let mut found = Vec::new();
    for (at, description) in all.iter().enumerate() {
        let place = distinct.iter().position(|other| *other == description);
        if let Some(fault) = place.and_then(|place| faults.get(place)).and_then(Option::as_ref) {
            let kind = if description.0.is_empty() { "text/x-rst" } else { &description.0 };
            let what = format!("the description cannot be shown as `{kind}`: {fault}");
            found.push((at, Code::M041.found(what)));
        }
    }
    Ok(Rendered::Checked(found))
}
