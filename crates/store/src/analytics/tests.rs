use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

use super::facts::{DAY_MS, Facts, Said};
use super::rollups::{SETTLED_MS, Sizes};
use super::*;
use crate::testing::stores;
use crate::{Charge, Event, Exchange, ExchangeResult, Kind, NewConversation, Reply, new_id};

mod speed;

/// Some day.
const DAY_0: Millis = 20_000 * DAY_MS;

/// Small runs, so that few messages make all levels.
const SMALL: Sizes = Sizes { messages: 16, fan: 3 };

/// An exchange to be counted, and what a rating of it will be.
#[derive(Debug, Clone)]
struct Made {
    asked_at: Millis,
    replied_at: Millis,
    conversation: usize,
    /// Whether the conversation names a user.
    user: Option<usize>,
    key: String,
    words: String,
    kind: &'static str,
    response_ms: Millis,
    documents: Vec<&'static str>,
    rating: Option<u8>,
}

/// Numbers without a pattern (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn up_to(&mut self, end: Millis) -> Millis {
        self.below(end.unsigned_abs()).cast_signed()
    }
}

/// Exchanges in the order in which they are kept: by the time of the reply, and some of those long
/// after the message.
fn made(count: usize) -> Vec<Made> {
    let mut numbers = Numbers(7);
    let mut asked_at = DAY_0 + 5_000;
    let mut made = Vec::new();
    for index in 0..count {
        // Every tenth right at the edge of a day.
        asked_at += 1 + numbers.up_to(2 * 3_600_000);
        if index % 10 == 0 {
            let edge = asked_at / DAY_MS * DAY_MS + DAY_MS - 1;
            asked_at = edge + numbers.up_to(2);
        }
        let slow = if index % 40 == 0 { 100_000 } else { 5_000 };
        let response_ms = 1 + numbers.up_to(slow);
        let conversation = numbers.below(count as u64 / 4) as usize;
        let key = numbers.below(6) * numbers.below(6);
        let kind = ["answer", "answer", "notFound", "smallTalk"][numbers.below(4) as usize];
        let cites = usize::from(kind == "answer") * numbers.below(4) as usize;
        made.push(Made {
            asked_at,
            replied_at: asked_at + response_ms,
            conversation,
            user: conversation.is_multiple_of(2).then_some(conversation % 10),
            key: format!("key {key}"),
            words: format!("Key {key}, {}?", numbers.below(3)),
            kind,
            response_ms,
            documents: ["doc_a", "doc_b", "doc_a"][..cites].to_vec(),
            rating: (numbers.below(3) == 0).then(|| 1 + numbers.below(5) as u8),
        });
    }
    made.sort_by_key(|made| made.replied_at);
    made
}

struct Kept {
    account_id: String,
    bot_id: String,
    conversations: BTreeMap<usize, String>,
    replies: Vec<String>,
}

impl Kept {
    async fn begin(store: &Store) -> Self {
        let (account, bot) = store.account_with_bot("a").await;
        let (conversations, replies) = (BTreeMap::new(), Vec::new());
        Self { account_id: account.id, bot_id: bot.id, conversations, replies }
    }

    fn exchange(&mut self, made: &Made) -> Exchange {
        let known = self.conversations.get(&made.conversation).cloned();
        let new = known.is_none().then(|| NewConversation {
            user_id: made.user.map(|user| format!("user {user}")),
            metadata: json!({}),
        });
        let conversation_id = known.unwrap_or_else(|| new_id(Kind::Conversation));
        self.conversations.insert(made.conversation, conversation_id.clone());
        let sources: Vec<_> = made.documents.iter().map(|id| json!({"documentId": id})).collect();
        let reply = Reply {
            id: new_id(Kind::Message),
            content: "Well.".into(),
            kind: made.kind,
            answered: made.kind != "notFound",
            confidence: 0.9,
            sources: serde_json::to_string(&sources).unwrap(),
            response_ms: made.response_ms,
        };
        self.replies.push(reply.id.clone());
        Exchange {
            bot_id: self.bot_id.clone(),
            conversation_id,
            new,
            idle_ms: Millis::MAX / 2,
            question_id: new_id(Kind::Message),
            question: made.words.clone(),
            question_key: made.key.clone(),
            asked_at: made.asked_at,
            reply,
            replied_at: made.replied_at,
            charge: Charge {
                account_id: self.account_id.clone(),
                month: "2026-11".into(),
                limit: None,
                warning: |_| Event { name: "quota.warning", body: "{}".into() },
            },
            events: Vec::new(),
            stored: None,
        }
    }

    async fn keep(&mut self, store: &Store, made: &Made) {
        let exchange = self.exchange(made);
        assert_eq!(store.keep_exchange(exchange).await.unwrap(), ExchangeResult::Kept);
    }
}

/// Keeps all, rolling up in between, and rates only when everything is rolled up.
async fn keep_all(store: &Store, all: &[Made]) -> Kept {
    let mut kept = Kept::begin(store).await;
    for (index, made) in all.iter().enumerate() {
        kept.keep(store, made).await;
        if index % 7 == 0 {
            let now = made.replied_at;
            store.roll_up_by(&kept.bot_id, now, SMALL).await.unwrap();
        }
    }
    let now = all.last().unwrap().replied_at + SETTLED_MS;
    store.roll_up_by(&kept.bot_id, now, SMALL).await.unwrap();
    for (reply, made) in kept.replies.iter().zip(all) {
        if let Some(rating) = made.rating {
            // The last one counts.
            for given in [6 - rating, rating] {
                store.rate(&kept.account_id, reply, (given, None), now).await.unwrap();
            }
        }
    }
    kept
}

/// The figures by counting, one after the other, in the plainest way.
fn expected(all: &[Made], range: &Range<Millis>) -> Figures {
    let inside: Vec<&Made> = all.iter().filter(|made| range.contains(&made.asked_at)).collect();
    let rated: Vec<&Made> = all.iter().filter(|made| range.contains(&made.replied_at)).collect();
    let days: BTreeSet<i64> = inside
        .iter()
        .map(|made| made.asked_at)
        .chain(rated.iter().filter(|made| made.rating.is_some()).map(|made| made.replied_at))
        .map(|at| at / DAY_MS)
        .collect();
    let whole = totals(&inside, &rated);
    let days = days.into_iter().map(|day| {
        let of = |at: Millis| at / DAY_MS == day;
        let inside: Vec<_> = inside.iter().copied().filter(|made| of(made.asked_at)).collect();
        let rated: Vec<_> = rated.iter().copied().filter(|made| of(made.replied_at)).collect();
        DayFigures { starts_at: day * DAY_MS, ..totals(&inside, &rated) }
    });
    let mut documents: BTreeMap<&str, u64> = BTreeMap::new();
    for made in &inside {
        for document in made.documents.iter().collect::<BTreeSet<_>>() {
            *documents.entry(document).or_default() += 1;
        }
    }
    let mut documents: Vec<_> = documents
        .into_iter()
        .map(|(id, replies)| UsedDocument { document_id: id.into(), title: None, replies })
        .collect();
    documents.sort_by_key(|used| std::cmp::Reverse(used.replies));
    let (top_questions, unanswered_questions) = questions(&inside);
    Figures {
        messages: whole.messages,
        unique_users: whole.unique_users,
        answered: whole.answered,
        unanswered: whole.unanswered,
        response_ms: whole.response_ms,
        rating: whole.rating,
        top_questions,
        unanswered_questions,
        documents,
        days: days.collect(),
    }
}

fn totals(inside: &[&Made], rated: &[&Made]) -> DayFigures {
    let of_kind = |kind: &str| inside.iter().filter(|made| made.kind == kind).count() as u64;
    let visitors: BTreeSet<_> = inside
        .iter()
        .map(|made| made.user.map_or((false, made.conversation), |user| (true, user)))
        .collect();
    let mean = |numbers: Vec<i64>| {
        let sum: i64 = numbers.iter().sum();
        (!numbers.is_empty()).then(|| sum as f64 / numbers.len() as f64)
    };
    DayFigures {
        starts_at: 0,
        messages: inside.len() as u64,
        unique_users: visitors.len() as u64,
        answered: of_kind("answer"),
        unanswered: of_kind("notFound"),
        response_ms: mean(inside.iter().map(|made| made.response_ms).collect()),
        rating: mean(rated.iter().filter_map(|made| made.rating).map(i64::from).collect()),
    }
}

fn questions(inside: &[&Made]) -> (Vec<TopQuestion>, Vec<UnansweredQuestion>) {
    let mut groups: BTreeMap<&str, Vec<&Made>> = BTreeMap::new();
    for made in inside.iter().copied().filter(|made| made.kind != "smallTalk") {
        groups.entry(&made.key).or_default().push(made);
    }
    let open: fn(&&&Made) -> bool = |made| made.kind == "notFound";
    let (mut top, mut unanswered) = (Vec::new(), Vec::new());
    for group in groups.values() {
        let first_at = group.iter().map(|made| made.asked_at).min().unwrap();
        let shown = |counts: fn(&&&Made) -> bool| {
            let rank = |words: &String| {
                let same: Vec<_> = group.iter().filter(|made| made.words == *words).collect();
                let uses = same.iter().filter(|made| counts(made)).count();
                (std::cmp::Reverse(uses), same.iter().map(|made| made.asked_at).min().unwrap())
            };
            group.iter().map(|made| made.words.clone()).min_by_key(rank).unwrap()
        };
        let question = shown(|_| true);
        top.push((first_at, TopQuestion { question, count: group.len() as u64 }));
        let count = group.iter().filter(open).count() as u64;
        if let Some(last_at) = group.iter().filter(open).map(|made| made.asked_at).max() {
            unanswered.push(UnansweredQuestion { question: shown(open), count, last_at });
        }
    }
    top.sort_by_key(|(first_at, question)| (std::cmp::Reverse(question.count), *first_at));
    unanswered.sort_by_key(|question| std::cmp::Reverse((question.count, question.last_at)));
    let mut top: Vec<_> = top.into_iter().map(|(_, question)| question).collect();
    top.truncate(TOP_QUESTIONS_MAX);
    unanswered.truncate(UNANSWERED_MAX);
    (top, unanswered)
}

async fn levels(store: &Store) -> Vec<(i64, i64)> {
    let rows = sqlx::query("SELECT level, COUNT(*) AS runs FROM rollups GROUP BY level")
        .fetch_all(&store.read)
        .await
        .unwrap();
    let mut levels: Vec<_> =
        rows.iter().map(|row| (get(row, "level").unwrap(), get(row, "runs").unwrap())).collect();
    levels.sort_unstable();
    levels
}

async fn change(store: &Store, sql: &'static str) {
    let changed = store.write(move |connection| {
        Box::pin(async move {
            sqlx::query(sql).execute(connection).await?;
            Ok(())
        })
    });
    changed.await.unwrap();
}

#[test]
fn figures_of_any_range_are_those_of_its_messages() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = made(600);
    for fresh in runtime.block_on(stores()) {
        let store = &fresh.store;
        let kept = runtime.block_on(keep_all(store, &all));
        let found = runtime.block_on(levels(store));
        assert!(matches!(found[..], [(0, 60..), (1, 20..), (2, 6..)]), "{found:?}");
        let check = |range: Range<Millis>| {
            let figures = runtime.block_on(store.read_figures(&kept.bot_id, range.clone()));
            let (figures, expected) = (figures.unwrap(), expected(&all, &range));
            (figures == expected).then_some(()).ok_or_else(|| {
                TestCaseError::fail(format!("{range:?}:\n{figures:#?}\n{expected:#?}"))
            })
        };
        let last = all.last().unwrap().replied_at;
        check(0..Millis::MAX).unwrap();
        check(Millis::MIN..DAY_0).unwrap();
        check(DAY_0..DAY_0).unwrap();
        let places = DAY_0 - 1_000..last + 1_000;
        // Whole days and messages themselves are where the edges are.
        let asked: Vec<_> = all.iter().map(|made| made.asked_at).collect();
        let edge = proptest::prop_oneof![
            proptest::strategy::Strategy::boxed(places),
            proptest::strategy::Strategy::boxed(proptest::strategy::Strategy::prop_map(
                0..30_i64,
                |day| DAY_0 + day * DAY_MS
            )),
            proptest::strategy::Strategy::boxed(proptest::sample::select(asked)),
        ];
        let mut runner = TestRunner::new(Config { cases: 96, ..Config::default() });
        runner
            .run(&(edge.clone(), edge), |(one, other)| check(one.min(other)..one.max(other)))
            .unwrap();
        // All of it can be made again.
        runtime.block_on(change(store, "DELETE FROM rollups"));
        check(DAY_0 + 1..last).unwrap();
        runtime.block_on(store.roll_up_by(&kept.bot_id, last + SETTLED_MS, SMALL)).unwrap();
        check(DAY_0 + 1..last).unwrap();
    }
}

#[tokio::test]
async fn a_message_that_is_kept_late_is_counted() {
    for fresh in stores().await {
        let store = &fresh.store;
        let all = made(40);
        let mut kept = keep_all(store, &all).await;
        let last = all.last().unwrap().replied_at;
        let before = levels(store).await;
        let late = Made { asked_at: DAY_0 + 7 * 3_600_000, replied_at: last, ..all[0].clone() };
        kept.keep(store, &late).await;
        assert_ne!(levels(store).await, before);
        let figures = store.figures(&kept.bot_id, DAY_0..last, last).await.unwrap();
        assert_eq!(figures.messages, 41);
    }
}

#[tokio::test]
async fn rollups_of_another_shape_are_made_again() {
    for fresh in stores().await {
        let store = &fresh.store;
        let all = made(40);
        let kept = keep_all(store, &all).await;
        let last = all.last().unwrap().replied_at;
        change(store, "UPDATE rollups SET body = 'AAAA' WHERE level = 0").await;
        let range = 0..Millis::MAX;
        assert!(store.read_figures(&kept.bot_id, range.clone()).await.is_err());
        let figures = store.figures(&kept.bot_id, range.clone(), last).await.unwrap();
        assert_eq!(figures, expected(&all, &range));
    }
}

#[tokio::test]
async fn rollups_go_with_their_bot() {
    for fresh in stores().await {
        let store = &fresh.store;
        let kept = keep_all(store, &made(40)).await;
        assert!(!levels(store).await.is_empty());
        assert!(store.delete_bot(&kept.account_id, &kept.bot_id, 9).await.unwrap());
        assert!(levels(store).await.is_empty());
        // One that was under way is not kept.
        let run = DAY_0..DAY_0 + 1;
        store.keep_run(&kept.bot_id, 0, run.clone(), Facts::default()).await.unwrap();
        assert!(levels(store).await.is_empty());
        let figures = store.figures(&kept.bot_id, 0..Millis::MAX, 9).await.unwrap();
        assert_eq!(figures, Figures::default());
    }
}

#[tokio::test]
async fn a_busy_bot_is_rolled_up_while_it_talks() {
    for fresh in stores().await {
        let store = &fresh.store;
        let mut kept = Kept::begin(store).await;
        let one = made(8).remove(0);
        let many = (0..520).map(|at| {
            let made = Made { asked_at: DAY_0 + at, conversation: at as usize, ..one.clone() };
            kept.exchange(&made)
        });
        let many: Vec<_> = many.map(|exchange| store.keep_exchange(exchange)).collect();
        futures_util::future::join_all(many).await;
        let now = one.replied_at + SETTLED_MS;
        let asked_at = now - 1;
        let mut last =
            kept.exchange(&Made { asked_at, replied_at: now, conversation: 999, ..one.clone() });
        last.reply.id.replace_range(34.., "00");
        store.keep_exchange(last).await.unwrap();
        for _ in 0..1_000 {
            if !levels(store).await.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(levels(store).await, [(0, 1)]);
    }
}

#[tokio::test]
async fn documents_have_the_titles_of_today() {
    for fresh in stores().await {
        let store = &fresh.store;
        let mut kept = Kept::begin(store).await;
        let new = crate::NewDocument {
            id: "doc_a".into(),
            bot_id: kept.bot_id.clone(),
            source: "a".into(),
            title: Some("Opening hours".into()),
            metadata: BTreeMap::new(),
            content_hash: "h".into(),
            bytes: 1,
            media_type: "text/plain".into(),
        };
        store.upload(new, 9, 1).await.unwrap();
        let one = made(8).remove(0);
        let documents = vec!["doc_b", "doc_a", "doc_a"];
        kept.keep(store, &Made { kind: "answer", documents, ..one }).await;
        let figures = store.figures(&kept.bot_id, 0..Millis::MAX, 9).await.unwrap();
        let used: Vec<_> = figures
            .documents
            .iter()
            .map(|used| (used.document_id.as_str(), used.title.as_deref(), used.replies))
            .collect();
        assert_eq!(used, [("doc_a", Some("Opening hours"), 1), ("doc_b", None, 1)]);
    }
}

#[test]
fn a_body_is_read_as_it_was_written_and_damage_is_seen() {
    let mut facts = Facts::default();
    for at in [-5, 3, DAY_MS * 20_000, i64::MAX / 2] {
        let question = Some(("key", if at > 3 { "Key?" } else { "key" }));
        let answered = Some(at == 3);
        facts.add(&Said { at, visitor: u64::MAX, question, answered, response_ms: Some(300) });
    }
    facts.documents.insert("doc_ü".into(), 1_000);
    facts.settle();
    let text = body::write(&facts);
    assert_eq!(body::read(&text).as_ref(), Some(&facts));
    for end in 0..text.len() {
        assert_eq!(body::read(&text[..end]), None, "{end}");
    }
    assert_eq!(body::read("not a body"), None);
    assert!(rollups::read(&text[1..]).is_err());
}
