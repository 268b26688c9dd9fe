//! Nine scripts and the words people write in them, common ones first and rare ones without end.

use rand::Rng;
use rand::rngs::StdRng;

/// A way of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Script {
    /// As the report names it.
    pub(crate) name: &'static str,
    /// How many of a hundred customers write it.
    pub(crate) share: u32,
    /// The words said most.
    common: &'static str,
    /// What the rarer words are made of.
    syllables: &'static str,
    /// What stands between two words: nothing in scripts without spaces.
    between: &'static str,
    names: &'static str,
}

/// So many different words a script has; those beyond the common ones are made of its syllables.
const WORDS: u32 = 6_000;
const EMOJI: [&str; 10] = ["🙏", "😍", "👍", "❤", "😭", "🔥", "🎉", "📦", "😊", "✨"];

/// All of them.
pub(crate) const SCRIPTS: [Script; 9] = [
    Script {
        name: "latin",
        share: 34,
        common: "the is you my order hello when size can it for this and ship please do to have thanks in colour blue \
                 price return where parcel address still available black want linen dress tomorrow",
        syllables: "ba ron ti mel sha con der ly stra pin go ver nal tu res mi cla for ten ing wa ston ple bri ock",
        between: " ",
        names: "Ana Emma Oliver Grace Jack Mia Noah Ella Ruby Liam Chloe Oscar",
    },
    Script {
        name: "accented",
        share: 14,
        common: "é você não olá está preço já até são também größe für möchte schön où ça prix très déjà commande \
                 tamaño cuánto envío señora mañana dónde küche straße",
        syllables: "çã né lü ré mon té gão pé ños für zö bel más ción tör sé lé vá müh",
        between: " ",
        names: "João Zoë Günther José Élise Bjørn Łucja Ângela Noémie Señán",
    },
    Script {
        name: "vietnamese",
        share: 10,
        common: "chị ơi em có không giá bao nhiêu còn hàng size màu cho mình hỏi đặt ship được rồi cảm ơn áo váy đẹp \
                 điện thoại nhé ạ khi nào đơn gửi",
        syllables: "nguy trầm hội điều thư quỳnh lượm phở đặng mười xuân ngày tươi bướm thuỷ giường khoẻ rượu",
        between: " ",
        names: "Nguyễn Trần Lê Phạm Hoàng Đặng Bùi Đỗ",
    },
    Script {
        name: "thai",
        share: 8,
        common: "สวัสดี ค่ะ ครับ ราคา เท่าไหร่ มี สี ส่ง ขนาด สินค้า ขอบคุณ อยาก ได้ ไหม พร้อม วัน นี้ เสื้อ เงิน ที่อยู่",
        syllables: "กา ขวด คน งาน จาน ชา ดิน ตา ทอง นก บ้าน ปลา ฝน พี่ ฟ้า มือ ยา รถ ลม วัว สุข หมา เรือ แก้ว โต๊ะ",
        between: "",
        names: "สมชาย สุดา นก มาลี ธนา พลอย",
    },
    Script {
        name: "chinese",
        share: 8,
        common: "你好 请问 这个 多少钱 有 尺寸 颜色 什么 时候 发货 谢谢 可以 吗 我 的 订单 地址 退货 黑色 还有 快递 大码",
        syllables: "山 水 火 木 金 土 天 地 人 心 手 口 日 月 星 云 雨 雪 风 花 草 树 鸟 鱼 马 牛 羊 车 船 书 笔 纸 门 窗",
        between: "",
        names: "王芳 李伟 张敏 刘洋 陈静 杨磊",
    },
    Script {
        name: "japanese",
        share: 8,
        common: "こんにちは すみません いくら です か サイズ 在庫 あります 送料 注文 した 届きません いつ ありがとう ございます 色 は の 返品 できます",
        syllables: "さく らん ぼ カメ ラ とけ い 時計 鞄 靴 帽子 手袋 かさ ノー ト 鉛筆 まど いす 机 皿 花瓶 ランプ",
        between: "",
        names: "田中 さくら 佐藤 ゆうき 鈴木 ハナ",
    },
    Script {
        name: "korean",
        share: 7,
        common: "안녕하세요 가격 얼마예요 사이즈 있어요 배송 언제 주문 했어요 감사합니다 교환 가능 한가요 색상 검정색 재입고 네 주소 문의",
        syllables: "가 나무 다리 라면 마음 바다 사람 아침 자리 차표 카드 타조 파도 하늘 거울 노래 도시 모자 보석 소리",
        between: " ",
        names: "지민 서연 민준 하은 도윤 수아",
    },
    Script {
        name: "arabic",
        share: 6,
        common: "السلام عليكم مرحبا كم السعر هل متوفر مقاس لون الشحن متى طلب شكرا أريد العنوان من فضلك الأسود استبدال قياس اليوم",
        syllables: "كت باب قل مدر سه شم نور بح جب قمر حد يق سف طع شجر ور ما لي نا تين",
        between: " ",
        names: "فاطمة محمد ليلى يوسف مريم عمر",
    },
    Script {
        name: "cyrillic",
        share: 5,
        common: "здравствуйте сколько стоит есть размер цвет когда доставка заказ спасибо можно адрес чёрный ещё пожалуйста возврат хочу это не и в",
        syllables: "бра ве го дом жи зна ка лес мо ночь пти река сне тра ум фор ход цвет час шко",
        between: " ",
        names: "Анна Иван Ольга Дмитрий Юлия Пётр",
    },
];

impl Script {
    /// The script of a customer: `lot` decides, by the shares.
    pub(crate) fn of(lot: u64) -> &'static Script {
        let [first, ..] = &SCRIPTS;
        let mut left = u32::try_from(lot % 100).unwrap_or(0);
        SCRIPTS.iter().find(|script| left.checked_sub(script.share).map(|rest| left = rest).is_none()).unwrap_or(first)
    }

    /// Whether it puts spaces between words.
    pub(crate) fn is_spaced(&self) -> bool {
        !self.between.is_empty()
    }

    /// A word as people choose them: a few very often, most hardly ever.
    pub(crate) fn word(&self, lot: &mut StdRng) -> String {
        let rank = f64::from(WORDS).powf(lot.random::<f64>());
        self.word_at(rank as u32)
    }

    fn word_at(&self, rank: u32) -> String {
        let at = rank.saturating_sub(1) as usize;
        if let Some(word) = self.common.split_whitespace().nth(at) {
            return word.to_owned();
        }
        let syllables: Vec<&str> = self.syllables.split_whitespace().collect();
        let mut left = at.wrapping_mul(2_654_435_761) % 1_000_003;
        let mut word = String::new();
        for _ in 0..if self.between.is_empty() { 2 } else { 3 } {
            word.push_str(syllables.get(left % syllables.len()).copied().unwrap_or_default());
            left /= syllables.len();
        }
        word
    }

    /// What one message says: about eighty bytes.
    pub(crate) fn sentence(&self, lot: &mut StdRng) -> String {
        let bytes = lot.random_range(15..140);
        let mut text = String::new();
        while text.len() < bytes {
            if !text.is_empty() {
                // Runs without spaces still end now and then.
                text.push_str(if self.between.is_empty() && lot.random_ratio(1, 6) { " " } else { self.between });
            }
            text.push_str(&self.word(lot));
        }
        if lot.random_ratio(1, 20) {
            text.push_str(&format!(" #{}", lot.random_range(10_000..999_999)));
        }
        if lot.random_ratio(1, 8) {
            text.push_str(EMOJI.get(lot.random_range(0..EMOJI.len())).copied().unwrap_or_default());
        }
        text
    }

    /// A customer's name: one that several have.
    pub(crate) fn person(&self, lot: u64) -> String {
        let names: Vec<&str> = self.names.split_whitespace().collect();
        let first = names.get((lot % names.len() as u64) as usize).copied().unwrap_or_default();
        let second = self.word_at(40 + u32::try_from(lot / 97 % 400).unwrap_or(0));
        format!("{first}{}{second}", self.between)
    }
}
