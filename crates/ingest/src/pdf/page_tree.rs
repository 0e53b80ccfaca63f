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

/// Collects up to `limit` pages in document order. Loops and repeated nodes are visited once;
/// where the tree yields no page, every object that calls itself a page is one.
pub(super) fn pages<'a>(objects: &Objects<'a>, limit: usize) -> Vec<PageSource<'a>> {
    let catalog = objects.document.trailer.get(b"Root").ok().and_then(|root| objects.resolve(root));
    let root = catalog.and_then(as_dict).and_then(|catalog| catalog.get(b"Pages").ok());
    let pages = root.map(|root| walk(objects, root, limit)).unwrap_or_default();
    if pages.is_empty() { by_type(objects, limit) } else { pages }
}

fn walk<'a>(objects: &Objects<'a>, root: &'a Object, limit: usize) -> Vec<PageSource<'a>> {
    let mut seen: HashSet<ObjectId> = HashSet::new();
    let mut pages = Vec::new();
    let mut stack = vec![(root, Inherited::default())];
    while let Some((object, inherited)) = stack.pop() {
        if object.as_reference().is_ok_and(|id| !seen.insert(id)) || pages.len() >= limit {
            continue;
        }
        let Some(node) = objects.resolve(object).and_then(as_dict) else { continue };
        let attributes = inherited.overridden_by(objects, node);
        let shared = node.get(b"Kids").ok().and_then(|kids| kids.as_reference().ok());
        match objects.array(node, b"Kids") {
            // One array under many nodes would multiply its pages.
            Some(_) if shared.is_some_and(|id| !seen.insert(id)) => {}
            Some(kids) => stack.extend(kids.iter().rev().map(|kid| (kid, attributes))),
            None => pages.push(attributes.page(node)),
        }
    }
    pages
}

fn by_type<'a>(objects: &Objects<'a>, limit: usize) -> Vec<PageSource<'a>> {
    let dicts = objects.document.objects.values().filter_map(as_dict);
    let pages = dicts.filter(|dict| dict.has_type(b"Page"));
    pages
        .take(limit)
        .map(|dict| Inherited::default().overridden_by(objects, dict).page(dict))
        .collect()
}
