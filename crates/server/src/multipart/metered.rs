//! A body that is read with care: what reads forms takes in all that is there before it looks at any
//! of it, and the headers of a part without end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use futures_util::Stream;

/// Bytes after which something must come of them: what is left of a piece of a file, and all headers
/// of the next.
const UNREAD_MAX: usize = 64 << 10;

/// Counts the bytes that went in since something came of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Arc<AtomicUsize>);

impl Meter {
    /// Something came of them.
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A body piece by piece.
pub(super) struct Metered<S> {
    stream: S,
    meter: Meter,
    /// Whether to make who asks for more look at what it has first.
    rests: bool,
}

/// A body that ends with an error where too much of it goes in without anything coming of it.
pub(super) fn metered<S>(stream: S) -> (Metered<S>, Meter) {
    let meter = Meter::default();
    (Metered { stream, meter: meter.clone(), rests: false }, meter)
}

impl<S> Stream for Metered<S>
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Unpin,
{
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rests {
            self.rests = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = ready!(Pin::new(&mut self.stream).poll_next(context));
        let Some(Ok(bytes)) = &piece else { return Poll::Ready(piece) };
        if self.meter.0.fetch_add(bytes.len(), Ordering::Relaxed) > UNREAD_MAX {
            let error = std::io::Error::other("the headers of a part are too long");
            return Poll::Ready(Some(Err(axum::Error::new(error))));
        }
        self.rests = true;
        Poll::Ready(piece)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use multer::Multipart;

    use super::*;

    /// A body in pieces of 1 KiB that are all there at once.
    fn form(
        head: &str,
        headers: usize,
        data: usize,
    ) -> impl Stream<Item = Result<Bytes, axum::Error>> + Unpin {
        let mut text = format!("--x\r\n{head}\r\nx-more: {}\r\n\r\n", "h".repeat(headers));
        text.push_str(&"d".repeat(data));
        text.push_str("\r\n--x--\r\n");
        let pieces: Vec<_> = text
            .as_bytes()
            .chunks(1 << 10)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        stream::iter(pieces)
    }

    async fn read(headers: usize, data: usize) -> Result<usize, multer::Error> {
        let (body, meter) =
            metered(form("content-disposition: form-data; name=\"file\"", headers, data));
        let mut parts = Multipart::new(body, "x");
        let mut bytes = 0;
        let mut field = parts.next_field().await?.unwrap();
        meter.reset();
        while let Some(piece) = field.chunk().await? {
            assert!(piece.len() <= 3 << 10, "no more is held than that");
            meter.reset();
            bytes += piece.len();
        }
        Ok(bytes)
    }

    #[tokio::test]
    async fn files_may_be_long_and_headers_may_not() {
        assert_eq!(read(30_000, 1 << 20).await.unwrap(), 1 << 20);
        assert!(read(1 << 20, 9).await.is_err());
    }
}
