//! Optional content (ISO 32000-1, 8.11): the layers that are switched off when a file is opened.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use lopdf::{Dictionary, Object, ObjectId};

use super::objects::{Objects, as_dict};

/// Groups that are looked at.
const GROUPS_MAX: usize = 100_000;

/// The groups that are off in the default configuration.
#[derive(Debug, Default)]
pub(super) struct OptionalContent {
    off: HashSet<ObjectId>,
    /// Of lists of groups, by their place in the loaded document: a page names them many times.
    lists: Mutex<HashMap<usize, Members>>,
}

/// Which of the groups of a list are off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Members {
    /// There are no groups.
    Absent,
    AllOn,
    SomeOff,
    AllOff,
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
        Self { off: off().unwrap_or_default(), ..Self::default() }
    }

    /// Whether content that belongs to `owner`, the value of an `OC` entry or property, is off.
    /// Membership by a visibility expression is not read: such content is on.
    pub(super) fn is_off<'a>(&self, objects: &Objects<'a>, owner: &'a Object) -> bool {
        if self.off.is_empty() {
            return false;
        }
        if self.is_listed(owner) {
            return true;
        }
        let membership = objects.resolve(owner).and_then(as_dict);
        membership.is_some_and(|dict| self.members_are_off(objects, dict))
    }

    fn is_listed(&self, group: &Object) -> bool {
        group.as_reference().is_ok_and(|id| self.off.contains(&id))
    }

    fn members_are_off<'a>(&self, objects: &Objects<'a>, dict: &'a Dictionary) -> bool {
        let Ok(groups) = dict.get(b"OCGs") else { return false };
        let members = match objects.resolve(groups) {
            Some(Object::Array(groups)) => self.members(groups),
            _ => self.count(std::slice::from_ref(groups)),
        };
        match (objects.name(dict, b"P"), members) {
            (_, Members::Absent) => false,
            (Some(b"AllOn"), members) => members != Members::AllOn,
            (Some(b"AnyOff"), members) => members == Members::AllOn,
            (Some(b"AllOff"), members) => members != Members::AllOff,
            (_, members) => members == Members::AllOff,
        }
    }

    /// Linear in the groups the first time.
    fn members(&self, groups: &[Object]) -> Members {
        let place = groups.as_ptr().addr();
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        *lists.entry(place).or_insert_with(|| self.count(groups))
    }

    fn count(&self, groups: &[Object]) -> Members {
        let groups = groups.iter().take(GROUPS_MAX);
        let found = groups.len();
        match groups.filter(|group| self.is_listed(group)).count() {
            _ if found == 0 => Members::Absent,
            0 => Members::AllOn,
            off if off == found => Members::AllOff,
            _ => Members::SomeOff,
        }
    }
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    #[test]
    fn policies_tell_lists_of_groups_apart() {
        let file = lopdf::Document::with_version("1.7");
        let limits = crate::Limits::default();
        let objects = Objects::new(&file, &limits);
        let layers = OptionalContent { off: HashSet::from([(9, 0)]), ..Default::default() };
        let (on, off) = (Object::Reference((8, 0)), Object::Reference((9, 0)));
        let owner = |policy: &str, groups: &[&Object]| {
            let groups: Vec<Object> = groups.iter().copied().cloned().collect();
            Object::from(dictionary! { "P" => policy, "OCGs" => groups })
        };
        let lists: [&[&Object]; 4] = [&[], &[&on, &on], &[&on, &off], &[&off, &off]];
        let owners = ["AnyOn", "AllOn", "AnyOff", "AllOff"]
            .map(|policy| lists.map(|groups| owner(policy, groups)));
        for _ in 0..2 {
            let found = owners
                .each_ref()
                .map(|of_policy| of_policy.each_ref().map(|owner| layers.is_off(&objects, owner)));
            assert_eq!(found[0], [false, false, false, true], "any on");
            assert_eq!(found[1], [false, false, true, true], "all on");
            assert_eq!(found[2], [false, true, false, false], "any off");
            assert_eq!(found[3], [false, true, true, false], "all off");
        }
    }

    #[test]
    fn a_list_named_often_is_not_read_often() {
        let mut file = lopdf::Document::with_version("1.7");
        let groups = vec![Object::Reference((9, 0)); GROUPS_MAX];
        let list = file.add_object(groups);
        let limits = crate::Limits::default();
        let objects = Objects::new(&file, &limits);
        let layers = OptionalContent { off: HashSet::from([(9, 0)]), ..Default::default() };
        let owner = Object::from(dictionary! { "P" => "AllOff", "OCGs" => list });
        // Read each time, these are ten thousand million steps.
        assert!((0..100_000).all(|_| !layers.is_off(&objects, &owner)));
    }
}
