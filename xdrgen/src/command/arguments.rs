//! Options that several commands have.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::{Choice, Config, Error, Includes, Integer, Services, configure};

/// How a file is read.
#[derive(Args, Debug)]
pub(super) struct Reading {
    /// Another folder to look in for #include.
    #[arg(short = 'I', long = "include-path", value_name = "DIR")]
    include_paths: Vec<PathBuf>,
    /// Define a symbol, as cpp does.
    #[arg(short = 'D', long = "define", value_name = "NAME[=TEXT]")]
    defines: Vec<String>,
    /// The Rust type for a name that no .x file defines.
    #[arg(long = "extern-type", value_name = "NAME=RUST")]
    extern_types: Vec<String>,
    /// Turn #ifdef SYMBOL into a feature of the crate.
    #[arg(long = "feature", value_name = "SYMBOL")]
    features: Vec<String>,
    /// What becomes of an included .x file.
    #[arg(long, value_enum, default_value_t = IncludesArgument::Inline)]
    includes: IncludesArgument,
}

/// What is generated.
#[derive(Args, Debug)]
pub(super) struct Generating {
    /// Keep names as the file spells them.
    #[arg(long)]
    keep_names: bool,
    /// Derive serde's traits.
    #[arg(long)]
    serde: bool,
    /// Which sides of a program to generate.
    #[arg(long, value_enum, default_value_t = ServicesArgument::Both)]
    services: ServicesArgument,
    /// Where the runtime is.
    #[arg(long, value_name = "RUST", default_value = "::onc_runtime")]
    runtime_path: String,
    /// List the file's % lines at the head of the generated file.
    #[arg(long)]
    list_passthrough: bool,
    /// Say something of an item by its path in the file: PATH=open, bytes, boxed, idempotent, an integer such as u32, or an
    /// attribute such as '#[non_exhaustive]'.
    #[arg(long = "with", value_name = "PATH=CHOICE")]
    choices: Vec<String>,
}

/// [`Includes`] on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum IncludesArgument {
    /// Its definitions are generated with the file's own.
    Inline,
    /// The code refers to its module.
    Use,
}

/// [`Services`] on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ServicesArgument {
    Both,
    Client,
    Server,
    /// Types and constants only.
    None,
}

impl Reading {
    /// A configuration that reads so.
    pub(super) fn config(&self) -> Result<Config, Error> {
        let mut config = configure().includes(match self.includes {
            IncludesArgument::Inline => Includes::Inline,
            IncludesArgument::Use => Includes::Use,
        });
        config = self.include_paths.iter().fold(config, Config::include_path);
        config = self.defines.iter().fold(config, Config::define);
        config = self.features.iter().fold(config, Config::feature);
        for text in &self.extern_types {
            let (name, rust) = pair("--extern-type", text)?;
            config = config.extern_type(name, rust);
        }
        Ok(config)
    }
}

impl Generating {
    /// `config`, generating so.
    pub(super) fn apply(&self, config: Config) -> Result<Config, Error> {
        let mut config = config
            .keep_names(self.keep_names)
            .serde(self.serde)
            .runtime_path(&self.runtime_path)
            .list_passthrough(self.list_passthrough)
            .services(match self.services {
                ServicesArgument::Both => Services::Both,
                ServicesArgument::Client => Services::Client,
                ServicesArgument::Server => Services::Server,
                ServicesArgument::None => Services::None,
            });
        for text in &self.choices {
            let (path, choice) = pair("--with", text)?;
            config = config.with(path, parse_choice(choice)?);
        }
        Ok(config)
    }
}

fn pair<'t>(option: &str, text: &'t str) -> Result<(&'t str, &'t str), Error> {
    let pair = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    pair.ok_or_else(|| Error::misuse(format!("`{option} {text}` has no `=` between two parts")))
}

fn parse_choice(text: &str) -> Result<Choice, Error> {
    Ok(match text {
        "open" => Choice::Open,
        "bytes" => Choice::Bytes,
        "boxed" => Choice::Boxed,
        "idempotent" => Choice::Idempotent,
        "i8" => Choice::Integer(Integer::I8),
        "u8" => Choice::Integer(Integer::U8),
        "i16" => Choice::Integer(Integer::I16),
        "u16" => Choice::Integer(Integer::U16),
        "i32" => Choice::Integer(Integer::I32),
        "u32" => Choice::Integer(Integer::U32),
        "i64" => Choice::Integer(Integer::I64),
        "u64" => Choice::Integer(Integer::U64),
        attribute if attribute.starts_with('#') => Choice::attribute(attribute),
        _ => {
            return Err(Error::misuse(format!(
                "`--with` does not know `{text}`: open, bytes, boxed, idempotent, an integer such as u32, or an attribute \
                 such as #[non_exhaustive]"
            )));
        }
    })
}
