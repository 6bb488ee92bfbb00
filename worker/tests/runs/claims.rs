//! What a worker makes of a server's odd answers to its claims.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::lab::worker_program;

/// A claim that was granted unheard and whose lease ran out meanwhile is answered 409: no reason for a worker to end.
#[tokio::test]
async fn a_worker_whose_granted_claim_ran_out_unheard_claims_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let (sender, mut claims) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, sender.clone()));
        }
    });
    let home = tempfile::tempdir().unwrap();
    let mut worker = worker_program()
        .args(["serve", "--device", "cpu", "--token", "t", "--server"])
        .arg(server)
        .arg("--home")
        .arg(home.path())
        .spawn()
        .unwrap();
    let mut next = async || {
        let claim = tokio::time::timeout(Duration::from_mins(1), claims.recv()).await;
        let claim: serde_json::Value = serde_json::from_slice(&claim.unwrap().unwrap()).unwrap();
        claim["nonce"].as_str().unwrap().to_owned()
    };
    let (first, second) = (next().await, next().await);
    assert_ne!(first, second, "the spent nonce was asked for again");
    assert!(worker.try_wait().unwrap().is_none(), "the worker has ended");
    worker.kill().unwrap();
    worker.wait().unwrap();
}

/// A server that takes every worker, and answers every claim that its nonce is spent.
async fn serve(stream: TcpStream, claims: mpsc::UnboundedSender<Vec<u8>>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let target = line.split_whitespace().nth(1).unwrap().to_owned();
        let mut length = 0;
        while line.trim() != "" {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        line.clear();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let (status, answer) = if target.ends_with("/claim") {
            // The test may have seen enough.
            let _ = claims.send(body);
            ("409 Conflict", "{}")
        } else {
            ("200 OK", "{\"leases\": [], \"drain\": false}")
        };
        let length = answer.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{answer}");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}
