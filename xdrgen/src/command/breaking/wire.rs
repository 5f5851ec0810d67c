//! What changes on the wire.
//!
//! Types of one name are compared with each other, each at its own place; programs, versions, procedures, members and cases by
//! their numbers, fields by their order: names are not on the wire.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Change, Effect};
use crate::model::{Enum, Integer, Model, Name, Number, Procedure, Shape, Struct, TypeId, TypeKind, Union, Version};

/// Everything that differs, in the order of the new file.
pub(super) fn changes(old: &Model, new: &Model) -> Vec<Change> {
    let mut wire = Wire { old, new, found: Vec::new(), compared: HashSet::new() };
    wire.types();
    wire.programs();
    wire.found
}

struct Wire<'m> {
    old: &'m Model,
    new: &'m Model,
    found: Vec<Change>,
    /// Pairs of types of different names that were compared, or are being compared.
    compared: HashSet<(TypeId, TypeId)>,
}

impl Wire<'_> {
    fn say(&mut self, effect: Effect, place: &str, what: impl Into<String>) {
        self.found.push(Change { effect, place: place.to_owned(), what: what.into() });
    }

    fn types(&mut self) {
        let known: BTreeMap<&Name, usize> =
            self.old.types.iter().enumerate().map(|(index, type_)| (&type_.name, index)).collect();
        for (index, type_) in self.new.types.iter().enumerate() {
            if let Some(old) = known.get(&type_.name) {
                self.kinds(&full(&type_.name), TypeId(*old), TypeId(index));
            }
        }
    }

    fn kinds(&mut self, place: &str, old: TypeId, new: TypeId) {
        match (&self.old.type_(old).kind, &self.new.type_(new).kind) {
            (TypeKind::Enum(old), TypeKind::Enum(new)) => self.enums(place, old, new),
            (TypeKind::Struct(old), TypeKind::Struct(new)) => self.structs(place, old, new),
            (TypeKind::Union(old), TypeKind::Union(new)) => self.unions(place, old, new),
            (TypeKind::Alias(old), TypeKind::Alias(new)) => self.shapes(place, old, new),
            (TypeKind::Alias(old), _) => self.shapes(place, old, &Shape::Named(new)),
            (_, TypeKind::Alias(new)) => self.shapes(place, &Shape::Named(old), new),
            (TypeKind::Extern(_), _) | (_, TypeKind::Extern(_)) => {}
            (old, new) => self.say(Effect::Breaks, place, format!("was {}, is {}", word(old), word(new))),
        }
    }

    fn enums(&mut self, place: &str, old: &Enum, new: &Enum) {
        let by_name: BTreeMap<&str, i32> =
            old.members.iter().map(|member| (member.name.as_str(), member.value)).collect();
        for member in &new.members {
            if let Some(value) = by_name.get(member.name.as_str())
                && *value != member.value
            {
                let what = format!("was {value}, is {}", member.value);
                self.say(Effect::Breaks, &format!("{place}.{}", member.name), what);
            }
        }
        let values = |enum_: &Enum| -> BTreeSet<i32> { enum_.members.iter().map(|member| member.value).collect() };
        let (before, after) = (values(old), values(new));
        for member in new.members.iter().filter(|member| member.alias_of.is_none() && !before.contains(&member.value)) {
            if !by_name.contains_key(member.name.as_str()) {
                self.say(
                    Effect::Widens,
                    &format!("{place}.{}", member.name),
                    format!("{} is a new value", member.value),
                );
            }
        }
        let names: BTreeSet<&str> = new.members.iter().map(|member| member.name.as_str()).collect();
        for member in old.members.iter().filter(|member| member.alias_of.is_none() && !after.contains(&member.value)) {
            if !names.contains(member.name.as_str()) {
                self.say(
                    Effect::Narrows,
                    &format!("{place}.{}", member.name),
                    format!("{} is no value any more", member.value),
                );
            }
        }
    }

    fn structs(&mut self, place: &str, old: &Struct, new: &Struct) {
        if old.list.is_some() != new.list.is_some() {
            let what = if new.list.is_some() { "is a linked list now" } else { "was a linked list" };
            self.say(Effect::Breaks, place, what);
            return;
        }
        let (before, after) = (&old.fields, &new.fields);
        // What is the same at both ends; in between are the differences.
        let head = before.iter().zip(after).take_while(|(one, two)| one.name == two.name).count();
        let tails = before[head..].iter().rev().zip(after[head..].iter().rev());
        let tail = tails.take_while(|(one, two)| one.name == two.name).count();
        let (gone, added) = (&before[head..before.len() - tail], &after[head..after.len() - tail]);
        let mut pairs: Vec<_> = before[..head].iter().zip(&after[..head]).collect();
        if gone.len() == added.len() {
            pairs.extend(gone.iter().zip(added));
        } else {
            for field in gone {
                self.say(Effect::Breaks, &format!("{place}.{}", field.name), "the field is gone");
            }
            for field in added {
                self.say(Effect::Breaks, &format!("{place}.{}", field.name), "the field is new");
            }
        }
        pairs.extend(before[before.len() - tail..].iter().zip(&after[after.len() - tail..]));
        for (one, two) in pairs {
            self.shapes(&format!("{place}.{}", two.name), &one.shape, &two.shape);
        }
    }

    fn unions(&mut self, place: &str, old: &Union, new: &Union) {
        self.shapes(&format!("{place}.{}", new.discriminant), &old.discriminant_shape, &new.discriminant_shape);
        let (before, after) = (cases(old), cases(new));
        let fallback = |union_: &Union| union_.default.as_ref().map(|arm| value(arm.field.as_ref()));
        let (old_default, new_default) = (fallback(old), fallback(new));
        let labels: BTreeSet<i128> = before.keys().chain(after.keys()).copied().collect();
        for label in labels {
            let place = format!("{place} case {label}");
            let (was, is) = (before.get(&label).or(old_default.as_ref()), after.get(&label).or(new_default.as_ref()));
            match (was, is) {
                (Some(was), Some(is)) => self.shapes(&place, was, is),
                (None, Some(_)) => self.say(Effect::Widens, &place, "the case is new"),
                (Some(_), None) => self.say(Effect::Narrows, &place, "the case is gone"),
                (None, None) => {}
            }
        }
        let place = format!("{place} default");
        match (&old_default, &new_default) {
            (Some(was), Some(is)) => self.shapes(&place, was, is),
            (None, Some(_)) => self.say(Effect::Widens, &place, "it is new"),
            (Some(_), None) => self.say(Effect::Narrows, &place, "it is gone"),
            (None, None) => {}
        }
    }

    fn shapes(&mut self, place: &str, old: &Shape, new: &Shape) {
        if let (Some(one), Some(two)) = (self.name(self.old, old), self.name(self.new, new))
            && one == two
        {
            // Compared at its own place.
            return;
        }
        match (self.old.resolve(old), self.new.resolve(new)) {
            (
                Shape::String { max: one, .. } | Shape::Opaque(one),
                Shape::String { max: two, .. } | Shape::Opaque(two),
            ) => {
                let text = |shape: &Shape| matches!(shape, Shape::String { .. });
                match (text(self.old.resolve(old)), text(self.new.resolve(new))) {
                    (true, false) => self.say(Effect::Widens, place, "was text, is any bytes"),
                    (false, true) => self.say(Effect::Narrows, place, "was any bytes, is text"),
                    _ => {}
                }
                self.bounds(place, one.as_ref(), two.as_ref());
            }
            (Shape::Vector { item: one, max: before }, Shape::Vector { item: two, max: after }) => {
                self.bounds(place, before.as_ref(), after.as_ref());
                self.shapes(&format!("{place}<>"), one, two);
            }
            (Shape::Array { item: one, length: before }, Shape::Array { item: two, length: after }) => {
                self.lengths(place, before, after);
                self.shapes(&format!("{place}[]"), one, two);
            }
            (Shape::FixedOpaque(before), Shape::FixedOpaque(after)) => self.lengths(place, before, after),
            (Shape::Optional(one), Shape::Optional(two)) => self.shapes(&format!("*{place}"), one, two),
            // RFC 4506 §4.19: optional data is an array of at most one.
            (Shape::Optional(one), Shape::Vector { item: two, max }) => {
                self.bounds(place, Some(&one_element()), max.as_ref());
                self.shapes(place, one, two);
            }
            (Shape::Vector { item: one, max }, Shape::Optional(two)) => {
                self.bounds(place, max.as_ref(), Some(&one_element()));
                self.shapes(place, one, two);
            }
            (Shape::List(one), Shape::List(two)) | (Shape::Chain(one), Shape::Chain(two)) => {
                self.named(place, *one, *two);
            }
            (one, two) => self.scalars(place, old, new, one, two),
        }
    }

    fn scalars(&mut self, place: &str, old: &Shape, new: &Shape, one: &Shape, two: &Shape) {
        let (before, after) = (self.values(self.old, one), self.values(self.new, two));
        let what = || format!("was `{}`, is `{}`", self.old.declaration(old, ""), self.new.declaration(new, ""));
        match (before, after) {
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) if before.size == after.size => {
                let effect = if after.holds(&before) {
                    Effect::Widens
                } else if before.holds(&after) {
                    Effect::Narrows
                } else {
                    Effect::Breaks
                };
                self.say(effect, place, what());
            }
            (None, None) => match (one, two) {
                (Shape::Named(one), Shape::Named(two)) => self.named(place, *one, *two),
                (one, two) if std::mem::discriminant(one) == std::mem::discriminant(two) => {}
                _ => self.say(Effect::Breaks, place, what()),
            },
            _ => self.say(Effect::Breaks, place, what()),
        }
    }

    /// Two types of different names.
    fn named(&mut self, place: &str, old: TypeId, new: TypeId) {
        let same_name = self.old.type_(old).name == self.new.type_(new).name;
        if !same_name && self.compared.insert((old, new)) {
            self.kinds(place, old, new);
        }
    }

    fn bounds(&mut self, place: &str, old: Option<&Number>, new: Option<&Number>) {
        let value = |bound: Option<&Number>| bound.map_or(i128::from(u32::MAX), |bound| bound.value);
        let shown = |bound: Option<&Number>| bound.map_or_else(|| "unlimited".to_owned(), |bound| bound.digits());
        let effect = match value(new).cmp(&value(old)) {
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => Effect::Widens,
            std::cmp::Ordering::Less => Effect::Narrows,
        };
        self.say(effect, place, format!("the bound was {}, is {}", shown(old), shown(new)));
    }

    fn lengths(&mut self, place: &str, old: &Number, new: &Number) {
        if old.value != new.value {
            self.say(Effect::Breaks, place, format!("the length was {}, is {}", old.digits(), new.digits()));
        }
    }

    fn programs(&mut self) {
        for old in &self.old.programs {
            let place = full(&old.name);
            let Some(new) = self.new.programs.iter().find(|new| new.number.value == old.number.value) else {
                self.say(Effect::Breaks, &place, format!("there is no program {} any more", old.number.digits()));
                continue;
            };
            for version in &old.versions {
                let place = format!("{place}.{}", version.name);
                match new.versions.iter().find(|new| new.number.value == version.number.value) {
                    Some(new) => self.versions(&place, version, new),
                    None => self.say(
                        Effect::Breaks,
                        &place,
                        format!("there is no version {} any more", version.number.digits()),
                    ),
                }
            }
        }
    }

    fn versions(&mut self, place: &str, old: &Version, new: &Version) {
        for procedure in &old.procedures {
            let place = format!("{place}.{}", procedure.name);
            match new.procedures.iter().find(|new| new.number.value == procedure.number.value) {
                Some(new) => self.procedures(&place, procedure, new),
                None => self.say(
                    Effect::Breaks,
                    &place,
                    format!("there is no procedure {} any more", procedure.number.digits()),
                ),
            }
        }
    }

    fn procedures(&mut self, place: &str, old: &Procedure, new: &Procedure) {
        if old.arguments.len() == new.arguments.len() {
            for (index, (one, two)) in old.arguments.iter().zip(&new.arguments).enumerate() {
                self.shapes(&format!("{place} argument {}", index + 1), &one.shape, &two.shape);
            }
        } else {
            let what = format!("took {} arguments, takes {}", old.arguments.len(), new.arguments.len());
            self.say(Effect::Breaks, place, what);
        }
        self.shapes(&format!("{place} result"), &old.result, &new.result);
    }

    /// The name of a type that is compared at its own place.
    fn name<'a>(&self, model: &'a Model, shape: &Shape) -> Option<&'a Name> {
        let (Shape::Named(id) | Shape::List(id) | Shape::Chain(id)) = shape else { return None };
        let name = &model.type_(*id).name;
        // A list is not the node.
        matches!(shape, Shape::Named(_)).then_some(name)
    }

    /// The numbers that a shape can be.
    fn values(&self, model: &Model, shape: &Shape) -> Option<Values> {
        Some(match shape {
            Shape::Bool => Values { size: 4, low: 0, high: 1, members: None },
            Shape::Integer(integer) => {
                let (low, high) = integer.range();
                let size = if matches!(integer, Integer::I64 | Integer::U64) { 8 } else { 4 };
                Values { size, low, high, members: None }
            }
            Shape::Named(id) => {
                let TypeKind::Enum(enum_) = &model.type_(*id).kind else { return None };
                let members: BTreeSet<i128> = enum_.members.iter().map(|member| member.value.into()).collect();
                let (low, high) = (members.first().copied()?, members.last().copied()?);
                Values { size: 4, low, high, members: Some(members) }
            }
            _ => return None,
        })
    }
}

/// The numbers that something can be, and their size on the wire.
#[derive(Debug, PartialEq, Eq)]
struct Values {
    size: usize,
    low: i128,
    high: i128,
    /// Not all between: these.
    members: Option<BTreeSet<i128>>,
}

impl Values {
    /// Whether `other` can be nothing that this cannot be.
    fn holds(&self, other: &Self) -> bool {
        match (&self.members, &other.members) {
            (None, _) => self.low <= other.low && other.high <= self.high,
            (Some(all), Some(some)) => some.is_subset(all),
            (Some(all), None) => {
                // A bool and an enum of 0 and 1.
                other.high - other.low < 256 && (other.low..=other.high).all(|value| all.contains(&value))
            }
        }
    }
}

fn one_element() -> Number {
    Number { value: 1, symbol: None, radix: crate::model::Radix::Decimal }
}

fn cases(union_: &Union) -> BTreeMap<i128, Shape> {
    let arms = union_.arms.iter();
    arms.flat_map(|arm| arm.cases.iter().map(|case| (case.value, value(arm.field.as_ref())))).collect()
}

fn value(field: Option<&crate::model::Field>) -> Shape {
    field.map_or(Shape::Void, |field| field.shape.clone())
}

fn word(kind: &TypeKind) -> &'static str {
    match kind {
        TypeKind::Enum(_) => "an enum",
        TypeKind::Struct(_) => "a struct",
        TypeKind::Union(_) => "a union",
        TypeKind::Alias(_) => "a typedef",
        TypeKind::Extern(_) => "a type of C",
    }
}

fn full(name: &Name) -> String {
    let parts = name.namespace.iter().chain(std::iter::once(&name.ident));
    parts.map(String::as_str).collect::<Vec<_>>().join("::")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{front, options::Options};

    fn model(text: &str) -> Model {
        front::load_source(Path::new("test.x"), text, &Options::default()).expect("it is right").model
    }

    fn differences(old: &str, new: &str) -> Vec<String> {
        let changes = changes(&model(old), &model(new));
        changes.into_iter().map(|Change { effect, place, what }| format!("{effect} {place}: {what}")).collect()
    }

    #[test]
    fn names_are_not_on_the_wire() {
        assert_eq!(differences("struct a { int x; };", "struct a { int y; };"), [""; 0]);
        let program = |name: &str| format!("program {name} {{ version V {{ int F(int) = 1; }} = 1; }} = 0x20000000;");
        assert_eq!(differences(&program("P"), &program("Q")), [""; 0]);
        assert_eq!(differences("typedef int a; struct s { a x; };", "struct s { int x; };"), [""; 0]);
        assert_eq!(differences("struct s { int *x; };", "struct s { int x<1>; };"), [""; 0]);
    }

    #[test]
    fn fields() {
        assert_eq!(
            differences("struct a { int x; int y; int z; };", "struct a { int x; int new; int y; hyper z; };"),
            ["breaks a.new: the field is new", "breaks a.z: was `int`, is `hyper`"]
        );
        assert_eq!(
            differences("struct a { int x; int y; };", "struct a { int y; };"),
            ["breaks a.x: the field is gone"]
        );
    }

    #[test]
    fn bounds() {
        assert_eq!(
            differences(
                "struct a { string s<8>; int v<>; opaque o[4]; };",
                "struct a { string s<9>; int v<5>; opaque o[5]; };"
            ),
            [
                "widens a.s: the bound was 8, is 9",
                "narrows a.v: the bound was unlimited, is 5",
                "breaks a.o: the length was 4, is 5"
            ]
        );
    }

    #[test]
    fn members() {
        assert_eq!(
            differences("enum e { A, B, C };", "enum e { A, B = 5, D = 2, E = 7 };"),
            ["breaks e.B: was 1, is 5", "widens e.E: 7 is a new value"]
        );
        assert_eq!(differences("enum e { A, B };", "enum e { A };"), ["narrows e.B: 1 is no value any more"]);
    }

    #[test]
    fn arms() {
        let old = "union u switch (int d) { case 0: int a; case 1: void; default: void; };";
        assert_eq!(
            differences(old, "union u switch (int d) { case 0: hyper a; case 2: int b; };"),
            [
                "breaks u case 0: was `int`, is `hyper`",
                "narrows u case 1: the case is gone",
                "breaks u case 2: was `void`, is `int`",
                "narrows u default: it is gone"
            ]
        );
        // Said now, and what it was before.
        assert_eq!(differences(old, "union u switch (int d) { case 0: int a; default: void; };"), [""; 0]);
    }

    #[test]
    fn programs() {
        let program = |procedures: &str| format!("program P {{ version V {{ {procedures} }} = 1; }} = 0x20000000;");
        assert_eq!(
            differences(
                &program("int F(int) = 1; int G(void) = 2; void H(int, int) = 3;"),
                &program("hyper F(int) = 1; void H(int) = 3; void I(void) = 4;")
            ),
            [
                "breaks P.V.F result: was `int`, is `hyper`",
                "breaks P.V.G: there is no procedure 2 any more",
                "breaks P.V.H: took 2 arguments, takes 1"
            ]
        );
        // As the file writes it, and not the name that it has there.
        assert_eq!(
            differences(&program(""), "program P { version V { void H(int, int) = 3; } = 1; } = 0x20000001;"),
            ["breaks P: there is no program 0x20000000 any more"]
        );
        assert_eq!(
            differences("const N = 0x20000002; program P { version V { void A(void) = 1; } = 1; } = N;", &program("")),
            ["breaks P: there is no program 0x20000002 any more"]
        );
    }

    #[test]
    fn types_of_other_names_are_looked_into() {
        assert_eq!(
            differences(
                "struct a { int x; a *left; a *right; }; struct s { a v; };",
                "struct b { int x; b *left; b *right; }; struct s { b v; };"
            ),
            [""; 0]
        );
        assert_eq!(
            differences("struct a { int x; }; struct s { a v; };", "struct b { float x; }; struct s { b v; };"),
            ["breaks s.v.x: was `int`, is `float`"]
        );
    }
}
