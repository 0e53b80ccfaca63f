//! The routes: one module a resource, each with its requests and replies.

pub(crate) mod analytics;
pub(crate) mod bots;
pub(crate) mod chat;
pub(crate) mod documents;
pub(crate) mod feedback;
pub(crate) mod history;
pub(crate) mod page;
pub(crate) mod search;
pub(crate) mod train;
pub(crate) mod webhooks;

use store::Bot;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::App;

/// A bot of the caller's account. Whatever has not even the shape of an id is not looked up.
pub(crate) async fn bot_of(app: &App, caller: &Caller, id: &str) -> Result<Bot, ApiError> {
    if !store::Kind::Bot.names(id) {
        return Err(ApiError::bot_not_found(id));
    }
    let bot = app.store.bot(caller.account_id(), id).await?;
    bot.ok_or_else(|| ApiError::bot_not_found(id))
}

/// The name of a bot's index.
pub(crate) fn index_of(bot: &Bot) -> Result<document::BotId, ApiError> {
    bot.id.parse().map_err(|error| ApiError::internal(&error))
}
