//! Programs started by a test: they end with it, and nothing waits for them without a limit.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::missing::search_path;

/// How long to wait for what takes milliseconds, on a machine that does ten other things.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often to look again at what cannot be waited for.
const INTERVAL: Duration = Duration::from_millis(5);

/// A command without standard input, which finds the system's programs.
#[must_use]
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).env("PATH", search_path());
    command
}

/// Asks again and again until the answer is there, or [`PATIENCE`] is at its end.
pub fn poll<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > end {
            return None;
        }
        thread::sleep(INTERVAL);
    }
}

/// A program that runs beside the test, and is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    /// Starts the command. Its standard output is read line by line; standard error is the test's own.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[must_use]
    pub fn start(mut command: Command) -> Self {
        let name = name_of(&command);
        let mut child =
            command.stdout(Stdio::piped()).spawn().unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let (sender, lines) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Self { name, child, lines, seen: Vec::new() }
    }

    /// Waits for a line of its output that starts so, and gives back the rest of the line.
    ///
    /// # Panics
    ///
    /// If the program ends, or time, before there is one.
    pub fn wait_for_line(&mut self, start: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let rest = line.strip_prefix(start).map(str::to_owned);
                    self.seen.push(line);
                    if let Some(rest) = rest {
                        return rest;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("{}: no line `{start}…` but {:?}", self.name, self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("{} ended ({:?}) without a line `{start}…`: {:?}", self.name, self.child.wait(), self.seen)
                }
            }
        }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended, and how.
    ///
    /// # Panics
    ///
    /// If the system does not say.
    #[must_use]
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a child process")
    }

    /// Sends it the signal of that name (`TERM`, `INT`, …).
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn signal(&self, name: &str) {
        // The shell's own: not every system has a program of that name.
        let status = command("sh").arg("-c").arg(format!("kill -s {name} {}", self.child.id())).status();
        assert!(status.is_ok_and(|status| status.success()), "{} cannot be sent SIG{name}", self.name);
    }

    /// Asks it to end with `SIGTERM` and waits until it has: its status and the lines that nobody has waited for.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn terminate(mut self) -> (ExitStatus, Vec<String>) {
        self.signal("TERM");
        let status = poll(|| self.ended()).unwrap_or_else(|| panic!("{} does not end on SIGTERM", self.name));
        (status, self.lines.iter().collect())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended on its own.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program that ran to its end left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Finished {
    /// Runs the command to its end.
    ///
    /// # Panics
    ///
    /// If it cannot be started, or does not end within `limit`; it is killed then.
    #[must_use]
    pub fn run(mut command: Command, limit: Duration) -> Self {
        let name = name_of(&command);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let stdout = collect(child.stdout.take());
        let stderr = collect(child.stderr.take());
        let end = Instant::now() + limit;
        let status = loop {
            if let Some(status) = child.try_wait().expect("the state of a child process") {
                break Some(status);
            }
            if Instant::now() > end {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            thread::sleep(INTERVAL);
        };
        let [stdout, stderr] = [stdout, stderr].map(|reader| reader.join().unwrap_or_default());
        let status = status.unwrap_or_else(|| panic!("{name} did not end in {limit:?}:\n{stdout}\n{stderr}"));
        Self { status, stdout, stderr }
    }

    /// [`run`](Self::run) within [`PATIENCE`], for commands that have to succeed: their standard output.
    ///
    /// # Panics
    ///
    /// If it does not end with status 0.
    #[must_use]
    pub fn output_of(command: Command) -> String {
        let name = name_of(&command);
        let finished = Self::run(command, PATIENCE);
        assert!(finished.status.success(), "{name}: {}\n{}\n{}", finished.status, finished.stdout, finished.stderr);
        finished.stdout
    }
}

/// The command line, for messages.
fn name_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn collect(from: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            // What was read before an error is worth showing.
            let _ = from.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
