//! Looking at a release where it was published: whether it is complete, and installs from there.

use std::path::PathBuf;

use anyhow::Result;
use document::Failure;

use crate::progress::Progress;
use crate::record::{self, Record, Records};
use crate::tools::{Tools, failure_with_code};

/// The tool that looks, which is a stage of a release as well.
const VALIDATE: &str = "validate";

/// `cargo xtask verify`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The release to look at, by its version or its tag [default: the newest that came to its end]
    #[arg(value_name = "VERSION|TAG")]
    release: Option<String>,
    /// The project's folder, or one inside it [default: the current folder]
    #[arg(long, value_name = "DIR", env = "WAINWRIGHT_PROJECT")]
    project: Option<PathBuf>,
    /// A target that the release was published to; may be given again [default: every one]
    #[arg(long, value_name = "NAME")]
    to: Vec<String>,
    /// For how many seconds files that an index does not serve yet are waited for
    #[arg(long, value_name = "SECONDS")]
    wait: Option<String>,
    /// Install nothing
    #[arg(long)]
    quick: bool,
}

/// Checks what was published of a release, and installs it from there.
pub fn run(arguments: &Arguments) -> Result<()> {
    let tools = Tools::ready()?.on(arguments.project.as_deref());
    let record = find(&Records::of(&tools)?, arguments.release.as_deref())?;
    if record.progress() == record::Progress::TakenBack {
        let what = format!("cannot verify {}: it was taken back", record.tag);
        return Err(Failure::new(what).hint("`cargo xtask status` lists the releases").into());
    }
    let Some(document) = record.newest()? else {
        let what = format!("cannot verify {}: it stopped before the first stage was done", record.tag);
        return Err(Failure::new(what).hint("`cargo xtask release --resume` goes on with it").into());
    };
    let mut words: Vec<&str> = arguments.to.iter().flat_map(|name| ["--to", name.as_str()]).collect();
    words.extend(arguments.wait.iter().flat_map(|wait| ["--wait", wait.as_str()]));
    words.extend(arguments.quick.then_some("--quick"));
    check(&tools, &record.tag, &words, &document)
}

/// Has the tool look at what the document says was published.
pub fn check(tools: &Tools, tag: &str, words: &[&str], document: &[u8]) -> Result<()> {
    let progress = Progress::new();
    progress.print(&format!("what was published of {tag}:"));
    let ended = tools.run(VALIDATE, &[&["--published"], words].concat(), document, Some(&progress))?;
    progress.finish();
    if ended.code != 0 {
        let what = format!("cannot verify {tag}: `{VALIDATE} --published` ended with code {}", ended.code);
        return Err(failure_with_code(ended.code, what).into());
    }
    filter::print_text(&format!("{tag} is complete where it was published"));
    Ok(())
}

fn find(records: &Records, wanted: Option<&str>) -> Result<Record> {
    let found = match wanted {
        Some(wanted) => records.find(wanted)?,
        None => {
            let is_finished = |record: &Record| record.progress() == record::Progress::Finished;
            records.all()?.into_iter().rfind(is_finished)
        }
    };
    found.ok_or_else(|| {
        let what = match wanted {
            Some(wanted) => format!("cannot verify {wanted}: there is no record of its release here"),
            None => "cannot verify a release: none came to its end here".to_owned(),
        };
        Failure::new(what)
            .hint("`cargo xtask status` lists what is here; elsewhere it is `validate --published < document.json`")
            .into()
    })
}
