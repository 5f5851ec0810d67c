//! Compiles what is in `x/`, and random files.

use std::{env, error::Error, fmt::Write, fs, path::PathBuf};

use xdrgen::Includes;

#[path = "src/random_files.rs"]
mod random_files;

fn main() -> Result<(), Box<dyn Error>> {
    xdrgen::compile("x/everything.x")?;
    xdrgen::compile("x/ledger.x")?;
    xdrgen::configure().includes(Includes::Use).compile(["x/geometry.x", "x/drawing.x"])?;
    switch_features_on()?;
    compile_random_files()
}

/// What xdrgen's golden test expects of a file with features, as it is when all of them are on.
fn switch_features_on() -> Result<(), Box<dyn Error>> {
    let golden = "../xdrgen/tests/golden/feature_parts.rs";
    println!("cargo::rerun-if-changed={golden}");
    let mut text = fs::read_to_string(golden)?;
    for feature in ["WITH_LINKS", "WITH_SIZES"] {
        text = text.replace(&format!("#[cfg(feature = \"{feature}\")]"), "#[cfg(all())]");
    }
    if text.contains("feature =") {
        return Err(format!("{golden} has other features").into());
    }
    fs::write(PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("feature_parts.rs"), text)?;
    Ok(())
}

/// `ONC_RANDOM_FILES` of them (4), from the seed `ONC_RANDOM_SEED` (1) on, each a module; and a list of their types.
fn compile_random_files() -> Result<(), Box<dyn Error>> {
    let number = |name: &str, default: u64| {
        println!("cargo::rerun-if-env-changed={name}");
        env::var(name).map_or(Ok(default), |text| text.parse())
    };
    let (first, count) = (number("ONC_RANDOM_SEED", 1)?, number("ONC_RANDOM_FILES", 4)?);
    println!("cargo::rerun-if-changed=build.rs");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR: this is a build script")?);
    let (mut modules, mut checks) = (String::new(), String::new());
    for seed in first..first + count {
        let file = random_files::random_file(seed);
        let path = folder.join(format!("random_{seed}.x"));
        fs::write(&path, &file.text)?;
        fs::write(folder.join(&file.included.0), &file.included.1)?;
        let rust = xdrgen::configure().serde(file.serde).compile_str(&path, &file.text)?;
        fs::write(folder.join(format!("random_{seed}.rs")), rust)?;
        writeln!(modules, "pub mod random_{seed} {{ include!(concat!(env!(\"OUT_DIR\"), \"/random_{seed}.rs\")); }}")?;
        for name in file.types {
            writeln!(checks, "    round_trip::<random_{seed}::{name}>({seed}, \"{name}\");")?;
            if file.serde {
                writeln!(checks, "    round_trip_as_json::<random_{seed}::{name}>({seed}, \"{name}\");")?;
            }
        }
    }
    fs::write(folder.join("random.rs"), format!("{modules}\nfn round_trips() {{\n{checks}}}\n"))?;
    Ok(())
}
