//! Maison Bloom, @maisonbloom: a small fashion shop and the people who wrote to it in the last days. Between them they
//! have every kind of message TikTok lists and every state of the reply window: fresh, under six hours, under one hour,
//! closed. Times are minutes before the sandbox opens.

use super::script::{
    Origin::{ByThemselves, FromAd, FromEurope, FromLink},
    Script,
    ScriptedAct::{
        AutoReply, Card, Emoji, Loved, Phone, Photo, Post, Quotes, Says, Sticker, Suggested, Taps, Unknown, Video,
        VoiceNote, Web, Welcome,
    },
    play,
};
use crate::{
    auto_message::{
        AuditStatus::{self, Approved, Rejected},
        AutoKind::{self, ChatPrompt, SuggestedQuestion, WelcomeMessage},
    },
    config::WindowRule,
    world::{World, voice::Voice},
};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// She sends many pictures, and changes her mind about hearts.
pub(super) const AMARA: &str = "Amara Diallo";
/// He lives in Switzerland.
pub(super) const EMIL: &str = "Emil Brunner";

/// A question TikTok answers for the shop.
pub(super) const DELIVERY: &str = "How long does delivery take?";

pub(super) const GREETING: &str =
    "Hi, lovely to see you at Maison Bloom! We answer every day from 9 to 18. What can we find for you?";

/// Opens the shop with its customers.
pub(crate) fn open(world: &mut World, rule: WindowRule, opened_at: i64) -> usize {
    let account = world.open_account("maisonbloom", "Maison Bloom", rule);
    for script in SCRIPTS {
        play(world, account, script, opened_at);
    }
    for (kind, title, body, audit) in AUTOMATIC {
        world.remember_auto(account, *kind, (title, body), *audit);
    }
    if let Some(shop) = world.accounts.get_mut(account) {
        shop.automatic.on = vec![WelcomeMessage, SuggestedQuestion];
        shop.answers_comments = true;
    }
    account
}

/// The automatic messages of the shop. Chat prompts are off: turning them on shows what that does to them.
const AUTOMATIC: &[(AutoKind, &str, &str, AuditStatus)] = &[
    (WelcomeMessage, "", GREETING, Approved),
    (SuggestedQuestion, DELIVERY, "2 to 4 working days, and you get a tracking link here.", Approved),
    (SuggestedQuestion, "Can I return a dress I wore once?", "Within 30 days, with its label still on.", Rejected),
    (
        SuggestedQuestion,
        "Do you ship to Saudi Arabia?",
        "Yes! Delivery takes 5 to 8 working days, duties are included. ✈️",
        Approved,
    ),
    (ChatPrompt, "Opening hours", "When are you open?", Approved),
    (ChatPrompt, "Size guide", "How do your sizes run?", Approved),
];

const SCRIPTS: &[Script] = &[
    Script {
        name: "Nadia Rahman",
        came: FromAd("Autumn linen, 20% off"),
        lines: &[
            (2 * DAY - 26, Post("linen three ways")),
            (2 * DAY - 26, Says("hii I saw this one, do you still have it?")),
            (2 * DAY - 27, Says("the sand colour 🤎")),
            (
                2 * DAY - 30,
                Loved(
                    "Hi Nadia! The sand linen set sold out this week, we expect it back on Sunday. Shall I let you know?",
                ),
            ),
            (165, Photo("sand linen set")),
            (164, Says("yes please! like this one, my size is M")),
            (2, Says("Is the linen set back in M? I can order today")),
        ],
        voice: Voice::new(
            &["omg yes please, put one aside for me!", "paying right now", "done ✅ order 10482", "you're the best 🤎"],
            &[
                "also, does it shrink in the wash?",
                "do you have it in olive too?",
                "my sister wants one as well, size S",
            ],
        ),
    },
    Script {
        name: "오지훈",
        came: ByThemselves,
        lines: &[
            (DAY + 40, Says("안녕하세요! 어제 주문한 셔츠 배송 언제 되나요?")),
            (DAY + 31, Phone("안녕하세요! 오늘 오후에 출고됩니다. 송장 번호는 여기로 보내드릴게요.")),
            (DAY + 30, Says("감사합니다 😊")),
            (11, Says("사이즈 교환 가능한가요? 🙏")),
        ],
        voice: Voice::new(
            &["네, L로 부탁드려요.", "감사합니다! 🙇"],
            &["반품 주소도 알려주실 수 있나요?", "혹시 검은색도 있나요?"],
        ),
    },
    Script {
        name: "Marco Bellini",
        came: ByThemselves,
        lines: &[
            (50, Says("Buongiorno, my parcel came today but look at the collar")),
            (50, Welcome(GREETING)),
            (26, Photo("torn collar")),
        ],
        voice: Voice::new(
            &["order 10391, I'd rather have a new one than the money back", "Grazie mille, very kind"],
            &["the box was wet too, maybe that's why", "shall I send it back or keep it?"],
        ),
    },
    Script {
        name: "Thảo Phạm",
        came: ByThemselves,
        lines: &[
            (3 * HOUR, Says("Shop ơi đơn hàng của mình tới đâu rồi ạ?")),
            (170, Says("Mã đơn 10437")),
            (62, Web("Chào Thảo! Your parcel left Hanoi this morning.")),
            (60, Web("The tracking link is on its way")),
        ],
        voice: Voice::new(&["Dạ em cảm ơn shop nhiều ạ 🥰"], &["Shop ơi, mình đổi địa chỉ nhận được không ạ?"]),
    },
    Script {
        name: "سارة العلي",
        came: FromLink("riyadh-popup", "مرحبا، عندي سؤال عن الشحن"),
        lines: &[
            (75, Says("مرحبا، عندي سؤال عن الشحن")),
            (75, Welcome(GREETING)),
            (68, Says("السلام عليكم 🌸")),
            (66, Says("هل يوجد شحن إلى الرياض؟")),
        ],
        voice: Voice::new(&["كم يستغرق التوصيل؟", "ممتاز، شكرًا لكم 🌷"], &["هل الفستان متوفر باللون الأخضر (مقاس 38)؟"]),
    },
    Script {
        name: "Dwayne Carter",
        came: ByThemselves,
        lines: &[
            (44 * HOUR, Says("yo the overshirt is 🔥🔥🔥")),
            (44 * HOUR - 2, Sticker("fire")),
            (44 * HOUR - 9, Phone("Thank you Dwayne! Rust is back tomorrow at noon, in your size.")),
            (43 * HOUR + 10, Quotes(1, "tomorrow noon? setting an alarm")),
            (43 * HOUR, Says("thanks!! 🔥")),
        ],
        voice: Voice::new(
            &["bet 🙌", "ordered the rust one, can't wait"],
            &["any chance of a navy one this winter?", "🔥🔥"],
        ),
    },
    Script {
        name: "Ines Duarte",
        came: ByThemselves,
        lines: &[
            (9 * HOUR, Says("Hola, pagué 6 € de envío pero en la web decía gratis")),
            (9 * HOUR - 3, Says("pedido 10402, ¿me lo podéis mirar?")),
            (5 * HOUR, Web("¡Hola Ines! Tienes razón, perdona. We've refunded the delivery fee")),
        ],
        voice: Voice::new(&["¡Genial, muchas gracias! 💛"], &["¿Cuándo llega el vestido verde en la talla 40?"]),
    },
    Script {
        name: "Yuki Tanaka",
        came: ByThemselves,
        lines: &[
            (10 * HOUR, Says("こんにちは。再入荷の予定はありますか？")),
            (10 * HOUR - 20, Phone("こんにちは！はい、来週の火曜日に再入荷予定です。")),
            (9 * HOUR + 5, Emoji("sparkles")),
            (9 * HOUR, Post("wrap dress in moss")),
        ],
        voice: Voice::new(&["ありがとうございます！楽しみにしています☺️"], &["Mサイズの着丈を教えていただけますか？"]),
    },
    Script {
        name: "Oluwaseun A.",
        came: ByThemselves,
        lines: &[
            (2 * DAY + 3 * HOUR, Says("Hello, I ordered the two shirts (10355)")),
            (2 * DAY + 2 * HOUR, Phone("Hello! Got it, they are being packed.")),
            (2 * DAY - 46, Unknown),
            (2 * DAY - 48, Says("Can I change the address before it ships?")),
        ],
        voice: Voice::new(&["14 Admiralty Way, Lekki. Thank you o!"], &["Please has it shipped already?"]),
    },
    Script {
        name: "Priya Nair",
        came: ByThemselves,
        lines: &[
            (2 * DAY + 7 * HOUR, Says("Are you at the market this week?")),
            (2 * DAY + 6 * HOUR, Phone("We are! Friday from 10, stall 14.")),
            (2 * DAY + 5 * HOUR, Says("then I'll come by and try the wrap dress")),
            (2 * DAY + 4 * HOUR, Phone("Perfect, see you Friday")),
        ],
        voice: Voice::new(&["see you! 🌼"], &["running late, still there at 4?"]),
    },
    Script {
        name: "Lena Hoffmann",
        came: ByThemselves,
        lines: &[
            (26 * HOUR, Says("Hallo, ich hätte gern die Leinenhose in 38, aber der Warenkorb zeigt einen Fehler an.")),
            (25 * HOUR, Web("Hallo Lena, danke für den Hinweis! Ist behoben, magst du es noch einmal versuchen?")),
            (24 * HOUR, Says("Klappt jetzt, vielen Dank für die schnelle Hilfe!")),
        ],
        voice: Voice::new(&["Super, danke euch!"], &["Eine Frage noch: Läuft die Hose beim Waschen ein?"]),
    },
    Script {
        name: "林美玲",
        came: FromAd("秋季亞麻系列"),
        lines: &[
            (6 * HOUR, Says("請問這件外套有現貨嗎？")),
            (6 * HOUR - 4, Photo("moss coat")),
            (6 * HOUR - 5, Says("想要 S 號，寄到台北要多久呢？")),
        ],
        voice: Voice::new(&["太好了，我馬上下單！", "謝謝你們 ❤️"], &["可以開發票嗎？"]),
    },
    Script {
        name: "ณัฐกานต์ ศรีสุข",
        came: ByThemselves,
        lines: &[
            (14 * HOUR, Says("สวัสดีค่ะ ส่งไปเชียงใหม่ไหมคะ")),
            (13 * HOUR, Phone("สวัสดีค่ะ ส่งได้ค่ะ ใช้เวลา 5 ถึง 8 วันทำการ")),
            (12 * HOUR + 30, Says("ค่าส่งเท่าไหร่คะ 🙏")),
        ],
        voice: Voice::new(&["ขอบคุณมากค่ะ เดี๋ยวโอนเลยนะคะ"], &["มีสีขาวไหมคะ"]),
    },
    Script {
        name: "Zoë van den Berg",
        came: ByThemselves,
        lines: &[(4, Emoji("wave")), (3, Says("👗➕🌧️❓😅"))],
        voice: Voice::new(&["haha I mean: is the dress ok in the rain? 🌧️👗"], &["👀💛"]),
    },
    Script {
        name: AMARA,
        came: ByThemselves,
        lines: &[
            (3 * DAY + 5 * HOUR, Says("The wedding was on Saturday, look at all of us in your linen!")),
            (3 * DAY + 5 * HOUR - 1, Photo("the aisle")),
            (3 * DAY + 5 * HOUR - 1, Photo("the sisters")),
            (3 * DAY + 5 * HOUR - 2, Photo("the sleeves")),
            (3 * DAY + 5 * HOUR - 2, Photo("the dance")),
            (3 * DAY + 5 * HOUR - 3, Photo("the garden")),
            (3 * DAY + 5 * HOUR - 3, Photo("the morning after")),
            (3 * DAY + 5 * HOUR - 4, Video("the first dance")),
            (3 * DAY + 5 * HOUR - 9, Quotes(4, "my favourite, the skirt flies")),
            (3 * DAY + 4 * HOUR, Phone("Amara, these are wonderful. May we show the garden one?")),
            (3 * DAY + 3 * HOUR, Says("of course, show them all 💛")),
            (3 * DAY + 2 * HOUR, Phone("Thank you! We will, on Sunday.")),
        ],
        voice: Voice::new(&["I told everybody where it is from", "see you on Sunday then 💛"], &[]).fickle(),
    },
    Script {
        name: EMIL,
        came: FromEurope,
        lines: &[
            (4 * DAY + 3 * HOUR, Says("Grüezi, liefern Sie auch nach Zürich?")),
            (4 * DAY + 2 * HOUR, Web("Grüezi Emil! Ja, in vier bis sechs Werktagen, verzollt.")),
        ],
        voice: Voice::new(&["Wunderbar, dann bestelle ich heute Abend."], &[]),
    },
    Script {
        name: "Putri Wulandari",
        came: FromLink("lookbook-bio", "Halo! Saya lihat lookbook-nya"),
        lines: &[
            (5 * DAY + 40, Says("Halo! Saya lihat lookbook-nya")),
            (5 * DAY + 40, Welcome(GREETING)),
            (5 * DAY + 38, Says("Berapa lama pengirimannya?")),
            (5 * DAY + 38, Suggested("We ship to Indonesia in 6 to 9 working days.")),
            (5 * DAY + 35, Says("ukuran")),
            (5 * DAY + 35, AutoReply("Our sizes run true. The size table is in our profile.")),
            (5 * DAY + 30, VoiceNote),
            (5 * DAY + 12, Card("Which one did you mean?", &["The trousers", "The dress"])),
            (5 * DAY + 10, Taps(1, "The trousers")),
            (5 * DAY, Web("The celana linen, good choice! M is what most people your height take.")),
        ],
        voice: Voice::new(&["Oke, aku ambil yang M 🙏"], &[]),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shared_post_is_in_the_catalogue_and_was_posted_before() {
        for (script, ago, what) in SCRIPTS.iter().flat_map(|script| {
            let posts = script
                .lines
                .iter()
                .filter_map(|(ago, act)| if let Post(what) = act { Some((*ago, *what)) } else { None });
            posts.map(|(ago, what)| (script.name, ago, what))
        }) {
            let posted = crate::world::catalogue::of("maisonbloom").iter().find(|(_, name, _)| *name == what);
            assert!(posted.is_some_and(|(hours_ago, _, _)| hours_ago * HOUR > ago), "{script}: {what}");
        }
    }

    #[test]
    fn every_conversation_goes_forward_in_time() {
        for script in SCRIPTS {
            let ago: Vec<i64> = script.lines.iter().map(|(minutes_ago, _)| *minutes_ago).collect();
            assert!(ago.is_sorted_by(|earlier, later| earlier >= later), "{}: {ago:?}", script.name);
        }
    }
}
