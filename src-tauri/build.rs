//! Declares the commands of the page, so that each has to be granted by name (capabilities/main.json).

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(&[
        "rpc",
        "listen",
        "attach",
        "clipboard_picture",
        "clipboard_files",
        "clipboard_file",
        "zoom",
    ]);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        println!("cargo::error={error:#}");
    }
}
