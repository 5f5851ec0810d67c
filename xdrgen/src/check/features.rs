//! What a feature guards is there or not: what is there without it must not need it.

use super::Checker;
use crate::{
    ast::Enumerator,
    diagnostics::Diagnostic,
    model::{Field, Member, Model, Name, Number, Shape, Symbol, TypeId, TypeKind},
    source::Span,
};

impl Checker<'_, '_> {
    /// The feature of a part of `id` by its name, unless it is that of the whole.
    pub(super) fn own_feature(&self, id: TypeId, feature: Option<u16>) -> Option<String> {
        if feature == self.types[id.0].feature { None } else { self.feature(feature) }
    }

    /// Numbers and names of an enum are the same with and without a feature.
    pub(super) fn check_guarded_members(&mut self, id: TypeId, members: &[Enumerator], all: &[Member]) {
        if all.iter().all(|member| member.feature.is_none()) {
            return;
        }
        if all.iter().all(|member| member.feature.is_some()) {
            let span = self.type_span(id);
            self.error(
                Diagnostic::error("feature-enum", "without its features this enum has no members")
                    .at(span, "")
                    .help("let the `#ifdef` guard the whole enum"),
            );
        }
        for (at, (member, known)) in members.iter().zip(all).enumerate() {
            if let Some(before) = at.checked_sub(1)
                && member.value.is_none()
                && let Some(feature) = all[before].feature.as_ref().filter(|its| known.feature.as_ref() != Some(its))
            {
                let (name, value) = (&known.name, known.value);
                self.error(
                    Diagnostic::error(
                        "feature-number",
                        format!("the number of `{name}` depends on feature `{feature}`"),
                    )
                    .at(member.name.span, "one more than the member before it")
                    .at(members[before].name.span, "which is not always there")
                    .help(format!("give it its number: `{name} = {value}`")),
                );
            }
            if let Some(original) = known.alias_of
                && all[original].feature.is_some()
                && all[original].feature != known.feature
            {
                self.error(
                    Diagnostic::error(
                        "feature-number",
                        format!("`{}` has a number that is not always free", known.name),
                    )
                    .at(member.name.span, "")
                    .at(members[original].name.span, "with this feature it is the number of this")
                    .help("put the one without a feature first"),
                );
            }
        }
    }

    /// Finds what is always there, or with one feature, and uses what is there only with another.
    pub(super) fn check_features(&mut self, model: &Model) {
        if self.options.features.is_empty() {
            return;
        }
        let mut wrong = Vec::new();
        for (at, type_) in model.types.iter().enumerate().filter(|(_, type_)| type_.module.is_none()) {
            let mut uses =
                Uses { model, feature: type_.feature.as_deref(), missing: &mut wrong, span: self.types[at].span };
            match &type_.kind {
                TypeKind::Struct(body) => body.fields.iter().for_each(|field| uses.field(field)),
                TypeKind::Union(body) => {
                    uses.shape(&body.discriminant_shape);
                    for arm in &body.arms {
                        let mut uses = uses.within(arm.feature.as_deref());
                        arm.cases.iter().for_each(|case| uses.number(case));
                        arm.field.iter().for_each(|field| uses.field(field));
                    }
                    if let Some(default) = &body.default {
                        let mut uses = uses.within(default.feature.as_deref());
                        default.field.iter().for_each(|field| uses.field(field));
                    }
                }
                TypeKind::Alias(shape) => uses.shape(shape),
                TypeKind::Enum(_) | TypeKind::Extern(_) => {}
            }
        }
        for constant in model.constants.iter().filter(|constant| constant.module.is_none()) {
            let span = self.constant_span(&constant.name);
            let mut uses = Uses { model, feature: constant.feature.as_deref(), missing: &mut wrong, span };
            constant.alias_of.iter().for_each(|original| uses.constant(original));
        }
        for (program, span) in model.programs.iter().zip(self.programs.iter().map(|one| one.program.name.span)) {
            let mut uses = Uses { model, feature: program.feature.as_deref(), missing: &mut wrong, span };
            uses.number(&program.number);
            for version in &program.versions {
                uses.number(&version.number);
                for procedure in &version.procedures {
                    uses.number(&procedure.number);
                    uses.shape(&procedure.result);
                    procedure.arguments.iter().for_each(|argument| uses.shape(&argument.shape));
                }
            }
        }
        for Missing { span, name, feature } in wrong {
            self.error(
                Diagnostic::error("feature-missing", format!("`{name}` is there only with feature `{feature}`"))
                    .at(span, "this is there without it, and needs it")
                    .help("let the same `#ifdef` guard both"),
            );
        }
    }

    fn constant_span(&self, name: &Name) -> Span {
        self.constants.iter().find(|one| one.name == *name).map(|one| one.span).unwrap_or_default()
    }
}

/// Something that is needed where it may not be.
struct Missing {
    span: Span,
    name: String,
    feature: String,
}

/// What the definition at `span`, or a part of it, uses.
struct Uses<'m, 'w> {
    model: &'m Model,
    /// The feature that it is there with.
    feature: Option<&'m str>,
    missing: &'w mut Vec<Missing>,
    span: Span,
}

impl<'m> Uses<'m, '_> {
    /// In a part that `feature` guards.
    fn within(&mut self, feature: Option<&'m str>) -> Uses<'m, '_> {
        Uses { model: self.model, feature: feature.or(self.feature), missing: self.missing, span: self.span }
    }

    fn field(&mut self, field: &'m Field) {
        self.within(field.feature.as_deref()).shape(&field.shape);
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::String { max: Some(number), .. } | Shape::Opaque(Some(number)) | Shape::FixedOpaque(number) => {
                self.number(number);
            }
            Shape::Array { item, length } => {
                self.number(length);
                self.shape(item);
            }
            Shape::Vector { item, max } => {
                max.iter().for_each(|max| self.number(max));
                self.shape(item);
            }
            Shape::Optional(item) => self.shape(item),
            Shape::List(id) | Shape::Chain(id) | Shape::Named(id) => {
                let type_ = self.model.type_(*id);
                self.needs(&type_.name.ident, type_.feature.as_deref());
            }
            _ => {}
        }
    }

    fn number(&mut self, number: &Number) {
        match &number.symbol {
            Some(Symbol::Constant(name)) => self.constant(name),
            Some(Symbol::Member { of, member }) => {
                let type_ = self.model.type_(*of);
                if let TypeKind::Enum(enum_) = &type_.kind {
                    let member = &enum_.members[*member];
                    self.needs(&member.name, member.feature.as_deref().or(type_.feature.as_deref()));
                }
            }
            None | Some(Symbol::Number(_)) => {}
        }
    }

    fn constant(&mut self, name: &Name) {
        let constant = self.model.constants.iter().find(|constant| constant.name == *name);
        if let Some(constant) = constant {
            self.needs(&name.ident, constant.feature.as_deref());
        }
    }

    fn needs(&mut self, name: &str, feature: Option<&str>) {
        if let Some(feature) = feature.filter(|feature| self.feature != Some(*feature)) {
            self.missing.push(Missing { span: self.span, name: name.to_owned(), feature: feature.to_owned() });
        }
    }
}
