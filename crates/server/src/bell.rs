//! Waking who waits for work.

use tokio::sync::Notify;

/// Rung when there is work; one that nobody waits for is heard by the next who does.
#[derive(Debug, Default)]
pub(crate) struct Bell(Notify);

impl Bell {
    /// There is work.
    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until there is.
    pub(crate) async fn rung(&self) {
        self.0.notified().await;
    }
}
