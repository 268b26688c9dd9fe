use super::*;

fn words(text: &str) -> Vec<String> {
    let mut out = String::new();
    FoldedText::of(text).write_words(&mut out);
    out.split(' ').skip(1).map(str::to_owned).collect()
}

#[test]
fn text_is_folded_to_what_people_type() {
    for (written, typed) in [
        ("Straße", "strasse"),
        ("STRASSE GROẞ", "straße gross"),
        ("Điện thoại", "dien thoai"),
        ("CAFÉ", "cafe"),
        ("ＬＩＮＥＮ", "linen"),
        ("İstanbul", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("السَّلامُ عَلَيـكُم", "السلام عليكم"),
        ("إلى المدرسةِ", "الي المدرسه"),
        ("کتابی", "كتابي"),
        ("می‌خواهم", "میخواهم"),
        ("٠١٢٣ ۴۵۶ ४५ ๒๕", "0123 456 45 25"),
        ("ΛΌΓΟΣ", "λογος"),
        ("ﾊﾝｶｸ ｶﾞ ﾊﾟ", "はんかく が ぱ"),
        ("Ёлка ещё", "елка еще"),
        ("шалом שָׁלוֹם", "шалом שלום"),
        ("ﬁt №5", "fit no5"),
        ("फ़ोन कहाँ", "फोन कहां"),
        ("soft\u{AD}hyphen zero\u{200B}width", "softhyphen zerowidth"),
        ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", "한글"),
        ("и\u{306}", "й"),
        ("❤\u{FE0F}", "❤"),
    ] {
        assert_eq!(fold(written), fold(typed), "{written}");
    }
}

#[test]
fn letters_that_only_look_alike_stay_apart() {
    for (one, other) in [("мой", "мои"), ("ไหม", "ใหม"), ("か", "が"), ("ハ", "パ"), ("ส่ง", "สั่ง"), ("ك", "گ")]
    {
        assert_ne!(fold(one), fold(other));
    }
}

#[test]
fn unspaced_scripts_become_pairs_and_a_last_character() {
    assert_eq!(words("尺寸M"), ["尺寸", "寸", "m"]);
    assert_eq!(words("교환, 네ㅋㅋ"), ["교환", "환", "네ㅋ", "ㅋㅋ", "ㅋ"]);
    assert_eq!(words("リ、ボン。"), ["り", "ぼん", "ん"]);
    assert_eq!(words("๒๕๐บา"), ["250", "บา", "า"]);
}

#[test]
fn what_separators_join_is_a_word_as_well() {
    let joined = |text: &str| -> Vec<String> {
        FoldedText::of(text).joined().map(|(_, run)| run.iter().map(|glyph| glyph.c).collect()).collect()
    };
    for (text, words) in [
        ("AB-1234", "ab1234"),
        ("ab\u{2011}1234 ab_1234", "ab1234 ab1234"),
        ("+49 (151) 12-34", "49151 4915112 491511234 15112 1511234 1234"),
        ("1.234,56", "1234 123456 23456"),
        ("٠١٥١-٤٥", "015145"),
        ("don’t donʼt don't", "dont dont dont"),
        ("e-mail t-shirt a-b 10.5 kg 2-5", "email tshirt"),
        ("AB 1234, EUR 20 20 EUR", "ab1234 eur20 eur2020 eur2020eur 2020 2020eur 20eur"),
        ("size 38, 40\n4050 of 170 cm", ""),
        ("one -- two (three) four...five", ""),
        ("リ・ボン 尺寸-M", "りぼん"),
        ("👍-1234 a👍-bcd", ""),
    ] {
        assert_eq!(joined(text).join(" "), words, "{text}");
    }
    assert_eq!(joined("GB29 NWBK 6016 1331 9268 19").first().unwrap(), "gb29nwbk");
    assert!(joined("GB29 NWBK 6016 1331 9268 19").contains(&"gb29nwbk60161331926819".to_owned()));
    assert_eq!(words("AB-12"), ["ab", "12", "ab12"]);
}

#[test]
fn no_text_is_joined_to_more_than_a_few_words_for_each_of_its_own() {
    for text in ["1 2 3 4 ".repeat(1_000), "a.b/c-d".repeat(1_000), "ab-".repeat(2_000), "リ・".repeat(1_000)] {
        let folded = FoldedText::of(&text);
        assert!(folded.joined().count() <= folded.runs().count() * 7, "{}", text.chars().take(8).collect::<String>());
    }
}

#[test]
fn an_emoji_is_a_word_and_its_tone_the_next() {
    assert_eq!(words("hi🙏there"), ["hi", "🙏", "there"]);
    assert_eq!(words("👍🏽"), ["👍", "🏽"]);
    assert_eq!(words("👨‍👩‍👧"), ["👨", "👩", "👧"]);
    assert_eq!(words("🇩🇪🇫🇷🇫"), ["🇩🇪", "🇫🇷", "🇫"]);
    assert_eq!(words("1️⃣2️⃣ #️⃣"), ["1", "\u{20E3}1", "2", "\u{20E3}2", "\u{20E3}＃"]);
}

#[test]
fn words_of_our_own_cannot_be_written_by_a_customer() {
    assert_eq!(words("\"\u{20E3} \0\u{20E3}"), Vec::<String>::new(), "a cap on nothing");
    assert_eq!(words("a\u{E000}b \u{F0001} c"), ["a", "b", "c"]);
}

#[test]
fn a_letter_keeps_its_marks_in_a_cluster_and_counts_as_javascript_counts() {
    let spans: Vec<_> = clusters("e\u{301}👍🏽กี่x").map(|cluster| (cluster.from, cluster.to)).collect();
    assert_eq!(spans, [(0, 2), (2, 6), (6, 9), (9, 10)]);
}
