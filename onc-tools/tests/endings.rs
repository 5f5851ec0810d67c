//! How `onc` ends when nobody reads it any more, when it cannot write, and when it is interrupted.

#![cfg(unix)]

use std::fs::OpenOptions;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Once;

use tokio::signal::unix::{SignalKind, signal};

const KINDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/x/kinds.x");

/// Commands that print more than a line, without a server.
const WORDY: [&[&str]; 8] = [
    &["--help"],
    &["help", "call"],
    &["list", KINDS],
    &["describe", KINDS, "everything"],
    &["call", "-", KINDS, "ECHO", "--template"],
    &["man"],
    &["completions", "bash"],
    &["encode", KINDS, "point", "{\"x\":1,\"y\":2}"],
];

fn onc(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onc"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts it so that interrupts reach it: who starts tests in the background may have them ignored, and programs inherit that,
/// but no handler of ours.
fn interruptible(command: &mut Command) -> Child {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a tokio runtime");
        let _entered = runtime.enter();
        // It stays, whatever becomes of this.
        let _ = signal(SignalKind::interrupt()).expect("a handler");
    });
    command.spawn().expect("it starts")
}

fn interrupt(child: &Child) {
    let killed = Command::new("sh").args(["-c", &format!("kill -s INT {}", child.id())]).status();
    assert!(killed.expect("a shell").success());
}

/// How it ended, and what it said on standard error.
fn end(mut child: Child) -> (Option<i32>, String) {
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said).expect("text");
    }
    (child.wait().expect("waited for").code(), said)
}

#[test]
fn whoever_has_read_enough_is_no_failure() {
    for arguments in WORDY {
        let mut child = onc(arguments).spawn().expect("it starts");
        drop(child.stdout.take());
        assert_eq!(end(child), (Some(0), String::new()), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_a_failure() {
    let full = || OpenOptions::new().write(true).open("/dev/full").expect("it is there");
    // Of its help the parser of arguments does not say it.
    for arguments in &WORDY[2..] {
        let (status, said) = end(onc(arguments).stdout(full()).spawn().expect("it starts"));
        assert_eq!(status, Some(1), "{arguments:?}");
        assert!(said.starts_with("onc: cannot write to standard output: "), "{said}");
    }
    // Where complaints cannot be written, the status is all there is.
    for (arguments, status) in [
        (&["nonsense"][..], 2),
        (&["describe", KINDS, "nowhere"], 2),
        (&["decode", KINDS, "point"], 1),
        (&["list", "/dev/null/no.x"], 2),
    ] {
        assert_eq!(end(onc(arguments).stderr(full()).spawn().expect("it starts")).0, Some(status), "{arguments:?}");
    }
}

#[test]
fn an_interrupt_ends_what_waits() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("bound").to_string();
    // It may stay open until the command has gone.
    let connected = || -> TcpStream {
        let (mut connection, _) = silent.accept().expect("it connects");
        connection.read_exact(&mut [0; 4]).expect("a record mark");
        connection
    };
    for arguments in [
        &["call", &address, KINDS, "NOTHING"][..],
        &["ping", &address, "0x20000123", "1"],
        &["info", "-n", address.rsplit(':').next().expect("a port"), "-t", "127.0.0.1", "0x20000123", "1"],
        &["info", &address],
    ] {
        let child = interruptible(&mut onc(arguments));
        let _connection = connected();
        interrupt(&child);
        let output = child.wait_with_output().expect("waited for");
        assert_eq!(output.status.signal(), Some(2), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn lines_from_a_pipe_end_with_an_interrupt_too() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("bound").to_string();
    let mut child = interruptible(onc(&["repl", &address, KINDS]).stdin(Stdio::piped()));
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, b"NOTHING\nNOTHING\n").expect("written");
    let (mut connection, _) = silent.accept().expect("it connects");
    connection.read_exact(&mut [0; 4]).expect("a record mark");
    interrupt(&child);
    let output = child.wait_with_output().expect("waited for");
    assert_eq!(output.status.signal(), Some(2), "{output:?}");
}
