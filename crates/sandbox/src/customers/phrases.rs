//! Phrases for crowds, in nine scripts and in emoji, so that searching, cutting and showing text meets all of them.

/// The people of one script: names to combine, what they ask, and what a shop answers them.
#[derive(Debug)]
pub(crate) struct Language {
    pub(crate) first: &'static [&'static str],
    pub(crate) last: &'static [&'static str],
    /// The text between a first and a last name. Where the last name is written first, it is in `first`.
    pub(crate) between: &'static str,
    pub(crate) asks: &'static [&'static str],
    pub(crate) answers: &'static [&'static str],
}

impl Language {
    /// The name of the person of this number; no two have the same.
    pub(crate) fn name(&self, n: usize) -> String {
        let (first, last) = (self.first.len().max(1), self.last.len().max(1));
        let pick = |all: &[&'static str], at: usize| all.get(at).copied().unwrap_or_default();
        let name = format!("{}{}{}", pick(self.first, n % first), self.between, pick(self.last, n / first % last));
        match n / (first * last) {
            0 => name,
            again => format!("{name} {}", again + 1),
        }
    }
}

/// Whole messages of emoji: joined, coloured, flags, keycaps.
pub(crate) const EMOJI: &[&str] = &["😍😍😍", "👗➕🌧️❓", "🙏🏽", "👩🏾‍🦱💛", "🇻🇳🇹🇭🇯🇵", "1️⃣ 2️⃣ 3️⃣", "❤️‍🔥", "🤷🏻‍♀️"];

pub(crate) const LANGUAGES: [Language; 9] = [
    Language {
        first: &["Olivia", "Liam", "Grace", "Noah", "Ruby", "Jack", "Hannah", "Owen"],
        last: &["Walker", "Hughes", "Morgan", "Clarke", "Bennett", "Foster", "Reid"],
        between: " ",
        asks: &[
            "Hi! Is the linen shirt still available in M?",
            "How long does delivery take? I need it by Friday",
            "can I pay when it arrives",
            "The zip broke on day one :(",
        ],
        answers: &["Hi! Yes, we have two left.", "It leaves our store today and takes two to four days."],
    },
    Language {
        first: &["Chloé", "François", "João", "Małgorzata", "Zoë", "Søren", "Çağla", "Íñigo"],
        last: &["Lefèvre", "Gonçalves", "Müller", "Łukasiewicz", "Nuñez", "Ångström"],
        between: " ",
        asks: &[
            "Bonjour, la robe existe-t-elle déjà en vert ?",
            "¿Cuánto cuesta el envío a España?",
            "Hätten Sie das Hemd auch in Größe 42?",
            "Já não há o tamanho M?",
            "Czy mogę zwrócić sukienkę?",
        ],
        answers: &["Oui, elle arrive mardi, à très vite !", "¡Hola! El envío es gratis a partir de 60 €."],
    },
    Language {
        first: &["Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Vũ"],
        last: &["Thị Hồng", "Văn Dũng", "Ngọc Ánh", "Quốc Bảo", "Thùy Dương", "Khánh Vy"],
        between: " ",
        asks: &[
            "Shop ơi còn size M không ạ?",
            "Đơn hàng của mình tới đâu rồi ạ?",
            "Phí vận chuyển về Đà Nẵng bao nhiêu vậy shop?",
            "Áo này có bị phai màu không?",
        ],
        answers: &["Dạ còn bạn nhé!", "Dạ đơn đã gửi sáng nay ạ."],
    },
    Language {
        first: &["ณัฐ", "สุดา", "กิตติ", "พิมพ์ชนก", "อนุชา", "วราภรณ์"],
        last: &["ศรีสุข", "ใจดี", "รุ่งเรือง", "แสงทอง", "บุญมี"],
        between: " ",
        asks: &["มีสีขาวไหมคะ", "ส่งถึงเชียงใหม่กี่วันคะ", "ขอดูรูปเพิ่มได้ไหมครับ", "โอนเงินแล้วนะคะ 🙏"],
        answers: &["มีค่ะ เหลือสองตัว", "ใช้เวลา 5 ถึง 8 วันทำการค่ะ"],
    },
    Language {
        first: &["王", "林", "陈", "張", "李", "黃"],
        last: &["美玲", "志明", "小雨", "雅婷", "建国", "思远"],
        between: "",
        asks: &["請問這件外套有現貨嗎？", "能寄到台北吗？要多久", "想要 S 號，有優惠嗎", "收到了，很喜欢！"],
        answers: &["有的，今天就可以寄出。", "大约需要五天。"],
    },
    Language {
        first: &["田中", "佐藤", "鈴木", "高橋", "渡辺", "伊藤"],
        last: &["さくら", "ゆい", "健太", "陽菜", "ハルト", "美咲"],
        between: " ",
        asks: &[
            "再入荷の予定はありますか？",
            "Mサイズの着丈を教えてください",
            "ﾌﾟﾚｾﾞﾝﾄ包装できますか",
            "届きました、ありがとう☺️",
        ],
        answers: &["はい、来週の火曜日に再入荷します。", "着丈は62cmです。"],
    },
    Language {
        first: &["김", "이", "박", "최", "정", "강"],
        last: &["서연", "민준", "지우", "하은", "도윤", "수빈"],
        between: "",
        asks: &[
            "어제 주문한 셔츠 배송 언제 되나요?",
            "사이즈 교환 가능한가요? 🙏",
            "검은색도 있나요?",
            "너무 예뻐요ㅠㅠ",
        ],
        answers: &["오늘 오후에 출고됩니다.", "네, 가능합니다!"],
    },
    Language {
        first: &["سارة", "محمد", "نورة", "خالد", "فاطمة", "يوسف"],
        last: &["العلي", "الحربي", "القحطاني", "منصور", "الشمري"],
        between: " ",
        asks: &[
            "هل يوجد شحن إلى الرياض؟",
            "كم سعر الفستان (مقاس 38)؟",
            "وصلني الطلب، شكرًا 🌷",
            "هل يمكن الاستبدال خلال 14 يومًا؟",
        ],
        answers: &["نعم، خلال 3 إلى 5 أيام.", "أهلًا بك! السعر 249 ريالًا."],
    },
    Language {
        first: &["Анна", "Дмитрий", "Олена", "Сергей", "Їжакевич", "Милица"],
        last: &["Иванова", "Шевченко", "Ковалёв", "Йорданов", "Ђорђевић"],
        between: " ",
        asks: &[
            "Здравствуйте, есть ли размер М?",
            "Скільки коштує доставка до Львова?",
            "Ещё не пришло :(",
            "Ткань мнётся?",
        ],
        answers: &["Здравствуйте! Да, осталось две.", "Добрий день! Два-три дні."],
    },
];

/// A phrase for a number; consecutive numbers go through the scripts and emoji.
pub(crate) fn any(n: usize) -> &'static str {
    let tongue = n % (LANGUAGES.len() + 1);
    let all = LANGUAGES.get(tongue).map_or(EMOJI, |tongue| tongue.asks);
    all.get(n / (LANGUAGES.len() + 1) % all.len().max(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_do_not_come_twice_in_any_script() {
        for tongue in &LANGUAGES {
            let names: HashSet<String> = (0..500).map(|n| tongue.name(n)).collect();
            assert_eq!(names.len(), 500);
        }
    }

    #[test]
    fn ten_phrases_in_a_row_are_nine_scripts_and_emoji() {
        let all: Vec<&str> = (0..10).map(any).collect();
        assert_eq!(all.last(), Some(&EMOJI[0]));
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 10);
    }
}
