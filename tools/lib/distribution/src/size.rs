//! Sizes of files, for people.

/// A size in the unit that fits, by thousands (SI): `812 bytes`, `1.5 kB`, `2.0 MB`.
pub fn readable_size(size: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", size / unit, size % unit * 10 / unit);
    match size {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{size} bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        for (size, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_590, "1.5 kB"),
            (12_345, "12.3 kB"),
            (2_000_000, "2.0 MB"),
            (7_100_000_000, "7.1 GB"),
        ] {
            assert_eq!(readable_size(size), text);
        }
    }
}
