//! Takes one of the paths of every call so and so often: `onc-paths NAME COUNT`; without arguments, names them all.

use std::process::ExitCode;

use onc_benches::paths::PATHS;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, count] = &arguments[..] else {
        for path in PATHS {
            println!("{} {}", path.name, path.count);
        }
        return ExitCode::SUCCESS;
    };
    let path = PATHS.iter().find(|path| path.name == name);
    let (Some(path), Ok(count)) = (path, count.parse()) else {
        eprintln!("there is no path `{name}`, or `{count}` is not a number");
        return ExitCode::FAILURE;
    };
    (path.run)(count);
    ExitCode::SUCCESS
}
