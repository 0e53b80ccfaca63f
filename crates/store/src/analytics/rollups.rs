//! Runs of exchanges, rolled up.
//!
//! Runs are cut by number and not by the clock, so that what has to be read message by message at
//! the edges of a range is little, however busy the bot is. The lowest level is made of messages;
//! a run of the next is made of [`Sizes::fan`] of the one below, which stay. The runs of a level
//! join without gaps, from the bot's first message on.

use std::ops::Range;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::facts::Facts;
use super::{body, raw};
use crate::rows::{all, get};
use crate::{Millis, Store, StoreError};

/// Where they are kept.
pub(super) const TABLE: &str = "rollups";

/// How old a message must be before it is rolled up: no older one is still on its way.
pub(crate) const SETTLED_MS: Millis = 120_000;

/// How old a message may be when it is kept, without roll-ups being looked at. The rest of
/// [`SETTLED_MS`] is for the way to the disk and for clocks that differ.
const LATE_MS: Millis = 60_000;

/// Levels. A run of the highest is of some 130,000 exchanges, and 1,000,000 are seven of them.
const LEVELS: i64 = 3;

/// How large runs are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Messages, of users and bots, in a run of the lowest level.
    pub(super) messages: i64,
    /// Runs that are joined to one of the next level.
    pub(super) fan: i64,
}

/// The best, if not by much, of 512 to 4,096 messages and 8 to 32 runs in `tests/speed.rs`: a month
/// of 1,000,000 messages takes 76 ms, 88 ms where both its edges lie within runs.
const SIZES: Sizes = Sizes { messages: 1_024, fan: 16 };

/// A run that is kept.
struct Run {
    starts_at: Millis,
    ends_at: Millis,
    body: String,
}

impl Run {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            starts_at: get(row, "starts_at")?,
            ends_at: get(row, "ends_at")?,
            body: get(row, "body")?,
        })
    }
}

impl Store {
    /// Rolls up what is old enough. One run at a time and a process: others of other bots come in
    /// between.
    pub(crate) async fn roll_up(&self, bot_id: &str, now: Millis) -> Result<(), StoreError> {
        self.roll_up_by(bot_id, now, SIZES).await
    }

    pub(super) async fn roll_up_by(
        &self,
        bot_id: &str,
        now: Millis,
        sizes: Sizes,
    ) -> Result<(), StoreError> {
        let settled = now.saturating_sub(SETTLED_MS);
        loop {
            let _one_at_a_time = self.rolling.lock().await;
            let Some(run) = self.next_run(bot_id, settled, sizes).await? else { return Ok(()) };
            let mut facts = Facts::default();
            let mut connection = self.read.acquire().await?;
            raw::fold(&mut connection, bot_id, run.clone(), &mut facts).await?;
            drop(connection);
            self.keep_run(bot_id, 0, run, facts).await?;
            for level in 1..LEVELS {
                self.join_runs(bot_id, level, sizes).await?;
            }
        }
    }

    /// Takes away all roll-ups of a bot.
    pub(super) async fn forget_rollups(&self, bot_id: &str) -> Result<(), StoreError> {
        let bot_id = bot_id.to_owned();
        self.write(|connection| {
            Box::pin(async move { forget(connection, &bot_id, Millis::MIN).await })
        })
        .await
    }

    /// The next run of messages, where there are enough of them and all are settled.
    async fn next_run(
        &self,
        bot_id: &str,
        settled: Millis,
        sizes: Sizes,
    ) -> Result<Option<Range<Millis>>, StoreError> {
        let mut connection = self.read.acquire().await?;
        let from = end_of(&mut connection, bot_id, 0).await?;
        // From where the last one ended, else from the first message.
        let bounds = sqlx::query(
            "SELECT created_at FROM (SELECT created_at FROM messages WHERE bot_id = $1 \
             AND created_at >= $2 ORDER BY created_at LIMIT 1) AS first UNION ALL \
             SELECT created_at FROM (SELECT created_at FROM messages WHERE bot_id = $1 \
             AND created_at >= $2 ORDER BY created_at LIMIT 1 OFFSET $3) AS next",
        )
        .bind(bot_id)
        .bind(from.unwrap_or(Millis::MIN))
        .bind(sizes.messages)
        .fetch_all(&mut *connection)
        .await?;
        let bounds: Vec<Millis> = all(&bounds, |row| get(row, "created_at"))?;
        let [first, next] = bounds[..] else { return Ok(None) };
        let from = from.unwrap_or(first);
        // Messages of one millisecond stay together, however many they are.
        let to = next.max(from.saturating_add(1));
        Ok((to <= settled).then_some(from..to))
    }

    /// Joins runs of the level below, where there are enough.
    async fn join_runs(&self, bot_id: &str, level: i64, sizes: Sizes) -> Result<(), StoreError> {
        let mut connection = self.read.acquire().await?;
        let from = end_of(&mut connection, bot_id, level).await?;
        let rows = sqlx::query(
            "SELECT starts_at, ends_at, body FROM rollups WHERE bot_id = $1 AND level = $2 \
             AND starts_at >= $3 ORDER BY starts_at LIMIT $4",
        )
        .bind(bot_id)
        .bind(level - 1)
        .bind(from.unwrap_or(Millis::MIN))
        .bind(sizes.fan)
        .fetch_all(&mut *connection)
        .await?;
        drop(connection);
        let runs = all(&rows, Run::of)?;
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Ok(()) };
        if i64::try_from(runs.len()).is_ok_and(|found| found < sizes.fan) {
            return Ok(());
        }
        let range = first.starts_at..last.ends_at;
        let mut facts = Facts::default();
        for run in &runs {
            facts.absorb(read(&run.body)?);
        }
        self.keep_run(bot_id, level, range, facts).await
    }

    /// Keeps a run, unless its bot is gone or another process was faster.
    pub(super) async fn keep_run(
        &self,
        bot_id: &str,
        level: i64,
        range: Range<Millis>,
        mut facts: Facts,
    ) -> Result<(), StoreError> {
        let bot_id = bot_id.to_owned();
        facts.settle();
        let body = body::write(&facts);
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO rollups (bot_id, level, starts_at, ends_at, body) \
                     SELECT id, $2, $3, $4, $5 FROM bots WHERE id = $1 AND NOT EXISTS (SELECT 1 \
                     FROM rollups WHERE bot_id = $1 AND level = $2 AND starts_at >= $3) \
                     ON CONFLICT DO NOTHING",
                )
                .bind(bot_id)
                .bind(level)
                .bind(range.start)
                .bind(range.end)
                .bind(body)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

/// Where the runs of a level end; `None` where there are none.
async fn end_of(
    connection: &mut AnyConnection,
    bot_id: &str,
    level: i64,
) -> Result<Option<Millis>, StoreError> {
    let row = sqlx::query(
        "SELECT ends_at FROM rollups WHERE bot_id = $1 AND level = $2 \
         ORDER BY starts_at DESC LIMIT 1",
    )
    .bind(bot_id)
    .bind(level)
    .fetch_optional(connection)
    .await?;
    row.map(|row| get(&row, "ends_at")).transpose()
}

/// Takes away what an exchange makes wrong that was kept long after its message came.
pub(crate) async fn forget_late(
    connection: &mut AnyConnection,
    bot_id: &str,
    asked_at: Millis,
    now: Millis,
) -> Result<(), StoreError> {
    if now.saturating_sub(asked_at) <= LATE_MS {
        return Ok(());
    }
    forget(connection, bot_id, asked_at).await
}

/// Takes away what holds a time or comes after it.
async fn forget(
    connection: &mut AnyConnection,
    bot_id: &str,
    from: Millis,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM rollups WHERE bot_id = $1 AND ends_at > $2")
        .bind(bot_id)
        .bind(from)
        .execute(connection)
        .await?;
    Ok(())
}

/// The facts of a run.
///
/// # Errors
/// [`StoreError::Unknown`] of [`TABLE`].
pub(super) fn read(text: &str) -> Result<Facts, StoreError> {
    let unknown = || {
        let found = text.chars().take(40).collect();
        StoreError::Unknown { table: TABLE, column: "body", found }
    };
    body::read(text).ok_or_else(unknown)
}

/// All of a range: the runs that lie in it, the largest first, and the facts of the messages
/// between its edges and those runs.
pub(super) async fn gather(
    connection: &mut AnyConnection,
    bot_id: &str,
    range: Range<Millis>,
) -> Result<(Vec<String>, Facts), StoreError> {
    let (mut bodies, mut facts) = (Vec::new(), Facts::default());
    let mut gaps = vec![(LEVELS - 1, range)];
    while let Some((level, gap)) = gaps.pop() {
        if gap.is_empty() {
            continue;
        }
        if level < 0 {
            raw::fold(connection, bot_id, gap, &mut facts).await?;
            continue;
        }
        let rows = sqlx::query(
            "SELECT starts_at, ends_at, body FROM rollups WHERE bot_id = $1 AND level = $2 \
             AND starts_at >= $3 AND starts_at < $4 AND ends_at <= $4 ORDER BY starts_at",
        )
        .bind(bot_id)
        .bind(level)
        .bind(gap.start)
        .bind(gap.end)
        .fetch_all(&mut *connection)
        .await?;
        let runs = all(&rows, Run::of)?;
        match (runs.first(), runs.last()) {
            (Some(first), Some(last)) => {
                gaps.push((level - 1, gap.start..first.starts_at));
                gaps.push((level - 1, last.ends_at..gap.end));
            }
            _ => gaps.push((level - 1, gap)),
        }
        bodies.extend(runs.into_iter().map(|run| run.body));
    }
    Ok((bodies, facts))
}
