//! How the command `onc` is called, and how it ends.

#[path = "support/nobody.rs"]
mod nobody;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::nobody::Nobody;

const KINDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/x/kinds.x");

/// Runs `onc` with this on standard input.
fn onc(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onc"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // It asks for colours wherever the output goes.
    command.env_remove("CLICOLOR_FORCE");
    let mut child = command.spawn().expect("it starts");
    // What is not read is lost.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("waited for")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A file of this content, for as long as the test runs.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
        fs::write(&path, content).expect("written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn what_is_done_is_status_0() {
    for (arguments, input) in [
        (&["--help"][..], ""),
        (&["--version"], ""),
        (&["list", KINDS], ""),
        (&["describe", KINDS, "ADD"], ""),
        (&["encode", KINDS, "point", r#"{"x":1,"y":2}"#], ""),
        (&["decode", "--hex", KINDS, "point"], "00000001 0000000000000002"),
        (&["call", "-", KINDS, "ADD", "--template"], ""),
    ] {
        let output = onc(arguments, input);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", told(&output));
    }
}

#[test]
fn what_the_peer_or_the_data_refuses_is_status_1() {
    let (nobody, wrong) = (Nobody::new(), File::new("wrong.x", "struct a { nothing_of_the_kind b };"));
    let nobody = nobody.address().to_string();
    for (arguments, input) in [
        (&["call", &nobody, KINDS, "ADD", "[1,2]"][..], ""),
        (&["info", &nobody], ""),
        (&["info", "-p", &nobody], ""),
        (&["ping", &nobody, "100003", "3"], ""),
        (&["decode", "--hex", KINDS, "point"], "00000001 00000000"),
        (&["decode", "--hex", KINDS, "point"], "00000001 0000000000000002 00000003"),
        (&["decode", "--hex", KINDS, "point"], "not hexadecimal"),
        (&["list", wrong.path()], ""),
    ] {
        let output = onc(arguments, input);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", told(&output));
        assert_ne!(told(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_negative_number_is_no_option() {
    let output = onc(&["encode", KINDS, "colour", "-5", "--hex"], "");
    assert_eq!(told(&output), "fffffffb\n");
    // Wrong arguments, but arguments.
    for call in [&["call", "-", KINDS, "ADD", "-5"][..], &["call", "-", KINDS, "ADD", "-d", "-5"]] {
        assert!(told(&onc(call, "")).contains("the procedure takes 2 arguments"));
    }
}

#[test]
fn what_a_peer_sends_does_not_reach_the_terminal_as_it_is() {
    let output = onc(&["decode", "--hex", KINDS, "name_t"], "00000007 1bc29b324a7f5d00");
    assert_eq!(told(&output), "\"\\u001b\\u009b2J\\u007f]\"\n");
}

#[test]
fn a_flaw_is_told_after_the_value() {
    for (bytes, value, flaw) in [
        ("00000003 61626301", "\"abc\"\n", "the padding at byte 7 is not zero"),
        ("00000003 6162fc00", "\"ab\u{fffd}\"\n", "the string at byte 4 is not UTF-8"),
        ("00000004 61626364 00", "\"abcd\"\n", "1 bytes too many"),
    ] {
        let output = onc(&["decode", "--hex", KINDS, "name_t"], bytes);
        assert_eq!(output.status.code(), Some(1), "{bytes}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), value);
        assert_eq!(String::from_utf8_lossy(&output.stderr), format!("onc: {flaw}\n"));
    }
}

#[test]
fn a_wrong_call_is_status_2() {
    for (arguments, says) in [
        (&[][..], "Usage"),
        (&["nonsense"], "nonsense"),
        (&["list", "no-such-file.x"], "no-such-file.x"),
        (&["describe", KINDS, "SUB"], "SUB"),
        (&["encode", KINDS, "nothing", "1"], "nothing"),
        (&["encode", KINDS, "point", r#"{"x":1}"#], "\"y\" is missing"),
        (&["decode", KINDS, "nothing"], "nothing"),
        (&["call", "host:0:0", KINDS, "NOTHING"], "host:0:0"),
        (&["call", "-", KINDS, "SUB"], "SUB"),
        (&["call", "-", KINDS, "ADD", "{"], "JSON"),
        (&["call", "-", KINDS, "ADD", "@no-such-file.json"], "no-such-file.json"),
        (&["call", "-", KINDS, "ADD", r#"{"a":1,"c":2}"#], "\"c\""),
        (&["call", "-", KINDS, "ADD", "[1,2]", "--auth-sys", "me"], "1000:100"),
        (&["call", "-", KINDS, "ADD", "[1,2]", "--timeout", "0"], "above 0"),
        (&["ping", "host", "no-such-program"], "no-such-program"),
    ] {
        let output = onc(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", told(&output));
        assert!(told(&output).contains(says), "{arguments:?}: {}", told(&output));
    }
}

#[test]
fn there_are_no_colours_where_there_is_no_terminal() {
    let wrong = File::new("colour.x", "struct a { nothing_of_the_kind b };");
    for arguments in [&["--help"][..], &["help", "call"], &["nonsense"], &["list", wrong.path()]] {
        let told = told(&onc(arguments, ""));
        assert!(!told.is_empty() && !told.contains('\u{1b}'), "{arguments:?}: {told}");
    }
}

#[test]
fn the_statuses_are_in_the_help() {
    let help = told(&onc(&["--help"], ""));
    assert!(help.contains("Exit status: 0 ") && help.contains("; 1 ") && help.contains("; 2 "), "{help}");
}

#[test]
fn every_shell_has_a_script_that_knows_the_subcommands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = onc(&["completions", shell], "");
        assert_eq!(output.status.code(), Some(0));
        let script = String::from_utf8(output.stdout).expect("text");
        for word in ["portmap", "describe", "template", "auth-sys"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(onc(&["completions", "cmd.com"], "").status.code(), Some(2));
}

#[test]
fn bash_completes_what_is_begun() {
    let script = File::new("completions.bash", &told(&onc(&["completions", "bash"], "")));
    let complete = "source \"$0\"; COMP_WORDS=(onc desc); COMP_CWORD=1; _onc onc desc onc; echo \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    // Its complaint about a locale that is not installed is not what is asked for, nor what a file of the user's makes of it.
    bash.args(["-c", complete, script.path()]).env("LC_ALL", "C").env_remove("BASH_ENV");
    let Ok(output) = bash.output() else {
        eprintln!("LEFT OUT bash_completes_what_is_begun: bash is not installed");
        return;
    };
    assert_eq!(told(&output), "describe\n");
}

#[test]
fn every_subcommand_has_a_manual_page() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("man-{}", std::process::id()));
    let output = onc(&["man", folder.to_str().expect("UTF-8")], "");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let page = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
    let call = page("onc-call.1");
    for part in [".TH onc-call 1", ".SH SYNOPSIS", "\\-\\-template", ".SH EXAMPLES", ".SH \"EXIT STATUS\""] {
        assert!(call.contains(part), "{part} is missing:\n{call}");
    }
    assert!(call.contains("onc call localhost calc.x ADD"), "{call}");
    for name in ["info", "ping", "portmap", "list", "describe", "encode", "decode", "completions", "man"] {
        assert!(page(&format!("onc-{name}.1")).contains(".SH EXAMPLES"), "{name}");
        assert!(page("onc.1").contains(&format!("onc\\-{name}(1)")), "{name}");
    }
    assert_eq!(told(&onc(&["man"], "")), page("onc.1"));
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let output = onc(&["man", "/dev/null/man"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("/dev/null/man"), "{}", told(&output));
}
