//! The pages of a document, in order, with what they inherit (ISO 32000-1, 7.7.3).

use std::collections::HashSet;

use document::Rect;
use lopdf::{Dictionary, Object, ObjectId};

use crate::pdf::objects::{Objects, as_dict};
use crate::pdf::page_frame::PageFrame;

/// One page, its inherited attributes resolved.
pub(super) struct PageSource<'a> {
    pub(super) dict: &'a Dictionary,
    pub(super) resources: Option<&'a Dictionary>,
    pub(super) frame: PageFrame,
}

/// Levels of parents of a page outside of any tree.
const PARENTS_MAX: usize = 32;

/// US Letter: what viewers assume where no page size is given.
const PAGE_SIZE_DEFAULT: Rect = Rect { x0: 0.0, y0: 0.0, x1: 612.0, y1: 792.0 };

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
        let visible = self
            .crop_box
            .and_then(|crop| crop.intersection(media))
            .filter(|both| both.width() > 1.0 && both.height() > 1.0)
            .unwrap_or(media);
        let quarter_turns = (self.rotation.unwrap_or(0.0) / 90.0).round() as i32;
        let rotation = quarter_turns.rem_euclid(4) as u16 * 90;
        PageSource { dict, resources: self.resources, frame: PageFrame { visible, rotation } }
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

#[cfg(test)]
mod tests {
    use lopdf::{Document, dictionary};

    use super::*;
    use crate::Limits;

    /// The rotation of a page that no tree leads to and that the last of its parents gives.
    fn rotation_below(parents: u32) -> u16 {
        let mut document = Document::new();
        for number in 2..=parents {
            let node = dictionary! { "Parent" => Object::Reference((number + 1, 0)) };
            document.objects.insert((number, 0), node.into());
        }
        document.objects.insert((parents + 1, 0), dictionary! { "Rotate" => 90 }.into());
        let page = dictionary! { "Type" => "Page", "Parent" => Object::Reference((2, 0)) };
        document.objects.insert((1, 0), page.into());
        let limits = Limits::default();
        pages(&Objects::new(&document, &limits), 1).sources[0].frame.rotation
    }

    #[test]
    fn parents_are_limited_on_both_sides() {
        // The page is the first of its own chain.
        let parents = PARENTS_MAX as u32 - 1;
        assert_eq!((rotation_below(parents), rotation_below(parents + 1)), (90, 0));
    }
}
