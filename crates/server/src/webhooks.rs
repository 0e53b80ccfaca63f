//! Telling webhooks what happened.
//!
//! Deliveries are leased from the outbox, a few to each webhook at a time, and nobody waits for
//! them: a receiver that is slow or dead delays its own events and nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{StatusCode, header};
use store::{Attempt, DueDelivery, Millis, Then};
use tokio::sync::{Semaphore, watch};

use crate::clock::now;
use crate::observe;
use crate::state::App;

pub(crate) mod guard;
mod retry_after;
pub(crate) mod signature;

use guard::Guarded;

/// How long after an attempt the next one comes, in seconds: the schedule that Standard Webhooks
/// recommends, nine retries over three days.
const RETRY_SECONDS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Share of a wait, in percent, that is left to chance, so that receivers that were down are not
/// told all at once.
const JITTER_PERCENT: u64 = 20;

/// Longest wait that a receiver may ask for, in seconds: one day.
const RETRY_AFTER_MAX: u64 = 86_400;

/// How much longer than a delivery may take it is leased.
const LEASE_SPARE: Duration = Duration::from_secs(10);

/// How long there is no look at the outbox where nothing is known to be due.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long deliveries are kept to be looked at: 30 days.
const KEPT_MS: Millis = 30 * 24 * 3_600 * 1_000;

/// How often old ones are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// Deliveries that are forgotten at once.
const FORGOTTEN_AT_ONCE: u32 = 500;

/// Of so many places one account may have one.
const ACCOUNTS_AT_ONCE: usize = 4;

/// A client for webhooks: no redirects, no proxy, no addresses that the guard refuses.
pub(crate) fn client(app: &App) -> reqwest::Result<reqwest::Client> {
    let settings = &app.config.webhooks;
    // Whoever was first has installed the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(settings.timeout_seconds))
        .dns_resolver(Arc::new(Guarded { allow_private: settings.allow_private }))
        .user_agent(concat!("JelyTech-Webhooks/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Tells webhooks until told to stop; what is under way is ended.
pub(crate) async fn deliver(app: App, client: reqwest::Client, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(app.config.webhooks.at_once));
    let timeout = Duration::from_secs(app.config.webhooks.timeout_seconds);
    let lease = milliseconds(timeout + LEASE_SPARE);
    let of_account = app.config.webhooks.at_once.div_ceil(ACCOUNTS_AT_ONCE);
    while !*stop.borrow() {
        let free = places.available_permits();
        let due = match free {
            0 => Vec::new(),
            _ => lease_some(&app, (free, of_account), lease).await,
        };
        let found = !due.is_empty();
        for delivery in due {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (app, client) = (app.clone(), client.clone());
            tokio::spawn(async move {
                let attempt = attempt(&app, &client, delivery).await;
                if let Err(error) = app.store.note_attempt(attempt, now()).await {
                    // Its lease runs out, and it is told once more.
                    tracing::error!(%error, "a delivery was not noted");
                }
                drop(place);
                app.outbox_bell.ring();
            });
        }
        if found && places.available_permits() > 0 {
            continue;
        }
        tokio::select! {
            () = app.outbox_bell.rung() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
    // All places are free when all deliveries have ended.
    let all = u32::try_from(app.config.webhooks.at_once).unwrap_or(u32::MAX);
    let _ = places.acquire_many(all).await;
}

async fn lease_some(
    app: &App,
    (free, of_account): (usize, usize),
    lease: Millis,
) -> Vec<DueDelivery> {
    let bounds = [free, of_account].map(|places| u32::try_from(places).unwrap_or(u32::MAX));
    match app.store.lease_deliveries(bounds.into(), now() + lease, now()).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(%error, "no look at the outbox");
            Vec::new()
        }
    }
}

/// Forgets old deliveries until told to stop.
pub(crate) async fn forget_old(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match app.store.forget_deliveries(now() - KEPT_MS, FORGOTTEN_AT_ONCE).await {
            // There may be more.
            Ok(forgotten) if forgotten == u64::from(FORGOTTEN_AT_ONCE) => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "old deliveries stay"),
        }
        tokio::select! {
            () = tokio::time::sleep(FORGET_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Tries a delivery once.
async fn attempt(app: &App, client: &reqwest::Client, due: DueDelivery) -> Attempt {
    let since = Instant::now();
    let result = post(app, client, &due).await;
    let took = since.elapsed();
    let (status_code, error, then) = match result {
        Ok(answer) => judge(&answer, due.attempt),
        Err(error) => (None, Some(error), retry(due.attempt, None)),
    };
    observe::webhook(&then, took);
    Attempt {
        delivery_id: due.id,
        webhook_id: due.webhook.id,
        attempt: due.attempt,
        status_code,
        error,
        took_ms: milliseconds(took),
        then,
    }
}

/// What a receiver said.
struct Said {
    status: StatusCode,
    retry_after: Option<u64>,
}

async fn post(app: &App, client: &reqwest::Client, due: &DueDelivery) -> Result<Said, String> {
    let webhook = &due.webhook;
    guard::check_url(&webhook.url, app.config.webhooks.allow_private)?;
    let timestamp = now() / 1_000;
    let old = webhook.old_secret.as_ref().filter(|(_, until)| *until > now());
    let secrets = [Some(&webhook.secret), old.map(|(secret, _)| secret)];
    let signatures: Vec<String> = secrets
        .into_iter()
        .flatten()
        .filter_map(|secret| signature::sign(secret, &due.event_id, timestamp, &due.body))
        .collect();
    let request = client
        .post(&webhook.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", &due.event_id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signatures.join(" "))
        .body(due.body.clone());
    // What a receiver writes is of no use, and may be without end.
    let response = request.send().await.map_err(|error| told(&error))?;
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after =
        retry_after.and_then(|value| retry_after::seconds(value.to_str().ok()?, now()));
    Ok(Said { status: response.status(), retry_after })
}

/// An error in one line, with its innermost cause, without the address.
fn told(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.is_timeout() { "no reply in time".to_owned() } else { cause.to_string() }
}

fn judge(said: &Said, attempt: u64) -> (Option<u16>, Option<String>, Then) {
    let status = said.status;
    let code = Some(status.as_u16());
    if status.is_success() {
        return (code, None, Then::Delivered);
    }
    let error = Some(format!("the receiver replied {status}"));
    if status == StatusCode::GONE {
        return (code, error, Then::Disable("the receiver replied 410 Gone".to_owned()));
    }
    (code, error, retry(attempt, said.retry_after))
}

/// When an attempt is followed by another, if it is.
fn retry(attempt: u64, asked_for: Option<u64>) -> Then {
    let place = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(&seconds) = RETRY_SECONDS.get(place) else { return Then::Failed };
    let mut chance = [0; 8];
    // Without chance the wait is the shortest.
    let _ = getrandom::fill(&mut chance);
    let spread = seconds * 1_000 * JITTER_PERCENT / 100;
    let jitter = u64::from_le_bytes(chance) % (spread + 1);
    let asked_for = asked_for.unwrap_or_default().min(RETRY_AFTER_MAX) * 1_000;
    let wait = (seconds * 1_000 - spread / 2 + jitter).max(asked_for);
    Then::RetryAt(now() + Millis::try_from(wait).unwrap_or(Millis::MAX / 2))
}

fn milliseconds(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_go_on_for_three_days() {
        let mut seconds = 0;
        for attempt in 1..=9 {
            let Then::RetryAt(at) = retry(attempt, None) else { panic!("{attempt}") };
            seconds += (at - now()) / 1_000;
        }
        assert!((60..90).contains(&(seconds / 3_600)), "{seconds}");
        assert_eq!(retry(10, None), Then::Failed);
        let Then::RetryAt(at) = retry(1, Some(60)) else { panic!() };
        assert!(at - now() > 59_000);
    }

    #[test]
    fn replies_are_judged() {
        let judge = |status| judge(&Said { status, retry_after: None }, 1).2;
        assert_eq!(judge(StatusCode::NO_CONTENT), Then::Delivered);
        assert!(matches!(judge(StatusCode::GONE), Then::Disable(_)));
        for status in [StatusCode::FOUND, StatusCode::BAD_REQUEST, StatusCode::BAD_GATEWAY] {
            assert!(matches!(judge(status), Then::RetryAt(_)), "{status}");
        }
    }
}
