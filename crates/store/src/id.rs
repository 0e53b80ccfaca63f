//! Names of records.

use uuid::Uuid;

/// What a name is of; its beginning tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `acc_…`
    Account,
    /// `key_…`
    Key,
    /// `bot_…`
    Bot,
    /// `job_…`
    Job,
    /// `conv_…`
    Conversation,
    /// `msg_…`
    Message,
    /// `hook_…`
    Webhook,
    /// `evt_…`
    Event,
    /// `dlv_…`
    Delivery,
    /// `act_…`
    Act,
}

impl Kind {
    /// How its names begin.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Account => "acc_",
            Self::Key => "key_",
            Self::Bot => "bot_",
            Self::Job => "job_",
            Self::Conversation => "conv_",
            Self::Message => "msg_",
            Self::Webhook => "hook_",
            Self::Event => "evt_",
            Self::Delivery => "dlv_",
            Self::Act => "act_",
        }
    }

    /// Whether a text has the shape of such a name.
    pub fn names(self, text: &str) -> bool {
        text.strip_prefix(self.prefix()).is_some_and(|rest| {
            rest.len() == 32 && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
    }
}

/// A new name, unlike any other: a UUID of version 7 (RFC 9562), so that later ones sort later and
/// an index grows at its end.
pub fn new_id(kind: Kind) -> String {
    format!("{}{}", kind.prefix(), Uuid::now_v7().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_they_are_of_and_sort_by_time() {
        let (first, second) = (new_id(Kind::Message), new_id(Kind::Message));
        assert!(first < second);
        assert!(Kind::Message.names(&first) && !Kind::Bot.names(&first));
        for bad in
            ["msg_", "msg_../../etc/passwd", "msg_0123", "", "msg_G0000000000000000000000000000000"]
        {
            assert!(!Kind::Message.names(bad), "{bad}");
        }
    }
}
