//! Every refusal is a problem, says what to do, and changes nothing.

use mrprism_orchestrator::api::{PUBLIC, ROUTES};
use reqwest::{Method, header};

use crate::support::{Answer, Server, introduction, phantom};

fn method(name: &str) -> Method {
    name.parse().unwrap()
}

#[tokio::test]
async fn every_call_without_the_token_is_401() {
    let server = Server::start().await;
    let unknown = [("GET", "/nowhere"), ("DELETE", "/api/v1/status")];
    for (verb, path) in ROUTES.iter().chain(&unknown) {
        for token in [None, Some("Bearer wrong"), Some("Basic x"), Some("Bearer ")] {
            let mut call = server.http.request(method(verb), server.url(path));
            if let Some(token) = token {
                call = call.header(header::AUTHORIZATION, token);
            }
            let problem = Answer::of(call).await.problem(401);
            assert!(
                problem.detail.contains("token"),
                "{verb} {path}: {problem:?}"
            );
        }
    }
}

#[tokio::test]
async fn health_and_readiness_need_no_token() {
    let server = Server::start().await;
    for path in PUBLIC {
        let answer = Answer::of(server.http.get(server.url(path))).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
    }
}

#[tokio::test]
async fn every_address_that_is_listed_exists() {
    let server = Server::start().await;
    for (verb, path) in ROUTES {
        let answer = server.call(method(verb), path, None::<&()>).await;
        let nowhere = answer.text.contains("nothing at this address");
        assert!(!nowhere && answer.status.as_u16() != 405, "{verb} {path}");
    }
}

#[tokio::test]
async fn an_unknown_address_is_404_and_a_wrong_method_405() {
    let server = Server::start().await;
    server.get("/nowhere").await.problem(404);
    server.get("/api/v1/nowhere").await.problem(404);
    server
        .call(Method::DELETE, "/api/v1/status", None::<&()>)
        .await
        .problem(405);
}

#[tokio::test]
async fn what_does_not_exist_is_404() {
    let server = Server::start().await;
    let nobody = uuid::Uuid::now_v7();
    for path in [
        "/api/v1/experiments/none".to_owned(),
        "/api/v1/experiments/none/runs".to_owned(),
        "/api/v1/experiments/none/table".to_owned(),
        "/api/v1/runs/none".to_owned(),
        format!("/api/v1/runs/{nobody}"),
        format!("/api/v1/runs/{nobody}/logs"),
        format!("/api/v1/runs/{nobody}/metrics"),
        format!("/api/v1/runs/{nobody}/artifacts"),
        format!("/api/v1/artifacts/{}", "0".repeat(64)),
        "/api/v1/artifacts/..%2F..%2Ftoken".to_owned(),
    ] {
        server.get(&path).await.problem(404);
    }
    for path in [
        "/api/v1/experiments/none/cancel".to_owned(),
        format!("/api/v1/runs/{nobody}/cancel"),
    ] {
        server.post(&path, &()).await.problem(404);
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_problems() {
    let server = Server::start().await;
    let send = async |content_type: &str, body: String| {
        let call = server
            .http
            .post(server.url("/api/v1/worker/finish"))
            .bearer_auth(server.token())
            .header(header::CONTENT_TYPE, content_type)
            .body(body);
        Answer::of(call).await
    };
    send("application/json", "{".to_owned()).await.problem(400);
    send("text/plain", "{}".to_owned()).await.problem(415);
    let problem = send("application/json", "{\"job\": 7}".to_owned())
        .await
        .problem(422);
    assert!(problem.detail.contains("job"), "{problem:?}");
    let long = format!("{{\"message\": \"{}\"}}", "x".repeat(5 << 20));
    send("application/json", long).await.problem(413);
    // Deeper than any parser's stack should follow.
    let deep = format!("{{\"more\": {}", "[".repeat(100_000));
    send("application/json", deep).await.problem(400);
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_a_problem() {
    let server = Server::start().await;
    let run = uuid::Uuid::now_v7();
    for query in ["logs?after=x", "logs?before=1", "metrics?serie=x"] {
        server
            .get(&format!("/api/v1/runs/{run}/{query}"))
            .await
            .problem(400);
    }
}

#[tokio::test]
async fn a_value_that_no_column_takes_is_the_callers_fault() {
    let server = Server::start().await;
    let nul = introduction("ho\0st", vec![phantom("phantom", "m1")], 1);
    server
        .post("/api/v1/worker/register", &nul)
        .await
        .problem(422);
    assert_eq!(server.count("select count(*) from workers").await, 0);
    assert_eq!(server.count("select count(*) from datasets").await, 0);
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let server = Server::start().await;
    let call = server
        .http
        .get(server.url("/healthz"))
        .header("x-request-id", "mine");
    let given = call.send().await.unwrap();
    assert_eq!(given.headers()["x-request-id"], "mine");
    let made = server
        .http
        .get(server.url("/healthz"))
        .send()
        .await
        .unwrap();
    assert!(made.headers()["x-request-id"].len() >= 32);
}
