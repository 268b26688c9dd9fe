//! Pictures an agent picks, pastes or drops: each ends up ready for TikTok, or is refused with a reason.

#[cfg(unix)]
mod decoder;
mod made;
mod memory;

use desk::FaultCode;
use desk::commands::SendReply;
use desk::view::Attachment;
use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use model::ConversationId;
use sandbox::Sandbox;
use tests::World;

use made::{
    animated_webp, apng, as_held, bomb, chunk, encoded, exif, flat, flat_gif, gif, grainy, jpeg, many_scans, marked,
    profile_bomb, promise, webp_of_tables, webp_that_grows, with_app1, with_chunks,
};

/// TikTok's limit, by the stricter way of counting.
const MOST_SENT: usize = 3_000_000;

/// A small photo; the same one for the same size.
pub(crate) fn photo(width: u32, height: u32) -> Vec<u8> {
    jpeg(&grainy(width, height, 8), 90)
}

/// A small drawing, which stays as it is to the last pixel.
pub(crate) fn drawing(width: u32, height: u32) -> Vec<u8> {
    encoded(&DynamicImage::ImageRgb8(grainy(width, height, 8)), ImageFormat::Png)
}

/// A square photo of nothing but noise, which takes its room; another one for each size.
pub(crate) fn grain(side: u32) -> Vec<u8> {
    jpeg(&grainy(side, side, 255), 97)
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/pictures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

async fn conversation(world: &World) -> ConversationId {
    let ana = world.customer("Ana");
    ana.says("which colour?");
    world.conversation(&ana).await
}

/// What becomes of a file: its description, the bytes as they would go out, and their pixels.
async fn taken(world: &World, conversation: ConversationId, file: Vec<u8>) -> (Attachment, Vec<u8>, DynamicImage) {
    let held = world.desk().attach(conversation, file).await.unwrap_or_else(|fault| panic!("refused: {fault:?}"));
    let media = world.desk().media(&held.key).await.unwrap();
    assert!(media.bytes.len() <= MOST_SENT && media.bytes.len() == held.size as usize, "{held:?}");
    let format = if media.mime == "image/png" { ImageFormat::Png } else { ImageFormat::Jpeg };
    let image = image::load_from_memory_with_format(&media.bytes, format).unwrap();
    assert_eq!(image.dimensions(), (held.width, held.height), "as it says");
    (held, media.bytes, image)
}

async fn refused(world: &World, conversation: ConversationId, file: Vec<u8>) -> FaultCode {
    let before = world.ask_json("getConversation", serde_json::json!({ "conversation": conversation })).await;
    let fault = world.desk().attach(conversation, file).await.expect_err("not a picture to send");
    let after = world.ask_json("getConversation", serde_json::json!({ "conversation": conversation })).await;
    assert_eq!(before["draft"], after["draft"], "the draft is as it was");
    fault.code
}

fn near(image: &DynamicImage, x: u32, y: u32, wanted: [u8; 3]) -> bool {
    let got = image.to_rgb8().get_pixel(x, y).0;
    got.iter().zip(wanted).all(|(got, wanted)| got.abs_diff(wanted) <= 24)
}

const RED: [u8; 3] = [220, 20, 20];
const WHITE: [u8; 3] = [250, 250, 250];

#[tokio::test]
async fn a_photo_of_twelve_megabytes_becomes_one_that_tiktok_takes() {
    let world = World::start().await;
    let at = conversation(&world).await;
    let file = jpeg(&grainy(4800, 3600, 56), 97);
    assert!(file.len() >= 12_000_000, "{} bytes", file.len());
    let (held, bytes, image) = taken(&world, at, file).await;
    assert_eq!((held.width, held.height), (2560, 1920), "{} bytes", bytes.len());
    assert!(near(&image, 10, 10, [25, 25, 25]) && near(&image, 2550, 1910, [225, 225, 225]), "the same shades");
    // TikTok's own door takes it.
    world.ask(SendReply { attachment: Some(held.key.clone()), ..tests::press(at, "") }).await;
    world.until("it is there", async |world| sent(&world.tiktok) == Some(bytes.len())).await;
}

fn sent(tiktok: &Sandbox) -> Option<usize> {
    tiktok.ledger().accepted.first().and_then(|sent| sent.image.as_ref().map(|image| image.bytes))
}

#[tokio::test]
async fn a_photo_is_upright_whichever_way_the_camera_was_held() {
    let world = World::start().await;
    let at = conversation(&world).await;
    let upright = marked(160, 96);
    for orientation in 1..=8 {
        let file = with_app1(&jpeg(&as_held(&upright, orientation), 95), &exif(orientation, ""));
        let (held, bytes, image) = taken(&world, at, file).await;
        assert_eq!((held.width, held.height), (160, 96), "orientation {orientation}");
        assert!(near(&image, 8, 8, RED), "orientation {orientation}: the marked corner is not at the top left");
        for (x, y) in [(150, 8), (8, 88), (150, 88)] {
            assert!(near(&image, x, y, WHITE), "orientation {orientation}: {x},{y}");
        }
        assert!(!bytes.windows(4).any(|part| part == b"Exif"), "and says nothing about it any more");
    }
}

#[tokio::test]
async fn pictures_of_every_ordinary_kind_keep_their_size_and_colours() {
    let world = World::start().await;
    let at = conversation(&world).await;
    let plain = DynamicImage::from(marked(160, 96));
    let deep = DynamicImage::from(plain.to_rgb16());
    let grey = DynamicImage::from(plain.to_luma8());
    let clear =
        DynamicImage::from(RgbaImage::from_fn(160, 96, |x, _| Rgba([220, 20, 20, if x < 80 { 0 } else { 255 }])));
    let files = [
        ("PNG", encoded(&plain, ImageFormat::Png), "image/png"),
        ("a 16-bit PNG", encoded(&deep, ImageFormat::Png), "image/png"),
        ("WebP", encoded(&plain, ImageFormat::WebP), "image/jpeg"),
        ("a progressive JPEG", fixture("progressive.jpg"), "image/jpeg"),
        ("a CMYK JPEG", fixture("cmyk.jpg"), "image/jpeg"),
        ("a PNG with a palette", fixture("palette.png"), "image/png"),
    ];
    for (what, file, mime) in files {
        let (held, _, image) = taken(&world, at, file).await;
        assert_eq!((held.width, held.height, held.first_frame), (160, 96, false), "{what}");
        assert!(near(&image, 8, 8, RED), "{what}: {:?}", image.get_pixel(8, 8));
        assert!(near(&image, 150, 88, WHITE), "{what}: {:?}", image.get_pixel(150, 88));
        assert_eq!(world.desk().media(&held.key).await.unwrap().mime, mime, "{what}");
    }
    let (_, _, image) = taken(&world, at, encoded(&grey, ImageFormat::Png)).await;
    let shade = image.get_pixel(8, 8).0;
    assert!(shade[0] == shade[1] && shade[1] == shade[2] && shade[0] < 120, "grey stays grey: {shade:?}");
    let (_, _, image) = taken(&world, at, encoded(&clear, ImageFormat::Png)).await;
    assert_eq!((image.get_pixel(8, 8).0[3], image.get_pixel(150, 8).0), (0, [220, 20, 20, 255]), "clear stays clear");
}

#[tokio::test]
async fn a_transparent_picture_too_large_to_stay_so_lies_on_white() {
    let world = World::start().await;
    let at = conversation(&world).await;
    let noise = grainy(1600, 1200, 255);
    let clear = RgbaImage::from_fn(1600, 1200, |x, y| {
        let Rgb([red, green, blue]) = *noise.get_pixel(x, y);
        Rgba([red, green, blue, if x < 200 { 0 } else { 255 }])
    });
    let file = encoded(&DynamicImage::from(clear), ImageFormat::Png);
    assert!(file.len() > MOST_SENT);
    let (held, bytes, image) = taken(&world, at, file).await;
    assert_eq!(image::guess_format(&bytes).unwrap(), ImageFormat::Jpeg);
    assert_eq!(held.width * 3, held.height * 4);
    assert!(near(&image, 20, held.height / 2, [255, 255, 255]));
}

#[tokio::test]
async fn of_an_animation_the_first_picture_is_sent_and_that_is_said() {
    let world = World::start().await;
    let at = conversation(&world).await;
    let files = [("GIF", gif(3)), ("animated PNG", apng()), ("animated WebP", fixture("animated.webp"))];
    for (what, file) in files {
        let (held, _, image) = taken(&world, at, file).await;
        assert!(held.first_frame, "{what}");
        assert!(
            (held.width, held.height) == (64, 48) && near(&image, 30, 20, RED),
            "{what}: {:?}",
            image.get_pixel(30, 20)
        );
    }
    assert!(!taken(&world, at, gif(1)).await.0.first_frame, "one picture is no animation");
    assert!(!taken(&world, at, flat_gif(90, 50, (60, 40))).await.0.first_frame, "whatever its size");
}

#[tokio::test]
async fn a_profile_that_unpacks_to_more_than_any_picture_is_left_out() {
    let world = World::start().await;
    let at = conversation(&world).await;
    let (held, bytes, image) = taken(&world, at, profile_bomb(20)).await;
    assert!((held.width, held.height) == (160, 96) && near(&image, 8, 8, RED));
    assert!(bytes.len() < 100_000, "{} bytes", bytes.len());
}

#[tokio::test]
async fn nothing_but_the_pixels_leaves_this_computer() {
    let world = World::start().await;
    let at = conversation(&world).await;
    const CANARY: &str = "canary 52.5200N 13.4050E";
    let xmp = format!("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>{CANARY}</x:xmpmeta>");
    let photo = with_app1(&with_app1(&photo(320, 200), xmp.as_bytes()), &exif(1, CANARY));
    let text = chunk(b"tEXt", format!("Comment\0{CANARY}").as_bytes());
    let more = chunk(b"iTXt", format!("XML:com.adobe.xmp\0\0\0\0\0{CANARY}").as_bytes());
    let camera = chunk(b"eXIf", &exif(1, CANARY)[6..]);
    let png = with_chunks(&encoded(&DynamicImage::from(marked(160, 96)), ImageFormat::Png), &[text, more, camera]);
    // A photo to look at, and an archive to unpack.
    let polyglot = [&photo[..], b"PK\x03\x04", CANARY.as_bytes(), b"PK\x05\x06", &[0; 18]].concat();
    for (what, file) in [("JPEG", photo), ("PNG", png), ("JPEG and ZIP in one", polyglot)] {
        assert!(file.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()));
        let (_, bytes, _) = taken(&world, at, file).await;
        for trace in [CANARY.as_bytes(), b"canary", b"Exif", b"tEXt", b"xmpmeta", b"PK\x03\x04"] {
            assert!(
                !bytes.windows(trace.len()).any(|part| part == trace),
                "{what}: {:?}",
                String::from_utf8_lossy(trace)
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_its_reason() {
    let world = World::start().await;
    let at = conversation(&world).await;
    world.desk().attach(at, photo(64, 48)).await.unwrap();
    let photo = photo(640, 480);
    let png = encoded(&DynamicImage::from(grainy(320, 200, 64)), ImageFormat::Png);
    let wide = encoded(&DynamicImage::from(RgbImage::new(60_000, 1)), ImageFormat::Png);
    let small = RgbaImage::from_pixel(64, 48, Rgba([220, 20, 20, 255]));
    // Its head says so; what comes after it is not even looked at.
    let mut lossless = encoded(&DynamicImage::from(marked(160, 96)), ImageFormat::WebP);
    lossless[21..25].copy_from_slice(&(7_999_u32 | 4_999 << 14).to_le_bytes());
    let header = |brand: &str| [b"\0\0\0\x18ftyp", brand.as_bytes(), b"\0\0\0\0mif1heic", &[0; 400]].concat();
    let files = [
        ("an empty file", Vec::new(), FaultCode::ImageNotAPicture),
        ("text named .jpg", b"Dear Ana, the photo is attached.".to_vec(), FaultCode::ImageNotAPicture),
        (
            "SVG",
            b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(),
            FaultCode::ImageNotAPicture,
        ),
        ("PDF", b"%PDF-1.7\n1 0 obj".to_vec(), FaultCode::ImageNotAPicture),
        ("HEIC", header("heic"), FaultCode::ImageFormat),
        ("AVIF", header("avif"), FaultCode::ImageFormat),
        ("BMP", encoded_bmp(), FaultCode::ImageFormat),
        ("half a JPEG", photo[..photo.len() / 2].to_vec(), FaultCode::ImageBroken),
        ("a JPEG's first bytes", photo[..12].to_vec(), FaultCode::ImageBroken),
        ("half a PNG", png[..png.len() / 2].to_vec(), FaultCode::ImageBroken),
        ("a PNG's header", png[..33].to_vec(), FaultCode::ImageBroken),
        ("a WebP of nothing", b"RIFF\x04\0\0\0WEBPVP8 ".to_vec(), FaultCode::ImageBroken),
        ("a decompression bomb", bomb(20_000, 20_000), FaultCode::ImageTooManyPixels),
        ("one within the sides but not the pixels", bomb(16_000, 16_000), FaultCode::ImageTooManyPixels),
        ("a progressive JPEG of 40 million pixels", flat(8_000, 5_000, 0xC2, 3, 1), FaultCode::ImageTooManyPixels),
        ("the same in three scans", flat(8_000, 5_000, 0xC0, 3, 3), FaultCode::ImageTooManyPixels),
        ("a 16-bit transparent PNG of 40 million pixels", promise(8_000, 5_000, 16, 6), FaultCode::ImageTooManyPixels),
        ("a GIF of 40 million pixels", flat_gif(8_000, 5_000, (8_000, 5_000)), FaultCode::ImageTooManyPixels),
        ("a small GIF with a large picture", flat_gif(64, 48, (8_000, 5_000)), FaultCode::ImageTooManyPixels),
        ("an opaque lossless WebP of 40 million pixels", lossless, FaultCode::ImageTooManyPixels),
        ("an animated WebP of 20 million pixels", animated_webp(5_000, 4_000, &small), FaultCode::ImageTooManyPixels),
        ("a small WebP with a large picture", webp_that_grows(16_000, 16_000), FaultCode::ImageTooManyPixels),
        (
            "a progressive JPEG of 16 million pixels in 100 scans",
            many_scans(4_900, 3_400, 0xC2, 98),
            FaultCode::ImageBroken,
        ),
        ("one of 16 million pixels in 10,000 scans", many_scans(4_900, 3_400, 0xC0, 10_000), FaultCode::ImageBroken),
        ("a lossless WebP of 64 pixels with 400 megabytes of tables", webp_of_tables(32_768), FaultCode::ImageBroken),
        (
            "an animated WebP whose frame is larger than it",
            fixture("animated-frame-size-1.webp"),
            FaultCode::ImageBroken,
        ),
        ("another", fixture("animated-frame-size-2.webp"), FaultCode::ImageBroken),
        ("60,000 pixels in a row", wide, FaultCode::ImageTooManyPixels),
        ("a file of 33 MiB", vec![0; 33 * 1024 * 1024], FaultCode::ImageTooLarge),
    ];
    for (what, file, code) in files {
        assert_eq!(refused(&world, at, file).await, code, "{what}");
    }
}

fn encoded_bmp() -> Vec<u8> {
    [&b"BM"[..], &[0; 60]].concat()
}
