//! `onc repl`, from a pipe and at a terminal.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use onc_tests::cargo::{build, workspace};
use onc_tests::missing::{leave_out, need_programs};
use onc_tests::process::{Running, command};

/// A server of everything.x, and where it is.
fn server() -> (Running, String) {
    let mut server = command(env!("CARGO_BIN_EXE_everything-server"));
    server.arg("127.0.0.1:0");
    let mut running = Running::start(server);
    let address = running.wait_for_line("ready ");
    (running, address)
}

fn onc() -> PathBuf {
    build(&["-p", "onc-tools", "--bin", "onc"])
}

fn everything_x() -> PathBuf {
    workspace().join("tests/x/everything.x")
}

/// Runs it with these lines on standard input.
fn repl(address: &str, more: &[&str], lines: &str) -> Output {
    let mut command = Command::new(onc());
    command.arg("repl").arg(address).arg(everything_x()).args(more);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("read");
    child.wait_with_output().expect("waited for")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn lines_from_a_pipe_are_executed() {
    let (_server, address) = server();
    let lines = "# a comment\n\
                 SUBTRACT [44, 2]\n\
                 subtract {\"arg1\": 1,\n  \"arg2\": 2}\n\
                 WHO\n\
                 SUM [1,2] [3]\n\
                 REPEAT{\"first\": \"ab\", \"times\": 2, \"last\": \"!\"}\n\
                 .template SUBTRACT\n\
                 .describe by_bool\n\
                 .quit\n\
                 SUBTRACT [9, 9]\n";
    let output = repl(&address, &[], lines);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    let printed = text(&output.stdout);
    let expected = "42\n-1\n\"Rust\"\n3\n3\n\"abab!\"\n{\n  \"arg1\": 0,\n  \"arg2\": 0\n}\nunion by_bool switch (bool present) {\n";
    assert!(printed.starts_with(expected), "{printed}");
    assert!(!printed.ends_with("0\n"), "what follows .quit is not read");
}

#[test]
fn what_fails_is_told_with_its_line_and_the_rest_goes_on() {
    let (_server, address) = server();
    let output =
        repl(&address, &[], "WHO\n\nSUBTRACT [1,\n\"x\"]\nNOTHING_LIKE_IT\n.nothing\nSUBTRACT [3,1]\nSUBTRACT [1");
    assert_eq!(output.status.code(), Some(2), "a wrong call");
    assert_eq!(text(&output.stdout), "\"Rust\"\n2\n");
    let told = text(&output.stderr);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    assert!(
        lines[0].starts_with("line 3: [1]: a whole number is needed") && lines[0].contains("line 2, column 1 of"),
        "{told}"
    );
    assert!(lines[1].starts_with("line 5: there is no procedure \"NOTHING_LIKE_IT\""), "{told}");
    assert!(lines[2].starts_with("line 6: there is no .nothing"), "{told}");
    assert!(lines[3].starts_with("line 8: the JSON of the arguments is wrong"), "{told}");
}

#[test]
fn versions_are_chosen_and_calls_share_a_connection() {
    let (_server, address) = server();
    let output = repl(&address, &["--vers", "1", "--time"], "ECHO_INT 7\nECHO_LABEL \"x\"\nWHO\n");
    assert_eq!(text(&output.stdout), "7\n\"x\"\n");
    assert_eq!(output.status.code(), Some(2), "version 1 has no WHO");
    let told = text(&output.stderr);
    assert_eq!(told.lines().filter(|line| line.ends_with("µs") || line.ends_with("ms")).count(), 2, "{told}");
    // Remembered for the caller, and asked for over UDP.
    let output = repl(&address, &["--udp"], "REMEMBER [\"seven\", 7]\nRECALL\n");
    assert_eq!(text(&output.stdout), "null\n\"seven 7\"\n", "{}", text(&output.stderr));
}

#[test]
fn a_server_that_is_not_there_is_a_refusal() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let output = repl(&free.to_string(), &[], "WHO\nWHO\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr).lines().count(), 2);
}

/// It at a terminal, which `script` makes.
struct Terminal {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    seen: String,
}

impl Terminal {
    fn start(address: &str, state: &Path) -> Self {
        // In place of the shell: a shell that stays dies of the interrupt itself, and its status is what is seen.
        let line = format!("exec '{}' repl '{address}' '{}'", onc().display(), everything_x().display());
        // Whatever happens, it ends.
        let mut command = command("timeout");
        command.args(["60", "script", "-qec", &line, "/dev/null"]);
        command.env("XDG_STATE_HOME", state).env("TERM", "xterm");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let (input, output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        Self { child, input, output, seen: String::new() }
    }

    /// Waits until this is shown.
    fn wait_for(&mut self, text: &str) {
        loop {
            if let Some((_, rest)) = self.seen.split_once(text) {
                self.seen = rest.to_owned();
                return;
            }
            let mut buffer = [0; 1024];
            let count = self.output.read(&mut buffer).expect("read");
            assert_ne!(count, 0, "it ended without {text:?}: {:?}", self.seen);
            self.seen += &String::from_utf8_lossy(&buffer[..count]);
        }
    }

    fn press(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).expect("written");
        self.input.flush().expect("written");
    }

    fn end(mut self) {
        self.press("\u{4}");
        let status = self.child.wait().expect("waited for");
        assert!(status.success(), "{status}");
    }
}

#[test]
fn at_a_terminal_there_is_completion_and_history() {
    if let Err(missing) = need_programs(&["script", "timeout"]) {
        leave_out(&missing);
        return;
    }
    let (_server, address) = server();
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("repl-{}", std::process::id()));
    let prompt = format!("{address}> ");

    let mut terminal = Terminal::start(&address, &state);
    terminal.wait_for(&prompt);
    terminal.press("SUBTR\t");
    terminal.wait_for("SUBTRACT ");
    terminal.press("[44,2]\r");
    terminal.wait_for("\n42");
    terminal.wait_for(&prompt);
    terminal.press("REPEAT {\"ti\t");
    terminal.wait_for("\"times\": ");
    terminal.press("2, \"first\": \"ab\", \"last\": \"!\"}\r");
    terminal.wait_for("\n\"abab!\"");
    terminal.wait_for(&prompt);
    terminal.press("NO_SUCH\r");
    terminal.wait_for("there is no procedure \"NO_SUCH\"");
    terminal.wait_for(&prompt);
    terminal.end();

    let kept = std::fs::read_to_string(state.join("onc/history")).expect("the lines");
    assert!(kept.contains("SUBTRACT [44,2]\n"), "{kept}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(state.join("onc/history")).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "nobody else may read it");
    }

    // The third line back, in another session.
    let mut terminal = Terminal::start(&address, &state);
    terminal.wait_for(&prompt);
    terminal.press("\u{1b}[A\u{1b}[A\u{1b}[A");
    terminal.wait_for("SUBTRACT [44,2]");
    terminal.press("\r");
    terminal.wait_for("\n42");
    terminal.wait_for(&prompt);
    terminal.end();
    std::fs::remove_dir_all(state).expect("removed");
}

#[test]
fn an_interrupt_gives_up_the_call_and_not_the_session() {
    if let Err(missing) = need_programs(&["script", "timeout"]) {
        leave_out(&missing);
        return;
    }
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("bound").to_string();
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("repl-silent-{}", std::process::id()));
    let prompt = format!("{address}> ");
    let mut terminal = Terminal::start(&address, &state);
    terminal.wait_for(&prompt);
    terminal.press("WHO\r");
    let (mut connection, _) = silent.accept().expect("it connects");
    connection.read_exact(&mut [0; 44]).expect("the whole call");
    terminal.press("\u{3}");
    terminal.wait_for("interrupted; the server may execute the call");
    terminal.wait_for(&prompt);
    terminal.press(".time\r");
    terminal.wait_for("each call's time is told");
    terminal.wait_for(&prompt);
    terminal.end();
    std::fs::remove_dir_all(state).expect("removed");
}
