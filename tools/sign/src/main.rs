//! Makes and verifies minisign signatures of the files of a release.

mod key;
mod new_key;
mod sign;
mod signature;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use filter::Output;
use project::Project;

/// Signs the artifacts and checksum files of a release with minisign, verifies signatures, or makes a key pair.
#[derive(Debug, clap::Args)]
#[command(after_help = "Environment:\n  \
        WAINWRIGHT_SIGN_KEY       the secret key: its file, or its text; wins over `[sign] key` of release.toml\n  \
        WAINWRIGHT_SIGN_PASSWORD  the password of the secret key")]
struct Arguments {
    /// Make a key pair: the secret key at PATH, the public key beside it with the extension `pub`
    #[arg(long, value_name = "PATH", conflicts_with_all = ["verify", "public_key", "files"])]
    new_key: Option<PathBuf>,
    /// Verify instead of signing: the signatures of the document on stdin, or FILE.minisig of each FILE
    #[arg(long)]
    verify: bool,
    /// The public key that must have signed, or its file
    #[arg(long, value_name = "KEY", requires = "verify")]
    public_key: Option<String>,
    /// A file to verify; needs no project and no document
    #[arg(value_name = "FILE", requires = "verify", requires = "public_key")]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    filter::run("sign", |arguments: &Arguments, stage| {
        if let Some(path) = &arguments.new_key {
            return new_key::make(stage, path).map(|()| Output::Nothing);
        }
        let signer = arguments.public_key.as_deref().map(verify::public_key).transpose()?;
        if let Some(signer) = signer.as_ref().filter(|_| !arguments.files.is_empty()) {
            return verify::files(stage, signer, &arguments.files).map(|()| Output::Nothing);
        }
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        if arguments.verify {
            return verify::release(stage, &project.root, &release, signer.as_ref())
                .map(|()| Output::Nothing);
        }
        let _lock =
            (!stage.is_dry_run()).then(|| project.git.state().lock(|text| stage.note(text))).transpose()?;
        let plan = sign::plan(&project, &release)?;
        stage.perform(&plan.steps, sign::apply)?;
        if !stage.is_dry_run() {
            release.signatures = Some(plan.signatures);
        }
        Ok(release.into())
    })
}
