//! `onc call`, `list`, `describe`, `ping`, `encode` and `decode` beside a server of ours: programs against a program.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use onc_runtime::xdr;
use onc_tests::everything::generated::Everything;
use onc_tests::everything::values::{least_everything, whole_everything};
use onc_tests::onc::{everything_x, onc};
use onc_tests::process::{Running, command};
use serde_json::{Value, json};

/// Runs `onc`, with this on standard input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = onc(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // A program that does not want it has closed the pipe.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("waited for")
}

/// What a command that goes well prints to standard output.
fn well(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = run(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The JSON values that a command prints.
fn values(arguments: &[&str], input: &[u8]) -> Vec<Value> {
    let stdout = well(arguments, input);
    serde_json::Deserializer::from_slice(&stdout).into_iter().collect::<Result<_, _>>().expect("JSON")
}

/// The status and the complaint of a command that fails.
fn complaint(arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(arguments, b"");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A server of everything.x, and where it is.
struct Server {
    _running: Running,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut server = command(env!("CARGO_BIN_EXE_everything-server"));
        server.arg("127.0.0.1:0");
        let mut running = Running::start(server);
        let address = running.wait_for_line("ready ");
        Self { _running: running, address }
    }

    /// Calls, with what follows the file on the command line.
    fn call(&self, arguments: &[&str]) -> Vec<Value> {
        let (file, mut line) = (everything_x(), vec!["call", &self.address]);
        line.push(&file);
        line.extend(arguments);
        values(&line, b"")
    }
}

/// A file of this content, for as long as the test runs.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
        std::fs::write(&path, content).expect("written");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn arguments_are_taken_in_every_way_there_is() {
    let server = Server::start();
    assert_eq!(server.call(&["SUBTRACT", "[44,2]"]), [json!(42)]);
    assert_eq!(server.call(&["subtract", r#"{"arg1":1,"arg2":2}"#]), [json!(-1)]);
    assert_eq!(server.call(&["REPEAT", r#"{"first":"ab","times":3,"last":"!"}"#]), [json!("ababab!")]);
    assert_eq!(server.call(&["WHO"]), [json!("Rust")], "no arguments");
    assert_eq!(server.call(&["NEXT", "\"BLUE\"", "-d", "\"RED\""]), [json!("RED"), json!("GREEN")], "two calls");
    let file = File::new("numbers.json", b"[1, 2, 3]\n[]\n[\"9007199254740993\"]");
    let at = format!("@{}", file.0.display());
    assert_eq!(server.call(&["SUM", "-d", &at]), [json!(6), json!(0), json!(9_007_199_254_740_993_u64)]);
    let stdin = values(&["call", &server.address, &everything_x(), "SUM", "-", "[5]"], b"[1]\n[2, 2]");
    assert_eq!(stdin, [json!(1), json!(4), json!(5)], "standard input, then the command line");
    assert_eq!(server.call(&["--udp", "SUBTRACT", "[3,1]"]), [json!(2)]);
}

#[test]
fn version_and_program_are_chosen() {
    let server = Server::start();
    let void = [Value::Null];
    assert_eq!(server.call(&["1"]), [json!("Rust")], "procedure 1 of the highest version");
    assert_eq!(server.call(&["1", "--vers", "1"]), void);
    assert_eq!(server.call(&["1", "--vers", "EVERYTHING_V1", "--prog", "EVERYTHING_PROG"]), void);
    assert_eq!(server.call(&["NOTHING", "--prog", "536874615"]), void);
    let (status, complaint) =
        complaint(&["call", &server.address, &everything_x(), "NOTHING", "--vers", "EVERYTHING_V2"]);
    assert_eq!(status, Some(2));
    assert!(complaint.contains("\"NOTHING\"") && complaint.contains("SUBTRACT"), "{complaint}");
}

#[test]
fn a_program_in_two_programs_has_to_be_chosen() {
    let file = File::new(
        "two.x",
        b"program ONE { version V { int BOTH(int) = 1; } = 1; } = 1; program TWO { version W { int BOTH(int) = 1; } = 1; } = 2;",
    );
    let path = file.0.display().to_string();
    let (status, complaint) = complaint(&["call", "-", &path, "BOTH", "1"]);
    assert_eq!(status, Some(2));
    assert!(complaint.contains("--prog ONE or --prog TWO"), "{complaint}");
    assert_eq!(values(&["call", "-", &path, "BOTH", "--prog", "TWO", "--template"], b""), [json!(0)]);
}

#[test]
fn every_template_is_a_call_that_is_understood() {
    let (server, file) = (Server::start(), everything_x());
    let listed = String::from_utf8(well(&["list", &file], b"")).expect("text");
    let mut tried = 0;
    for line in listed.lines().skip_while(|line| !line.contains("EVERYTHING_V1")).skip(1) {
        let Some(number) = line.strip_prefix(' ').and_then(|line| line.split_whitespace().next()) else { break };
        let template = values(&["call", "-", &file, number, "--vers", "1", "--template"], b"").remove(0);
        // Version 1 answers with what it was sent.
        assert_eq!(server.call(&[number, &template.to_string(), "--vers", "1"]), [template], "{line}");
        tried += 1;
    }
    assert_eq!(tried, 45, "{listed}");
}

#[test]
fn everything_survives_the_way_through_json() {
    let (server, file) = (Server::start(), everything_x());
    for value in [least_everything(), whole_everything()] {
        let bytes = xdr::to_vec(&value).expect("it encodes");
        let json = well(&["decode", &file, "everything"], &bytes);
        let call = ["call", &server.address, &file, "ECHO_EVERYTHING", "--vers", "1", "-"];
        let echoed = values(&call, &json).remove(0);
        assert_eq!(echoed, serde_json::from_slice::<Value>(&json).expect("JSON"));
        let back = well(&["encode", &file, "everything", "-"], echoed.to_string().as_bytes());
        assert_eq!(back, bytes);
        assert_eq!(xdr::from_slice::<Everything>(&back).expect("it decodes"), value);
        // And in digits.
        let hex = well(&["encode", &file, "everything", "--hex"], echoed.to_string().as_bytes());
        let again = values(&["decode", "--hex", &file, "everything"], &hex);
        assert_eq!(again, [echoed]);
    }
}

#[test]
fn a_time_is_told_for_each_call() {
    let server = Server::start();
    let output = run(&["call", &server.address, &everything_x(), "SUBTRACT", "[1,1]", "[2,1]", "--time"], b"");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0\n1\n", "standard output is the results' alone");
    let times = String::from_utf8(output.stderr).expect("text");
    assert_eq!(times.lines().filter(|line| line.ends_with('s') && line.as_bytes()[0].is_ascii_digit()).count(), 2);
}

#[test]
fn mistakes_in_the_json_are_named_by_field_line_and_column() {
    let (server, file) = (Server::start(), everything_x());
    let call = |arguments: &[&str]| {
        let mut line = vec!["call", &server.address, &file];
        line.extend(arguments);
        let (status, complaint) = complaint(&line);
        assert_eq!(status, Some(2), "{complaint}");
        complaint
    };
    let told = call(&["SUBTRACT", "[1, true]"]);
    assert!(told.contains("[1]: a whole number is needed, not true (line 1, column 5 of the command line)"), "{told}");
    let told = call(&["REPEAT", r#"{"first": "a", "times": -1, "last": ""}"#]);
    assert!(told.contains("times: -1 is not between 0 and 4294967295 (line 1, column 25 of"), "{told}");
    let nodes = File::new("nodes.json", b"[{\"value\": 1, \"name\": \"a\"},\n {\"value\": 2, \"name\": [\"b\"]}]");
    let told = call(&["ECHO_NODES", "--vers", "1", &format!("@{}", nodes.0.display())]);
    assert!(told.contains("[1].name: a string is needed, not [\"b\"] (line 2, column 23 of "), "{told}");
    assert!(told.contains("nodes.json"), "{told}");
    // The first call is not made when the second is wrong.
    let told = call(&["SUM", "[1]", "[2, \"x\"]"]);
    assert!(told.contains("[1]: a whole number is needed"), "{told}");
    let told = call(&["SUM", "[1"]);
    assert!(told.contains("line 1 column 2"), "{told}");
    let told = call(&["EVALUATE", r#"{"note": "", "what": {"op": "OP_ADD", "both": {"first": 7, "second": null}}}"#]);
    assert!(told.contains("what.both.first: an object is needed, not 7 (line 1, column 57 of"), "{told}");
}

#[test]
fn refusals_say_what_the_server_has() {
    let (server, mut text) = (Server::start(), String::new());
    for (program, version) in [("0x20000e77", 7), ("0x20000e78", 1)] {
        text.clear();
        write!(text, "program P {{ version V {{ void X(void) = 99; }} = {version}; }} = {program};").expect("a String");
        let file = File::new(&format!("{program}.x"), text.as_bytes());
        let (status, told) = complaint(&["call", &server.address, &file.0.display().to_string(), "X"]);
        assert_eq!(status, Some(1), "{told}");
        let expected = if version == 7 { "versions 1 to 2" } else { "does not have the program" };
        assert!(told.contains(expected), "{told}");
    }
    let file = File::new("99.x", b"program P { version V { void X(void) = 99; } = 1; } = 0x20000e77;");
    let (status, told) = complaint(&["call", &server.address, &file.0.display().to_string(), "X"]);
    assert_eq!(status, Some(1));
    assert!(told.contains("procedure"), "{told}");
    let file = File::new("who.x", b"program P { version V { int WHO(void) = 1; } = 2; } = 0x20000e77;");
    let output = run(&["call", &server.address, &file.0.display().to_string(), "WHO", "--timeout", "9"], b"");
    assert_eq!(output.status.code(), Some(1), "the result is a string, four bytes of length and four of text");
    assert!(String::from_utf8_lossy(&output.stderr).contains("4 bytes too many"));
}

#[test]
fn a_record_that_is_too_long_names_the_option() {
    let (server, file) = (Server::start(), everything_x());
    let call = |first: &str, times: u32, max: &str| {
        let arguments = json!({"first": first, "times": times, "last": ""}).to_string();
        run(&["call", &server.address, &file, "REPEAT", &arguments, "--max-record-size", max], b"")
    };
    let output = call("0123456789", 100, "2000");
    assert_eq!(output.stdout.len(), 1000 + 3, "{}", String::from_utf8_lossy(&output.stderr));
    for (output, status, reached) in [
        (call("0123456789", 100, "500"), 1, "the server announces a record of 1028 bytes, but at most 500 are taken"),
        (call(&"0123456789".repeat(100), 1, "500"), 2, "the call would have "),
    ] {
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{told}");
        assert!(told.contains(reached) && told.ends_with("; --max-record-size allows more\n"), "{told}");
    }
}

#[test]
fn files_are_described() {
    let file = everything_x();
    let listed = String::from_utf8(well(&["list", &file], b"")).expect("text");
    assert!(listed.contains("EVERYTHING_PROG EVERYTHING_V1 (536874615.1)"), "{listed}");
    assert!(listed.contains("EVERYTHING_PROG EVERYTHING_V2 (536874615.2)"), "{listed}");
    assert!(listed.contains("   4  hyper SUM(hypers)"), "{listed}");
    let described = String::from_utf8(well(&["describe", &file, "REPEAT"], b"")).expect("text");
    assert!(described.contains("`first` as often as `times`, then `last`."), "{described}");
    assert!(described.contains("REPEAT(string first<>, unsigned int times, string last<>) = 3;"), "{described}");
    let described = String::from_utf8(well(&["describe", &file, "by_bool"], b"")).expect("text");
    assert!(described.starts_with("union by_bool switch (bool present) {"), "{described}");
}

#[test]
fn servers_are_pinged() {
    let server = Server::start();
    let all = String::from_utf8(well(&["ping", &server.address, "0x20000e77", "-c", "3"], b"")).expect("text");
    assert_eq!(all.lines().count(), 6, "both versions, three times:\n{all}");
    assert!(all.lines().all(|line| line.contains("program 536874615 version ") && line.contains(": answers in ")));
    well(&["ping", &server.address, "536874615", "2", "-T", "udp"], b"");
    let output = run(&["ping", &server.address, "536874615", "3"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("versions 1 to 2"));
}
