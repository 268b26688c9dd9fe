//! PostgreSQL servers for tests: from the system's package, in folders of their own, on sockets in those folders.
//!
//! Each server has a guard: a shell that waits for this process to end, however it ends, and then ends the server and
//! deletes its folder.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Where Debian's packages have the programs, in a folder for each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const PATIENCE: Duration = Duration::from_secs(60);

/// In the order: the server's folder. It stops the server at once and deletes the folder.
const GUARD: &str = r#"
trap '' INT TERM HUP
cat > /dev/null
pid=$(head -n 1 "$0/data/postmaster.pid" 2> /dev/null)
runs() { [ -n "$pid" ] && [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; }
runs && kill -QUIT "$pid" 2> /dev/null
tries=0
while runs && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
runs && kill -KILL "$pid" 2> /dev/null
rm -rf "$0"
"#;

/// One PostgreSQL server.
pub(crate) struct Server {
    folder: PathBuf,
    process: Mutex<Option<Child>>,
    next_database: AtomicU32,
    guard: Child,
    /// Closed when this process ends.
    guard_input: Option<ChildStdin>,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard_input.take());
        // A test that has failed already shall not fail for this.
        let _ = self.guard.wait();
        if let Ok(process) = self.process.get_mut()
            && let Some(mut process) = process.take()
        {
            let _ = process.wait();
        }
    }
}

/// The server that tests share when they need nothing but a database.
pub(crate) fn shared() -> &'static Server {
    // Nothing of it has to survive a power failure.
    static SHARED: LazyLock<Server> = LazyLock::new(|| Server::start("fsync=off\nfull_page_writes=off\n"));
    &SHARED
}

/// How many commits wait for a standby.
pub(crate) const WAITERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/// Does what waits for other programs off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// A primary that waits for its standby with every commit, and the standby.
pub(crate) async fn pair() -> (Arc<Server>, Arc<Server>) {
    blocking(|| {
        let primary = Server::start("");
        let standby = Server::start_standby(&primary);
        primary.make_synchronous();
        (Arc::new(primary), Arc::new(standby))
    })
    .await
}

/// The folder of the newest version's programs: Debian's, or one in `PATH`.
static PROGRAMS: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| folder.join("initdb").exists())
        .max();
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest
        .map(|(_, folder)| folder)
        .or_else(|| std::env::split_paths(&path).find(|folder| folder.join("initdb").exists()))
});

/// A program of PostgreSQL's, as the user that may run it.
fn program(name: &str) -> Command {
    let path = PROGRAMS.as_ref().map(|folder| folder.join(name)).filter(|path| path.exists());
    let path = path.unwrap_or_else(|| panic!("`{name}` is missing: install PostgreSQL with `cargo xtask setup`"));
    let mut command = if is_root() {
        // The server refuses to run as root.
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(path);
        command
    } else {
        Command::new(path)
    };
    // Its user must be able to see the current folder.
    command.current_dir("/tmp").stdin(Stdio::null());
    command
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{error}");
    out.trim().to_owned()
}

pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

impl Server {
    /// Makes a new server with these lines in its configuration, and starts it.
    pub(crate) fn start(configuration: &str) -> Self {
        let server = Self::folder();
        run(program("initdb").arg("-D").arg(server.data()).args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-N",
            "--locale=C.UTF-8",
            "--no-instructions",
        ]));
        let socket = format!(
            "listen_addresses=''\nunix_socket_directories='{}'\nshared_buffers=16MB\nmax_connections=300\n",
            server.folder.display()
        );
        server.configure(&socket);
        server.configure(configuration);
        server.launch();
        server
    }

    /// Copies a running server, and starts the copy as its standby by the name `standby`.
    pub(crate) fn start_standby(primary: &Self) -> Self {
        let server = Self::folder();
        let source = format!("host={} user=postgres application_name=standby", primary.folder.display());
        run(program("pg_basebackup").arg("-d").arg(source).arg("-D").arg(server.data()).args([
            "-R",
            "-X",
            "stream",
            "-C",
            "-S",
            "standby",
            "-c",
            "fast",
            "--no-sync",
        ]));
        server.configure(&format!("unix_socket_directories='{}'\n", server.folder.display()));
        server.launch();
        server
    }

    /// Makes the primary wait for its standby with every commit.
    pub(crate) fn make_synchronous(&self) {
        self.sql("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (standby)'");
        self.sql("SELECT pg_reload_conf()");
        wait_until("the standby is in step", || {
            self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"
        });
    }

    fn folder() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Short: the path of a socket has at most 107 bytes.
        let folder = PathBuf::from(format!("/tmp/deskbell-pg-{}-{number}", std::process::id()));
        let mut guard = Command::new("sh")
            .args(["-c", GUARD])
            .arg(&folder)
            .current_dir("/tmp")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C ends the tests; the guard has its work before it.
            .process_group(0)
            .spawn()
            .unwrap();
        let guard_input = guard.stdin.take();
        fs::create_dir(&folder).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres:").arg(&folder));
        }
        run(Command::new("chmod").arg("700").arg(&folder));
        Self { folder, process: Mutex::new(None), next_database: AtomicU32::new(0), guard, guard_input }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn configure(&self, lines: &str) {
        let path = self.data().join("postgresql.conf");
        let known = fs::read_to_string(&path).unwrap();
        fs::write(path, known + lines).unwrap();
    }

    /// Starts the server, the first time or again, and waits until it answers.
    pub(crate) fn launch(&self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = program("postgres");
        command.arg("-D").arg(self.data()).stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
        *self.process.lock().unwrap() = Some(command.spawn().unwrap());
        wait_until("the server answers", || {
            program("pg_isready").arg("-q").arg("-h").arg(&self.folder).status().unwrap().success()
        });
    }

    fn pid(&self) -> String {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        file.lines().next().unwrap().to_owned()
    }

    /// Kills every process of the server at once, as a power failure would.
    pub(crate) fn kill(&self) {
        let pid = self.pid();
        let mut all = children(&pid);
        all.push(pid.clone());
        // One may have ended by itself meanwhile.
        let _ = Command::new("kill").arg("-KILL").args(&all).stderr(Stdio::null()).status();
        self.process.lock().unwrap().take().unwrap().wait().unwrap();
        wait_until("the server is gone", || all.iter().all(|pid| !is_running(pid)));
    }

    /// Shuts the server down in order.
    pub(crate) fn stop(&self) {
        let _ = program("pg_ctl").arg("-D").arg(self.data()).args(["-m", "fast", "-w", "-s", "stop"]).status();
        self.process.lock().unwrap().take().unwrap().wait().unwrap();
    }

    /// Cancels the one commit that waits for the standby, once it does, as an administrator might.
    pub(crate) fn cancel_waiter(&self) {
        wait_until("the commit waits for the standby", || self.sql(WAITERS) == "1");
        self.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    }

    /// Makes the primary of a standby.
    pub(crate) fn promote(&self) {
        run(program("pg_ctl").arg("-D").arg(self.data()).args(["-w", "-s", "promote"]));
    }

    /// Makes a database; returns its address.
    pub(crate) fn create_database(&self) -> String {
        let name = format!("test_{}", self.next_database.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name}"));
        self.address(&name)
    }

    /// The address of a database.
    pub(crate) fn address(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.folder.display())
    }

    /// The address of a database on this server or on the other, whichever takes writes.
    pub(crate) fn address_with(&self, other: &Self, database: &str) -> String {
        format!("host={},{} user=postgres dbname={database}", self.folder.display(), other.folder.display())
    }

    /// Asks the server itself.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.sql_in("postgres", sql)
    }

    /// Asks the server itself, in one of its databases.
    pub(crate) fn sql_in(&self, database: &str, sql: &str) -> String {
        let mut command = program("psql");
        command.arg("-h").arg(&self.folder).args(["-U", "postgres", "-Atq", "-v", "ON_ERROR_STOP=1"]);
        run(command.arg("-d").arg(database).arg("-c").arg(sql))
    }
}

fn children(pid: &str) -> Vec<String> {
    let output = Command::new("ps").args(["-o", "pid=", "--ppid", pid]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect()
}

fn is_running(pid: &str) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { return false };
    !status.lines().any(|line| line.starts_with("State:\tZ"))
}
