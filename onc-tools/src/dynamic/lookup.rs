//! Finding procedures and types by name.

use std::fmt;

use xdrgen::model::{Model, Procedure, Program, Type, TypeId, Version};

use super::encode::whole;

/// A procedure and where it was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Its program.
    pub program: &'a Program,
    /// Its version.
    pub version: &'a Version,
    /// The procedure.
    pub procedure: &'a Procedure,
}

/// Why nothing was found.
#[derive(Debug)]
#[non_exhaustive]
pub enum LookupError {
    /// There is no such thing; these there are.
    Unknown {
        /// What kind of thing: "procedure".
        what: &'static str,
        /// What was looked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// There are several; each as it has to be said.
    Ambiguous {
        /// What was looked for.
        name: String,
        /// How to say which.
        candidates: Vec<String>,
    },
}

/// How many names a message lists.
const LISTED: usize = 12;

/// How like a name must be to have been meant: 1 is the same, 0 has nothing in common.
const LIKE: f64 = 0.6;

/// The procedures of the program and version, if these are given by name or number; of all without.
pub fn procedures<'a>(
    model: &'a Model,
    program: Option<&str>,
    version: Option<&str>,
) -> impl Iterator<Item = Found<'a>> {
    versions(model, program, version).flat_map(|(program, version)| {
        version.procedures.iter().map(move |procedure| Found { program, version, procedure })
    })
}

/// Finds a procedure by its name or number, among those of the program and version if these are given by name or number.
/// Of several versions that have it the highest is taken; of several programs none.
///
/// # Errors
///
/// There is none, or there are several.
pub fn find_procedure<'a>(
    model: &'a Model,
    name: &str,
    program: Option<&str>,
    version: Option<&str>,
) -> Result<Found<'a>, LookupError> {
    let programs = || programs(model, program);
    let numbered = |name: &str, number: i128| format!("{name} ({number})");
    match (program, version) {
        (Some(wanted), _) if programs().next().is_none() => {
            let known = model.programs.iter().map(|of| numbered(&of.name.ident, of.number.value));
            return Err(LookupError::unknown("program", wanted, known));
        }
        (_, Some(wanted)) if versions(model, program, version).next().is_none() => {
            let known = programs().flat_map(|of| &of.versions).map(|at| numbered(&at.name, at.number.value));
            return Err(LookupError::unknown("version", wanted, known));
        }
        _ => {}
    }
    let all = || procedures(model, program, version);
    let is_it = |found: &Found<'_>| is(Some(name), &found.procedure.name, found.procedure.number.value);
    let mut matches: Vec<Found<'a>> = all().filter(is_it).collect();
    matches.sort_by_key(|found| found.version.number.value);
    let Some(last) = matches.last().copied() else {
        return Err(LookupError::unknown("procedure", name, all().map(|found| found.procedure.name.clone())));
    };
    if matches.iter().any(|found| found.program.number.value != last.program.number.value) {
        let has = |program: &&Program| matches.iter().any(|found| std::ptr::eq(found.program, *program));
        let candidates = programs().filter(has).map(|program| format!("--prog {}", program.name.ident)).collect();
        return Err(LookupError::Ambiguous { name: name.into(), candidates });
    }
    Ok(last)
}

/// Finds a type by its name.
///
/// # Errors
///
/// There is none of that name.
pub fn find_type<'a>(model: &'a Model, name: &str) -> Result<(TypeId, &'a Type), LookupError> {
    let by = |is: fn(&str, &str) -> bool| model.types.iter().position(|named| is(&named.name.ident, name));
    match by(|own, name| own == name).or_else(|| by(same)) {
        Some(at) => Ok((TypeId(at), &model.types[at])),
        None => {
            let known = model.types.iter().map(|named| named.name.ident.clone());
            Err(LookupError::unknown("type", name, known))
        }
    }
}

fn programs<'a>(model: &'a Model, wanted: Option<&str>) -> impl Iterator<Item = &'a Program> {
    model.programs.iter().filter(move |program| is(wanted, &program.name.ident, program.number.value))
}

fn versions<'a>(
    model: &'a Model,
    program: Option<&str>,
    wanted: Option<&str>,
) -> impl Iterator<Item = (&'a Program, &'a Version)> {
    let all =
        programs(model, program).flat_map(|program| program.versions.iter().map(move |version| (program, version)));
    all.filter(move |(_, version)| is(wanted, &version.name, version.number.value))
}

/// Whether this is what is wanted by its name or its number, if anything is.
fn is(wanted: Option<&str>, name: &str, number: i128) -> bool {
    wanted.is_none_or(|wanted| same(wanted, name) || whole(wanted) == Some(number))
}

/// Whether a name is meant, in whatever case it was written.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

impl LookupError {
    pub(super) fn unknown(what: &'static str, name: &str, all: impl Iterator<Item = String>) -> Self {
        let mut known: Vec<String> = Vec::new();
        for one in all {
            if !known.contains(&one) {
                known.push(one);
            }
        }
        Self::Unknown { what, name: name.into(), known }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { what, name, known } => {
                write!(f, "there is no {what} {name:?}")?;
                let likeness = |one: &str| {
                    strsim::normalized_damerau_levenshtein(&one.to_ascii_lowercase(), &name.to_ascii_lowercase())
                };
                let nearest = known.iter().map(|one| (likeness(one), one)).max_by(|one, two| one.0.total_cmp(&two.0));
                match nearest {
                    None => write!(f, "; the file has none"),
                    Some((like, one)) if like >= LIKE => write!(f, "; did you mean {one}?"),
                    _ if known.len() <= LISTED => write!(f, "; there are {}", known.join(", ")),
                    _ => {
                        let more = known.len() - LISTED;
                        write!(f, "; there are {} and {more} more", known[..LISTED].join(", "))
                    }
                }
            }
            Self::Ambiguous { name, candidates } => {
                write!(f, "there are several {name:?}; say which: {}", candidates.join(" or "))
            }
        }
    }
}

impl std::error::Error for LookupError {}
