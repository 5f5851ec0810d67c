//! What good files become.

mod docs;
mod model;
mod preprocessor;
mod wishes;

use std::path::Path;

use super::load_source;
use crate::{Config, configure, model::Model};

/// The model of `source`, which nothing is to be said of.
fn model(source: &str) -> Model {
    model_with(&configure(), source)
}

/// As [`model`], configured.
fn model_with(config: &Config, source: &str) -> Model {
    let loaded = load_source(Path::new("proto/calc.x"), source, &config.options);
    let loaded = loaded.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(loaded.warnings.render(false), "", "there is nothing to warn of");
    loaded.model
}
