//! From the command line to a running window, and back down again.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use desk::{Desk, DeskConfig, Endpoints};
use practice::PracticeError;
use sandbox::Sandbox;
use tauri::async_runtime::block_on;
use tauri::{AppHandle, Manager, RunEvent};
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use tauri_plugin_window_state::StateFlags;

use crate::clipboard::CopiedFiles;
use crate::flags::Flags;
use crate::host::Desktop;
use crate::keychain::{self, Keychain};
use crate::pending_desk::{PendingDesk, current_desk};
use crate::practice_dir::PracticeDir;
use crate::profile::Profile;
use crate::{leaving, logging, media, notifications, print_error, rpc, tray, window};

/// How long the desk may take to put everything on disk before the process ends anyway: more than the engine waits for
/// replies, calls and tokens together.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(15);

/// What was decided before anything was started.
pub(crate) struct Plan {
    profile: Profile,
    endpoints: Option<Endpoints>,
    pairing: Option<practice::Pairing>,
}

/// What Practice needs while it runs: the sandbox and the directory. They are dropped in this order.
#[derive(Default)]
struct PracticeResources(Mutex<(Option<Sandbox>, Option<PracticeDir>)>);

impl PracticeResources {
    fn lock(&self) -> MutexGuard<'_, (Option<Sandbox>, Option<PracticeDir>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    /// # Errors
    /// A sentence, if a directory or file of the command line cannot be used.
    pub(crate) fn from(flags: Flags) -> Result<Self, String> {
        let profile = match (flags.practice, flags.data_dir) {
            (true, _) => Profile::Practice,
            (false, None) => Profile::Own,
            // Resolved, so that two spellings of one directory are one profile.
            (false, Some(dir)) => {
                Profile::In(desk::private::claim_folder(&dir).map_err(|error| error.to_string()).and_then(|()| {
                    dir.canonicalize()
                        .map_err(|error| format!("The directory {} cannot be used: {error}.", dir.display()))
                })?)
            }
        };
        let endpoints = match flags.endpoints {
            Some(file) => {
                let text = std::fs::read_to_string(&file)
                    .map_err(|error| format!("The file {} cannot be read: {error}.", file.display()))?;
                Some(Endpoints::from_json(&text).map_err(|error| error.to_string())?)
            }
            None => None,
        };
        let pairing = flags.pair_with.map(|file| practice::read_pairing(&file)).transpose()?;
        Ok(Self { profile, endpoints, pairing })
    }
}

/// Runs until the agent quits.
pub(crate) fn run(plan: Plan) -> ExitCode {
    if cfg!(target_os = "linux")
        && ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty()))
    {
        print_error("there is no display to open a window on.");
        return ExitCode::FAILURE;
    }
    let app = match build(plan) {
        Ok(app) => app,
        Err(error) => {
            print_error(&format!("the window system could not be reached: {error}."));
            return ExitCode::FAILURE;
        }
    };
    let code = app.run_return(|app, event| match event {
        RunEvent::Exit => close(app),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::focus(app),
        _ => {}
    });
    if code == leaving::RESTART {
        return start_again();
    }
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Starts Deskbell as it was started, now that this one has let go of its data.
fn start_again() -> ExitCode {
    let started =
        std::env::current_exe().and_then(|program| Command::new(program).args(std::env::args_os().skip(1)).spawn());
    match started {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&format!("Deskbell could not be started again: {error}."));
            ExitCode::FAILURE
        }
    }
}

fn build(plan: Plan) -> tauri::Result<tauri::App> {
    let mut builder = tauri::Builder::default();
    // First, so that a second Deskbell is gone before it opens anything. Beside Linux the plugin knows one instance
    // only, which is the agent's own; the others have the lock in their data directory.
    if cfg!(target_os = "linux") || plan.profile == Profile::Own {
        let mut single = tauri_plugin_single_instance::Builder::new().callback(|app, _, _| window::focus(app));
        if plan.profile != Profile::Own {
            single = single.dbus_id(format!("{}.{}", keychain::SERVICE, plan.profile.mark()));
        }
        builder = builder.plugin(single.build());
    }
    // Where the window was. Not whether it was there: a Deskbell that went to the tray must come back.
    let window_state = tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN);
    match &plan.profile {
        Profile::Own => builder = builder.plugin(window_state.build()),
        Profile::In(dir) => {
            builder = builder.plugin(window_state.with_filename(dir.join("window.json").to_string_lossy()).build());
        }
        Profile::Practice => {}
    }
    builder
        .manage(PendingDesk::default())
        .manage(rpc::EventListener::default())
        .manage(CopiedFiles::default())
        .manage(PracticeResources::default())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::Builder::new().open_js_links_on_click(false).build())
        .register_asynchronous_uri_scheme_protocol(media::SCHEME, |context, request, responder| {
            media::answer(context.app_handle(), &request, responder);
        })
        .invoke_handler(tauri::generate_handler![
            rpc::rpc,
            rpc::listen,
            rpc::attach,
            rpc::clipboard_picture,
            rpc::clipboard_files,
            rpc::clipboard_file,
            rpc::zoom
        ])
        .on_window_event(leaving::on_close_requested)
        .setup(move |app| {
            if let Err(sentence) = start(app.handle(), plan) {
                give_up(app.handle(), sentence);
            }
            Ok(())
        })
        .build(tauri::generate_context!())
}

/// Opens the window, and the desk behind it.
fn start(app: &AppHandle, plan: Plan) -> Result<(), String> {
    let data_dir = match &plan.profile {
        Profile::Own => app.path().app_data_dir().map_err(|error| error.to_string())?,
        Profile::In(dir) => dir.clone(),
        Profile::Practice => {
            let caches = app.path().app_cache_dir().map_err(|error| error.to_string())?;
            let directory = PracticeDir::create(&caches.join("practice"))
                .map_err(|error| format!("Practice has no place to run in: {error}."))?;
            let path = directory.path().to_owned();
            app.state::<PracticeResources>().lock().1 = Some(directory);
            path
        }
    };
    desk::private::claim_folder(&data_dir).map_err(|error| error.to_string())?;
    if let Err(error) = logging::init(&data_dir.join("logs")) {
        print_error(&format!("there is no log: {error}."));
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), profile = plan.profile.mark(), "Deskbell starts");
    exit_on_signals(app);
    let webview_dir = data_dir.join("webview");
    desk::private::create_folder(&webview_dir)
        .map_err(|error| format!("The directory {} cannot be used: {error}.", webview_dir.display()))?;
    window::open(app, plan.profile == Profile::Practice, &webview_dir)
        .map_err(|error| format!("The window could not be opened: {error}."))?;
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let opened = match plan.profile {
            Profile::Practice => open_practice(&app, data_dir).await,
            _ => open_desk(&app, plan, data_dir).await,
        };
        match opened {
            Ok(desk) => on_desk_opened(&app, desk).await,
            Err(sentence) => give_up(&app, sentence),
        }
    });
    Ok(())
}

/// The desk is open: answers the page's requests from now on.
async fn on_desk_opened(app: &AppHandle, desk: Desk) {
    if let Err(error) = notifications::follow_clicks(app, desk.clone()) {
        tracing::warn!(%error, "clicks on notifications will not be heard");
    }
    tray::set_enabled(app, desk.settings().await.close_to_tray);
    app.state::<PendingDesk>().set(desk);
}

async fn open_desk(app: &AppHandle, plan: Plan, data_dir: PathBuf) -> Result<Desk, String> {
    let keychain = Box::new(Keychain::new(plan.profile.mark()));
    let host = Arc::new(Desktop::real(app.clone(), keychain, &data_dir, plan.endpoints.is_some()));
    let picture_decoder = desk::this_program().map_err(|error| error.to_string())?;
    let config = DeskConfig { data_dir, picture_decoder, endpoints: plan.endpoints, practice: false };
    let desk = Desk::open(config, host).await.map_err(|error| error.to_string())?;
    if let Some(pairing) = plan.pairing {
        practice::pair(&desk, pairing)
            .await
            .map_err(|error| format!("The relay could not be paired with: {error}."))?;
    }
    Ok(desk)
}

async fn open_practice(app: &AppHandle, data_dir: PathBuf) -> Result<Desk, String> {
    let host = Arc::new(Desktop::practice(app.clone(), &data_dir));
    let (desk, tiktok) = practice::start(data_dir, host.clone()).await.map_err(|error| match error {
        PracticeError::Open(error) => error.to_string(),
        error @ (PracticeError::Setup(_) | PracticeError::Link { .. }) => {
            format!("Practice could not be set up: {error}.")
        }
    })?;
    host.allow_browser();
    app.state::<PracticeResources>().lock().0 = Some(tiktok);
    Ok(desk)
}

/// Says why Deskbell cannot start, and ends it once that was read.
fn give_up(app: &AppHandle, sentence: String) {
    tracing::error!(sentence, "Deskbell cannot start");
    print_error(&sentence);
    window::hide(app);
    let ended = app.clone();
    app.dialog()
        .message(sentence)
        .title("Deskbell cannot start")
        .kind(MessageDialogKind::Error)
        .show(move |_| ended.exit(1));
}

/// Exits in good order, as Quit does, when the session ends or on Ctrl+C.
#[cfg(unix)]
fn exit_on_signals(app: &AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hang_up)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()))
        else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
        app.exit(0);
    });
}

#[cfg(not(unix))]
fn exit_on_signals(_app: &AppHandle) {}

/// The last thing before the process ends.
fn close(app: &AppHandle) {
    if let Some(desk) = current_desk(app)
        && block_on(async { tokio::time::timeout(CLOSE_TIMEOUT, desk.close()).await }).is_err()
    {
        tracing::warn!("the desk did not finish in time");
    }
    let (tiktok, directory) = std::mem::take(&mut *app.state::<PracticeResources>().lock());
    drop(tiktok);
    drop(directory);
    tracing::info!("Deskbell ends");
}
