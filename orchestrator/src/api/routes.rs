//! Every address, and what stands around the calls.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Request, Response};
use axum::middleware;
use axum::routing::{get, post, put};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tracing::Span;

use super::{
    artifacts, datasets, experiments, health, queue, runs, snapshots, status, worker, workers,
};
use crate::error::{ApiError, problem_response};
use crate::{App, auth};

/// Largest JSON body of most calls.
const BODY: usize = 4 << 20;
/// Largest batch of events.
const EVENTS_BODY: usize = 64 << 20;

/// Largest import: the three files of an export, packed.
const IMPORT_BODY: usize = 256 << 20;

/// Calls that need no token.
pub const PUBLIC: &[&str] = &["/healthz", "/readyz"];

/// Every call that needs a token, with a sample address.
pub const ROUTES: &[(&str, &str)] = &[
    ("POST", "/api/v1/worker/register"),
    ("POST", "/api/v1/worker/claim"),
    ("POST", "/api/v1/worker/heartbeat"),
    ("POST", "/api/v1/worker/events"),
    ("POST", "/api/v1/worker/finish"),
    (
        "PUT",
        "/api/v1/worker/jobs/00000000-0000-0000-0000-000000000000/artifacts/weights/a?fence=1",
    ),
    ("GET", "/api/v1/artifacts/0"),
    ("GET", "/api/v1/experiments"),
    ("POST", "/api/v1/experiments"),
    ("POST", "/api/v1/experiments/plan"),
    ("GET", "/api/v1/experiments/e"),
    ("GET", "/api/v1/experiments/e/definition"),
    ("POST", "/api/v1/experiments/e/extend"),
    ("POST", "/api/v1/experiments/e/retry"),
    ("GET", "/api/v1/experiments/e/runs"),
    ("POST", "/api/v1/experiments/e/cancel"),
    ("POST", "/api/v1/experiments/e/pause"),
    ("POST", "/api/v1/experiments/e/drain"),
    ("POST", "/api/v1/experiments/e/resume"),
    ("GET", "/api/v1/experiments/e/queue"),
    ("PUT", "/api/v1/experiments/e/queue"),
    ("POST", "/api/v1/experiments/e/score"),
    ("GET", "/api/v1/experiments/e/table"),
    ("GET", "/api/v1/experiments/e/export/scores"),
    ("POST", "/api/v1/experiments/import"),
    ("POST", "/api/v1/experiments/e/freeze"),
    ("GET", "/api/v1/snapshots"),
    ("GET", "/api/v1/snapshots/s"),
    ("GET", "/api/v1/runs/r"),
    ("POST", "/api/v1/runs/r/cancel"),
    ("POST", "/api/v1/runs/r/retry"),
    ("POST", "/api/v1/runs/r/pause"),
    ("POST", "/api/v1/runs/r/resume"),
    ("POST", "/api/v1/runs/r/move"),
    ("GET", "/api/v1/runs/r/logs"),
    ("GET", "/api/v1/runs/r/metrics"),
    ("GET", "/api/v1/runs/r/artifacts"),
    ("GET", "/api/v1/queue"),
    ("GET", "/api/v1/workers"),
    ("POST", "/api/v1/workers/w/drain"),
    ("POST", "/api/v1/workers/w/undrain"),
    ("GET", "/api/v1/datasets"),
    ("GET", "/api/v1/status"),
];

/// The whole interface.
pub fn router(app: App) -> Router {
    let request_id = HeaderName::from_static("x-request-id");
    let closed = Router::new()
        .nest("/api/v1", api())
        .fallback(async || ApiError::NotFound("there is nothing at this address".to_owned()))
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(middleware::from_fn_with_state(app.clone(), auth::require));
    Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .merge(closed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_response(log),
        )
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
        .with_state(app)
}

fn api() -> Router<App> {
    let worker = Router::new()
        .route("/register", post(worker::register::register))
        .route("/claim", post(worker::claim::claim))
        .route("/heartbeat", post(worker::heartbeat::heartbeat))
        .route(
            "/events",
            post(worker::events::events).layer(DefaultBodyLimit::max(EVENTS_BODY)),
        )
        .route("/finish", post(worker::finish::finish))
        .route(
            "/jobs/{job}/artifacts/{kind}/{*name}",
            put(artifacts::put::put).layer(DefaultBodyLimit::disable()),
        );
    Router::new()
        .nest("/worker", worker)
        .route("/artifacts/{hash}", get(artifacts::get::get))
        .route(
            "/experiments",
            get(experiments::list::list).post(experiments::create::create),
        )
        .route("/experiments/plan", post(experiments::plan::plan))
        .route("/experiments/{experiment}", get(experiments::show::show))
        .route(
            "/experiments/{experiment}/definition",
            get(experiments::definition::definition),
        )
        .route(
            "/experiments/{experiment}/extend",
            post(experiments::extend::extend),
        )
        .route(
            "/experiments/{experiment}/retry",
            post(experiments::retry::retry),
        )
        .route(
            "/experiments/{experiment}/runs",
            get(experiments::runs::runs),
        )
        .route(
            "/experiments/{experiment}/cancel",
            post(experiments::cancel::cancel),
        )
        .route(
            "/experiments/{experiment}/pause",
            post(experiments::pausing::pause),
        )
        .route(
            "/experiments/{experiment}/drain",
            post(experiments::pausing::drain),
        )
        .route(
            "/experiments/{experiment}/resume",
            post(experiments::pausing::resume),
        )
        .route(
            "/experiments/{experiment}/queue",
            get(experiments::queue::show).put(experiments::queue::change),
        )
        .route(
            "/experiments/{experiment}/score",
            post(experiments::score::score),
        )
        .route(
            "/experiments/{experiment}/table",
            get(experiments::table::table),
        )
        .route(
            "/experiments/{experiment}/export/{part}",
            get(experiments::export::export),
        )
        .route(
            "/experiments/import",
            post(experiments::import::import).layer(DefaultBodyLimit::max(IMPORT_BODY)),
        )
        .route(
            "/experiments/{experiment}/freeze",
            post(experiments::freeze::freeze),
        )
        .route("/snapshots", get(snapshots::list))
        .route("/snapshots/{name}", get(snapshots::show))
        .route("/runs/{run}", get(runs::show::show))
        .route("/runs/{run}/cancel", post(runs::cancel::cancel))
        .route("/runs/{run}/retry", post(runs::retry::retry))
        .route("/runs/{run}/pause", post(runs::pausing::pause))
        .route("/runs/{run}/resume", post(runs::pausing::resume))
        .route("/runs/{run}/move", post(runs::place::place))
        .route("/runs/{run}/logs", get(runs::logs::logs))
        .route("/runs/{run}/metrics", get(runs::metrics::metrics))
        .route("/runs/{run}/artifacts", get(runs::artifacts::artifacts))
        .route("/queue", get(queue::list))
        .route("/workers", get(workers::list))
        .route("/workers/{worker}/drain", post(workers::drain))
        .route("/workers/{worker}/undrain", post(workers::undrain))
        .route("/datasets", get(datasets::list))
        .route("/status", get(status::status))
        .layer(DefaultBodyLimit::max(BODY))
}

fn span<B>(request: &Request<B>) -> Span {
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    tracing::debug_span!("call", method = %request.method(), path = request.uri().path(), id)
}

fn log<B>(response: &Response<B>, latency: Duration, _span: &Span) {
    tracing::debug!(status = response.status().as_u16(), ?latency, "answered");
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over"
)]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response<axum::body::Body> {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(message, "a call panicked");
    problem_response(&ApiError::Internal("it stumbled over its own fault".to_owned()).problem())
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::panicked;

    #[test]
    fn a_panic_becomes_a_problem() {
        let response = panicked(Box::new("boom"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }
}
