//! Line coverage in a report of Cobertura's form.

use document::Failure;

/// Returns the `line-rate` of a report, from 0 to 1, or why there is none.
pub fn line_rate(text: &str) -> Result<f64, String> {
    // Cobertura's own reports name a DTD; what it could expand to is limited by the reader.
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let report = roxmltree::Document::parse_with_options(text, options)
        .map_err(|cause| format!("it is no XML: {cause}"))?;
    let root = report.root_element();
    if root.tag_name().name() != "coverage" {
        return Err(format!("its root is `{}`, and Cobertura's is `coverage`", root.tag_name().name()));
    }
    let rate = root.attribute("line-rate").ok_or("its root has no `line-rate`")?;
    let number: Option<f64> = rate.parse().ok();
    number
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| format!("its `line-rate` is `{rate}`, not a number from 0 to 1"))
}

/// Compares a rate with the minimum in percent, and says both.
pub fn judge(rate: f64, minimum: u8) -> Result<String, Failure> {
    // Cut and not rounded, so that 89.999 % never reads as 90 %.
    let percent = (rate * 10_000.0 + 1e-6).floor() / 100.0;
    if rate >= f64::from(minimum) / 100.0 {
        return Ok(format!("coverage {percent:.2} %, at least {minimum} % is asked for"));
    }
    Err(Failure::new(format!(
        "cannot accept a coverage of {percent:.2} %: at least {minimum} % is asked for"
    ))
    .hint("write the tests that are missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rate: &str) -> String {
        format!(
            "<?xml version=\"1.0\" ?>\n<!DOCTYPE coverage SYSTEM \"coverage-04.dtd\">\n\
             <coverage line-rate=\"{rate}\" branch-rate=\"0\"><packages/></coverage>"
        )
    }

    #[test]
    fn reads_the_rate_of_the_whole() {
        assert_eq!(line_rate(&report("0.9321")), Ok(0.9321));
        assert!(line_rate(&report("1.5")).unwrap_err().contains("`line-rate` is `1.5`"));
        assert!(line_rate(&report("NaN")).is_err());
        assert_eq!(line_rate("<coverage/>").unwrap_err(), "its root has no `line-rate`");
        assert!(line_rate("<testsuite/>").unwrap_err().contains("`testsuite`"));
        assert!(line_rate("not xml").unwrap_err().starts_with("it is no XML: "));
    }

    #[test]
    fn the_minimum_itself_is_enough() {
        assert_eq!(judge(0.9, 90).unwrap(), "coverage 90.00 %, at least 90 % is asked for");
        assert!(judge(0.29, 29).is_ok() && judge(1.0, 100).is_ok() && judge(0.0, 0).is_ok());
        let error = judge(0.899_99, 90).unwrap_err().to_string();
        assert_eq!(error, "cannot accept a coverage of 89.99 %: at least 90 % is asked for");
    }
}
