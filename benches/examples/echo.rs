//! A server that says back what it is sent: JSON in, JSON out, nothing between. The floor of every
//! HTTP figure (`benches/processes/chat.py`). Prints its address.
#![expect(clippy::print_stdout, reason = "whoever starts it must learn where it listens")]

use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let router =
        Router::new().route("/v1/chat/send", post(|Json(body): Json<Value>| async { Json(body) }));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, router).await
}
