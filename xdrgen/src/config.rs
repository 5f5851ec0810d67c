//! How a `.x` file is to be compiled, as the caller says it.

use std::path::PathBuf;

use crate::{
    Error,
    generate::{Services, Settings, parse_attributes},
    model::Integer,
    options::{IncludeMode, Options, PathOptions},
};

/// How `.x` files are compiled. Made by [`configure`](crate::configure).
///
/// ```no_run
/// use xdrgen::Choice;
///
/// fn main() -> Result<(), xdrgen::Error> {
///     xdrgen::configure()
///         .include_path("proto")
///         .extern_type("mode", "crate::Mode")
///         .with("nfsstat3", Choice::Open)
///         .with("entry3.name", Choice::Bytes)
///         .with("NFS_PROGRAM.NFS_V3.NFSPROC3_GETATTR", Choice::Idempotent)
///         .with("*", Choice::derive("Hash"))
///         .compile(["proto/nfs3.x", "proto/mount.x"])
/// }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is compiled until `compile` is called"]
pub struct Config {
    pub(crate) options: Options,
    pub(crate) settings: Settings,
    pub(crate) out_dir: Option<PathBuf>,
}

/// What becomes of an included `.x` file. See [`Config::includes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Includes {
    /// Its definitions are generated as if they stood in the including file.
    #[default]
    Inline,
    /// It is compiled on its own, too, and the code refers to `super::its_name::…`: the modules of both stand side by side.
    Use,
}

/// What can be said of one type, field or procedure. See [`Config::with`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// Of an enum: it is a number with named values, and keeps those that it does not know.
    ///
    /// Otherwise an unknown value is an error when it is decoded, and the enum is a Rust enum.
    Open,
    /// Of a `string`, or of all those in a type: it is `Bytes`, and need not be UTF-8.
    Bytes,
    /// Of a field: it is in a `Box`.
    ///
    /// What would make a type infinite is in one anyway. This makes large variants small.
    Boxed,
    /// Of a procedure: a call may be sent again after its connection was lost, since executing it twice does no harm.
    Idempotent,
    /// Of an integer: it is another one in Rust, of the same size on the wire. For C's habit of `unsigned` flags in an
    /// `int`.
    Integer(Integer),
    /// Of a type or a field: an attribute before it, as Rust source: `#[non_exhaustive]`, `#[derive(Hash)]`.
    ///
    /// Traits that are derived anyway may be named again.
    Attribute(String),
}

impl Choice {
    /// `#[derive(…)]` of these traits, separated by commas.
    pub fn derive(traits: impl AsRef<str>) -> Self {
        Self::Attribute(format!("#[derive({})]", traits.as_ref()))
    }

    /// [`Choice::Attribute`] from anything that is text.
    pub fn attribute(source: impl Into<String>) -> Self {
        Self::Attribute(source.into())
    }
}

impl Config {
    /// The folder to write to. Default: the environment's `OUT_DIR`, which cargo sets for build scripts.
    ///
    /// ```
    /// let folder = std::env::temp_dir().join(format!("out-dir-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # std::fs::write(folder.join("calc.x"), "const ANSWER = 42;").unwrap();
    /// xdrgen::configure().out_dir(folder.join("src")).compile([folder.join("calc.x")])?;
    /// assert!(folder.join("src/calc.rs").exists());
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Another folder to look in for `#include`, after that of the including file. May be given several times.
    ///
    /// ```
    /// let config = xdrgen::configure().include_path("proto/common").include_path("/usr/include/rpcsvc");
    /// let error = config.compile_str("calc.x", "#include \"units.x\"").expect_err("it is in neither");
    /// assert!(error.to_string().contains("looked in"));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn include_path(mut self, folder: impl Into<PathBuf>) -> Self {
        self.options.include_paths.push(folder.into());
        self
    }

    /// Defines a symbol for `#if` and `#ifdef`, as `-D` does for `cpp`: `NAME` (as 1) or `NAME=TEXT`.
    ///
    /// `RPC_HDR` is defined already, as in the pass of rpcgen that makes the header.
    ///
    /// ```
    /// let source = "typedef string name<NAME_LENGTH>;
    ///     #ifdef WITH_TIMES
    ///     typedef hyper time;
    ///     #endif";
    /// let rust = xdrgen::configure().define("NAME_LENGTH=255").define("WITH_TIMES").compile_str("a.x", source)?;
    /// assert!(rust.contains("pub type Time = i64;"));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn define(mut self, symbol: impl AsRef<str>) -> Self {
        let (name, text) = match symbol.as_ref().split_once('=') {
            Some((name, text)) => (name, Some(text.to_owned())),
            None => (symbol.as_ref(), None),
        };
        self.options.defines.push((name.trim().to_owned(), text));
        self
    }

    /// What becomes of an included `.x` file. Default: [`Includes::Inline`].
    ///
    /// ```
    /// use xdrgen::Includes;
    ///
    /// # let folder = std::env::temp_dir().join(format!("includes-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # std::fs::write(folder.join("units.x"), "typedef hyper metres;").unwrap();
    /// # let map = folder.join("map.x");
    /// let source = "#include \"units.x\"
    ///     struct point { metres x; metres y; };";
    /// let rust = xdrgen::configure().includes(Includes::Use).compile_str(map, source)?;
    /// assert!(rust.contains("pub x: super::units::Metres"));
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn includes(mut self, includes: Includes) -> Self {
        self.options.includes = match includes {
            Includes::Inline => IncludeMode::Inline,
            Includes::Use => IncludeMode::Use,
        };
        self
    }

    /// The Rust type for a name that no `.x` file defines; C files get such types from headers.
    ///
    /// The path has to be good in any module: `crate::Mode`, `::some_crate::Mode`, `u32`; one that starts with `super` counts
    /// from the module that includes the generated code. The type has to implement `Xdr`, `Clone`, `Debug` and
    /// `PartialEq`, and both of serde's traits with [`serde`](Self::serde).
    ///
    /// ```
    /// let config = xdrgen::configure().extern_type("mode", "crate::Mode");
    /// let rust = config.compile_str("a.x", "struct file { mode access; };")?;
    /// assert!(rust.contains("pub access: crate::Mode"));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn extern_type(mut self, name: impl Into<String>, rust: impl Into<String>) -> Self {
        self.options.extern_types.insert(name.into(), rust.into());
        self
    }

    /// A symbol that becomes a feature of the crate: what stands between `#ifdef SYMBOL` and `#endif` is generated with
    /// `#[cfg(feature = "SYMBOL")]`. That may be definitions, fields of structs, members of enums and arms of unions. May be
    /// given several times.
    ///
    /// ```
    /// let source = "struct file { int size;
    ///     #ifdef CHECKSUMS
    ///     opaque checksum[32];
    ///     #endif
    ///     };";
    /// let rust = xdrgen::configure().feature("CHECKSUMS").compile_str("a.x", source)?;
    /// assert!(rust.contains("#[cfg(feature = \"CHECKSUMS\")]"));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn feature(mut self, symbol: impl Into<String>) -> Self {
        self.options.features.push(symbol.into());
        self
    }

    /// Says something of a type, a field or a procedure by its path in the file.
    ///
    /// A path is names as the file has them, joined by dots: `fattr3`, `fattr3.size`, `CALC_PROG.CALC_V1.ADD`, with a namespace
    /// `stellar::Price.n`; `*` is everything that the choice fits. A path that no file has is an error.
    ///
    /// ```
    /// use xdrgen::Choice;
    ///
    /// let source = "enum colour { RED, BLUE };
    ///     struct paint { colour of; string maker<>; };
    ///     program SHOP { version V1 { paint LOOK(int) = 1; } = 1; } = 0x20000001;";
    /// let rust = xdrgen::configure()
    ///     .with("colour", Choice::Open)
    ///     .with("paint.maker", Choice::Bytes)
    ///     .with("SHOP.V1.LOOK", Choice::Idempotent)
    ///     .with("*", Choice::derive("Hash"))
    ///     .compile_str("shop.x", source)?;
    /// assert!(rust.contains("pub struct Colour("));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn with(mut self, path: impl Into<String>, choice: Choice) -> Self {
        let mut options = PathOptions::default();
        match choice {
            Choice::Open => options.open = true,
            Choice::Bytes => options.bytes = true,
            Choice::Boxed => options.boxed = true,
            Choice::Idempotent => options.idempotent = true,
            Choice::Integer(integer) => options.integer = Some(integer),
            Choice::Attribute(source) => options.attributes.push(source),
        }
        self.options.paths.push((path.into(), options));
        self
    }

    /// Names stay as the file spells them, wherever Rust allows it. Default: they get Rust's case.
    ///
    /// ```
    /// let source = "struct file_info { int fileSize; };";
    /// assert!(xdrgen::configure().compile_str("a.x", source)?.contains("pub struct FileInfo"));
    /// assert!(xdrgen::configure().keep_names(true).compile_str("a.x", source)?.contains("pub fileSize: i32"));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn keep_names(mut self, keep: bool) -> Self {
        self.settings.keep_names = keep;
        self
    }

    /// Types have `serde::Serialize` and `serde::Deserialize`. Default: they do not. The crate has to depend on `serde` with its
    /// feature `derive`, and on `onc-runtime` with its feature `serde`.
    ///
    /// JSON is then as the file speaks: structs are objects with the file's names; enums are the names of their values, of
    /// those that [`Choice::Open`] keeps also the number; opaque data is a string of hexadecimal digits; a union is an object
    /// with the discriminant and the arm's field, `{"status": "NFS3_OK", "resok": {…}}`; a list is an array; numbers that JSON does not have
    /// are `"NaN"`, `"Infinity"` and `"-Infinity"`; what a pointer to a pointer points to is in an array, `null` or `[null]`. The
    /// command `onc` reads and writes the same.
    ///
    /// ```
    /// let rust = xdrgen::configure().serde(true).compile_str("a.x", "struct file { opaque handle[8]; };")?;
    /// assert!(rust.contains("::onc_runtime::serde::Hex"));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn serde(mut self, derive: bool) -> Self {
        self.settings.serde = derive;
        self
    }

    /// Where the runtime is. Default: `::onc_runtime`. For crates that re-export it: `::my_crate::onc_runtime`.
    ///
    /// ```
    /// let config = xdrgen::configure().runtime_path("::my_crate::onc_runtime");
    /// let rust = config.compile_str("a.x", "struct file { opaque content<>; };")?;
    /// assert!(rust.contains("pub content: ::my_crate::onc_runtime::Bytes"));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn runtime_path(mut self, path: impl Into<String>) -> Self {
        self.settings.runtime_path = path.into();
        self
    }

    /// Which sides of a program are generated. Default: clients and servers.
    ///
    /// ```
    /// use xdrgen::Services;
    ///
    /// let source = "program SHOP { version V1 { int LOOK(int) = 1; } = 1; } = 0x20000001;";
    /// let rust = xdrgen::configure().services(Services::Client).compile_str("shop.x", source)?;
    /// assert!(rust.contains("pub struct V1Client") && !rust.contains("pub trait V1"));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn services(mut self, services: Services) -> Self {
        self.settings.services = services;
        self
    }

    /// Lists the file's `%` lines at the head of the generated file. Default: they are left out.
    ///
    /// ```
    /// let rust = xdrgen::configure().list_passthrough(true).compile_str("a.x", "%#include \"limits.h\"")?;
    /// assert!(rust.contains("// #include \"limits.h\""));
    /// # Ok::<(), xdrgen::Error>(())
    /// ```
    pub fn list_passthrough(mut self, list: bool) -> Self {
        self.settings.list_passthrough = list;
        self
    }

    /// Refuses what is no Rust before it is put into Rust.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if let Err(error) = syn::parse_str::<syn::Path>(&self.settings.runtime_path) {
            return Err(Error::misuse(format!("`runtime_path({:?})` is no path: {error}", self.settings.runtime_path)));
        }
        for (name, path) in &self.options.extern_types {
            if let Err(error) = syn::parse_str::<syn::Type>(path) {
                return Err(Error::misuse(format!("`extern_type({name:?}, {path:?})` names no Rust type: {error}")));
            }
        }
        for (path, options) in &self.options.paths {
            for source in &options.attributes {
                validate_attribute(path, source)?;
            }
        }
        for (name, _) in &self.options.defines {
            let mut chars = name.chars();
            let is_name = chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
                && chars.all(|rest| rest.is_ascii_alphanumeric() || rest == '_');
            if !is_name {
                return Err(Error::misuse(format!("`define({name:?})` does not start with a name: write `NAME=TEXT`")));
            }
        }
        Ok(())
    }
}

fn validate_attribute(path: &str, source: &str) -> Result<(), Error> {
    match parse_attributes(source) {
        Ok(attributes) if !attributes.is_empty() => Ok(()),
        Ok(_) => Err(Error::misuse(format!("the attribute for `{path}` is empty"))),
        Err(error) => Err(Error::misuse(format!(
            "`{source}`, to be put before `{path}`, is no attribute: {error}\nwrite it as in Rust: `#[non_exhaustive]`"
        ))),
    }
}
