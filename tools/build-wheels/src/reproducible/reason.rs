//! Why the content of one member may differ from build to build.

/// How much is shown around the first difference, on either side.
const AROUND: usize = 120;
/// What the folders of builds are named by: those of this tool, and those of uv and other frontends.
const FOLDERS: [&str; 6] =
    ["wainwright/checkout", "-once-more-in-another-folder", ".tmp", "builds-v", "sdists-v", "/tmp"];

/// The difference of two contents in words.
pub fn of(first: &[u8], second: &[u8]) -> String {
    let sorted = |bytes: &[u8]| {
        let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.sort();
        lines
    };
    if first.len() == second.len() && sorted(first) == sorted(second) {
        return "the same lines in another order".to_owned();
    }
    let at = first.iter().zip(second).take_while(|(a, b)| a == b).count();
    let [one, other] = [around(first, at), around(second, at)];
    let cause = if [&one, &other].iter().any(|text| FOLDERS.iter().any(|folder| text.contains(folder))) {
        "the path of the build's folder is in it"
    } else if is_time(&one) && is_time(&other) {
        "the time of the build is in it"
    } else {
        "its content"
    };
    let line = first[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    let place = if first.contains(&0) { format!("byte {at}") } else { format!("line {line}") };
    format!("{cause}: at {place} `{one}`, and then `{other}`")
}

/// The text that surrounds a place, as far as it is one line of plain signs.
fn around(bytes: &[u8], at: usize) -> String {
    let is_plain = |byte: &&u8| (b' '..=b'~').contains(*byte);
    let (before, behind) = bytes.split_at(at.min(bytes.len()));
    let count = before.iter().rev().take(AROUND).take_while(is_plain).count();
    let text = before[before.len() - count..].iter().chain(behind.iter().take(AROUND).take_while(is_plain));
    text.map(|byte| char::from(*byte)).collect()
}

/// Says whether a text holds seconds since 1970, a time of day, or a date of these years.
fn is_time(text: &str) -> bool {
    let numbers = || text.split(|c: char| !c.is_ascii_digit());
    let is_epoch = numbers()
        .any(|digits| digits.len() == 10 && ('1'..='2').contains(&digits.chars().next().unwrap_or('0')));
    let is_clock = text
        .split(|c: char| !(c.is_ascii_digit() || c == ':'))
        .any(|part| part.split(':').filter(|part| part.len() == 2).count() >= 2);
    is_epoch || is_clock
}
