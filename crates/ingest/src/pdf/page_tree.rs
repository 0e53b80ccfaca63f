//! The pages of a document, in order, with what they inherit (ISO 32000-1, 7.7.3).

use std::collections::HashSet;

use lopdf::{Dictionary, Object, ObjectId};

use crate::pdf::matrix::Matrix;
use crate::pdf::objects::{Objects, as_dict};

/// A rectangle in PDF points with ordered corners.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) x0: f32,
    pub(super) y0: f32,
    pub(super) x1: f32,
    pub(super) y1: f32,
}

impl Rect {
    pub(super) fn from_corners([ax, ay, bx, by]: [f32; 4]) -> Self {
        Self { x0: ax.min(bx), y0: ay.min(by), x1: ax.max(bx), y1: ay.max(by) }
    }

    /// The smallest rectangle that holds both.
    pub(super) fn union(self, other: Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }

    /// The same, larger by `by` on all sides.
    pub(super) fn grown(self, by: f32) -> Self {
        Self { x0: self.x0 - by, y0: self.y0 - by, x1: self.x1 + by, y1: self.y1 + by }
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.x0 <= other.x1 && other.x0 <= self.x1 && self.y0 <= other.y1 && other.y0 <= self.y1
    }

    pub(super) fn contains(self, (x, y): (f32, f32)) -> bool {
        (self.x0..=self.x1).contains(&x) && (self.y0..=self.y1).contains(&y)
    }

    pub(super) fn width(self) -> f32 {
        self.x1 - self.x0
    }

    pub(super) fn height(self) -> f32 {
        self.y1 - self.y0
    }

    fn intersection(self, other: Self) -> Option<Self> {
        let both = Self {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        };
        (both.width() > 1.0 && both.height() > 1.0).then_some(both)
    }
}

/// One page, its inherited attributes resolved.
pub(super) struct PageSource<'a> {
    pub(super) dict: &'a Dictionary,
    pub(super) resources: Option<&'a Dictionary>,
    /// The visible region in default user space.
    pub(super) visible: Rect,
    /// Clockwise, a multiple of 90.
    pub(super) rotation_degrees: i32,
}

/// Levels of parents of a page outside of any tree.
const PARENTS_MAX: usize = 32;

/// US Letter: what viewers assume where no page size is given.
const PAGE_SIZE_DEFAULT: Rect = Rect { x0: 0.0, y0: 0.0, x1: 612.0, y1: 792.0 };

impl PageSource<'_> {
    /// Maps default user space to the page as it is looked at: upright, origin at the lower
    /// left corner of the visible region.
    pub(super) fn upright(&self) -> Matrix {
        let Rect { x0, y0, x1, y1 } = self.visible;
        let (a, b, c, d, e, f) = match self.rotation_degrees.rem_euclid(360) {
            90 => (0.0, -1.0, 1.0, 0.0, -y0, x1),
            180 => (-1.0, 0.0, 0.0, -1.0, x1, y1),
            270 => (0.0, 1.0, -1.0, 0.0, y1, -x0),
            _ => (1.0, 0.0, 0.0, 1.0, -x0, -y0),
        };
        Matrix { a, b, c, d, e, f }
    }

    /// Width and height as looked at.
    pub(super) fn upright_size(&self) -> (f32, f32) {
        let (width, height) = (self.visible.width(), self.visible.height());
        if self.rotation_degrees.rem_euclid(180) == 90 { (height, width) } else { (width, height) }
    }
}

#[derive(Clone, Copy, Default)]
struct Inherited<'a> {
    resources: Option<&'a Dictionary>,
    media_box: Option<Rect>,
    crop_box: Option<Rect>,
    rotation: Option<f32>,
}

impl<'a> Inherited<'a> {
    fn overridden_by(self, objects: &Objects<'a>, node: &'a Dictionary) -> Self {
        let rect = |key: &[u8]| objects.numbers(node, key).map(Rect::from_corners);
        Self {
            resources: objects.dict(node, b"Resources").or(self.resources),
            media_box: rect(b"MediaBox").or(self.media_box),
            crop_box: rect(b"CropBox").or(self.crop_box),
            rotation: objects.number(node, b"Rotate").or(self.rotation),
        }
    }

    fn page(self, dict: &'a Dictionary) -> PageSource<'a> {
        let media = self.media_box.filter(|size| size.width() > 1.0 && size.height() > 1.0);
        let media = media.unwrap_or(PAGE_SIZE_DEFAULT);
        let visible = self.crop_box.and_then(|crop| crop.intersection(media)).unwrap_or(media);
        let quarter_turns = (self.rotation.unwrap_or(0.0) / 90.0).round() as i32;
        let rotation_degrees = quarter_turns.rem_euclid(4) * 90;
        PageSource { dict, resources: self.resources, visible, rotation_degrees }
    }
}

/// The pages of a document.
pub(super) struct Pages<'a> {
    /// In document order, as many as are allowed.
    pub(super) sources: Vec<PageSource<'a>>,
    /// How many there are.
    pub(super) found: usize,
    /// What was repaired, one sentence each.
    pub(super) repairs: Vec<String>,
}

/// Collects up to `limit` pages in document order. Loops and repeated nodes are visited once;
/// where the tree yields no page, every object that calls itself a page is one.
pub(super) fn pages<'a>(objects: &Objects<'a>, limit: usize) -> Pages<'a> {
    let catalog = objects.document.trailer.get(b"Root").ok().and_then(|root| objects.resolve(root));
    let root = catalog.and_then(as_dict).and_then(|catalog| catalog.get(b"Pages").ok());
    let mut pages = Pages { sources: Vec::new(), found: 0, repairs: Vec::new() };
    if let Some(root) = root {
        walk(objects, root, limit, &mut pages);
    }
    if pages.found == 0 {
        by_type(objects, limit, &mut pages);
    }
    pages
}

impl<'a> Pages<'a> {
    fn push(&mut self, page: PageSource<'a>, limit: usize) {
        self.found += 1;
        if self.sources.len() < limit {
            self.sources.push(page);
        }
    }
}

fn walk<'a>(objects: &Objects<'a>, root: &'a Object, limit: usize, pages: &mut Pages<'a>) {
    let mut seen: HashSet<ObjectId> = HashSet::new();
    let (mut missing, mut repeated) = (0, 0);
    let mut stack = vec![(root, Inherited::default())];
    while let Some((object, inherited)) = stack.pop() {
        if object.as_reference().is_ok_and(|id| !seen.insert(id)) {
            repeated += 1;
            continue;
        }
        let Some(node) = objects.resolve(object).and_then(as_dict) else {
            missing += 1;
            continue;
        };
        let attributes = inherited.overridden_by(objects, node);
        let kids = node.get(b"Kids").ok();
        let shared = kids.and_then(|kids| kids.as_reference().ok());
        match (kids, kids.and_then(|kids| objects.resolve(kids))) {
            // One array under many nodes would multiply its pages.
            (_, Some(Object::Array(_))) if shared.is_some_and(|id| !seen.insert(id)) => {
                repeated += 1;
            }
            (_, Some(Object::Array(kids))) => {
                stack.extend(kids.iter().rev().map(|kid| (kid, attributes)));
            }
            // The only kid, without its array.
            (Some(kid), Some(Object::Dictionary(_))) => stack.push((kid, attributes)),
            // A branch without leaves.
            _ if node.has_type(b"Pages") && !node.has(b"Contents") => {}
            _ => pages.push(attributes.page(node), limit),
        }
    }
    if missing > 0 {
        pages.repairs.push(format!("pages that the page tree names and the file lacks: {missing}"));
    }
    if repeated > 0 {
        let repair = format!("pages and branches the page tree names again, left out: {repeated}");
        pages.repairs.push(repair);
    }
}

fn by_type<'a>(objects: &Objects<'a>, limit: usize, pages: &mut Pages<'a>) {
    let dicts = objects.document.objects.values().filter_map(as_dict);
    for dict in dicts.filter(|dict| dict.has_type(b"Page")) {
        pages.push(inherited(objects, dict).page(dict), limit);
    }
    if pages.found > 0 {
        let found = pages.found;
        pages.repairs.push(format!("page tree missing: {found} pages were collected by type"));
    }
}

/// What a page that no tree leads to inherits from the nodes it names as its parents.
fn inherited<'a>(objects: &Objects<'a>, page: &'a Dictionary) -> Inherited<'a> {
    let parent = |node: &&'a Dictionary| objects.dict(node, b"Parent");
    let nodes: Vec<_> = std::iter::successors(Some(page), parent).take(PARENTS_MAX).collect();
    let above =
        |inherited: Inherited<'a>, node: &&'a Dictionary| inherited.overridden_by(objects, node);
    nodes.iter().rev().fold(Inherited::default(), above)
}
