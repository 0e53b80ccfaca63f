use serde_json::json;

use super::*;
use crate::testing::stores;
use crate::{Kind, Spent, new_id};

fn warning(spent: Spent) -> Event {
    Event { name: "quota.warning", body: format!("{}/{}", spent.used, spent.limit) }
}

fn ended(conversation: &Conversation, _: Millis) -> Event {
    Event { name: "conversation.ended", body: conversation.id.clone() }
}

fn exchange(account_id: &str, bot_id: &str, conversation: Option<&str>, now: Millis) -> Exchange {
    let new = NewConversation { user_id: Some("u".into()), metadata: json!({"source": "web"}) };
    Exchange {
        bot_id: bot_id.to_owned(),
        conversation_id: conversation.map_or_else(|| new_id(Kind::Conversation), str::to_owned),
        new: conversation.is_none().then_some(new),
        idle_ms: 1_000,
        question_id: new_id(Kind::Message),
        question: "When?".into(),
        question_key: "when".into(),
        asked_at: now,
        reply: Reply {
            id: new_id(Kind::Message),
            content: "At nine.".into(),
            kind: "answer",
            answered: true,
            confidence: 0.9,
            sources: "[]".into(),
            response_ms: 3,
        },
        replied_at: now + 3,
        charge: Charge {
            account_id: account_id.to_owned(),
            month: "2026-11".into(),
            limit: Some(5),
            warning,
        },
        events: vec![Event { name: "message.sent", body: "{}".into() }],
        stored: None,
    }
}

#[tokio::test]
async fn an_exchange_is_kept_whole_and_in_order() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (account, bot) = store.account_with_bot("a").await;
        let first = exchange(&account.id, &bot.id, None, 10);
        let id = first.conversation_id.clone();
        assert_eq!(store.keep_exchange(first).await.unwrap(), ExchangeResult::Kept);
        let second = exchange(&account.id, &bot.id, Some(&id), 20);
        assert_eq!(store.keep_exchange(second).await.unwrap(), ExchangeResult::Kept);
        let messages = store.messages(&id, 0, 10).await.unwrap();
        let said: Vec<_> = messages.iter().map(|message| message.content.as_str()).collect();
        assert_eq!(said, ["When?", "At nine.", "When?", "At nine."]);
        assert_eq!(store.last_messages(&id, 1).await.unwrap(), messages[3..]);
        assert!(store.conversation("acc_other", &id).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_charged() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (account, bot) = store.account_with_bot("a").await;
        let gone = exchange(&account.id, &bot.id, Some("conv_unknown"), 10);
        assert_eq!(store.keep_exchange(gone).await.unwrap(), ExchangeResult::Over);
        assert_eq!(store.messages_used(&account.id, "2026-11").await.unwrap(), 0);
        for _ in 0..5 {
            let next = exchange(&account.id, &bot.id, None, 10);
            assert_eq!(store.keep_exchange(next).await.unwrap(), ExchangeResult::Kept);
        }
        let beyond = exchange(&account.id, &bot.id, None, 10);
        let id = beyond.conversation_id.clone();
        assert_eq!(store.keep_exchange(beyond).await.unwrap(), ExchangeResult::QuotaExceeded);
        assert!(store.conversation(&account.id, &id).await.unwrap().is_none());
        assert_eq!(store.messages_used(&account.id, "2026-11").await.unwrap(), 5);
    }
}

#[tokio::test]
async fn parallel_messages_are_counted_to_the_last() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (account, bot) = store.account_with_bot("a").await;
        let many = (0..200).map(|_| store.keep_exchange(exchange(&account.id, &bot.id, None, 10)));
        let results = futures_util::future::join_all(many).await;
        let kept = results.iter().filter(|result| matches!(result, Ok(ExchangeResult::Kept)));
        assert_eq!(kept.count(), 5);
        assert_eq!(store.messages_used(&account.id, "2026-11").await.unwrap(), 5);
    }
}

#[tokio::test]
async fn a_conversation_ends_once() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (account, bot) = store.account_with_bot("a").await;
        let first = exchange(&account.id, &bot.id, None, 10);
        let id = first.conversation_id.clone();
        store.keep_exchange(first).await.unwrap();
        assert_eq!(store.end_idle_conversations(9, ended, 1_000).await.unwrap(), 0);
        assert_eq!(store.end_idle_conversations(9, ended, 1_014).await.unwrap(), 1);
        let again = store.end_conversation(&account.id, &id, ended, 1_015).await.unwrap();
        assert_eq!(again, Some(false));
        assert_eq!(store.end_conversation("acc_x", &id, ended, 1).await.unwrap(), None);
        let late = exchange(&account.id, &bot.id, Some(&id), 1_016);
        assert_eq!(store.keep_exchange(late).await.unwrap(), ExchangeResult::Over);
    }
}

#[tokio::test]
async fn a_share_of_a_limit_is_warned_of_once_and_of_a_greater_limit_anew() {
    for fresh in stores().await {
        let store = &fresh.store;
        let (account, bot) = store.account_with_bot("a").await;
        let new = crate::NewWebhook {
            account_id: account.id.clone(),
            url: "https://example.com/".into(),
            events: vec!["quota.warning".into()],
            secret: "whsec_x".into(),
        };
        let hook = store.create_webhook(new, 9, 1).await.unwrap().unwrap();
        let mut results = Vec::new();
        for limit in [5, 5, 5, 5, 5, 10, 10, 10, 10, 10, u64::MAX] {
            let mut next = exchange(&account.id, &bot.id, None, 10);
            next.charge.limit = Some(limit);
            results.push(store.keep_exchange(next).await.unwrap());
        }
        use ExchangeResult::{Kept, KeptAndQueued};
        let five = [Kept, Kept, Kept, KeptAndQueued, KeptAndQueued];
        let ten = [Kept, Kept, KeptAndQueued, Kept, KeptAndQueued];
        assert_eq!(results, [&five[..], &ten, &[Kept]].concat());
        assert_eq!(store.deliveries(&hook.id, None, 9).await.unwrap().len(), 4);
    }
}
