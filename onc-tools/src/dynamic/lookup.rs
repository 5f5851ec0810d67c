//! Finding procedures and types by name.

use std::fmt;

use xdrgen::model::{Model, Procedure, Program, Type, Version};

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
    let is = |wanted: Option<&str>, name: &str, number: i128| {
        wanted.is_none_or(|wanted| wanted == name || wanted.parse() == Ok(number))
    };
    let all = || {
        let versions =
            model.programs.iter().flat_map(|program| program.versions.iter().map(move |version| (program, version)));
        versions
            .filter(|(of, at)| is(program, &of.name.ident, of.number.value) && is(version, &at.name, at.number.value))
            .flat_map(|(program, version)| {
                version.procedures.iter().map(move |procedure| Found { program, version, procedure })
            })
    };
    let same = |found: &Found<'_>| {
        let own = &found.procedure.name;
        own == name || own.eq_ignore_ascii_case(name) || name.parse() == Ok(found.procedure.number.value)
    };
    let mut matches: Vec<Found<'a>> = all().filter(same).collect();
    matches.sort_by_key(|found| found.version.number.value);
    let Some(last) = matches.last().copied() else {
        let mut known: Vec<String> = Vec::new();
        for found in all() {
            if !known.contains(&found.procedure.name) {
                known.push(found.procedure.name.clone());
            }
        }
        return Err(LookupError::Unknown { name: name.into(), known });
    };
    if matches.iter().any(|found| found.program.number.value != last.program.number.value) {
        let candidates = matches.iter().map(|found| format!("--prog {}", found.program.name.ident)).collect();
        return Err(LookupError::Ambiguous { name: name.into(), candidates });
    }
    Ok(last)
}

/// Finds a type by its name.
///
/// # Errors
///
/// There is none of that name.
pub fn find_type<'a>(model: &'a Model, name: &str) -> Result<(xdrgen::model::TypeId, &'a Type), LookupError> {
    let found = model.types.iter().position(|named| named.name.ident == name);
    match found {
        Some(at) => Ok((xdrgen::model::TypeId(at), &model.types[at])),
        None => Err(LookupError::Unknown {
            name: name.into(),
            known: model.types.iter().map(|named| named.name.ident.clone()).collect(),
        }),
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, known } if known.is_empty() => write!(f, "there is no {name:?}, nor anything else"),
            Self::Unknown { name, known } => write!(f, "there is no {name:?}; there are {}", known.join(", ")),
            Self::Ambiguous { name, candidates } => {
                write!(f, "there are several {name:?}; say which: {}", candidates.join(" or "))
            }
        }
    }
}

impl std::error::Error for LookupError {}
