//! The cases played: an answer of TikTok's with one value replaced by an extreme one.

use rand::seq::SliceRandom;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::Value;

use super::CASES;

/// One value of an answer, and the JSON text that stands there instead.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) pointer: String,
    pub(super) json: String,
}

/// A character of each of Unicode's general categories, as JSON writes it.
const CATEGORIES: [&str; 33] = [
    "B",
    "b",
    "\\u01c5",
    "\\u02b0",
    "\\u3164",
    "\\u0301",
    "\\u093e",
    "\\u20dd",
    "3",
    "\\u2167",
    "\\u00bd",
    "_",
    "-",
    "(",
    ")",
    "\\u00ab",
    "\\u00bb",
    "!",
    "+",
    "\\u20ac",
    "^",
    "\\u2800",
    "\\u00a0",
    "\\u2028",
    "\\u2029",
    "\\u0007",
    "\\u200b",
    "\\ud83d",
    "\\ue000",
    "\\u0378",
    "\\u202e",
    "\\ufe0f",
    "\\udb40\\udc41",
];

pub(super) fn extremes(now_ms: i64) -> Vec<String> {
    let day_ms = 86_400_000;
    let numbers = [
        i64::MIN,
        i64::MIN + 1,
        -8_640_000_000_000_001,
        -now_ms,
        -1,
        0,
        1,
        1_000,
        i64::from(i32::MAX),
        i64::from(u32::MAX),
        now_ms / 1000,
        now_ms + 2 * 3_600_000,
        now_ms + 400 * day_ms,
        now_ms * 1_000,
        now_ms * 1_000_000,
        8_640_000_000_000_001,
        1_000_000_000_000_000_000,
        i64::MAX - 1,
        i64::MAX,
    ];
    let mut all: Vec<String> =
        numbers.iter().flat_map(|number| [number.to_string(), format!("\"{number}\"")]).collect();
    for text in [
        "18446744073709551615",
        "99999999999999999999999999",
        "1e18",
        "1e308",
        "1e400",
        "-1e400",
        "0.5",
        "-0.0",
        "1.7e12",
        "null",
        "true",
        "false",
        "[]",
        "{}",
        "[null]",
        "[[]]",
        "{\"a\":1}",
        "\"\"",
        "\" \"",
        "\"NaN\"",
        "\"-\"",
        "\"\\u0000\"",
        "\"\\ud83d\"",
        "\"\\udc00\\ud800\"",
    ] {
        all.push(text.to_owned());
    }
    all.extend(CATEGORIES.iter().map(|c| format!("\"A{c}na\"")));
    all.push(format!("\"{}\"", CATEGORIES.concat()));
    all.push(format!("\"{}\"", "x".repeat(1_000_000)));
    all.push(format!("\"{}\"", "\\u0301".repeat(150_000)));
    all.push("9".repeat(100_000));
    all.push(format!("{}{}", "[".repeat(300), "]".repeat(300)));
    all
}

/// Each value in a JSON text by its pointer.
pub(super) fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(object) => {
            object.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(list) => list.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (key, value) in below {
        let at = format!("{at}/{key}");
        pointers(value, &at, all);
        all.push(at);
    }
}

/// The cases of an answer: all there are, or so many by lot.
pub(super) fn cases(answer: &Value, below: &str, now_ms: i64) -> Vec<Case> {
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let mut places = Vec::new();
    pointers(answer, "", &mut places);
    let extremes = extremes(now_ms);
    let mut all: Vec<Case> = places
        .iter()
        .filter(|pointer| pointer.starts_with(below))
        .flat_map(|pointer| extremes.iter().map(|json| Case { pointer: pointer.clone(), json: json.clone() }))
        .collect();
    let most = match number("BORDER_CASES", CASES as u64) {
        0 => all.len(),
        most => usize::try_from(most).unwrap(),
    };
    all.shuffle(&mut StdRng::seed_from_u64(number("BORDER_SEED", 1)));
    all.truncate(most);
    all
}

/// An answer with one value replaced by a JSON text, which may be one that no value can hold.
pub(super) fn replaced(answer: &Value, case: &Case) -> String {
    const PLACE: &str = "\u{1}here\u{1}";
    let mut answer = answer.clone();
    *answer.pointer_mut(&case.pointer).unwrap() = Value::from(PLACE);
    answer.to_string().replace(&Value::from(PLACE).to_string(), &case.json)
}
