//! How the page is painted. Without a GPU, WebKitGTK's default path makes every third frame late and each keystroke
//! 35 ms slow; its older path has no late frame, takes 5 ms and 90 MB less. With a GPU it is the other way round.

use std::path::Path;

const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Chooses WebKitGTK's renderer, unless the user has.
///
/// To be called before any other thread exists.
pub(crate) fn choose() {
    if cfg!(target_os = "linux") && std::env::var_os(SWITCH).is_none() && !has_gpu(Path::new("/dev/dri")) {
        #[expect(unsafe_code, reason = "called first thing in main, while this is the only thread")]
        // SAFETY: nothing else runs that could read the environment at the same time.
        unsafe {
            std::env::set_var(SWITCH, "1");
        }
    }
}

fn has_gpu(dri: &Path) -> bool {
    let Ok(nodes) = std::fs::read_dir(dri) else { return false };
    nodes.flatten().any(|node| node.file_name().as_encoded_bytes().starts_with(b"renderD"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_a_render_node() {
        let dri = tempfile::tempdir().unwrap();
        assert!(!has_gpu(&dri.path().join("missing")));
        std::fs::write(dri.path().join("card0"), "").unwrap();
        assert!(!has_gpu(dri.path()), "a screen alone is none");
        std::fs::write(dri.path().join("renderD128"), "").unwrap();
        assert!(has_gpu(dri.path()));
    }
}
