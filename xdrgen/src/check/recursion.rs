//! Types that contain themselves: linked lists become vectors, other circles are boxed, and those without an end are errors.
//!
//! No step recurses: a file may have a chain of any length.

use std::collections::HashSet;

use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    model::{Field, Link, Model, Shape, TypeId, TypeKind},
    source::Span,
};

/// Typedefs of typedefs.
const LONGEST_ALIAS_CHAIN: usize = 128;

/// Fields that close circles within one knot of types, beyond which every one of them is boxed.
const MOST_TRIED: usize = 256;

/// Resolves all recursion of `model`; `spans`: where the types are defined.
pub(super) fn resolve(model: &mut Model, spans: &[Span], diagnostics: &mut Diagnostics) {
    let aliases = aliases_end(model, spans, diagnostics);
    if let Err(circular) = &aliases {
        all_end(model, spans, &Known { end: circular, unions: false }, diagnostics);
        return;
    }
    take_lists(model);
    if !all_end(model, spans, &Known { end: &HashSet::new(), unions: true }, diagnostics) {
        return;
    }
    box_circles(model);
}

/// Reports the types without an end of a model that has other mistakes. Of a wrong union, arms may be missing that would end it.
pub(super) fn report(model: &Model, spans: &[Span], diagnostics: &mut Diagnostics) {
    let circular = aliases_end(model, spans, diagnostics).err().unwrap_or_default();
    all_end(model, spans, &Known { end: &circular, unions: false }, diagnostics);
}

/// What is known before types without an end are looked for.
struct Known<'a> {
    /// These are not to be reported.
    end: &'a HashSet<usize>,
    /// Unions are right: one of their arms has to end.
    unions: bool,
}

/// A typedef leads to something that is none: Rust's aliases cannot contain themselves.
///
/// # Errors
///
/// The typedefs that lead to themselves.
fn aliases_end(model: &Model, spans: &[Span], diagnostics: &mut Diagnostics) -> Result<(), HashSet<usize>> {
    let mut depth: Vec<Option<usize>> = vec![None; model.types.len()];
    let mut right = true;
    let mut circular = HashSet::new();
    for start in 0..model.types.len() {
        let mut chain = Vec::new();
        let mut on_chain = HashSet::new();
        let mut at = start;
        let end = loop {
            if let Some(known) = depth[at] {
                break known;
            }
            if !on_chain.insert(at) {
                let circle: Vec<usize> = chain.iter().copied().skip_while(|one| *one != at).collect();
                alias_circle(model, spans, &circle, diagnostics);
                circular.extend(circle);
                right = false;
                break 0;
            }
            let TypeKind::Alias(shape) = &model.types[at].kind else { break 0 };
            chain.push(at);
            match inner(shape) {
                Some(next) => at = next.0,
                None => break 0,
            }
        };
        for (above, at) in chain.iter().rev().enumerate() {
            let length = end + above + 1;
            if length == LONGEST_ALIAS_CHAIN + 1 {
                diagnostics.push(
                    Diagnostic::error("nesting", format!("a chain of over {LONGEST_ALIAS_CHAIN} typedefs begins here"))
                        .at(spans[*at], ""),
                );
                right = false;
            }
            depth[*at] = Some(length);
        }
    }
    if right { Ok(()) } else { Err(circular) }
}

fn alias_circle(model: &Model, spans: &[Span], circle: &[usize], diagnostics: &mut Diagnostics) {
    let Some(first) = circle.iter().copied().min() else { return };
    let name = &model.types[first].name.ident;
    let mut diagnostic = Diagnostic::error("endless-type", format!("typedef `{name}` is made of nothing but itself"));
    diagnostic = diagnostic.at(spans[first], "");
    for other in circle.iter().filter(|other| **other != first).take(5) {
        diagnostic = diagnostic.at(spans[*other], "through this");
    }
    diagnostics.push(diagnostic.help("put it into a struct"));
}

/// The type of this model that a shape is made of.
fn inner(shape: &Shape) -> Option<TypeId> {
    match shape {
        Shape::Named(id) | Shape::Chain(id) | Shape::List(id) => Some(*id),
        Shape::Optional(item) | Shape::Vector { item, .. } | Shape::Array { item, .. } => inner(item),
        _ => None,
    }
}

/// A struct whose last field is a pointer to itself is how C writes a list.
///
/// With another pointer to itself it is a tree as a rule, and a list only if the last one is called `next` or like it: then the
/// other one leads to a list within.
fn take_lists(model: &mut Model) {
    let mut lists: HashSet<TypeId> = HashSet::new();
    for at in 0..model.types.len() {
        let id = TypeId(at);
        let TypeKind::Struct(body) = &model.types[at].kind else { continue };
        // With the link alone there would be nothing to list.
        let Some(last) = body.fields.last().filter(|_| body.fields.len() > 1) else { continue };
        let others = &body.fields[..body.fields.len() - 1];
        let tree = others.iter().any(|field| points_to(model, &field.shape, id));
        let always = last.feature.is_none();
        if always && points_to(model, &last.shape, id) && (!tree || last.name.to_ascii_lowercase().contains("next")) {
            lists.insert(id);
        }
    }
    for id in &lists {
        if let TypeKind::Struct(body) = &mut model.types[id.0].kind
            && let Some(link) = body.fields.pop()
        {
            body.list = Some(Link { name: link.name, docs: link.docs });
        }
    }
    if lists.is_empty() {
        return;
    }
    let plain: Vec<Option<TypeId>> = (0..model.types.len()).map(|at| plain_alias(model, TypeId(at))).collect();
    for shape in shapes(model) {
        let taken = std::mem::replace(shape, Shape::Void);
        *shape = with_lists(taken, &lists, &plain);
    }
}

fn points_to(model: &Model, shape: &Shape, id: TypeId) -> bool {
    match model.resolve(shape) {
        Shape::Optional(item) => matches!(model.resolve(item), Shape::Named(target) if *target == id),
        _ => false,
    }
}

/// What an alias is another name of, when it is nothing more.
fn plain_alias(model: &Model, id: TypeId) -> Option<TypeId> {
    match model.resolve(&Shape::Named(id)) {
        Shape::Named(target) => Some(*target),
        _ => None,
    }
}

fn with_lists(shape: Shape, lists: &HashSet<TypeId>, plain: &[Option<TypeId>]) -> Shape {
    let again = |item: Box<Shape>| Box::new(with_lists(*item, lists, plain));
    match shape {
        Shape::Named(id) if lists.contains(&id) => Shape::Chain(id),
        Shape::Optional(item) => match *item {
            Shape::Named(id) => match plain[id.0].filter(|target| lists.contains(target)) {
                Some(target) => Shape::List(target),
                None => Shape::Optional(again(item)),
            },
            _ => Shape::Optional(again(item)),
        },
        Shape::Array { item, length } => Shape::Array { item: again(item), length },
        Shape::Vector { item, max } => Shape::Vector { item: again(item), max },
        other => other,
    }
}

/// Every shape of the model, outermost ones.
fn shapes(model: &mut Model) -> Vec<&mut Shape> {
    let mut all = Vec::new();
    for one in &mut model.types {
        match &mut one.kind {
            TypeKind::Alias(shape) => all.push(shape),
            TypeKind::Struct(body) => all.extend(body.fields.iter_mut().map(|field| &mut field.shape)),
            TypeKind::Union(body) => {
                all.push(&mut body.discriminant_shape);
                let default = body.default.iter_mut().filter_map(|arm| arm.field.as_mut());
                let fields = body.arms.iter_mut().filter_map(|arm| arm.field.as_mut()).chain(default);
                all.extend(fields.map(|field| &mut field.shape));
            }
            _ => {}
        }
    }
    for version in model.programs.iter_mut().flat_map(|program| &mut program.versions) {
        for procedure in &mut version.procedures {
            all.push(&mut procedure.result);
            all.extend(procedure.arguments.iter_mut().map(|argument| &mut argument.shape));
        }
    }
    all
}

/// Fields of a struct, or of the arms of a union.
fn fields(kind: &TypeKind) -> Vec<&Field> {
    match kind {
        TypeKind::Struct(body) => body.fields.iter().collect(),
        TypeKind::Union(body) => {
            let default = body.default.iter().filter_map(|arm| arm.field.as_ref());
            body.arms.iter().filter_map(|arm| arm.field.as_ref()).chain(default).collect()
        }
        _ => Vec::new(),
    }
}

/// The type that a value of `shape` always holds one of: without it there is no value.
fn needed(shape: &Shape) -> Option<TypeId> {
    match shape {
        Shape::Named(id) | Shape::Chain(id) => Some(*id),
        Shape::Array { item, length } if length.value > 0 => needed(item),
        _ => None,
    }
}

/// Whether every type has a value that ends; types that contain themselves whatever happens are errors.
fn all_end(model: &Model, spans: &[Span], known: &Known<'_>, diagnostics: &mut Diagnostics) -> bool {
    let count = model.types.len();
    // Who needs it; and of each, how much is still without an end.
    let mut needed_by: Vec<Vec<(usize, usize)>> = vec![Vec::new(); count];
    // One counter for a struct or an alias, one for each arm of a union: the first that comes to 0 ends it.
    let mut waiting: Vec<Vec<usize>> = Vec::with_capacity(count);
    for (at, one) in model.types.iter().enumerate() {
        let ways: Vec<Vec<&Shape>> = match &one.kind {
            TypeKind::Alias(shape) => vec![vec![shape]],
            TypeKind::Struct(body) => vec![body.fields.iter().map(|field| &field.shape).collect()],
            TypeKind::Union(body) if known.unions => {
                let arms = body.arms.iter().map(|arm| arm.field.as_ref());
                arms.chain(body.default.iter().map(|arm| arm.field.as_ref()))
                    .map(|field| field.map(|field| &field.shape).into_iter().collect())
                    .collect()
            }
            TypeKind::Union(_) | TypeKind::Enum(_) | TypeKind::Extern(_) => vec![Vec::new()],
        };
        let mut counters = Vec::with_capacity(ways.len());
        for (way, shapes) in ways.iter().enumerate() {
            let targets: Vec<TypeId> = shapes.iter().filter_map(|shape| needed(shape)).collect();
            counters.push(targets.len());
            for target in targets {
                needed_by[target.0].push((at, way));
            }
        }
        waiting.push(counters);
    }
    let mut ends = vec![false; count];
    let mut ready: Vec<usize> = (0..count).filter(|at| waiting[*at].contains(&0) || known.end.contains(at)).collect();
    for at in &ready {
        ends[*at] = true;
    }
    while let Some(at) = ready.pop() {
        for (user, way) in std::mem::take(&mut needed_by[at]) {
            waiting[user][way] -= 1;
            if waiting[user][way] == 0 && !ends[user] {
                ends[user] = true;
                ready.push(user);
            }
        }
    }
    report_endless(model, spans, &ends, diagnostics);
    ends.iter().all(|ends| *ends)
}

fn report_endless(model: &Model, spans: &[Span], ends: &[bool], diagnostics: &mut Diagnostics) {
    // Each endless type needs another one; following that leads into a circle, which is the mistake.
    let next = |at: usize| {
        let kind = &model.types[at].kind;
        let shapes: Vec<&Shape> = match kind {
            TypeKind::Alias(shape) => vec![shape],
            other => fields(other).into_iter().map(|field| &field.shape).collect(),
        };
        shapes.into_iter().filter_map(needed).find(|target| !ends[target.0]).map(|target| target.0)
    };
    let mut visited = vec![false; ends.len()];
    for start in (0..ends.len()).filter(|at| !ends[*at]) {
        let mut path = Vec::new();
        let mut at = start;
        while !visited[at] {
            visited[at] = true;
            path.push(at);
            match next(at) {
                Some(target) => at = target,
                None => break,
            }
        }
        let Some(from) = path.iter().position(|one| *one == at) else { continue };
        let circle = &path[from..];
        let name = |at: usize| &model.types[at].name.ident;
        let message = match circle {
            [one] => format!("type `{}` contains itself without an end", name(*one)),
            [one, .., last] => {
                format!("type `{}` contains itself without an end, by way of `{}`", name(*one), name(*last))
            }
            [] => continue,
        };
        let mut diagnostic =
            Diagnostic::error("endless-type", message).at(spans[circle[0]], "every value would hold another one");
        for other in circle.iter().skip(1).take(5) {
            diagnostic = diagnostic.at(spans[*other], "which is part of this");
        }
        diagnostics
            .push(diagnostic.help(format!("a pointer, `{} *name`, may be absent, and so it ends", name(circle[0]))));
    }
}

/// The type whose size is part of the size of `shape`.
fn inline(shape: &Shape) -> Option<TypeId> {
    match shape {
        Shape::Named(id) => Some(*id),
        Shape::Optional(item) | Shape::Array { item, .. } => inline(item),
        _ => None,
    }
}

/// Boxes fields until every type has a size: as few as a simple search finds, those that may be absent first.
fn box_circles(model: &mut Model) {
    // An edge is a type, its field (`None`: an alias), and what the field holds.
    let mut edges: Vec<Vec<(Option<usize>, usize)>> = Vec::with_capacity(model.types.len());
    for one in &model.types {
        edges.push(match &one.kind {
            TypeKind::Alias(shape) => inline(shape).map(|target| (None, target.0)).into_iter().collect(),
            kind => fields(kind)
                .iter()
                .enumerate()
                .filter_map(|(at, field)| inline(&field.shape).map(|target| (Some(at), target.0)))
                .collect(),
        });
    }
    let mut boxed: Vec<(usize, usize)> = Vec::new();
    for knot in knots(&edges) {
        let members: HashSet<usize> = knot.iter().copied().collect();
        let mut candidates: Vec<(usize, usize, usize)> = Vec::new();
        let mut kept: Vec<(usize, usize)> = Vec::new();
        for at in &knot {
            for (field, target) in edges[*at].iter().filter(|(_, target)| members.contains(target)) {
                match field {
                    Some(field) => candidates.push((*at, *field, *target)),
                    None => kept.push((*at, *target)),
                }
            }
        }
        candidates.sort_by_key(|(at, field, _)| (may_be_absent(model, *at, *field), *at, *field));
        for (tried, (at, field, target)) in candidates.into_iter().enumerate() {
            if tried < MOST_TRIED && !reaches(&kept, target, at) {
                kept.push((at, target));
            } else {
                boxed.push((at, field));
            }
        }
    }
    for (at, field) in boxed {
        if let Some(field) = field_mut(&mut model.types[at].kind, field) {
            field.boxed = true;
        }
    }
}

fn may_be_absent(model: &Model, at: usize, field: usize) -> bool {
    let kind = &model.types[at].kind;
    matches!(kind, TypeKind::Union(_))
        || fields(kind).get(field).is_some_and(|field| matches!(model.resolve(&field.shape), Shape::Optional(_)))
}

fn field_mut(kind: &mut TypeKind, index: usize) -> Option<&mut Field> {
    match kind {
        TypeKind::Struct(body) => body.fields.get_mut(index),
        TypeKind::Union(body) => {
            let default = body.default.iter_mut().filter_map(|arm| arm.field.as_mut());
            body.arms.iter_mut().filter_map(|arm| arm.field.as_mut()).chain(default).nth(index)
        }
        _ => None,
    }
}

fn reaches(edges: &[(usize, usize)], from: usize, to: usize) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            open.extend(edges.iter().filter(|(source, _)| *source == at).map(|(_, target)| *target));
        }
    }
    false
}

/// Types that contain each other, in order; a lone one only if it contains itself. (Tarjan's algorithm.)
fn knots(edges: &[Vec<(Option<usize>, usize)>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let count = edges.len();
    let (mut index, mut low) = (vec![UNSEEN; count], vec![0; count]);
    let mut on_stack = vec![false; count];
    let mut stack = Vec::new();
    let mut next_index = 0;
    let mut knots = Vec::new();
    for root in 0..count {
        if index[root] != UNSEEN {
            continue;
        }
        // The type, and how many of its edges were followed.
        let mut walk: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((at, followed)) = walk.last().copied() {
            if followed == 0 {
                index[at] = next_index;
                low[at] = next_index;
                next_index += 1;
                stack.push(at);
                on_stack[at] = true;
            }
            if let Some((_, target)) = edges[at].get(followed) {
                if let Some(top) = walk.last_mut() {
                    top.1 += 1;
                }
                if index[*target] == UNSEEN {
                    walk.push((*target, 0));
                } else if on_stack[*target] {
                    low[at] = low[at].min(index[*target]);
                }
                continue;
            }
            walk.pop();
            if let Some((above, _)) = walk.last() {
                low[*above] = low[*above].min(low[at]);
            }
            if low[at] == index[at] {
                let mut knot = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    knot.push(member);
                    if member == at {
                        break;
                    }
                }
                let own = edges[at].iter().any(|(_, target)| *target == at);
                if knot.len() > 1 || own {
                    knot.sort_unstable();
                    knots.push(knot);
                }
            }
        }
    }
    knots
}
