//! The page of a package as HTML (PEP 503, 592, 629), as any server writes it.

use document::PackageName;
use html5gum::{StartTag, Token, Tokenizer};
use url::Url;

use super::ServedFile;

/// The files that a page links to; the error is the cause.
pub(crate) fn read(bytes: &[u8], page: &Url, package: &PackageName) -> Result<Vec<ServedFile>, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut base = page.clone();
    let mut files = Vec::new();
    let mut is_page = false;
    let Ok(tokens) = Tokenizer::new(text.as_ref()).collect::<Result<Vec<_>, _>>();
    for token in tokens {
        let Token::StartTag(tag) = token else { continue };
        is_page = true;
        match tag.name.as_slice() {
            b"meta" if attribute(&tag, "name").as_deref() == Some("pypi:repository-version") => {
                let version = attribute(&tag, "content").unwrap_or_default();
                if version.trim().split('.').next() != Some("1") {
                    let shown = version.escape_debug();
                    return Err(format!("it speaks version {shown} of the interface, and 1 is known"));
                }
            }
            b"base" => {
                let named = attribute(&tag, "href").and_then(|href| page.join(href.trim()).ok());
                base = named.unwrap_or(base);
            }
            b"a" => files.extend(file(&tag, &base, package)),
            _ => {}
        }
    }
    if !is_page && !bytes.is_empty() {
        return Err("it is no HTML".to_owned());
    }
    Ok(files)
}

/// The packages that the page of all packages links to.
pub(crate) fn folders(bytes: &[u8]) -> Vec<PackageName> {
    let text = String::from_utf8_lossy(bytes);
    let Ok(tokens) = Tokenizer::new(text.as_ref()).collect::<Result<Vec<_>, _>>();
    let name = |token: Token| {
        let Token::StartTag(tag) = token else { return None };
        let link = attribute(&tag, "href").filter(|_| tag.name.as_slice() == b"a")?;
        let path = link.split(['?', '#']).next()?.trim().trim_end_matches("index.html");
        PackageName::normalise(path.trim_end_matches('/').rsplit('/').next()?).ok()
    };
    tokens.into_iter().filter_map(name).collect()
}

/// The file of one link; `None` where it leads to none.
fn file(tag: &StartTag<()>, base: &Url, package: &PackageName) -> Option<ServedFile> {
    let served = ServedFile::at(base, &attribute(tag, "href")?, package)?;
    Some(ServedFile {
        uploaded: attribute(tag, "data-upload-time"),
        yanked: attribute(tag, "data-yanked"),
        requires_python: attribute(tag, "data-requires-python").filter(|text| !text.is_empty()),
        ..served
    })
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Result<Vec<ServedFile>, String> {
        let page = Url::parse("https://host.example/team/simple/a/").unwrap();
        read(text.as_bytes(), &page, &"a".parse().unwrap())
    }

    #[test]
    fn takes_links_as_others_write_them() {
        let digest = "cd".repeat(32);
        let text = format!(
            "<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.3\"></head><body>\r\n\
             <h1>Links</h1> <!-- <a href=\"a-0.1.tar.gz\">no</a> -->\
             <A HREF='../../f/a-1.0%2Bx.tar.gz#sha256={digest}' data-requires-python='&gt;=3.9, &lt;4'>a</A>\
             <a href=a-1.1-py3-none-any.whl#md5=1 data-yanked>a</a><a data-yanked=\"it &quot;broke&quot;\" \
             data-upload-time=2026-01-02T03:04:05Z href=\"//files.example/a-1.2.zip\">x</a>\
             <a href=\"../\">up</a><a name=x>none</a>"
        );
        let files = files(&text).unwrap();
        let urls: Vec<&str> = files.iter().map(|file| file.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://host.example/team/f/a-1.0%2Bx.tar.gz",
                "https://host.example/team/simple/a/a-1.1-py3-none-any.whl",
                "https://files.example/a-1.2.zip"
            ]
        );
        assert_eq!(files[0].file_name, "a-1.0+x.tar.gz");
        assert_eq!(files[0].sha256.as_ref().map(ToString::to_string), Some(digest));
        assert_eq!(files[0].requires_python.as_deref(), Some(">=3.9, <4"));
        assert_eq!((files[1].sha256.as_ref(), files[1].yanked.as_deref()), (None, Some("")));
        assert_eq!(files[2].yanked.as_deref(), Some("it \"broke\""));
        assert_eq!(files[2].uploaded.as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(files[2].version.as_ref().map(ToString::to_string).as_deref(), Some("1.2"));
    }

    #[test]
    fn the_page_of_all_packages_links_to_folders() {
        let page = b"<a href='/simple/My.Odd_Name/'>x</a> <A HREF=b>b</A><a href=../>up</a><a href=c/index.html#x>c</a>";
        let names: Vec<String> = folders(page).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["my-odd-name", "b", "c"]);
    }

    #[test]
    fn a_base_moves_the_links() {
        let files = files("<base href=\"/elsewhere/\"><a href=\"a-1.0.tar.gz\">a</a>").unwrap();
        assert_eq!(files[0].url, "https://host.example/elsewhere/a-1.0.tar.gz");
    }

    #[test]
    fn refuses_another_version_and_what_is_no_page() {
        let other = "<meta name=\"pypi:repository-version\" content=\"2.0\">";
        assert_eq!(files(other).unwrap_err(), "it speaks version 2.0 of the interface, and 1 is known");
        assert_eq!(files("gone fishing").unwrap_err(), "it is no HTML");
        assert_eq!(files("").unwrap(), []);
    }
}
