//! Versions: what is printed reads back as the same, and they have one order.

use document::{Spelling, Version};

const SPELLINGS: [Spelling; 3] = [Spelling::Pep440, Spelling::SemVer, Spelling::ImageTag];

/// Reads each line as a version in every spelling. Returns how many could be read.
pub fn check(text: &str) -> usize {
    let mut versions = Vec::new();
    for line in text.lines().take(8) {
        versions.extend(SPELLINGS.iter().filter_map(|spelling| Version::read(line, *spelling).ok()));
    }
    for version in &versions {
        let printed = version.to_string();
        assert_eq!(printed.parse().ok().as_ref(), Some(version), "{printed}");
        for spelling in SPELLINGS {
            let Ok(spelled) = version.spelled(spelling) else { continue };
            let again = Version::read(&spelled, spelling).ok();
            assert_eq!(again.as_ref(), Some(version), "{spelled} as {spelling:?}");
            let again = again.and_then(|again| again.spelled(spelling).ok());
            assert_eq!(again.as_ref(), Some(&spelled), "{version} as {spelling:?}");
        }
    }
    for a in &versions {
        for b in &versions {
            assert_eq!(a.cmp(b), b.cmp(a).reverse(), "{a} {b}");
            assert_eq!(a == b, a.cmp(b).is_eq(), "{a} {b}");
            for c in versions.iter().filter(|_| a <= b) {
                assert!(b > c || a <= c, "{a} {b} {c}");
            }
        }
    }
    versions.len()
}
