//! `jely accounts` and `jely keys`.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde_json::json;
use server::{ApiKey, Config, Scope};
use store::{Account, AuditEntry, Key, Millis, NewKey, Store};

use super::serve::{FIRST_PLAN, config, runtime};
use crate::cli::{AccountAct, Accounts, Global, KeyAct, Keys};
use crate::exit::{CommandError, Exit};
use crate::output::Output;

/// Who acts, in the audit log.
const ACTOR: &str = "cli";

pub(super) fn run(global: &Global, arguments: &Accounts, output: &mut Output<'_>) -> Result<Exit> {
    let config = config(&arguments.place)?;
    runtime()?.block_on(async {
        let store = open(global, &config).await?;
        match &arguments.act {
            AccountAct::Create { name, plan } => {
                check_plan(&config, plan)?;
                let account = store.put_account(name, plan, now()).await?;
                record(&store, &account.id, "account.created", &account.id).await?;
                tell_account(&account, output)?;
            }
            AccountAct::List => {
                for account in store.accounts().await? {
                    tell_account(&account, output)?;
                }
            }
        }
        store.close().await;
        Ok(Exit::Done)
    })
}

pub(super) fn run_keys(global: &Global, arguments: &Keys, output: &mut Output<'_>) -> Result<Exit> {
    let config = config(&arguments.place)?;
    runtime()?.block_on(async {
        let store = open(global, &config).await?;
        match &arguments.act {
            KeyAct::Create(create) => {
                let (account, plan) = (create.account.as_str(), create.plan.as_deref());
                let wanted =
                    NewKeyFor { account, plan, name: &create.name, scopes: &create.scopes };
                let (kept, key) = new_key(&store, &config, wanted).await?;
                tell_key(&kept, &key, output)?;
            }
            KeyAct::List { account } => {
                let account = match account {
                    Some(name) => Some(account_named(&store, name).await?.id),
                    None => None,
                };
                for key in store.keys(account.as_deref()).await? {
                    list_key(&key, output)?;
                }
            }
            KeyAct::Revoke { id } => revoke(&store, id).await?,
        }
        store.close().await;
        Ok(Exit::Done)
    })
}

/// The database, in a data folder that is created where it is missing.
async fn open(global: &Global, config: &Config) -> Result<Store> {
    super::folder(global)?;
    Ok(server::open_store(config, &global.data).await?)
}

/// A key to be.
pub(super) struct NewKeyFor<'a> {
    pub(super) account: &'a str,
    pub(super) plan: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) scopes: &'a [String],
}

/// Makes a key, and its account where that is missing.
pub(super) async fn new_key(
    store: &Store,
    config: &Config,
    wanted: NewKeyFor<'_>,
) -> Result<(Key, ApiKey)> {
    let known = store.account_named(wanted.account).await?;
    let account = match (known, wanted.plan) {
        (Some(account), None) => account,
        (_, plan) => {
            let plan = plan.unwrap_or(FIRST_PLAN);
            check_plan(config, plan)?;
            store.put_account(wanted.account, plan, now()).await?
        }
    };
    let key = ApiKey::generate()?;
    let scopes = match wanted.scopes {
        [] => Scope::ALL.map(Scope::as_str).join(" "),
        scopes => scopes.join(" "),
    };
    let new = NewKey {
        account_id: account.id.clone(),
        name: wanted.name.to_owned(),
        hash: key.hash(),
        hint: key.hint().to_owned(),
        scopes,
    };
    let kept = store.create_key(new, now()).await?;
    record(store, &account.id, "key.created", &kept.id).await?;
    Ok((kept, key))
}

async fn revoke(store: &Store, id: &str) -> Result<()> {
    let key = store.keys(None).await?.into_iter().find(|key| key.id == id);
    let unknown = || CommandError::usage(format!("no key {id}: list them with `jely keys list`"));
    let key = key.ok_or_else(unknown)?;
    if store.revoke_key(id, now()).await? {
        record(store, &key.account_id, "key.revoked", id).await?;
    }
    Ok(())
}

async fn account_named(store: &Store, name: &str) -> Result<Account> {
    let unknown = || CommandError::usage(format!("no account {name:?}: see `jely accounts list`"));
    Ok(store.account_named(name).await?.ok_or_else(unknown)?)
}

fn check_plan(config: &Config, plan: &str) -> Result<()> {
    if config.plans.contains_key(plan) {
        return Ok(());
    }
    let known: Vec<&str> = config.plans.keys().map(String::as_str).collect();
    Err(CommandError::usage(format!("no plan {plan:?}: there are {}", known.join(", "))).into())
}

async fn record(store: &Store, account_id: &str, act: &str, target: &str) -> Result<()> {
    let entry = AuditEntry {
        account_id: Some(account_id.to_owned()),
        actor: ACTOR.to_owned(),
        act: act.to_owned(),
        target: target.to_owned(),
        at: now(),
    };
    Ok(store.record_act(entry).await?)
}

fn tell_account(account: &Account, output: &mut Output<'_>) -> Result<()> {
    let Account { id, name, plan, .. } = account;
    if output.is_json() {
        output.json(&json!({"id": id, "name": name, "plan": plan}))?;
    } else {
        output.line(&format!("{id}  {name} ({plan})"))?;
    }
    Ok(())
}

fn tell_key(kept: &Key, key: &ApiKey, output: &mut Output<'_>) -> Result<()> {
    let key = key.reveal();
    if output.is_json() {
        output.json(&json!({"key": key, "id": kept.id, "accountId": kept.account_id}))?;
    } else {
        output.line(key)?;
    }
    Ok(())
}

fn list_key(key: &Key, output: &mut Output<'_>) -> Result<()> {
    let Key { id, name, hint, scopes, account_id, .. } = key;
    if output.is_json() {
        let revoked = key.revoked_at.is_some();
        let (created, used) = (key.created_at, key.last_used_at);
        output.json(&json!({
            "id": id, "accountId": account_id, "name": name, "hint": hint, "scopes": scopes,
            "createdAt": created, "lastUsedAt": used, "revoked": revoked,
        }))?;
    } else {
        let state = if key.revoked_at.is_some() { "revoked" } else { "valid" };
        output.line(&format!("{id}  …{hint}  {name} ({scopes}): {state}"))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "this is the rim: times go in from here")]
fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
