//! `onc repl`, from a pipe and at a terminal.

#[path = "../../onc-tools/tests/support/nobody.rs"]
mod nobody;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use onc_tests::onc::{everything_x, onc};
use onc_tests::process::{Running, command};
use onc_tests::terminal::{Terminal, at_terminal};

use crate::nobody::Nobody;

/// A server of everything.x, and where it is.
fn server() -> (Running, String) {
    let mut server = command(env!("CARGO_BIN_EXE_everything-server"));
    server.arg("127.0.0.1:0");
    let mut running = Running::start(server);
    let address = running.wait_for_line("ready ");
    (running, address)
}

/// Runs it with these lines on standard input.
fn repl(address: &str, more: &[&str], lines: &str) -> Output {
    let mut command = onc(&[&["repl", address, &everything_x()], more].concat());
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
    let is_time = |line: &&str| line.ends_with('s') && line.as_bytes()[0].is_ascii_digit();
    assert_eq!(told.lines().filter(is_time).count(), 2, "{told}");
    // Remembered for the caller, and asked for over UDP.
    let output = repl(&address, &["--udp"], "REMEMBER [\"seven\", 7]\nRECALL\n");
    assert_eq!(text(&output.stdout), "null\n\"seven 7\"\n", "{}", text(&output.stderr));
}

#[test]
fn a_server_that_is_not_there_is_a_refusal() {
    let nobody = Nobody::new();
    let output = repl(&nobody.address().to_string(), &[], "WHO\nWHO\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr).lines().count(), 2);
}

/// It at a terminal, with a place of its own for earlier lines.
struct Session {
    terminal: Terminal,
    prompt: String,
}

impl Session {
    /// Starts it, and waits for the first prompt. `None`: there is no terminal to be had.
    fn start(address: &str, state: &Path) -> Option<Self> {
        let program = onc(&[]).get_program().to_owned();
        let mut command = at_terminal(&format!("'{}' repl '{address}' '{}'", program.display(), everything_x()))?;
        command.env("XDG_STATE_HOME", state);
        let mut session = Self { terminal: Terminal::start(command), prompt: format!("{address}> ") };
        session.terminal.wait_for(&session.prompt);
        Some(session)
    }

    /// Presses these keys, and waits until this is shown.
    fn press(&mut self, keys: &str, shown: &str) {
        self.terminal.press(keys);
        self.terminal.wait_for(shown);
    }

    /// Ends the line with this, and waits until that is shown, and the next prompt.
    fn line(&mut self, end: &str, shown: &str) {
        self.press(&format!("{end}\r"), shown);
        self.terminal.wait_for(&self.prompt);
    }
}

fn state(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

#[test]
fn at_a_terminal_there_is_completion_and_history() {
    let (_server, address) = server();
    let state = state("repl");
    let Some(mut session) = Session::start(&address, &state) else { return };
    session.press("SUBTR\t", "SUBTRACT ");
    session.line("[44,2]", "\n42");
    session.press("REPEAT {\"ti\t", "\"times\": ");
    session.line("2, \"first\": \"ab\", \"last\": \"!\"}", "\n\"abab!\"");
    session.line("NO_SUCH", "there is no procedure \"NO_SUCH\"");
    session.terminal.end();

    let kept = std::fs::read_to_string(state.join("onc/history")).expect("the lines");
    assert!(kept.contains("SUBTRACT [44,2]\n"), "{kept}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(state.join("onc/history")).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "nobody else may read it");
    }

    // The third line back, in another session.
    let mut session = Session::start(&address, &state).expect("it was possible before");
    session.press("\u{1b}[A\u{1b}[A\u{1b}[A", "SUBTRACT [44,2]");
    session.line("", "\n42");
    session.terminal.end();
    std::fs::remove_dir_all(state).expect("removed");
}

#[test]
fn an_interrupt_gives_up_the_call_and_not_the_session() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("bound").to_string();
    let state = state("repl-silent");
    let Some(mut session) = Session::start(&address, &state) else { return };
    session.terminal.press("WHO\r");
    let (mut connection, _) = silent.accept().expect("it connects");
    connection.read_exact(&mut [0; 44]).expect("the whole call");
    session.press("\u{3}", "interrupted; the server may execute the call");
    session.terminal.wait_for(&session.prompt);
    session.line(".time", "each call's time is told");
    session.terminal.end();
    std::fs::remove_dir_all(state).expect("removed");
}
