//! All routes, on one page.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{analytics, bots, chat, documents, feedback, history, search, train, webhooks};
use crate::error::{ApiError, Code};
use crate::state::App;
use crate::{auth, idempotency, observe, operations, reference, request_id};

/// The description of the API.
#[derive(OpenApi)]
#[openapi(
    info(title = "JelyTech API", description = "Bots that answer from your documents, with the page and the heading."),
    tags(
        (name = "chat", description = "Messages and their answers"),
        (name = "bots", description = "Bots"),
        (name = "documents", description = "What bots answer from"),
        (name = "analytics", description = "What bots did"),
        (name = "webhooks", description = "Who is told of events"),
    )
)]
struct Description;

/// Every route of the API. All of them want a key.
fn api(app: Option<&App>) -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(once(app))
        .routes(routes!(chat::end))
        .routes(routes!(feedback::rate))
        .routes(routes!(history::read))
        .routes(routes!(bots::list))
        .routes(routes!(bots::read, bots::change, bots::delete))
        .routes(routes!(analytics::read))
        .routes(routes!(train::train))
        .routes(routes!(search::search))
        .routes(routes!(documents::list))
        .routes(routes!(documents::read, documents::delete))
        .routes(routes!(documents::retry))
        .routes(routes!(documents::chunks))
        .routes(routes!(documents::job))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
}

/// What creates or charges: with an `Idempotency-Key` it counts once. So does an upload, which sees
/// to that itself: its body is too large to be read twice.
fn once(app: Option<&App>) -> OpenApiRouter<App> {
    let routes = OpenApiRouter::new()
        .routes(routes!(chat::send))
        .routes(routes!(bots::create))
        .routes(routes!(webhooks::create));
    match app {
        Some(app) => routes.layer(middleware::from_fn_with_state(app.clone(), idempotency::once)),
        // For the description alone.
        None => routes,
    }
}

/// The description of the API, OpenAPI 3.1.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api(None).into_openapi()
}

/// The whole server.
pub(crate) fn router(app: App) -> Router {
    let (api, description) = api(Some(&app)).split_for_parts();
    let guarded = api
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), auth::guard))
        // Within each of the routers: outside of them nobody knows which route it was.
        .layer(middleware::from_fn(observe::observe));
    let open = Router::new()
        .route("/healthz", get(operations::health))
        .route("/readyz", get(operations::readiness))
        .route("/metrics", get(operations::metrics))
        .route("/docs", get(reference::page))
        .route("/docs.css", get(reference::style))
        .route("/docs.js", get(reference::script))
        .route("/openapi.json", get(|| async move { Json(description) }))
        .layer(middleware::from_fn(observe::observe));
    // What is neither here nor there needs a key too: who has none learns nothing of the routes.
    open.fallback_service(guarded.with_state(app.clone()))
        .layer(middleware::from_fn(secure))
        .layer(middleware::from_fn(request_id::name))
        .with_state(app)
}

async fn not_found(request: Request) -> ApiError {
    let path: String = request.uri().path().chars().take(80).collect();
    ApiError::new(Code::NotFound, format!("nothing is at {path:?}: see /openapi.json"))
}

async fn method_not_allowed(request: Request) -> ApiError {
    let message = format!("{} is not done here: see /openapi.json", request.method());
    ApiError::new(Code::MethodNotAllowed, message)
}

/// What browsers are told, whatever they show.
async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = "default-src 'none'; frame-ancestors 'none'";
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
