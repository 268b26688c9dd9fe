//! The least a program with a WebKitGTK window can be: what `cargo xtask bench --window` measures Deskbell beside. One
//! colour.

#[cfg(target_os = "linux")]
fn main() -> Result<(), gtk::glib::BoolError> {
    use gtk::prelude::*;
    use webkit2gtk::{WebView, WebViewExt};

    const PAGE: &str = "<!doctype html><title>Empty</title><body style='background:#285078'>";
    gtk::init()?;
    let window = gtk::Window::new(gtk::WindowType::Toplevel);
    window.set_title("Empty");
    window.set_default_size(1280, 800);
    let view = WebView::new();
    view.load_html(PAGE, None);
    window.add(&view);
    window.connect_delete_event(|_, _| {
        gtk::main_quit();
        gtk::glib::Propagation::Proceed
    });
    window.show_all();
    gtk::main();
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {}
