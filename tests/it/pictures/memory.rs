//! How much memory the worst pictures need, Deskbell and its decoder together: measured in a process of its own, because its
//! highest mark never falls.
//!
//! `DESKBELL_ROUNDS=10` takes them ten times.

use image::{DynamicImage, ImageFormat, RgbaImage};
use tests::World;

use super::made::{animated_webp, encoded, exif, flat, flat_gif, grainy, jpeg, profile_bomb, with_app1};

/// What preparing pictures may take beyond what Deskbell takes anyway.
const MOST_KB: u64 = 300 * 1024;
const ALONE: &str = "DESKBELL_TEST_MEASURES_MEMORY";
const ROUNDS: &str = "DESKBELL_ROUNDS";

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

/// The largest pictures that are taken: the most pixels in every layout that is decoded differently.
fn worst() -> Vec<(&'static str, Vec<u8>)> {
    let (width, height) = (8_000, 5_000);
    let photo = jpeg(&grainy(width, height, 24), 85);
    let turned = with_app1(&photo, &exif(6, ""));
    let plain = encoded(&DynamicImage::from(grainy(width, height, 1)), ImageFormat::Png);
    let shade = |x: u32, y: u32| image::Rgba([(x % 251) as u8, (y % 241) as u8, 128, (x % 255) as u8]);
    let clear = encoded(&DynamicImage::from(RgbaImage::from_fn(width, height, shade)), ImageFormat::Png);
    let deep = |x: u32, y: u32| image::Rgba([(x * 9) as u16, (y * 17) as u16, 7, 60_000]);
    let deep = image::ImageBuffer::from_fn(6_000, 3_300, deep);
    let deep = encoded(&DynamicImage::ImageRgba16(deep), ImageFormat::Png);
    let lossless = encoded(&DynamicImage::from(grainy(5_000, 4_190, 1)), ImageFormat::WebP);
    let clear_webp = encoded(&DynamicImage::from(RgbaImage::from_fn(6_700, 5_000, shade)), ImageFormat::WebP);
    let animated = animated_webp(4_640, 3_000, &RgbaImage::from_fn(4_640, 3_000, shade));
    vec![
        ("a JPEG of 40 million pixels", photo),
        ("the same, turned", turned),
        ("a PNG of 40 million pixels", plain),
        ("a transparent PNG of 40 million pixels", clear),
        ("a 16-bit transparent PNG of 20 million pixels", deep),
        ("a CMYK JPEG of 40 million pixels", flat(8_000, 5_000, 0xC0, 4, 1)),
        ("a progressive JPEG of 16 million pixels", flat(4_900, 3_400, 0xC2, 3, 1)),
        ("a JPEG of 16 million pixels in three scans", flat(4_900, 3_400, 0xC0, 3, 3)),
        ("a GIF of 33 million pixels", flat_gif(6_700, 5_000, (6_700, 5_000))),
        ("a GIF whose picture is smaller by a column", flat_gif(6_100, 3_000, (6_099, 3_000))),
        ("a lossless WebP of 21 million pixels", lossless),
        ("a transparent WebP of 33 million pixels", clear_webp),
        ("an animated WebP of 14 million pixels", animated),
        ("a PNG with a profile of 150 megabytes", profile_bomb(150)),
    ]
}

#[cfg(target_os = "linux")]
#[test]
fn the_worst_pictures_one_after_another_and_all_at_once_stay_below_300_mib() {
    if std::env::var_os(ALONE).is_some() {
        return measure();
    }
    let files = tempfile::tempdir().unwrap();
    for (n, (what, file)) in worst().into_iter().enumerate() {
        std::fs::write(files.path().join(format!("{n:02} {what}")), file).unwrap();
    }
    let name = "pictures::memory::the_worst_pictures_one_after_another_and_all_at_once_stay_below_300_mib";
    let alone = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env(ALONE, files.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&alone.stdout);
    assert!(alone.status.success(), "{said}\n{}", String::from_utf8_lossy(&alone.stderr));
    let after = |start: &str| -> Vec<u64> {
        said.lines().filter_map(|line| line.split_once(start)).map(|(_, kb)| kb.trim().parse().unwrap()).collect()
    };
    // What Deskbell itself takes over idle, and all that the largest of its decoders had: more than both had at once.
    let (ours, decoders) = (after("over idle, in kB: "), after("a picture was decoded peak_kb="));
    assert!(ours.len() == 1 && decoders.len() > worst().len(), "measured: {said}");
    let decoder = decoders.into_iter().max().unwrap_or_default();
    println!("{said}\nDeskbell {} kB over idle, and a decoder of {decoder} kB at most", ours[0]);
    assert!(ours[0] + decoder < MOST_KB, "{} kB, and a decoder of {decoder} kB: {said}", ours[0]);
}

#[expect(clippy::print_stdout, reason = "one process tells another")]
fn measure() {
    let told = tracing_subscriber::fmt().with_ansi(false).with_env_filter("engine::media::decoder=debug");
    told.with_writer(std::io::stdout).init();
    let rounds = std::env::var(ROUNDS).map_or(1, |rounds| rounds.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::start().await;
        let at = super::conversation(&world).await;
        world.desk().attach(at, super::photo(64, 48)).await.unwrap();
        let mut files: Vec<_> =
            std::fs::read_dir(std::env::var_os(ALONE).unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let idle = status("VmRSS");
        for path in files.iter().cycle().take(files.len() * rounds) {
            let before = status("VmHWM");
            let name = path.file_name().unwrap().to_string_lossy();
            let held = world.desk().attach(at, std::fs::read(path).unwrap()).await;
            let held = held.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            let mark = |kb: u64| kb.saturating_sub(idle);
            println!(
                "{name}: {} bytes, {}x{}; from {} to {} kB over idle",
                path.metadata().unwrap().len(),
                held.width,
                held.height,
                mark(before),
                mark(status("VmHWM"))
            );
        }
        // One for each decoder. They are decoded one by one; the files themselves are all held by whoever hands them over.
        let all = files.iter().filter(|path| !path.to_string_lossy().contains("the same"));
        let all = all
            .filter(|path| !path.to_string_lossy().contains("a PNG"))
            .map(|path| world.desk().attach(at, std::fs::read(path).unwrap()));
        let all: Vec<_> = all.map(Box::pin).collect();
        for one in futures(all).await {
            one.unwrap_or_else(|fault| panic!("at once: {fault:?}"));
        }
        println!("over idle, in kB: {}", status("VmHWM") - idle);
    });
}

/// All of them at once, without a crate for it.
async fn futures<F: Future + Unpin>(mut all: Vec<F>) -> Vec<F::Output> {
    let mut done: Vec<Option<F::Output>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (one, done) in all.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = std::pin::Pin::new(one).poll(cx)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}
