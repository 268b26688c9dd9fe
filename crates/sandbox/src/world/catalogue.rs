//! The posts from before the sandbox opened: how many hours ago, the name that scripts use, the caption.

type CataloguePost = (i64, &'static str, &'static str);

/// The posts of the account with this handle.
pub(crate) fn of(handle: &str) -> &'static [CataloguePost] {
    if handle == "maisonbloom" { MAISON_BLOOM } else { ANY_SHOP }
}

const ANY_SHOP: &[CataloguePost] = &[
    (20, "new in", "New in this week ✨"),
    (4 * 24, "packing", "Pack an order with us 📦 #smallbusiness"),
    (11 * 24, "hello", "Hello from our little shop"),
];

const MAISON_BLOOM: &[CataloguePost] = &[
    (5, "market friday", "Friday market, stall 14, from 10. Come and touch everything 🌼"),
    (14, "wrap dress in moss", "The wrap dress, now in moss 🌿 #maisonbloom #wrapdress"),
    (30, "rust overshirt", "The rust overshirt is back tomorrow at noon 🔥 sizes XS to XXL"),
    (53, "linen three ways", "Linen, three ways to wear it 🤎 which one are you? #linen #capsulewardrobe"),
    (3 * 24 + 6, "new dye", "새로운 염색, 모래빛 린넨 🤍 #린넨 #데일리룩"),
    (4 * 24 + 2, "restock", "来週の火曜日に再入荷します。お楽しみに☺️ #リネン"),
    (5 * 24, "packing", "Pack 40 orders with me before coffee ☕️📦"),
    (6 * 24 + 9, "lino", "Come stirare il lino? Non stirarlo. 🙃 #lino #consigli"),
    (8 * 24, "moss coat", "秋季亞麻外套，苔綠色現貨 🍂 #秋裝 #亞麻"),
    (
        9 * 24 + 4,
        "how it is made",
        "From flax to shirt: six weeks, two villages, one very patient weaver. We went to Kortrijk with a camera and \
         came back with more fabric than footage. Part 1 of 3, in which Zoë falls into the retting pond and nobody \
         helps because everybody is filming. #flax #slowfashion #behindthescenes #maisonbloom",
    ),
    (11 * 24, "green dress", "El vestido verde vuelve en octubre 💚 ¿talla 38 o 40? #vestidoverde"),
    (12 * 24 + 7, "shipping", "نشحن الآن إلى الرياض وجدة 🌸 #كتان #أزياء"),
    (14 * 24, "mending", "A loose thread is not the end. Mend it in 30 seconds 🪡"),
    (16 * 24 + 3, "leinenhose", "Die Leinenhose, die nicht knittert? Gibt es nicht. Unsere knittert schön. #leinen"),
    (19 * 24, "silence", ""),
    (22 * 24 + 1, "chiang mai", "ส่งถึงเชียงใหม่แล้วค่ะ 🙏 ใช้เวลา 5 ถึง 8 วันทำการ"),
    (26 * 24, "ao linen", "Áo linen mới về, nhẹ tênh cho mùa hè 🌾 #aolinen"),
    (31 * 24 + 8, "studio cat", "The studio cat approves of the cotton. The linen, less. 🐈"),
    (38 * 24, "colour vote", "Vote: navy, olive or rust next? 🗳️ comments decide"),
    (45 * 24 + 5, "lin francais", "Le lin français, c'est un peu d'eau, beaucoup de patience 💧 #lin #normandie"),
    (58 * 24, "wash", "Yes, you can machine wash it. 30 degrees, no dryer, done 🧺"),
    (74 * 24 + 2, "celana linen", "Celana linen, adem dipakai seharian ☀️ #ootd #linen"),
    (92 * 24, "first shop", "We signed the lease!!! 🔑😭"),
    (140 * 24, "dia um", "Dia um. Uma máquina de costura, duas cadeiras e muita vontade 💛 #maisonbloom"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn posts_have_names_and_moments_of_their_own_and_go_back_in_time() {
        for posts in [MAISON_BLOOM, ANY_SHOP] {
            let names: HashSet<&str> = posts.iter().map(|(_, what, _)| *what).collect();
            assert_eq!(names.len(), posts.len());
            assert!(posts.is_sorted_by(|newer, older| newer.0 < older.0));
        }
    }
}
