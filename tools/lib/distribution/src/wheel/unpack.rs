//! Taking members out of a wheel, into memory or into a folder.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use document::Failure;

use super::{TEXT_LIMIT, Wheel};
use crate::paths;

impl Wheel {
    /// Returns the bytes of a small member of the `.dist-info` folder; `None` where there is none of that name.
    pub fn dist_info_member(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let member = format!("{}/{name}", self.dist_info());
        if self.contains(&member) { self.dist_info_file(name).map(Some) } else { Ok(None) }
    }

    /// Writes members below a folder: `place` gives the path there of each that is wanted.
    ///
    /// A path that leaves the folder is refused, as is a member that is a link or grows beyond its declared size.
    pub fn unpack(&mut self, folder: &Path, place: impl Fn(&str) -> Option<String>) -> Result<()> {
        let wanted: Vec<(String, String, bool)> = self
            .layout
            .members
            .iter()
            .filter(|member| !member.name.ends_with('/'))
            .filter_map(|member| Some((member.name.clone(), place(&member.name)?, member.is_link)))
            .collect();
        for (name, path, is_link) in wanted {
            let fault = if is_link { Some("is a symbolic link") } else { paths::fault(&path) };
            if let Some(fault) = fault {
                return Err(self.not_unpacked(&format!("`{}` {fault}", name.escape_debug())));
            }
            let path = folder.join(path);
            let open = || -> std::io::Result<File> {
                fs::create_dir_all(path.parent().unwrap_or(folder))?;
                File::create(&path)
            };
            let cannot_write = || format!("cannot write `{}`", path.display());
            let mut file = BufWriter::new(open().with_context(cannot_write)?);
            let mut written = Ok(());
            let read = self.stream(&name, TEXT_LIMIT, |block| {
                if written.is_ok() {
                    written = file.write_all(block);
                }
            });
            read.map_err(|problem| self.not_unpacked(&problem.message))?;
            written.and_then(|()| file.flush()).with_context(cannot_write)?;
        }
        Ok(())
    }

    fn not_unpacked(&self, cause: &str) -> anyhow::Error {
        Failure::new(format!("cannot unpack `{}`: {cause}", self.path.display()))
            .hint("build the wheel again with `build-wheels`")
            .into()
    }
}
