//! Stored files: taken from the holder of a lease only, known by their content.

use std::time::Duration;

use futures::StreamExt as _;
use mrprism_orchestrator::artifact::Store;
use mrprism_orchestrator::reconcile::{expire, prune_files};
use mrprism_protocol::state::AttemptOutcome;
use mrprism_protocol::wire::{ArtifactRef, Claim};

use crate::support::{Server, Worker, bundle, soon};

async fn working(server: &Server) -> (Worker<'_>, Claim) {
    let worker = Worker::new(server, "here").await;
    server.submit(&bundle("files", 1)).await;
    let claim = worker.claim().await.unwrap();
    (worker, claim)
}

async fn listed(server: &Server, claim: &Claim) -> Vec<serde_json::Value> {
    server
        .get(&format!("/api/v1/runs/{}/artifacts", claim.run))
        .await
        .json()
}

#[tokio::test]
async fn a_file_comes_back_as_it_went() {
    let server = Server::start().await;
    let (worker, claim) = working(&server).await;
    let content: Vec<u8> = (0..300_000_u32).map(|byte| (byte % 251) as u8).collect();
    let hash = blake3::hash(&content).to_hex().to_string();
    let name = "prediction/predictions%2Fcase%2035.mrp";
    let query = format!("&hash={hash}");
    let answer = worker.upload(&claim, name, &query, content.clone()).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let file: ArtifactRef = answer.json();
    let expected = ArtifactRef {
        hash,
        size: 300_000,
        name: "predictions/case 35.mrp".to_owned(),
    };
    assert_eq!(file, expected);
    // The same again, and the same content under a plain slash and another name.
    worker.upload(&claim, name, "", content.clone()).await;
    worker
        .upload(
            &claim,
            "prediction/predictions/copy.mrp",
            "",
            content.clone(),
        )
        .await;
    let call = server
        .http
        .get(server.url(&format!("/api/v1/artifacts/{}", file.hash)))
        .bearer_auth(server.token());
    let back = call.send().await.unwrap();
    assert_eq!(back.content_length(), Some(300_000));
    assert_eq!(back.bytes().await.unwrap(), content);
    let names: Vec<_> = listed(&server, &claim)
        .await
        .iter()
        .map(|file| (file["kind"].clone(), file["name"].clone()))
        .collect();
    assert_eq!(
        names,
        [
            ("prediction".into(), "predictions/case 35.mrp".into()),
            ("prediction".into(), "predictions/copy.mrp".into())
        ]
    );
    assert_eq!(server.count("select count(*) from blobs").await, 1);
}

#[tokio::test]
async fn a_content_with_another_hash_is_refused() {
    let server = Server::start().await;
    let (worker, claim) = working(&server).await;
    let wrong = format!("&hash={}", blake3::hash(b"other").to_hex());
    let answer = worker.upload(&claim, "weights/best.safetensors", &wrong, "content");
    assert_eq!(answer.await.problem(422).kind, "mrprism:hash-differs");
    assert!(listed(&server, &claim).await.is_empty());
}

#[tokio::test]
async fn a_foreign_fence_a_strange_name_and_a_strange_kind_are_refused() {
    let server = Server::start().await;
    let (worker, claim) = working(&server).await;
    let mut foreign = claim.clone();
    foreign.fence.0 += 1;
    worker
        .upload(&foreign, "weights/best.safetensors", "", "x")
        .await
        .lease_lost();
    for name in [
        "..%2F..%2Ftoken",
        "a%2F..%2Fb",
        "%2Fetc%2Fpasswd",
        "a%00b",
        "a%5Cb",
    ] {
        worker
            .upload(&claim, &format!("weights/{name}"), "", "x")
            .await
            .problem(422);
    }
    worker
        .upload(&claim, "secrets/a", "", "x")
        .await
        .problem(422);
    worker
        .upload(&claim, "weights/a", "&fense=2", "x")
        .await
        .problem(400);
    assert_eq!(server.count("select count(*) from artifacts").await, 0);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_413_and_leaves_nothing() {
    let server = Server::start().await;
    let (worker, claim) = working(&server).await;
    let large = vec![0_u8; (1 << 20) + 1];
    let pieces: Vec<_> = large
        .chunks(1 << 16)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
        .collect();
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    worker
        .upload(&claim, "weights/a", "", body)
        .await
        .problem(413);
    assert_eq!(server.count("select count(*) from blobs").await, 0);
    let exactly = vec![0_u8; 1 << 20];
    let answer = worker.upload(&claim, "weights/a", "", exactly).await;
    assert_eq!(answer.status.as_u16(), 201);
}

/// The fence is checked again when the file is recorded: an upload that outlasts its lease records nothing.
#[tokio::test]
async fn an_upload_that_outlasts_its_lease_records_nothing() {
    let server = Server::start().await;
    let (worker, claim) = working(&server).await;
    let (send, receive) = futures::channel::mpsc::unbounded::<std::io::Result<Vec<u8>>>();
    let body = reqwest::Body::wrap_stream(receive.boxed());
    let upload = worker.upload(&claim, "weights/best.safetensors", "", body);
    let lose = async {
        send.unbounded_send(Ok(vec![1; 1000])).unwrap();
        // The first check has passed once the file is on its way in.
        while server_incoming(&server) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.pass(61).await;
        assert_eq!(expire(server.app()).await.unwrap().len(), 1);
        send.unbounded_send(Ok(vec![2; 1000])).unwrap();
        drop(send);
    };
    let (answer, ()) = soon("an upload", Box::pin(async { tokio::join!(upload, lose) })).await;
    answer.lease_lost();
    assert_eq!(server.count("select count(*) from artifacts").await, 0);
    assert_eq!(server.count("select count(*) from blobs").await, 0);
    assert_eq!(server_incoming(&server), 0);
}

#[tokio::test]
async fn what_never_arrived_whole_is_gone_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let incoming = folder.path().join("incoming");
    std::fs::create_dir(&incoming).unwrap();
    std::fs::write(incoming.join("a#1"), "half").unwrap();
    let store = Store::open(folder.path(), 1).await.unwrap();
    assert!(!incoming.exists());
    let content = futures::stream::iter([Ok(axum::body::Bytes::from_static(b"whole"))]);
    let stored = store.receive(content, None).await.unwrap();
    let hash = stored.hash.clone();
    store.place(stored).await.unwrap();
    let pieces: Vec<_> = store.read(&hash).await.unwrap().collect().await;
    assert_eq!(pieces.len(), 1);
    assert_eq!(std::fs::read_dir(&incoming).unwrap().count(), 0);
}

/// Whatever keeps a content from its place, a database that went away or a caller that left, it does not stay.
#[tokio::test]
async fn a_content_that_gets_no_place_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), 1).await.unwrap();
    let content = futures::stream::iter([Ok("whole".into())]);
    let stored = store.receive(content, None).await.unwrap();
    let incoming = || {
        std::fs::read_dir(folder.path().join("incoming"))
            .unwrap()
            .count()
    };
    assert_eq!(incoming(), 1);
    drop(stored);
    assert_eq!(incoming(), 0);
}

/// Files that are on their way in, finished or not.
fn server_incoming(server: &Server) -> usize {
    match std::fs::read_dir(server.home().join("artifacts/incoming")) {
        Ok(entries) => entries.count(),
        Err(_) => 0,
    }
}

#[tokio::test]
async fn the_next_attempt_is_given_the_newest_checkpoint() {
    let server = Server::start().await;
    let (worker, claim) = working(&server).await;
    for content in ["epoch 1", "epoch 2"] {
        worker
            .upload(&claim, "checkpoint/latest.safetensors", "", content)
            .await;
    }
    worker.finish(&claim, AttemptOutcome::Yielded).await;
    let next = worker.claim().await.unwrap();
    let checkpoint = next.checkpoint.unwrap();
    assert_eq!(
        checkpoint.hash,
        blake3::hash(b"epoch 2").to_hex().to_string()
    );
    assert_eq!(
        (checkpoint.name.as_str(), checkpoint.size),
        ("latest.safetensors", 7)
    );
}

#[tokio::test]
async fn what_nothing_stands_for_is_pruned_after_an_hour() {
    let server = Server::start().await;
    let (worker, claim) = working(&server).await;
    for content in ["old", "new"] {
        worker
            .upload(&claim, "checkpoint/latest.safetensors", "", content)
            .await;
    }
    worker
        .upload(&claim, "weights/best.safetensors", "", "best")
        .await;
    assert_eq!(
        prune_files(server.app()).await.unwrap(),
        0,
        "it may still be fetched"
    );
    server.pass(3601).await;
    assert_eq!(prune_files(server.app()).await.unwrap(), 1);
    let get = async |content: &str| {
        let hash = blake3::hash(content.as_bytes()).to_hex();
        server
            .get(&format!("/api/v1/artifacts/{hash}"))
            .await
            .status
            .as_u16()
    };
    assert_eq!((get("old").await, get("new").await), (404, 200));
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
    assert_eq!(
        prune_files(server.app()).await.unwrap(),
        1,
        "its checkpoint"
    );
    assert_eq!(prune_files(server.app()).await.unwrap(), 0, "twice is once");
    assert_eq!((get("new").await, get("best").await), (404, 200));
    // What was pruned may be given again.
    server.submit(&bundle("more", 1)).await;
    let next = worker.claim().await.unwrap();
    worker
        .upload(&next, "checkpoint/latest.safetensors", "", "old")
        .await;
    assert_eq!(get("old").await, 200);
}
