//! The structure tree of a tagged PDF (ISO 32000-1, 14.7 and 14.8): which marked content belongs
//! to which element, in logical order.
//!
//! Elements are cut down to *units*: what stands as one block, such as a paragraph, a heading, a
//! list item or a cell. Spans, links and other inline elements belong to the unit around them.

use std::collections::{HashMap, HashSet};

use lopdf::{Dictionary, Object, ObjectId};

use super::objects::{Objects, as_dict};

/// Nodes of the tree; a book of a thousand pages has some hundred thousand. A document with more is
/// read as one that is not tagged.
pub(super) const NODES_MAX: usize = 1_000_000;
/// Steps from a producer's own element type to a standard one.
const ROLE_STEPS_MAX: usize = 8;
/// Attribute objects of one element; there is one for each owner, of which few are standard.
const ATTRIBUTES_MAX: usize = 16;
/// Columns of a table that are told apart.
const COLUMNS_MAX: usize = 256;

/// What the document says of a piece of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u32);

impl Tag {
    /// Nothing.
    pub(super) const NONE: Self = Self(0);
    /// That it furnishes the page: rules, backgrounds, text too.
    pub(super) const ARTIFACT: Self = Self(1);
    /// That it is a running header or footer.
    pub(super) const RUNNING: Self = Self(2);
    /// That it is a watermark.
    pub(super) const WATERMARK: Self = Self(3);
    const UNITS_FROM: u32 = 4;

    /// The index of the unit in [`Structure::units`].
    pub(super) fn unit(self) -> Option<usize> {
        self.0.checked_sub(Self::UNITS_FROM).map(|unit| unit as usize)
    }

    /// Whether text of the two never stands in one line: they are of different units.
    pub(super) fn parts_from(self, other: Self) -> bool {
        let is_page_content = |tag: Self| tag != Self::RUNNING && tag != Self::WATERMARK;
        match (self.unit(), other.unit()) {
            (Some(one), Some(two)) => one != two,
            _ => is_page_content(self) != is_page_content(other),
        }
    }

    fn of_unit(unit: usize) -> Self {
        u32::try_from(unit).map_or(Self::NONE, |unit| Self(unit.saturating_add(Self::UNITS_FROM)))
    }
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Level 1 to 6; `None` where the tag does not say.
    Heading(Option<u8>),
    Paragraph,
    ListItem,
    /// A footnote, which stands apart from the text that refers to it.
    Note,
}

/// Where a cell stands in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CellPlace {
    pub(super) table: u32,
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) is_head: bool,
}

/// One block of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) role: Role,
    /// The cell it stands in.
    pub(super) cell: Option<CellPlace>,
}

/// The structure of a document; empty where it is not tagged.
#[derive(Debug, Default)]
pub(super) struct Structure {
    /// In logical order.
    pub(super) units: Vec<Unit>,
    /// By the dictionary of the page or form whose content is marked, and the mark's number.
    contents: HashMap<(usize, i64), Tag>,
}

impl Structure {
    /// Reads the tree. Linear in its nodes.
    pub(super) fn read(objects: &Objects<'_>) -> Self {
        Self::read_up_to(objects, NODES_MAX)
    }

    /// Reads as many nodes of the tree as are allowed.
    pub(super) fn read_up_to(objects: &Objects<'_>, nodes_max: usize) -> Self {
        let root =
            objects.document.trailer.get(b"Root").ok().and_then(|root| objects.resolve(root));
        let tree = root.and_then(as_dict).and_then(|root| objects.dict(root, b"StructTreeRoot"));
        tree.map_or_else(Self::default, |tree| Reader::new(objects, tree).read(tree, nodes_max))
    }

    /// What names the content of a page or form: its dictionary's place in the loaded document.
    pub(super) fn key(dict: &Dictionary) -> usize {
        std::ptr::from_ref(dict).addr()
    }

    /// Where a tagged piece of text stands in logical order. Notes stand at the end of their page.
    pub(super) fn rank(&self, tag: Tag) -> Option<(bool, usize)> {
        let at = tag.unit()?;
        Some((self.units.get(at)?.role == Role::Note, at))
    }

    /// The tag of a marked-content sequence of the page or form with this key.
    pub(super) fn tag(&self, key: usize, mark: i64) -> Option<Tag> {
        self.contents.get(&(key, mark)).copied()
    }
}

/// What an element passes on to those inside it.
#[derive(Clone, Copy, Default)]
struct Context {
    page: Option<usize>,
    unit: Option<usize>,
    /// Place in `Reader::tables`.
    table: Option<usize>,
    cell: Option<CellPlace>,
    in_head: bool,
    in_item: bool,
    /// Which grouping element it stands in, by a number of its own.
    group: usize,
    in_inline: bool,
}

/// Content directly below a grouping element that reads on: inline elements and what is between.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Run {
    group: usize,
    unit: usize,
}

#[derive(Default)]
struct TableState {
    rows: u32,
    columns: usize,
    /// For each column, the first row that no cell above reaches down into.
    free_from: Vec<u32>,
}

struct Reader<'a> {
    objects: &'a Objects<'a>,
    roles: Option<&'a Dictionary>,
    structure: Structure,
    tables: Vec<TableState>,
    /// Elements and arrays of kids that were met.
    seen: HashSet<ObjectId>,
    /// Nodes met so far.
    nodes: usize,
    /// Grouping elements met so far.
    groups: usize,
    /// By the unit of a list item that a list or table inside it interrupted, the unit that its
    /// text goes on in, once there is more.
    interrupted: HashMap<usize, Option<usize>>,
    run: Option<Run>,
    /// What was last added to the run is an inline element.
    run_ends_inline: bool,
}

impl<'a> Reader<'a> {
    fn new(objects: &'a Objects<'a>, tree: &'a Dictionary) -> Self {
        Self {
            objects,
            roles: objects.dict(tree, b"RoleMap"),
            structure: Structure::default(),
            tables: Vec::new(),
            seen: HashSet::new(),
            nodes: 0,
            groups: 0,
            interrupted: HashMap::new(),
            run: None,
            run_ends_inline: false,
        }
    }

    fn read(mut self, tree: &'a Dictionary, nodes_max: usize) -> Structure {
        let mut pending: Vec<(&Object, Context)> = Vec::new();
        self.push_kids(tree, Context::default(), nodes_max, &mut pending);
        while let Some((object, context)) = pending.pop() {
            match self.unmet(object) {
                Some(Object::Integer(mark)) => self.mark(context.page, *mark, context),
                Some(Object::Dictionary(dict)) => {
                    if let Some(inner) = self.element(dict, context) {
                        self.push_kids(dict, inner, nodes_max, &mut pending);
                    }
                }
                _ => {}
            }
            if self.nodes > nodes_max {
                break;
            }
        }
        self.objects.record_limit("nodes of the structure tree", self.nodes, nodes_max);
        if self.nodes > nodes_max { Structure::default() } else { self.structure }
    }

    fn push_kids(
        &mut self,
        dict: &'a Dictionary,
        context: Context,
        nodes_max: usize,
        pending: &mut Vec<(&'a Object, Context)>,
    ) {
        let Ok(kids) = dict.get(b"K") else { return };
        let kids = match self.objects.resolve(kids) {
            Some(Object::Array(_)) => match self.unmet(kids) {
                Some(Object::Array(kids)) => kids.as_slice(),
                _ => return,
            },
            _ => std::slice::from_ref(kids),
        };
        self.nodes = self.nodes.saturating_add(kids.len());
        if self.nodes <= nodes_max {
            pending.extend(kids.iter().rev().map(|kid| (kid, context)));
        }
    }

    /// What an object stands for, unless that was met before by a reference.
    fn unmet(&mut self, object: &'a Object) -> Option<&'a Object> {
        let (id, object) = self.objects.document.dereference(object).ok()?;
        id.is_none_or(|id| self.seen.insert(id)).then_some(object)
    }

    fn mark(&mut self, content: Option<usize>, mark: i64, context: Context) {
        let Some(content) = content else { return };
        let unit = match context.unit {
            Some(unit) => self.continuation(unit, context.cell),
            None => self.loose_unit(context),
        };
        self.structure.contents.entry((content, mark)).or_insert(Tag::of_unit(unit));
    }

    fn interrupt_item(&mut self, context: Context) {
        if let Some(unit) = context.unit.filter(|_| context.in_item) {
            self.interrupted.insert(unit, None);
        }
    }

    /// Where text of a unit goes on: after a list within an item it is a unit of its own.
    fn continuation(&mut self, unit: usize, cell: Option<CellPlace>) -> usize {
        match self.interrupted.get(&unit) {
            None => unit,
            Some(Some(next)) => *next,
            Some(None) => {
                let next = self.new_unit(Role::Paragraph, cell);
                self.interrupted.insert(unit, Some(next));
                next
            }
        }
    }

    /// The unit of content that stands in no block: one for a run of inline elements.
    fn loose_unit(&mut self, context: Context) -> usize {
        let last = self.structure.units.len().checked_sub(1);
        let open = last.map(|unit| Run { group: context.group, unit });
        let goes_on = open.is_some() && self.run == open;
        let unit = match open {
            Some(open) if goes_on && (context.in_inline || self.run_ends_inline) => open.unit,
            _ => self.new_unit(Role::Paragraph, context.cell),
        };
        self.run = Some(Run { group: context.group, unit });
        self.run_ends_inline = context.in_inline;
        unit
    }

    fn is_note(&self, unit: Option<usize>) -> bool {
        let unit = unit.and_then(|at| self.structure.units.get(at));
        unit.is_some_and(|unit| unit.role == Role::Note)
    }

    fn new_unit(&mut self, role: Role, cell: Option<CellPlace>) -> usize {
        self.structure.units.push(Unit { role, cell });
        self.structure.units.len() - 1
    }

    /// Enters an element, or a mark that names its page; gives what an element passes on.
    fn element(&mut self, dict: &'a Dictionary, outer: Context) -> Option<Context> {
        let page = self.objects.dict(dict, b"Pg").map(Structure::key);
        let mut context = Context { page: page.or(outer.page), ..outer };
        if let Some(mark) = self.objects.number(dict, b"MCID").filter(|_| !dict.has(b"S")) {
            let form = self.objects.stream(dict, b"Stm").map(|form| Structure::key(&form.dict));
            self.mark(form.or(context.page), mark as i64, outer);
            return None;
        }
        let role = self.role(dict);
        if matches!(role.as_slice(), b"L" | b"Table") {
            self.interrupt_item(outer);
        }
        match role.as_slice() {
            b"Table" => {
                self.tables.push(TableState::default());
                context = Context {
                    table: Some(self.tables.len() - 1),
                    cell: None,
                    unit: None,
                    in_item: false,
                    in_head: false,
                    ..context
                };
            }
            b"THead" => context.in_head = true,
            b"TR" => self.begin_row(context.table),
            b"TH" | b"TD" => {
                let is_head = role == b"TH" || context.in_head;
                context.cell = self.place_cell(dict, context.table, is_head);
                context.unit = Some(self.new_unit(Role::Paragraph, context.cell));
            }
            b"LI" => {
                context.unit = Some(self.new_unit(Role::ListItem, context.cell));
                context.in_item = true;
            }
            // A paragraph of an item or a note goes on with it.
            b"P" | b"Div" if context.in_item || self.is_note(context.unit) => {}
            b"H" | b"H1" | b"H2" | b"H3" | b"H4" | b"H5" | b"H6" | b"Title" => {
                let level = match role.as_slice() {
                    b"Title" => Some(1),
                    [b'H', digit] => Some(digit - b'0'),
                    _ => None,
                };
                context.unit = Some(self.new_unit(Role::Heading(level), context.cell));
            }
            b"TOCI" => context.unit = Some(self.new_unit(Role::ListItem, context.cell)),
            b"Note" | b"FENote" => context.unit = Some(self.new_unit(Role::Note, context.cell)),
            b"P" | b"Caption" | b"BlockQuote" | b"Code" | b"Figure" | b"BibEntry" | b"Index" => {
                context.unit = Some(self.new_unit(Role::Paragraph, context.cell));
            }
            b"Document" | b"Part" | b"Art" | b"Sect" | b"Div" | b"TOC" | b"L" | b"Aside" => {
                self.groups += 1;
                context = Context { unit: None, group: self.groups, in_inline: false, ..context };
            }
            _ => context.in_inline |= is_inline(&role),
        }
        Some(context)
    }

    /// The standard type of an element.
    fn role(&self, dict: &'a Dictionary) -> Vec<u8> {
        let mut role = self.objects.name(dict, b"S").unwrap_or_default();
        for _ in 0..ROLE_STEPS_MAX {
            if is_standard(role) {
                break;
            }
            match self.roles.and_then(|roles| self.objects.name(roles, role)) {
                Some(next) => role = next,
                None => break,
            }
        }
        role.to_vec()
    }

    fn begin_row(&mut self, table: Option<usize>) {
        let Some(table) = table.and_then(|at| self.tables.get_mut(at)) else { return };
        table.rows = table.rows.saturating_add(1);
        table.columns = 0;
    }

    fn place_cell(
        &mut self,
        dict: &'a Dictionary,
        table: Option<usize>,
        is_head: bool,
    ) -> Option<CellPlace> {
        let across = self.attribute(dict, b"ColSpan");
        let down = self.attribute(dict, b"RowSpan");
        let at = table?;
        let state = self.tables.get_mut(at)?;
        while state.free_from.get(state.columns).is_some_and(|row| *row > state.rows) {
            state.columns += 1;
        }
        let column = state.columns;
        let end = (column + across).min(COLUMNS_MAX).max(column);
        if state.free_from.len() < end {
            state.free_from.resize(end, 0);
        }
        let free_from = state.rows.saturating_add(down as u32);
        state.free_from[column..end].fill(free_from);
        state.columns = end;
        Some(CellPlace {
            table: u32::try_from(at).ok()?,
            row: state.rows,
            column: u32::try_from(column).ok()?,
            is_head,
        })
    }

    /// A number among the attributes of an element (ISO 32000-1, 14.7.5); 1 where it is absent.
    fn attribute(&self, dict: &'a Dictionary, key: &[u8]) -> usize {
        let of = |attributes: &'a Object| self.objects.number(as_dict(attributes)?, key);
        let found = match self.objects.get(dict, b"A") {
            Some(Object::Array(all)) => {
                let some = all.iter().take(ATTRIBUTES_MAX);
                some.filter_map(|one| self.objects.resolve(one)).find_map(of)
            }
            Some(one) => of(one),
            None => None,
        };
        found.map_or(1, |number| (number as usize).clamp(1, COLUMNS_MAX))
    }
}

/// Whether an element stands in a line of text.
fn is_inline(role: &[u8]) -> bool {
    const INLINE: &[&[u8]] = &[
        b"Span",
        b"Quote",
        b"Reference",
        b"Link",
        b"Annot",
        b"Formula",
        b"Form",
        b"Lbl",
        b"Em",
        b"Strong",
        b"Sub",
    ];
    INLINE.contains(&role)
}

/// Whether an element type is one of those this reader tells apart, or a standard inline one.
fn is_standard(role: &[u8]) -> bool {
    const STANDARD: &[&[u8]] = &[
        b"Document",
        b"Part",
        b"Art",
        b"Sect",
        b"Div",
        b"BlockQuote",
        b"Caption",
        b"TOC",
        b"TOCI",
        b"Index",
        b"NonStruct",
        b"Private",
        b"P",
        b"H",
        b"H1",
        b"H2",
        b"H3",
        b"H4",
        b"H5",
        b"H6",
        b"Title",
        b"L",
        b"LI",
        b"Lbl",
        b"LBody",
        b"Table",
        b"TR",
        b"TH",
        b"TD",
        b"THead",
        b"TBody",
        b"TFoot",
        b"Span",
        b"Quote",
        b"Note",
        b"FENote",
        b"Reference",
        b"BibEntry",
        b"Code",
        b"Link",
        b"Annot",
        b"Figure",
        b"Formula",
        b"Form",
        b"Em",
        b"Strong",
        b"Sub",
        b"Aside",
    ];
    STANDARD.contains(&role)
}

#[cfg(test)]
mod tests;
