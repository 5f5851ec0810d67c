//! Random `.x` files that are right: every construct in any combination, the same for the same seed.
//!
//! Part of the build script, so that what becomes of them is compiled with the tests.

use std::fmt::Write;

/// A `.x` file, and what to check of it.
pub(crate) struct RandomFile {
    /// Its text.
    pub(crate) text: String,
    /// The file that it includes: its name and its text.
    pub(crate) included: (String, String),
    /// The Rust names of its enums, structs and unions. Four times zero for each of their words is a value of each.
    pub(crate) types: Vec<String>,
    /// Its types are to be written as JSON, too.
    pub(crate) serde: bool,
}

/// The file that `seed` stands for.
pub(crate) fn random_file(seed: u64) -> RandomFile {
    let mut file = Writer { random: Random(seed), ..Writer::default() };
    file.line("#ifndef SHARED\n#define SHARED\nconst SHARED_FEW = 2;");
    file.enumeration("Sort".to_owned());
    file.structure_named("Shared");
    file.line("#endif");
    let included = (format!("random_{seed}_shared.x"), std::mem::take(&mut file.text));

    file.constants();
    // Twice: the second time its guard leaves nothing of it.
    file.line(&format!("#include \"{0}\"\n#include \"{0}\"", included.0));
    for number in 0..24 {
        match number {
            7 | 16 => file.open_namespace(),
            11 | 19 => file.close_namespace(),
            _ => {}
        }
        file.definition(number);
    }
    file.pragmas();
    file.program();
    RandomFile { text: file.text, included, types: file.types, serde: seed.is_multiple_of(2) }
}

/// Names that Rust keeps for itself, or has in every scope.
const DELICATE_FIELDS: [&str; 10] = ["type", "match", "self", "crate", "gen", "fn", "async", "loop", "value", "Self"];
const DELICATE_TYPES: [&str; 7] = ["Option", "Box", "Vec", "Result", "Some", "Default", "From"];

/// How many words a type may take when it is used in another.
const MOST_WORDS: u32 = 60;

#[derive(Default)]
struct Random(u64);

impl Random {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap_or(0)
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(u32::try_from(choices.len()).unwrap_or(1)) as usize]
    }
}

#[derive(Default)]
struct Writer {
    random: Random,
    text: String,
    types: Vec<String>,
    /// What a later definition may use, and the words it takes with no more than it must.
    usable: Vec<(String, u32)>,
    enums: Vec<(String, Vec<String>)>,
    /// What definitions have before their names for those outside: `inner::`, or nothing.
    namespace: &'static str,
    /// Enums without a name so far.
    unnamed: u32,
}

impl Writer {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn constants(&mut self) {
        self.line("%#include <nowhere.h>\n/* Bounds. */\nconst FEW = 3;\n#define SOME_MORE (FEW + 0x4)\nconst BIG = 0x1ffffffff;");
        self.line("const BELOW = -2;\n#ifdef NEVER_DEFINED\nthis is not read;\n#endif");
        self.line("const LAST_PROCEDURE = STORE;\nenum versions { NEWEST = RANDOM_V2 };");
    }

    fn definition(&mut self, number: u32) {
        let kind = self.random.below(10);
        let delicate = number % 5 == 4;
        let name = match DELICATE_TYPES.get(number as usize / 5).filter(|_| delicate) {
            Some(name) => (*name).to_owned(),
            None => format!("{}{number}", self.random.one_of(&["Item", "Record", "Thing", "Entry"])),
        };
        if number == 0 || kind == 0 {
            return self.enumeration(name);
        }
        let words = match kind {
            1..=2 => return self.alias(&name),
            3..=5 => self.union(&name),
            _ => self.structure(&name),
        };
        self.add_type(&name, words);
    }

    /// Remembers a type under the name that all can use, those within its namespace too.
    fn add_type(&mut self, name: &str, words: u32) {
        let path = format!("{}{name}", self.namespace);
        self.types.push(path.clone());
        self.usable.push((path, words));
    }

    fn open_namespace(&mut self) {
        self.line("namespace inner {");
        self.namespace = "inner::";
    }

    fn close_namespace(&mut self) {
        self.line("}");
        self.namespace = "";
    }

    /// Of the Linux kernel's generator.
    fn pragmas(&mut self) {
        let types: Vec<String> = self.types.iter().filter(|name| !name.contains("::")).cloned().collect();
        self.line("pragma header random;");
        for name in types.iter().take(3) {
            self.line(&format!("pragma public {name};"));
        }
    }

    fn structure_named(&mut self, name: &str) {
        let words = self.structure(name);
        self.add_type(name, words);
    }

    fn enumeration(&mut self, name: String) {
        let prefix = name.to_uppercase();
        let count = 1 + self.random.below(5);
        let members: Vec<String> = (0..count).map(|at| format!("{prefix}_M{at}")).collect();
        self.line(&format!("enum {name} {{"));
        for (at, member) in members.iter().enumerate() {
            // The first is zero; one in four is named by an expression.
            let value = match (at, self.random.below(4)) {
                (0, _) => " = 0".to_owned(),
                (_, 0) => format!(" = FEW * {at} + 1"),
                (_, 1) => format!(" = 0x{:x}", at * 50),
                _ => format!(" = -{at}"),
            };
            let comma = if at + 1 < members.len() { "," } else { "" };
            self.line(&format!("    {member}{value}{comma} // number {at}"));
        }
        self.line("};");
        self.add_type(&name, 1);
        self.enums.push((format!("{}{name}", self.namespace), members));
    }

    fn alias(&mut self, name: &str) {
        let (declaration, words) = self.declaration(name);
        self.line(&format!("typedef {declaration};"));
        self.usable.push((format!("{}{name}", self.namespace), words));
    }

    fn structure(&mut self, name: &str) -> u32 {
        self.line(&format!("/* What {name} is for. */\nstruct {name} {{"));
        let mut words = self.fields(1);
        match self.random.below(4) {
            0 => self.line(&format!("    {name} *next;")),
            1 => {
                self.line(&format!("    {name} *left;\n    {name} *right;"));
                words += 1;
            }
            2 => self.line(&format!("    {name} children<FEW>;")),
            _ => {}
        }
        self.line("};");
        words + 1
    }

    /// Between one and five fields, bodies within `depth` bodies among them.
    fn fields(&mut self, depth: u32) -> u32 {
        let mut words = 0;
        for at in 0..=self.random.below(5) {
            let field = if self.random.below(4) == 0 && at == 0 {
                self.random.one_of(&DELICATE_FIELDS).to_owned()
            } else {
                format!("field_{}", ["a", "b", "c", "d", "e"][at as usize])
            };
            if depth < 3 && self.random.below(6) == 0 {
                words += self.body(&field, depth + 1);
                continue;
            }
            let (declaration, more) = self.declaration(&field);
            words += more;
            self.line(&format!("    {declaration}; /* {field} */"));
        }
        words
    }

    /// The field `name` of a type that has none: a struct, a union or an enum.
    fn body(&mut self, name: &str, depth: u32) -> u32 {
        let words = match self.random.below(4) {
            0 => {
                self.unnamed += 1;
                self.line(&format!("    enum {{ UNNAMED_{0}_A = 0, UNNAMED_{0}_B = FEW }}", self.unnamed));
                1
            }
            1 => {
                self.line("    union switch (bool there) {\n    case TRUE:");
                let words = if depth < 3 { self.body("nested", depth + 1) } else { self.arm(0) };
                self.line("    default:\n        void;\n    }");
                words + 1
            }
            _ => {
                self.line("    struct {");
                let words = self.fields(depth);
                self.line("    }");
                words
            }
        };
        let (declarator, words) = match self.random.below(6) {
            0 => (format!("*{name}"), 1),
            1 => (format!("{name}<SHARED_FEW>"), 1),
            2 => (format!("{name}[SHARED_FEW]"), 2 * words),
            _ => (name.to_owned(), words),
        };
        self.line(&format!("    {declarator};"));
        words
    }

    fn union(&mut self, name: &str) -> u32 {
        let (discriminant, labels) = match self.random.below(4) {
            0 => ("bool".to_owned(), vec!["FALSE".to_owned(), "TRUE".to_owned()]),
            1 => ("int".to_owned(), ["0", "BELOW", "7", "-1"].map(str::to_owned).to_vec()),
            2 => ("unsigned int".to_owned(), ["0", "FEW", "0xffffffff"].map(str::to_owned).to_vec()),
            _ => {
                let at = self.random.below(u32::try_from(self.enums.len()).unwrap_or(1)) as usize;
                self.enums[at].clone()
            }
        };
        self.line(&format!("union {name} switch ({discriminant} which) {{"));
        let mut words = 0;
        let last = labels.len() - 1;
        for (at, label) in labels.iter().enumerate() {
            self.line(&format!("case {label}:"));
            if at == last || self.random.below(3) != 0 {
                words += self.arm(at);
            }
        }
        let closed = discriminant == "bool" || self.random.below(2) == 0;
        if !closed && !self.covers_all(&discriminant, labels.len()) {
            self.line("default:");
            words += self.arm(9);
        }
        self.line("};");
        words + 1
    }

    /// A `default` behind all members of an enum is never taken.
    fn covers_all(&self, discriminant: &str, labels: usize) -> bool {
        self.enums.iter().any(|(name, members)| name == discriminant && members.len() == labels)
    }

    fn arm(&mut self, at: usize) -> u32 {
        if self.random.below(3) == 0 {
            self.line("    void;");
            return 0;
        }
        let name = format!("arm_{at}");
        if self.random.below(6) == 0 {
            return self.body(&name, 2);
        }
        let (declaration, words) = self.declaration(&name);
        self.line(&format!("    {declaration};"));
        words
    }

    /// A declaration of `name`, and the words that it takes at least.
    fn declaration(&mut self, name: &str) -> (String, u32) {
        let bound = self.random.one_of(&["", "FEW", "5", "SOME_MORE", "010"]);
        let length = self.random.one_of(&["1", "2", "FEW"]);
        match self.random.below(9) {
            0 => (format!("string {name}<{bound}>"), 1),
            1 => (format!("opaque {name}<{bound}>"), 1),
            2 => (format!("opaque {name}[{length}]"), 1),
            3..=4 => {
                let (type_, words) = self.type_name();
                (format!("{type_} {name}"), words)
            }
            5 => (format!("{} *{name}", self.type_name().0), 1),
            6 => (format!("{} {name}<{bound}>", self.type_name().0), 1),
            7 => {
                let (type_, words) = self.type_name();
                (format!("{type_} {name}[{length}]"), 3 * words)
            }
            _ => (format!("{} {name}", self.scalar()), 2),
        }
    }

    fn scalar(&mut self) -> &'static str {
        self.random.one_of(&[
            "int",
            "unsigned",
            "unsigned int",
            "hyper",
            "unsigned hyper",
            "bool",
            "float",
            "double",
            "short",
            "u_short",
            "char",
            "unsigned char",
            "long",
            "uint64_t",
            "int32_t",
            "u_quad_t",
        ])
    }

    fn type_name(&mut self) -> (String, u32) {
        let small: Vec<&(String, u32)> = self.usable.iter().filter(|(_, words)| *words < MOST_WORDS).collect();
        let count = u32::try_from(small.len()).unwrap_or(1);
        let at = self.random.below(count + count / 2 + 1) as usize;
        match small.get(at) {
            Some(&named) => named.clone(),
            None => (self.scalar().to_owned(), 2),
        }
    }

    fn program(&mut self) {
        self.line("program RANDOM_PROGRAM {");
        for version in 1..=2 {
            self.line(&format!("    version RANDOM_V{version} {{"));
            for (at, name) in ["NULLPROC", "new", "connect", "clone", "STORE"].iter().enumerate() {
                let (result, argument) = (self.type_name().0, self.type_name().0);
                self.line(&match at {
                    0 => format!("        void {name}_{version}(void) = 0;"),
                    4 => format!("        {result} {name}({argument}, string, unsigned) = 4;"),
                    _ => format!("        {result} {name}({argument}) = {at};"),
                });
            }
            self.line(&format!("    }} = {version};"));
        }
        self.line("} = 0x20000099;");
    }
}
