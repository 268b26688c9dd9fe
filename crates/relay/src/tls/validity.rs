//! Reads from when to when a certificate is valid.

/// When a certificate is valid, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From then on.
    pub not_before_s: i64,
    /// To then.
    pub not_after_s: i64,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl Validity {
    /// Reads a certificate in DER (RFC 5280, 4.1): none if it is not one.
    #[must_use]
    pub fn read(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = content(certificate, SEQUENCE)?;
        let (fields, _) = content(certificate, SEQUENCE)?;
        let fields = content(fields, VERSION).map_or(fields, |(_, rest)| rest);
        let (_serial, fields) = content(fields, INTEGER)?;
        let (_algorithm, fields) = content(fields, SEQUENCE)?;
        let (_issuer, fields) = content(fields, SEQUENCE)?;
        let (validity, _) = content(fields, SEQUENCE)?;
        let (not_before_s, rest) = time(validity)?;
        let (not_after_s, _) = time(rest)?;
        Some(Self { not_before_s, not_after_s })
    }
}

/// The content of a value with this tag, and the bytes behind it.
fn content(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = bytes.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        0x80 | 0x84.. => return None,
    };
    rest.split_at_checked(length)
}

fn time(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (text, rest, year_digits) = match content(bytes, UTC_TIME) {
        Some((text, rest)) => (text, rest, 2),
        None => {
            let (text, rest) = content(bytes, GENERALIZED_TIME)?;
            (text, rest, 4)
        }
    };
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, others) = text.split_at_checked(year_digits)?;
    let year: i64 = year.parse().ok()?;
    // Two digits: 50 is 1950, 49 is 2049.
    let year = if year_digits == 4 { year } else { year + if year < 50 { 2000 } else { 1900 } };
    let number = |index: usize| others.get(index * 2..index * 2 + 2)?.parse::<i64>().ok();
    let days = days_since_epoch(year, number(0)?, number(1)?);
    Some((days * 86_400 + number(2)? * 3_600 + number(3)? * 60 + number(4)?, rest))
}

/// Days from 1 January 1970 to this day of the Gregorian calendar.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that a leap day is their last.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (year, month, day, days) in
            [(1970, 1, 1, 0), (1970, 12, 31, 364), (2000, 2, 29, 11_016), (2026, 12, 1, 20_788), (2100, 3, 1, 47_541)]
        {
            assert_eq!(days_since_epoch(year, month, day), days, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn a_certificate_says_when_it_is_valid() {
        let mut parameters = rcgen::CertificateParams::new(vec!["relay.example".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 12, 1);
        parameters.not_after = rcgen::date_time_ymd(2051, 1, 2);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let validity = Validity::read(certificate.der()).unwrap();
        assert_eq!(validity.not_before_s, 20_788 * 86_400);
        assert_eq!(validity.not_after_s, days_since_epoch(2051, 1, 2) * 86_400);
        for cut in 0..certificate.der().len().min(200) {
            assert_eq!(Validity::read(&certificate.der()[..cut]), None, "{cut} bytes");
        }
    }
}
