//! The arguments of `jely serve`, `jely keys` and `jely accounts`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Serve the HTTP API
///
/// Needs nothing but the data folder, which it creates: accounts, conversations and jobs are kept
/// in a database in it. The first start makes an account and prints its key, once. Ends in order
/// on SIGTERM or Ctrl-C: what was accepted is finished.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jely serve                                       on 127.0.0.1:8080, data in ./data
  jely serve --listen 0.0.0.0:80 --config jely.toml

The description of the API is at /openapi.json. Settings come from the file; JELY_LISTEN,
JELY_DATABASE and JELY_LOG go before it, and the command line before them.")]
pub(crate) struct Serve {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "JELY_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// What is logged: `info`, `debug`, `store=debug,info`, …
    #[arg(long, value_name = "FILTER", env = "JELY_LOG")]
    pub(crate) log: Option<String>,
}

/// Where settings and database are.
#[derive(Debug, Default, Args)]
pub(crate) struct Place {
    /// A file of settings
    #[arg(long, value_name = "FILE", env = "JELY_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The database, `sqlite:…` or `postgres://…` [default: jely.db in the data folder]
    #[arg(long, value_name = "URL", env = "JELY_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
}

/// Make, list and revoke keys of the API
///
/// Works beside a running server, which believes a revoked key for one more second.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) act: KeyAct,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyAct {
    /// Make a key and print it, once
    Create(CreateKey),
    /// List keys, without what opens the door
    List {
        /// Only those of this account
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
    },
    /// End the validity of a key
    Revoke {
        /// Its id, `key_…`
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateKey {
    /// The account, made where it is missing
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) account: String,
    /// The plan of the account [default: the one it has, `pro` for a new one]
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
    /// What to call the key
    #[arg(long, default_value = "cli")]
    pub(crate) name: String,
    /// What it may do: `chat`, `train`, `analytics`, `admin`; may be given several times
    /// [default: all]
    #[arg(long = "scope", value_name = "SCOPE", value_parser = ["chat", "train", "analytics", "admin"])]
    pub(crate) scopes: Vec<String>,
}

/// Make and list accounts
#[derive(Debug, Args)]
pub(crate) struct Accounts {
    #[command(subcommand)]
    pub(crate) act: AccountAct,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountAct {
    /// Make an account, or give one another plan
    Create {
        /// Its name
        #[arg(default_value = "default")]
        name: String,
        /// Its plan, by its name in the settings
        #[arg(long, value_name = "PLAN", default_value = "pro")]
        plan: String,
    },
    /// List accounts
    List,
}
