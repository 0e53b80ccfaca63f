//! Optional content (ISO 32000-1, 8.11): the layers that are switched off when a file is opened.

use std::collections::HashSet;

use lopdf::{Dictionary, Object, ObjectId};

use super::objects::{Objects, as_dict};

/// Groups that are looked at.
const GROUPS_MAX: usize = 100_000;

/// The groups that are off in the default configuration.
#[derive(Debug, Default)]
pub(super) struct OptionalContent {
    off: HashSet<ObjectId>,
}

impl OptionalContent {
    /// Reads the default configuration of the document.
    pub(super) fn read(objects: &Objects<'_>) -> Self {
        let off = || {
            let root = objects.document.trailer.get(b"Root").ok()?;
            let root = as_dict(objects.resolve(root)?)?;
            let properties = objects.dict(root, b"OCProperties")?;
            let default = objects.dict(properties, b"D")?;
            let ids = |dict, key| -> HashSet<ObjectId> {
                let list: &[Object] = objects.array(dict, key).map_or(&[], Vec::as_slice);
                objects.record_limit("layers", list.len(), GROUPS_MAX);
                let references = list.iter().take(GROUPS_MAX);
                references.filter_map(|object| object.as_reference().ok()).collect()
            };
            let mut off = ids(default, b"OFF");
            if objects.name(default, b"BaseState") == Some(b"OFF") {
                let on = ids(default, b"ON");
                off.extend(ids(properties, b"OCGs").difference(&on));
            }
            Some(off)
        };
        Self { off: off().unwrap_or_default() }
    }

    /// Whether content that belongs to `owner`, the value of an `OC` entry or property, is off.
    /// Membership by a visibility expression is not read: such content is on.
    pub(super) fn is_off<'a>(&self, objects: &Objects<'a>, owner: &'a Object) -> bool {
        if self.off.is_empty() {
            return false;
        }
        let listed = |object: &Object| object.as_reference().is_ok_and(|id| self.off.contains(&id));
        if listed(owner) {
            return true;
        }
        let membership = objects.resolve(owner).and_then(as_dict);
        membership.is_some_and(|dict| self.members_are_off(objects, dict, listed))
    }

    fn members_are_off<'a>(
        &self,
        objects: &Objects<'a>,
        dict: &'a Dictionary,
        listed: impl Fn(&Object) -> bool,
    ) -> bool {
        let Ok(groups) = dict.get(b"OCGs") else { return false };
        let groups = match objects.resolve(groups) {
            Some(Object::Array(groups)) => groups.as_slice(),
            _ => std::slice::from_ref(groups),
        };
        let mut groups = groups.iter().take(GROUPS_MAX).peekable();
        if groups.peek().is_none() {
            return false;
        }
        match objects.name(dict, b"P") {
            Some(b"AllOn") => groups.any(listed),
            Some(b"AnyOff") => !groups.any(listed),
            Some(b"AllOff") => !groups.all(listed),
            _ => groups.all(listed),
        }
    }
}
