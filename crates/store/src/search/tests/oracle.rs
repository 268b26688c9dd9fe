//! Recall against brute force: two thousand seeded messages over the scripts, hundreds of words, beginnings and stretches
//! cut out of them, each looked for by the index and by folding every text and searching it.

use std::collections::HashSet;

use model::{AccountId, Content};

use super::recall::{Shelf, link, open, say, text};
use crate::search::{Query, Scope, fold, in_thread, marks};

/// xorshift64*: the same messages on every computer.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// A script, whether it puts spaces between words, and words to make messages of.
const SCRIPTS: [(&str, bool, &str); 12] = [
    (
        "english",
        true,
        "order parcel shirt linen refund size the is my where when wrong broken thanks thank you M XL-170 #10-2231 don't re-order",
    ),
    (
        "accents",
        true,
        "Größe Straße für größer été café reçu où naïve coração não Łódź Øre İzmir ısı ISPARTA çok şal Œuvre niño GRÖSSE",
    ),
    (
        "vietnamese",
        true,
        "đơn hàng điện thoại của mình màu đen trắng không ạ cảm ơn đổi trả giá Đà Nẵng Huế được phí giao",
    ),
    (
        "cyrillic",
        true,
        "заказ ещё еще мой мои возврат ВОЗВРАТ денег посылка чёрный где когда спасибо Київ їжак ёлка размер",
    ),
    ("arabic", true, "السلام عليكم طلبي رقم ١٢٣ أريد اريد إلى الى المقاس السَّلامُ شكراً شكرا متى القاهرة القاهره کتاب هدية"),
    ("hebrew", true, "שלום שָׁלוֹם תודה מידה הזמנה ההזמנה משלוח מתי כמה החזר 4455 רוצה לא אני"),
    ("hindi", true, "ऑर्डर कहाँ कहां साइज़ साइज धन्यवाद रंग चाहिए मेरा फ़ोन फोन ४५० दिल्ली नहीं नही कब"),
    ("greek", true, "παραγγελία ΠΑΡΑΓΓΕΛΙΑ μέγεθος λάθος ευχαριστώ πότε μου χρώμα μαύρος είναι"),
    ("thai", false, "เสื้อ ไหม ราคา ส่ง สั่ง น้ำ คืน เงิน ขอบคุณ ค่ะ คะ ของ ได้ สีดำ ไซส์ ๒๕๐ M กรุงเทพ ใหม่"),
    ("chinese", false, "发货 退款 订单 尺寸 黑色 白色 什么 时候 谢谢 包裹 换货 退货 ２３号 M码 吗 了 大 地址"),
    (
        "japanese",
        false,
        "返品 返金 注文 サイズ さいず 届きません ありますか リネン りねん ﾊﾝｶｸ 東京 京都 時々 クーポン ＡＢＣ",
    ),
    ("korean", false, "배송 환불 교환 사이즈 주문 무료 해주세요 합니다 감사 하고 언제 나요 ㅋㅋ ㅠㅠ 얼마 한국"),
];
const EMOJI: [&str; 10] = ["❤️", "👍", "👍🏽", "👨‍👩‍👧", "🇩🇪", "🇫🇷", "😂", "🙏", "🤎", "1️⃣"];

fn body(dice: &mut Dice) -> (usize, String) {
    let script = dice.below(SCRIPTS.len());
    let (_, spaced, words) = SCRIPTS[script];
    let words: Vec<&str> = words.split(' ').collect();
    let mut body = String::new();
    for _ in 0..2 + dice.below(9) {
        body.push_str(words[dice.below(words.len())]);
        match dice.below(12) {
            0 => body.push_str(", "),
            1 => body.push('。'),
            2 => body.push_str(EMOJI[dice.below(EMOJI.len())]),
            _ if spaced => body.push(' '),
            _ => {}
        }
    }
    (script, body)
}

/// A word, a beginning of one, or where there are no spaces any stretch; or an emoji.
fn cut(dice: &mut Dice, script: usize, body: &str) -> String {
    if dice.below(8) == 0
        && let Some(emoji) = EMOJI.iter().find(|emoji| body.contains(**emoji))
    {
        return (*emoji).to_owned();
    }
    let inside = |c: char| {
        !c.is_whitespace() && !"。,".contains(c) && !EMOJI.iter().any(|emoji| emoji.contains(c) && !c.is_ascii_digit())
    };
    let runs: Vec<&str> = body.split(|c: char| !inside(c)).filter(|run| !run.is_empty()).collect();
    let letters: Vec<char> = dice.pick(&runs).chars().collect();
    let from = if SCRIPTS[script].1 { 0 } else { dice.below(letters.len()) };
    let most = letters.len() - from;
    letters[from..from + 1 + dice.below(most.min(6))].iter().collect()
}

/// Folded, with keycaps apart from what stands around them.
fn plain(text: &str) -> String {
    fold(text).replace("\u{20E3}1", " 1\u{20E3}")
}

/// Whether brute force finds it in a folded text: anywhere for scripts without spaces and emoji, at the start of a word otherwise.
fn holds(text: &str, typed: &str) -> bool {
    let typed = plain(typed);
    let typed = typed.trim_matches(|c: char| matches!(c, ' ' | '#' | '\'' | '-'));
    let spaced = |c: char| c.is_alphanumeric() && !"ㄱ가-힣".contains(c) && u32::from(c) < 0xE00;
    text.match_indices(typed).any(|(at, _)| {
        let starts = typed.chars().next().is_some_and(spaced);
        !starts
            || !text
                .get(..at)
                .unwrap()
                .chars()
                .next_back()
                .is_some_and(|c| spaced(c) || ('\u{900}'..'\u{980}').contains(&c))
    })
}

#[tokio::test]
async fn nothing_that_brute_force_finds_is_missed() {
    let shelf = Shelf::new();
    let mut dice = Dice(0x5EED_CAFE);
    let bodies: Vec<(usize, String)> = (0..2000).map(|_| body(&mut dice)).collect();
    let stored: Vec<Content> = bodies.iter().map(|(_, body)| text(body.as_str())).collect();
    let conversation = shelf
        .store
        .write(move |tx| {
            let account = link(tx, "shop")?;
            let conversation = open(tx, account, "Ana", None)?;
            for (at, content) in (1..).zip(stored) {
                say(tx, account, conversation, at, false, content)?;
            }
            Ok(conversation)
        })
        .await
        .unwrap();
    let folded: Vec<String> = bodies.iter().map(|(_, body)| plain(body)).collect();
    let mut missed = Vec::new();
    let mut figures = [(0_usize, 0_usize); SCRIPTS.len()];
    for _ in 0..400 {
        let (script, body) = &bodies[dice.below(bodies.len())];
        let typed = cut(&mut dice, *script, body);
        if Query::parse(&typed).is_empty() {
            continue;
        }
        let query = Query::parse(&typed);
        let found = shelf.store.read_now(|sql| in_thread(sql, conversation, &query, 10_000)).unwrap().messages;
        let found: HashSet<usize> = found.into_iter().map(|id| (id.0 >> 20) as usize - 1).collect();
        let right: HashSet<usize> = (0..bodies.len()).filter(|at| holds(&folded[*at], &typed)).collect();
        missed.extend(right.difference(&found).map(|at| format!("{typed:?} in {:?}", bodies[*at].1)));
        figures[*script].0 += right.intersection(&found).count();
        figures[*script].1 += found.len();
        for body in found.iter().take(10).map(|at| &bodies[*at].1) {
            assert!(!marks(&typed, body).is_empty(), "{typed:?} is found in {body:?} and not marked there");
        }
    }
    for ((name, ..), (right, all)) in SCRIPTS.iter().zip(figures) {
        println!("{name}: {right} of {all} hits are what brute force finds");
    }
    assert!(missed.is_empty(), "{} missed: {:#?}", missed.len(), missed.iter().take(20).collect::<Vec<_>>());
}

#[tokio::test]
async fn nothing_typed_is_an_error() {
    let shelf = Shelf::new();
    shelf
        .store
        .write(|tx| {
            let account = link(tx, "shop")?;
            let conversation = open(tx, account, "Ana", Some("ana"))?;
            say(tx, account, conversation, 1, false, text("NEAR(\"a\" b) OR c* AND ^d : {e} \u{E000}")).map(|_| ())
        })
        .await
        .unwrap();
    let pieces = [
        "\"",
        "-",
        "*",
        ":",
        "(",
        ")",
        "^",
        "+",
        "{",
        "}",
        "NEAR(",
        "OR",
        "AND",
        "NOT",
        "words:",
        "from:",
        "in:",
        "has:",
        "on:",
        "tag:",
        "before:",
        "me",
        "ana",
        "2026-",
        "-1",
        "\0",
        "\\",
        "'",
        ";",
        "%",
        "\u{E000}",
        "\u{F0001}",
        "\u{FFFD}",
        " ",
        " ",
        "\u{3000}",
        "a",
        "发",
        "배",
        "ㅅ",
        "กี่",
        "\u{301}",
        "\u{200D}",
        "👍🏽",
        "🇩",
        "\u{20E3}",
        "1",
        "“",
        "»",
        "：",
        "today",
        "\u{1160}",
        "ﷺ",
        "½",
        "\u{FE0F}",
        "\u{E0020}",
        "9999-12-31",
        "0000",
        "ß",
        "İ",
    ];
    let mut dice = Dice(7);
    for _ in 0..1500 {
        let typed: String = (0..dice.below(12)).map(|_| *dice.pick(&pieces)).collect();
        let query = Query::parse(&typed).dated(i64::from(u32::MAX), |_| 3_600_000);
        let scope = Scope { account: (dice.below(2) == 0).then_some(AccountId(1)), conversation: None };
        let found = shelf.store.read_now(|sql| crate::search::find(sql, &query, &scope, 10));
        assert!(found.is_ok(), "{typed:?}: {found:?}");
        let odd: String = (0..dice.below(6)).filter_map(|_| char::from_u32(dice.below(0x11_0000) as u32)).collect();
        assert!(
            shelf.store.read_now(|sql| crate::search::find(sql, &Query::parse(&odd), &scope, 10)).is_ok(),
            "{odd:?}"
        );
        for mark in marks(&typed, &format!("{odd}{typed}{odd}")) {
            assert!(mark.len > 0, "{typed:?}");
        }
    }
}
