//! What a call answers when it cannot do what it was asked: RFC 9457 problems.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mrprism_protocol::id::{Fence, JobId};
use mrprism_protocol::spec::SpecError;
use mrprism_protocol::wire::Problem;

use crate::artifact::StoreError;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No token, or a wrong one.
    #[error(
        "this call needs `Authorization: Bearer <token>` with the token in <home>/token of the server"
    )]
    Unauthorised,
    /// Nothing has this name.
    #[error("{0}")]
    NotFound(String),
    /// The address exists, but not for this verb.
    #[error("this address does not understand that method")]
    MethodNotAllowed,
    /// The attempt is not live, or was never this caller's.
    #[error(
        "the lease on job {job} with fence {fence} is gone: stop its trainer, nothing it writes counts any more"
    )]
    LeaseLost {
        /// The job that was named.
        job: JobId,
        /// The fence that was named.
        fence: Fence,
    },
    /// What is there contradicts the call.
    #[error("{detail}")]
    Conflict {
        /// Stable word for programs.
        kind: &'static str,
        /// What is there, and what to do.
        detail: String,
    },
    /// A definition with faults.
    #[error("the definition has faults; nothing was written")]
    Faults(Vec<SpecError>),
    /// A value that makes no sense.
    #[error("{0}")]
    Unprocessable(String),
    /// A request that cannot be read.
    #[error("{detail}")]
    Unreadable {
        /// 400, 413 or 415.
        status: StatusCode,
        /// What is wrong with it.
        detail: String,
    },
    /// The database.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The store of files.
    #[error("the store of files failed")]
    Store(#[from] StoreError),
    /// A fault of this program.
    #[error("the server failed at this call: {0}; its log says more")]
    Internal(String),
}

impl From<crate::report::ExportError> for ApiError {
    fn from(error: crate::report::ExportError) -> Self {
        match error {
            crate::report::ExportError::Database(error) => Self::Database(error),
            crate::report::ExportError::Store(error) => Self::Store(error),
        }
    }
}

impl ApiError {
    /// The problem to answer with.
    pub fn problem(&self) -> Problem {
        let (status, kind, title) = self.words();
        let detail = match self {
            Self::Database(error) => database_detail(error),
            other => other.to_string(),
        };
        Problem {
            kind: kind.to_owned(),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            errors: match self {
                Self::Faults(faults) => faults.clone(),
                _ => Vec::new(),
            },
        }
    }

    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        const BLANK: &str = "about:blank";
        match self {
            Self::Unauthorised => (StatusCode::UNAUTHORIZED, BLANK, "Not authorised"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, BLANK, "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, BLANK, "Method not allowed"),
            Self::LeaseLost { .. } => (
                StatusCode::CONFLICT,
                "mrprism:lease-lost",
                "The lease is gone",
            ),
            Self::Conflict { kind, .. } => (StatusCode::CONFLICT, kind, "Conflict"),
            Self::Faults(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "mrprism:bad-definition",
                "The definition has faults",
            ),
            Self::Unprocessable(_) => (StatusCode::UNPROCESSABLE_ENTITY, BLANK, "Refused value"),
            Self::Unreadable { status, .. } => (*status, BLANK, "Unreadable request"),
            Self::Store(StoreError::HashDiffers { .. }) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "mrprism:hash-differs",
                "The content differs from its hash",
            ),
            Self::Store(StoreError::TooLarge { .. }) => {
                (StatusCode::PAYLOAD_TOO_LARGE, BLANK, "Too large")
            }
            Self::Store(StoreError::Broken(_)) => {
                (StatusCode::BAD_REQUEST, BLANK, "Unreadable request")
            }
            Self::Store(StoreError::Failed(_) | StoreError::Unclean(_)) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                BLANK,
                "The store of files failed",
            ),
            Self::Database(error) => match fault(error) {
                DatabaseFault::Value => (StatusCode::UNPROCESSABLE_ENTITY, BLANK, "Refused value"),
                DatabaseFault::Away => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "mrprism:database-away",
                    "The database is away",
                ),
                DatabaseFault::Other => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    BLANK,
                    "The database failed",
                ),
            },
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                BLANK,
                "The server failed",
            ),
        }
    }
}

/// Whose fault a database error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DatabaseFault {
    /// The caller's: a value that no column takes.
    Value,
    /// Nobody's: it cannot be reached; the same call may succeed later.
    Away,
    /// Ours.
    Other,
}

fn fault(error: &sqlx::Error) -> DatabaseFault {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::WorkerCrashed => DatabaseFault::Away,
        sqlx::Error::Database(error) => match error.code().as_deref() {
            // Data exceptions (a NUL in a text, a number out of range) and check violations.
            Some(code) if code.starts_with("22") || code == "23514" => DatabaseFault::Value,
            // Shutting down, starting up, out of connections.
            Some(code) if code.starts_with("57P") || code.starts_with("53") => DatabaseFault::Away,
            _ => DatabaseFault::Other,
        },
        _ => DatabaseFault::Other,
    }
}

fn database_detail(error: &sqlx::Error) -> String {
    match fault(error) {
        DatabaseFault::Value => format!("a value cannot be stored: {error}"),
        DatabaseFault::Away => {
            "the server cannot reach its database; the same call may succeed later".to_owned()
        }
        DatabaseFault::Other => "the server's database failed; its log says more".to_owned(),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = self.problem();
        if problem.status >= 500 {
            tracing::error!(error = ?self, "a call failed");
        }
        problem_response(&problem)
    }
}

/// A problem as a response.
pub fn problem_response(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(problem)).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
