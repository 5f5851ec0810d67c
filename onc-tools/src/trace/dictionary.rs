//! What numbers and bytes mean, by `.x` files.

use std::collections::HashMap;

use onc_runtime::portmap::ProgramNames;
use onc_runtime::rpc::AuthFlavour;
use serde_json::Value;
use xdrgen::model::{Model, Procedure};

use crate::dynamic::{Decoded, ValueError, decode, decode_arguments};

use super::event::{Exchange, Message};

/// The programs of some `.x` files, and the names of others.
#[derive(Debug)]
pub struct Dictionary {
    models: Vec<Model>,
    /// Where in `models` a program's version and a procedure of it are.
    procedures: HashMap<(u32, u32, u32), Place>,
    /// Which version of which program is there at all.
    versions: HashMap<(u32, u32), String>,
    names: ProgramNames,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    model: usize,
    program: usize,
    version: usize,
    procedure: usize,
}

/// Arguments or results.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// There is nothing to know them by.
    Unknown,
    /// Not all of it was captured.
    Incomplete,
    /// What they say.
    Value(Value),
    /// They are not what the `.x` file says, though it may be clear what they mean.
    Wrong(Option<Value>, String),
}

impl Dictionary {
    /// The programs of these models, and names for all others. Of a procedure that several models have, the first counts.
    #[must_use]
    pub fn new(models: Vec<Model>, names: ProgramNames) -> Self {
        let (mut procedures, mut versions) = (HashMap::new(), HashMap::new());
        for (at, model) in models.iter().enumerate() {
            for (program, one) in model.programs.iter().enumerate() {
                for (version, of) in one.versions.iter().enumerate() {
                    let (Ok(program_number), Ok(version_number)) =
                        (u32::try_from(one.number.value), u32::try_from(of.number.value))
                    else {
                        continue;
                    };
                    versions.entry((program_number, version_number)).or_insert_with(|| one.name.ident.clone());
                    for (procedure, the) in of.procedures.iter().enumerate() {
                        if let Ok(number) = u32::try_from(the.number.value) {
                            let place = Place { model: at, program, version, procedure };
                            procedures.entry((program_number, version_number, number)).or_insert(place);
                        }
                    }
                }
            }
        }
        Self { models, procedures, versions, names }
    }

    /// A program's name, from a `.x` file or as this host knows it.
    pub(super) fn program(&self, program: u32, version: u32) -> Option<&str> {
        self.versions.get(&(program, version)).map(String::as_str).or_else(|| self.names.name(program))
    }

    /// A procedure's name.
    pub(super) fn procedure(&self, program: u32, version: u32, procedure: u32) -> Option<&str> {
        match self.find(program, version, procedure) {
            Some((_, found)) => Some(&found.name),
            // RFC 5531 §12.1: procedure 0 of every program does nothing.
            None if procedure == 0 => Some("NULL"),
            None => None,
        }
    }

    /// What the arguments of an exchange say.
    pub(super) fn arguments(&self, exchange: &Exchange) -> Body {
        let Some(call) = &exchange.call else { return Body::Unknown };
        self.body(exchange, &call.message, decode_arguments)
    }

    /// What the results of an exchange say.
    pub(super) fn results(&self, exchange: &Exchange) -> Body {
        let Some(reply) = exchange.reply.as_ref().filter(|reply| reply.success) else { return Body::Unknown };
        self.body(exchange, &reply.message, |model, procedure, bytes| decode(model, &procedure.result, bytes))
    }

    fn body(
        &self,
        exchange: &Exchange,
        message: &Message,
        decode: impl FnOnce(&Model, &Procedure, &[u8]) -> Result<Decoded, ValueError>,
    ) -> Body {
        let Some(call) = &exchange.call else { return Body::Unknown };
        // RPCSEC_GSS may have sealed them.
        if call.flavour == AuthFlavour::GSS {
            return Body::Unknown;
        }
        let Some((model, procedure)) = self.find(call.program, call.version, call.procedure) else {
            return Body::Unknown;
        };
        if !message.is_complete() {
            return Body::Incomplete;
        }
        match decode(model, procedure, message.body()) {
            Ok(Decoded { value, flaw: None }) => Body::Value(value),
            Ok(Decoded { value, flaw: Some(flaw) }) => Body::Wrong(Some(value), flaw.to_string()),
            Err(error) => Body::Wrong(None, error.to_string()),
        }
    }

    fn find(&self, program: u32, version: u32, procedure: u32) -> Option<(&Model, &Procedure)> {
        let place = self.procedures.get(&(program, version, procedure))?;
        let model = self.models.get(place.model)?;
        let version = model.programs.get(place.program)?.versions.get(place.version)?;
        Some((model, version.procedures.get(place.procedure)?))
    }
}
