//! The demo: a small real project, released for real in a folder of its own, and installed from its index.

mod project;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use document::{ArtifactKind, Failure};
use uv::Uv;
use xshell::{Shell, cmd};

use crate::progress::human;
use crate::release::{Finished, release};
use crate::tools::Tools;

/// The places of a demo, all in one folder.
struct Places {
    top: PathBuf,
    project: PathBuf,
    origin: PathBuf,
    key: PathBuf,
    cache: PathBuf,
    venv: PathBuf,
}

/// Makes the project, releases it, installs it, and says where everything is.
pub fn run(dir: Option<&Path>) -> Result<()> {
    let started = Instant::now();
    let tools = Tools::ready()?;
    let built = started.elapsed();
    let places = Places::new(dir)?;
    let started = Instant::now();
    let uv = Uv::find()?;
    filter::print_text(&format!("demo: a project in {}", places.project.display()));
    let cache = places.cache.to_string_lossy().into_owned();
    let tools = tools.with("UV_CACHE_DIR", &cache).with("WAINWRIGHT_SIGN_KEY", &places.key.to_string_lossy());
    let shell = Shell::new()?;
    shell.set_var("UV_CACHE_DIR", &cache);
    project::make(&places.project, &places.origin, uv.path(), &cache)?;
    make_key(&tools, &places)?;
    let made = started.elapsed();
    let started = Instant::now();
    let finished = release(&tools.on(Some(&places.project)), &["minor"])?
        .context("the demo has something to release")?;
    let released = started.elapsed();
    let started = Instant::now();
    let said = install(&shell, &places, &uv)?;
    let installed = started.elapsed();
    let times = [
        ("build the tools", built),
        ("make the project", made),
        ("release it", released),
        ("install it", installed),
    ];
    summary(&places, &finished, &said, &times);
    Ok(())
}

impl Places {
    fn new(dir: Option<&Path>) -> Result<Self> {
        let top = match dir {
            Some(dir) if dir.exists() => {
                let what = format!("cannot make the demo in `{}`: it exists", dir.display());
                return Err(Failure::usage(what).hint("name a folder that does not exist yet").into());
            }
            Some(dir) => {
                std::fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
                dir.canonicalize()?
            }
            None => tempfile::Builder::new().prefix("wainwright-demo-").tempdir()?.keep().canonicalize()?,
        };
        let inside = |name: &str| top.join(name);
        Ok(Self {
            project: inside("project"),
            origin: inside("origin.git"),
            key: inside("minisign.key"),
            cache: inside("cache"),
            venv: inside("venv"),
            top,
        })
    }

    /// The index that the release is published into.
    fn index(&self) -> PathBuf {
        self.project.join("dist/index/simple")
    }
}

fn make_key(tools: &Tools, places: &Places) -> Result<()> {
    let path = places.key.to_string_lossy();
    let ended = tools.run("sign", &["--new-key", &path], &[], None)?;
    if ended.code != 0 {
        filter::print_text(ended.stderr.trim_end());
        anyhow::bail!("cannot make the demo's signing key");
    }
    Ok(())
}

/// Installs the dependent package from the index alone, and imports it.
fn install(shell: &Shell, places: &Places, uv: &Uv) -> Result<String> {
    let (uv, venv) = (uv.path(), &places.venv);
    let index = format!("file://{}/", places.index().display());
    cmd!(shell, "{uv} venv --quiet {venv}").quiet().run()?;
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    cmd!(shell, "{uv} pip install --quiet --python {python} --default-index {index} wagon-cdk")
        .quiet()
        .run()?;
    let script = "import wagon_cdk, wagon_core; print(f'wagon-cdk {wagon_cdk.__version__} on wagon-core {wagon_core.__version__}: {wagon_cdk.wagon()}')";
    Ok(cmd!(shell, "{python} -c {script}").quiet().read()?)
}

fn summary(places: &Places, finished: &Finished, said: &str, times: &[(&str, std::time::Duration)]) {
    let release = &finished.release;
    let project = places.project.display();
    let mut text = format!(
        "\nreleased {} {}, tag {}\n",
        release.project.name, release.version.current, release.version.tag
    );
    for artifact in release.artifacts.iter().flatten() {
        text.push_str(&format!("  {:<58} {:>6} bytes\n", artifact.path.as_str(), artifact.size));
    }
    text.push_str(&format!(
        "\ninstalled from the index and imported:\n  {said}\n\nhow long each stage took\n"
    ));
    for (stage, time) in &finished.times {
        text.push_str(&format!("  {stage:<16} {:>8}\n", human(*time)));
    }
    text.push_str("and the demo as a whole\n");
    for (what, time) in times {
        text.push_str(&format!("  {what:<16} {:>8}\n", human(*time)));
    }
    let wheel = release.artifacts.iter().flatten().find(|artifact| artifact.kind == ArtifactKind::Wheel);
    let wheel = wheel.map_or(String::new(), |wheel| wheel.path.to_string());
    text.push_str(&format!(
        "\nwhere everything is: {top}\n  project/             the released project\n  project/dist/        wheels, sdists, checksums, signatures\n  \
         project/dist/index/  the index\n  origin.git/          what was pushed\n  minisign.pub         the key that verifies\n\n\
         look at it\n  git -C {project} show --stat {tag}\n  cargo xtask status --project {project}\n  open {index}/index.html\n\n\
         verify it\n  (cd {project}/dist && sha256sum -c SHA256SUMS)\n  minisign -V -p {top}/minisign.pub -m {project}/{wheel}\n\n\
         install it\n  uv pip install --default-index file://{index}/ wagon-cdk\n\n\
         take it back\n  cargo xtask rollback {version} --project {project}\n\n\
         throw it away\n  rm -rf {top}",
        top = places.top.display(),
        tag = release.version.tag,
        version = release.version.current,
        index = places.index().display(),
    ));
    filter::print_text(&text);
}
