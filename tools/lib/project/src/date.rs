//! The date of a release, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns today's date in UTC as `YYYY-MM-DD`, or the date of `SOURCE_DATE_EPOCH` where that is set.
pub fn today() -> String {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse::<u64>().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    date_of(fixed.unwrap_or_else(now))
}

/// Says whether the text is a date that exists, written `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    let digits = |part: &str| part.parse::<u64>().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()));
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return false;
    }
    match (digits(year), digits(month), digits(day)) {
        (Some(year), Some(month @ 1..=12), Some(day)) => day >= 1 && day <= days_of(year, month),
        _ => false,
    }
}

/// Returns the date of a number of seconds since 1970, as `YYYY-MM-DD`.
pub fn date_of(seconds: u64) -> String {
    let mut days = seconds / 86_400;
    let mut year = 1970;
    while days >= days_in(year) {
        days -= days_in(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_of(year, month) {
        days -= days_of(year, month);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_calendar() {
        for (seconds, date) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_772_323_200, "2026-03-01"),
            (4_102_444_799, "2099-12-31"),
        ] {
            assert_eq!(date_of(seconds), date);
        }
    }

    #[test]
    fn refuses_dates_that_do_not_exist() {
        assert!(is_date("2024-02-29"));
        for wrong in
            ["2023-02-29", "2024-13-01", "2024-1-1", "2024-00-10", "today", "2024-02-30", "+024-01-01"]
        {
            assert!(!is_date(wrong), "{wrong}");
        }
    }
}
