//! Two builds of one file held against each other: which member differs, and in what.

mod members;
mod reason;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use document::Failure;

use members::Member;

/// How many differences are listed; the rest is counted.
const LISTED: usize = 10;

/// Refuses two builds of one file that differ.
pub fn check(id: &str, first: &Path, second: &Path) -> Result<()> {
    if distribution::digest(first)? == distribution::digest(second)? {
        return Ok(());
    }
    let mut found = differences(first, second)?;
    let count = found.len();
    found.truncate(LISTED);
    if count > LISTED {
        found.push(format!("{} more differences", count - LISTED));
    }
    let list: String = found.iter().map(|one| format!("\n    {one}")).collect();
    let what = format!("cannot build `{id}` twice with the same bytes:{list}");
    let hint = "let the build take times from SOURCE_DATE_EPOCH, sort what it lists, and keep the path of its folder \
                out of what it writes, as with `-ffile-prefix-map` of a compiler";
    Err(Failure::new(what).hint(hint).into())
}

/// What differs between two wheels or two sdists.
fn differences(first: &Path, second: &Path) -> Result<Vec<String>> {
    let names =
        [first, second].map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    if names[0] != names[1] {
        return Ok(vec![format!("the name: `{}`, and then `{}`", names[0], names[1])]);
    }
    let [a, b] = [members::read(first)?, members::read(second)?];
    let mut found = absent(&a, &b);
    if found.is_empty() {
        found.extend(order(&a, &b));
    }
    let others: BTreeMap<&str, (usize, &Member)> =
        b.iter().enumerate().map(|(at, member)| (member.name.as_str(), (at, member))).collect();
    let mut listing = Vec::new();
    for (at, member) in a.iter().enumerate() {
        let Some((other_at, other)) = others.get(member.name.as_str()) else { continue };
        let mut why: Vec<String> = fields(member, other);
        if member.digest != other.digest {
            let contents = [members::content(first, at)?, members::content(second, *other_at)?];
            why.push(reason::of(&contents[0], &contents[1]));
        }
        if why.is_empty() {
            continue;
        }
        let line = format!("`{}`: {}", member.name, why.join("; "));
        // It lists the digests of the others, and differs where they do.
        if member.name.ends_with(".dist-info/RECORD") { listing.push(line) } else { found.push(line) }
    }
    if found.is_empty() {
        found.append(&mut listing);
    }
    if found.is_empty() {
        found.push(members::frame(first, second)?);
    }
    Ok(found)
}

fn absent(a: &[Member], b: &[Member]) -> Vec<String> {
    let lacks = |all: &[Member], name: &str| all.iter().all(|member| member.name != name);
    let first = a.iter().filter(|member| lacks(b, &member.name));
    let second = b.iter().filter(|member| lacks(a, &member.name));
    let gone = first.map(|member| format!("`{}` is in the first build alone", member.name));
    gone.chain(second.map(|member| format!("`{}` is in the second build alone", member.name))).collect()
}

fn order(a: &[Member], b: &[Member]) -> Option<String> {
    let (one, other) = a.iter().zip(b).find(|(one, other)| one.name != other.name)?;
    Some(format!("the order of the members: where `{}` was, `{}` is", one.name, other.name))
}

/// What differs beside the content.
fn fields(a: &Member, b: &Member) -> Vec<String> {
    [
        ("the time", &a.time, &b.time),
        ("the permissions", &a.mode, &b.mode),
        ("the owner", &a.owner, &b.owner),
        ("the compression", &a.method, &b.method),
    ]
    .into_iter()
    .filter(|(_, one, other)| one != other)
    .map(|(what, one, other)| format!("{what}: {one}, and then {other}"))
    .collect()
}
