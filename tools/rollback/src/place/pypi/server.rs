//! Where the server of a publication is, and who may see what it serves.

use std::path::PathBuf;

use anyhow::Result;
use document::{PackageName, Version};
use index::Served;
use web::Web;

use crate::place::Circumstances;
use crate::target::Target;

/// The index of a target, by its location, else by the URL that the document has for people.
///
/// A document may come from anybody, so a password goes to a server that the settings here name and to no other.
pub fn served(target: &Target, circumstances: &Circumstances) -> Result<Served> {
    let root = circumstances.project.map_or_else(|| PathBuf::from("."), |project| project.root.clone());
    let index = match (uv::index::located(&root, &target.location), &target.url) {
        (Err(_), Some(url)) => return Served::at(url, Web::new()),
        (index, _) => index?,
    };
    let is_of_project = circumstances
        .project
        .is_some_and(|project| project.targets().iter().any(|own| own.is_server_at(&target.location)));
    let served = Served::at(&index.url, Web::new())?;
    Ok(match uv::index::login_at(&root, &index, is_of_project)? {
        Some((user, password)) => served.with_login(&user, &password),
        None => served,
    })
}

/// The page on which an owner yanks a release, on a server like PyPI.
pub fn page(simple: &str, package: &PackageName, version: &Version) -> String {
    format!("{}/manage/project/{package}/release/{version}/", web::server(simple))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_on_the_server_of_the_index() {
        let page = |simple| page(simple, &"da-vinci".parse().unwrap(), &"1.0rc1".parse().unwrap());
        let expected = "https://pkgs.example:8443/manage/project/da-vinci/release/1.0rc1/";
        assert_eq!(page("https://pkgs.example:8443/simple/"), expected);
    }
}
