//! What can go wrong.

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused, or is not there.
    #[error("the database refused: {0}")]
    Database(#[from] sqlx::Error),
    /// Its tables could not be brought to what this release needs.
    #[error("the tables of the database cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// What it holds is not what this release writes.
    #[error("{table}.{column} holds {found:?}, which this release does not know")]
    Unknown {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What stands there.
        found: String,
    },
    /// The address names no database that is supported.
    #[error("{url:?} names no database: expected sqlite:… or postgres://…")]
    UnknownUrl {
        /// The address, without what follows the scheme.
        url: String,
    },
    /// The task that writes has ended: the store is being closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether a row of that name is there already.
    pub fn is_duplicate(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.is_unique_violation(),
            Self::Database(_)
            | Self::Migration(_)
            | Self::Unknown { .. }
            | Self::UnknownUrl { .. }
            | Self::Closed => false,
        }
    }
}
