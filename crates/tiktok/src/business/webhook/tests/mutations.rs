//! Deliveries and lists no one would write, by the ten thousand: seeded, so that a bad one can be found again.

use super::{
    super::signature::tests::{AT_S, BODY, SIGNED},
    fixtures::{ALL, TEXT},
    *,
};
use crate::{ClientSecret, business::message::MessagePage, client::tests::fixture};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Of each thing: as many as take seconds without optimisation.
const SAMPLE: usize = 2_000;
/// As many as take a minute.
const MANY: usize = 20_000;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

/// Bytes turned over, thrown in, taken out, or cut off.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        match dice.below(5) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => drop(bytes.remove(at)),
            2 => bytes.insert(at, b"{}[]\",:\\0-e\0\xff"[dice.below(13)]),
            3 => {
                let end = (at + dice.below(24)).min(bytes.len());
                let again = bytes[at.min(end)..end].to_vec();
                bytes.splice(at.min(bytes.len())..at.min(bytes.len()), again);
            }
            _ if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            _ => {}
        }
    }
}

/// A value of another type than any field expects.
fn stranger(dice: &mut Dice) -> Value {
    match dice.below(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(1e308),
        5 => json!(""),
        6 => json!("\u{202e}\0😀"),
        7 => json!([]),
        8 => json!([null, 1, "x", {}, [[]]]),
        9 => json!({}),
        10 => json!({"id": {"id": []}, "type": 1, "elements": {}, "body": []}),
        _ => json!("x".repeat(dice.below(300))),
    }
}

/// Swaps one value somewhere inside for a stranger.
fn swap(value: &mut Value, dice: &mut Dice) {
    let stop = dice.below(4) == 0;
    match value {
        Value::Object(fields) if !stop && !fields.is_empty() => {
            let at = dice.below(fields.len());
            swap(fields.values_mut().nth(at).unwrap(), dice);
        }
        Value::Array(items) if !stop && !items.is_empty() => {
            let at = dice.below(items.len());
            swap(&mut items[at], dice);
        }
        other => *other = stranger(dice),
    }
}

/// Does `deed` to every mutant and reports the slowest, which a quadratic reader would betray.
fn survive(seed: u64, each: usize, mut deed: impl FnMut(&mut Dice)) {
    let mut slowest = Duration::ZERO;
    for index in 0..each {
        let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(u64::try_from(index).unwrap()));
        let started = Instant::now();
        deed(&mut dice);
        slowest = slowest.max(started.elapsed());
    }
    assert!(slowest < Duration::from_secs(5), "one took {slowest:?}");
}

fn read_damaged_deliveries(each: usize) {
    for (index, (event, content)) in ALL.iter().enumerate() {
        let whole = body(event, content).into_bytes();
        let (outside, inside): (Value, Value) =
            (serde_json::from_slice(&whole).unwrap(), serde_json::from_str(content).unwrap());
        let mut known = 0;
        survive(u64::try_from(index).unwrap(), each, |dice| {
            let bytes = match dice.below(4) {
                0 => {
                    let mut bytes = whole.clone();
                    damage(&mut bytes, dice);
                    bytes
                }
                1 => {
                    let mut outer = outside.clone();
                    swap(&mut outer, dice);
                    outer.to_string().into_bytes()
                }
                2 => {
                    let mut inner = content.as_bytes().to_vec();
                    damage(&mut inner, dice);
                    body(event, &String::from_utf8_lossy(&inner)).into_bytes()
                }
                _ => {
                    let mut inner = inside.clone();
                    swap(&mut inner, dice);
                    body(event, &inner.to_string()).into_bytes()
                }
            };
            let Ok(envelope) = Envelope::read(&bytes) else { return };
            assert!(!envelope.name.is_empty() && !envelope.business_id.is_empty());
            if let Event::Message(said) = &envelope.event {
                assert!(!said.message.message_id.is_empty() && !said.conversation_id.is_empty());
            }
            known += usize::from(!matches!(envelope.event, Event::Unknown { .. }));
        });
        assert!(known > each / 20, "{event}: only {known} were still understood");
    }
}

#[test]
fn no_delivery_makes_the_reader_fall_over() {
    read_damaged_deliveries(SAMPLE);
}

#[test]
fn no_list_makes_the_reader_fall_over() {
    read_damaged_lists(SAMPLE);
}

#[test]
#[ignore = "takes a minute: ten times what the two tests before read"]
fn no_delivery_and_no_list_of_very_many_makes_the_reader_fall_over() {
    read_damaged_deliveries(MANY);
    read_damaged_lists(MANY);
}

#[test]
fn no_header_makes_the_check_fall_over_and_no_other_body_gets_through() {
    let secret = ClientSecret::new("shop-secret");
    let (mut passed, mut refused) = (0, 0);
    survive(77, MANY, |dice| {
        let mut header = format!("t={AT_S},s={SIGNED}").into_bytes();
        damage(&mut header, dice);
        let mut bytes = BODY.as_bytes().to_vec();
        if dice.below(2) == 0 {
            damage(&mut bytes, dice);
        }
        match verify(&String::from_utf8_lossy(&header), &bytes, &[&secret], AT_S) {
            // A comma more, a digit in capitals, a part nobody knows.
            Ok(verified) => {
                passed += 1;
                assert_eq!((bytes.as_slice(), verified), (BODY.as_bytes(), Verified { at_s: AT_S, fresh: true }));
            }
            Err(_) => refused += 1,
        }
    });
    assert!(passed > 20 && refused > MANY / 2, "{passed} passed, {refused} were refused");
}

fn read_damaged_lists(each: usize) {
    for (seed, name) in [(91, "messages.json"), (92, "messages-every-kind.json"), (93, "messages-hostile.json")] {
        let text = fixture(name);
        // As text: `Value` would not hold what the hostile fixture has.
        let fields: &RawValue = serde_json::from_str(&text).unwrap();
        let whole = Fields::read(fields).unwrap().get("data").unwrap().get().as_bytes().to_vec();
        let parsed: Option<Value> = serde_json::from_slice(&whole).ok();
        let mut read = 0;
        survive(seed, each, |dice| {
            let bytes = match &parsed {
                Some(parsed) if dice.below(2) == 0 => {
                    let mut page = parsed.clone();
                    swap(&mut page, dice);
                    page.to_string().into_bytes()
                }
                _ => {
                    let mut bytes = whole.clone();
                    damage(&mut bytes, dice);
                    bytes
                }
            };
            if let Ok(page) = serde_json::from_slice::<MessagePage>(&bytes) {
                read += 1;
                assert!(page.messages.iter().all(|message| !message.message_id.is_empty()));
            }
        });
        assert!(read > each / 20, "{name}: only {read} were still read");
    }
}

#[test]
fn a_delivery_as_large_and_as_deep_as_any_is_read_at_once() {
    let started = Instant::now();
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let content = with(TEXT, r#"{"body":"Do you ship to Chiang Mai?"}"#, &deep);
    assert!(matches!(envelope("im_receive_msg", &content).event, Event::Message(_)));
    let many = r#"{"operation":"ADD","type":"EMOJI","emoji":"x","original_msg_id":"m"},"#.repeat(4000);
    let content = format!(r#"{{"conversation_id":"c","type":"reaction","reaction":[{}]}}"#, many.trim_end_matches(','));
    let Event::Reacted(reacted) = envelope("im_receive_msg", &content).event else { panic!("reactions") };
    assert_eq!(reacted.changes.len(), 4000);
    let long = with(TEXT, "Do you ship", &"\\\\\\\"".repeat(60_000));
    assert!(matches!(envelope("im_receive_msg", &long).event, Event::Message(_)));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
