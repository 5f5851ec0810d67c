//! How long the compiler takes, beside rpcgen, and how long the compiler's output takes rustc: see `benches/compiler/run`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;

/// How often each of the two compilers runs.
const RUNS: usize = 21;

/// How often the Rust is checked.
const CHECKS: usize = 5;

#[derive(Debug, Parser)]
struct Arguments {
    /// The command to time.
    #[arg(long)]
    xdrgen: PathBuf,
    /// The folder of `onc-runtime`.
    #[arg(long)]
    runtime: PathBuf,
    /// A `.x` file.
    file: PathBuf,
    /// What `xdrgen generate` is to be told besides.
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    options: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scratch = std::env::temp_dir().join(format!("onc-compiler-{}", std::process::id()));
    let outcome = measure(&arguments, &scratch);
    // What is left behind in a temporary folder hurts nobody.
    let _ = fs::remove_dir_all(&scratch);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("onc_compiler: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments, scratch: &Path) -> io::Result<()> {
    let name = arguments.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (rust, c) = (scratch.join("rust/src"), scratch.join("c"));
    fs::create_dir_all(&rust)?;
    fs::create_dir_all(&c)?;
    let copy = format!("{name}.x");
    fs::copy(&arguments.file, c.join(&copy))?;

    let xdrgen = || {
        let mut command = Command::new(&arguments.xdrgen);
        command.arg("generate").arg(&arguments.file).arg("-o").arg(&rust).args(&arguments.options);
        command
    };
    // Once, so that both find everything in memory; and to see what is wrong.
    succeeds(&mut xdrgen())?;
    let text = fs::read_to_string(rust.join(format!("{name}.rs")))?;
    let bytes = fs::metadata(&arguments.file)?.len();
    println!("{copy}: {bytes} bytes; {} lines of Rust, {} bytes", text.lines().count(), text.len());
    // The header, the codec, the client and the server, as without an option.
    let rpcgen = || {
        let mut command = Command::new("rpcgen");
        command.arg(&copy).current_dir(&c).stderr(Stdio::null());
        command
    };
    if rpcgen().status().is_ok_and(|status| status.success()) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            // What is as it was is not written again.
            fs::remove_file(rust.join(format!("{name}.rs")))?;
            ours.push(time(&mut xdrgen())?);
            theirs.push(time(&mut rpcgen())?);
        }
        let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64());
        let ratio = median(ratios.collect());
        println!(
            "xdrgen {}, rpcgen {}, medians of {RUNS} runs of each in turn; the median ratio of two is {ratio:.2}",
            shown(median(ours)),
            shown(median(theirs))
        );
    } else {
        println!("rpcgen is not here, or does not take the file");
    }

    let package = rust.parent().unwrap_or(&rust).to_owned();
    fs::write(
        package.join("Cargo.toml"),
        format!(
            "[package]\nname = \"generated\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             onc-runtime = {{ path = {:?} }}\n",
            arguments.runtime
        ),
    )?;
    fs::copy(arguments.runtime.join("../Cargo.lock"), package.join("Cargo.lock"))?;
    let empty = check(&package, "//! Nothing.\n")?;
    let full = check(&package, &format!("//! Everything.\n#[path = \"{name}.rs\"]\npub mod generated;\n"))?;
    println!(
        "cargo check {}, of an empty crate {}, medians of {CHECKS} runs, dependencies checked before",
        shown(full),
        shown(empty)
    );
    Ok(())
}

/// How long `cargo check` takes for a crate of this source whose dependencies have been checked.
fn check(package: &Path, library: &str) -> io::Result<Duration> {
    let source = package.join("src/lib.rs");
    fs::write(&source, library)?;
    let cargo = || {
        let mut command = Command::new("cargo");
        command.args(["check", "--quiet", "--offline"]).current_dir(package);
        command
    };
    succeeds(&mut cargo())?;
    let mut times = Vec::new();
    for run in 0..CHECKS {
        // Another text, whatever the file system thinks of time.
        fs::write(&source, format!("{library}// {run}\n"))?;
        times.push(time(&mut cargo())?);
    }
    Ok(median(times))
}

fn time(command: &mut Command) -> io::Result<Duration> {
    let begin = Instant::now();
    let status = command.status()?;
    let time = begin.elapsed();
    if status.success() { Ok(time) } else { Err(io::Error::other(format!("{command:?} failed: {status}"))) }
}

fn succeeds(command: &mut Command) -> io::Result<()> {
    time(command).map(drop)
}

fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    values[values.len() / 2]
}

fn shown(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}
