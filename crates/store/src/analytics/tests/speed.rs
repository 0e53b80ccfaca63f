//! How long figures of 1,000,000 messages take, and what keeping a message takes. Only by command:
//! `JELY_MEASURE=1 cargo test --release -p store speed -- --nocapture --test-threads 1`.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;

use super::*;

/// Messages of users.
const MESSAGES: i64 = 1_000_000;

/// What the messages are like.
struct Shape {
    name: &'static str,
    /// From the first to the last.
    span: Millis,
    /// Whether no two ask the same, and nobody comes twice.
    all_differ: bool,
}

const SHAPES: [Shape; 3] = [
    Shape { name: "a month", span: 30 * DAY_MS, all_differ: false },
    Shape { name: "a day", span: DAY_MS, all_differ: false },
    Shape { name: "a month, all different", span: 30 * DAY_MS, all_differ: true },
];

#[expect(clippy::disallowed_methods, reason = "a measurement is asked for by hand")]
fn is_asked_for() -> bool {
    std::env::var("JELY_MEASURE").is_ok()
}

#[expect(clippy::print_stdout, reason = "a measurement shows what it found")]
fn tell(line: &str) {
    println!("{line}");
}

/// Three messages a conversation, every other one of a named user; questions from a few that are
/// asked all the time to many that are asked once; a reply in ten is rated.
async fn fill(store: &Store, bot_id: &str, shape: &Shape) {
    let (span, all_differ) = (shape.span, i64::from(shape.all_differ));
    let conversations = if shape.all_differ { MESSAGES } else { MESSAGES / 3 };
    let each = MESSAGES / conversations;
    let sql = format!(
        "INSERT INTO conversations (id, bot_id, user_id, metadata, messages, started_at, last_at, \
         idle_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n \
         WHERE i < {conversations}) SELECT printf('conv_%032x', i), '{bot_id}', \
         CASE WHEN i % 2 = 0 AND NOT {all_differ} THEN printf('user-%d', (i * 7919) % 60000) END, \
         '{{}}', 6, 0, 0, 0 FROM n; \
         INSERT INTO messages (id, conversation_id, bot_id, position, role, content, created_at, \
         kind, answered, confidence, sources, response_ms, question_key, rating) \
         WITH RECURSIVE n(i, a, b) AS (SELECT 0, 0, 1 UNION ALL SELECT i + 1, abs(random()), \
         abs(random()) FROM n WHERE i < {MESSAGES} - 1), \
         q AS (SELECT i, CASE WHEN {all_differ} THEN i ELSE a % (1 + b % 300000) END AS k, \
         a % 3 AS w, {DAY_0} + i * {span} / {MESSAGES} AS t, b % 10 AS s FROM n), s(reply) AS \
         (VALUES (0), (1)) \
         SELECT printf('msg_%032x', 2 * i + reply), printf('conv_%032x', i / {each}), '{bot_id}', \
         2 * (i % {each}) + reply, CASE reply WHEN 0 THEN 'user' ELSE 'assistant' END, \
         CASE reply WHEN 0 THEN printf('How do I set up the %d of my device%s', k, \
         substr('??!.', w + 1, 1)) ELSE printf('%.300c', 'x') END, t + reply, \
         CASE reply WHEN 1 THEN CASE WHEN s = 0 THEN 'notFound' WHEN s = 1 THEN 'smallTalk' \
         ELSE 'answer' END END, CASE reply WHEN 1 THEN s <> 0 END, CASE reply WHEN 1 THEN 0.5 END, \
         CASE reply WHEN 1 THEN printf('[{{\"documentId\":\"doc_%032x\",\"title\":\"Manual\",\
         \"excerpt\":\"%.400c\"}}]', k % 400, 'x') END, CASE reply WHEN 1 THEN s * 10 END, \
         CASE reply WHEN 0 THEN printf('devic set %d', k) END, \
         CASE WHEN reply = 1 AND b10 = 5 THEN 1 + w END \
         FROM (SELECT *, (i * 2654435761) % 10 AS b10 FROM q) CROSS JOIN s"
    );
    let filled = store.write(move |connection| {
        Box::pin(async move {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
            Ok(())
        })
    });
    filled.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn speed_of_figures_of_a_million_messages() {
    if !is_asked_for() {
        return;
    }
    for shape in &SHAPES {
        let fresh = stores().await.remove(0);
        let store = &fresh.store;
        let (_, bot) = store.account_with_bot("a").await;
        fill(store, &bot.id, shape).await;
        let end = DAY_0 + shape.span;
        let began = Instant::now();
        store.roll_up(&bot.id, end).await.unwrap();
        tell(&format!("{}: rolled up in {:.1?}", shape.name, began.elapsed()));
        let inset = shape.span / 7_777;
        for range in [DAY_0..end, DAY_0 + inset..end - 2 * inset, end - shape.span / 3..end] {
            let mut times = Vec::new();
            for _ in 0..7 {
                let began = Instant::now();
                let figures = store.figures(&bot.id, range.clone(), end).await.unwrap();
                times.push(began.elapsed());
                assert!(figures.messages > 0 && figures.top_questions.len() == TOP_QUESTIONS_MAX);
            }
            times.sort_unstable();
            let (least, median, most) = (times[0], times[3], times[6]);
            tell(&format!("  {range:?}: {least:.0?} {median:.0?} {most:.0?}"));
            assert!(median < Duration::from_millis(200) || shape.all_differ, "{}", shape.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn speed_of_keeping_messages() {
    if !is_asked_for() {
        return;
    }
    let fresh = stores().await.remove(0);
    let store = &fresh.store;
    let mut kept = Kept::begin(store).await;
    let all = made(20_000);
    let mut times = Vec::new();
    for part in all.chunks(2_000) {
        let exchanges: Vec<_> = part
            .iter()
            .enumerate()
            .map(|(at, made)| kept.exchange(&Made { conversation: at, ..made.clone() }))
            .collect();
        let began = Instant::now();
        let kept = exchanges.into_iter().map(|exchange| store.keep_exchange(exchange));
        let kept = futures_util::stream::iter(kept).buffered(64).collect::<Vec<_>>().await;
        times.push(began.elapsed() / 2_000);
        assert!(kept.iter().all(|result| matches!(result, Ok(ExchangeResult::Kept))));
    }
    times.sort_unstable();
    let (least, median) = (times[0], times[times.len() / 2]);
    tell(&format!("one exchange kept: {least:.0?} at best, {median:.0?} mostly"));
}
