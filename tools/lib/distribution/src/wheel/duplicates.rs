//! Files of a wheel that are copies of each other.

use std::collections::HashMap;

use super::Wheel;
use crate::Problem;
use crate::check::Code::W028;

/// Files below this size in bytes are often equal and never matter: empty modules, licences of a line.
const SMALL: u64 = 1024;
/// The part of a wheel that copies may have without a word.
const SHARE: u64 = 100;

/// Tells how much of a wheel are copies, when that is more than nobody cares about.
///
/// Licences do not count: the specification wants them in `.dist-info`, and their projects beside the code.
pub(super) fn problems(wheel: &Wheel) -> Option<Problem> {
    let info = wheel.dist_info();
    let mut first: HashMap<[u8; 32], usize> = HashMap::new();
    let (mut all, mut copies, mut count) = (0, 0, 0);
    let mut largest: Option<(u64, usize, usize)> = None;
    for (at, (member, facts)) in wheel.layout.members.iter().zip(&wheel.facts).enumerate() {
        all += member.size;
        let is_module = member.name.ends_with("/__init__.py");
        if member.size < SMALL || is_module || member.name.starts_with(&info) {
            continue;
        }
        let Some(sha256) = facts.sha256 else { continue };
        if let Some(other) = first.insert(sha256, at) {
            (copies, count) = (copies + member.size, count + 1);
            if largest.is_none_or(|(size, ..)| member.size > size) {
                largest = Some((member.size, other, at));
            }
        }
    }
    let (size, one, other) = largest.filter(|_| copies > all / SHARE)?;
    let [one, other] = [one, other].map(|at| &wheel.layout.members[at].name);
    let files = if count == 1 { "file is a copy" } else { "files are copies" };
    Some(W028.found(format!(
        "{count} {files} of others, {copies} bytes in all; the largest are `{one}` and `{other}` with {size}"
    )))
}
