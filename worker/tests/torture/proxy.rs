//! Stands between workers and server: drops answers, cuts them in half, sends requests twice, delays.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::dice::Dice;
use crate::http::{self, Answer, Request};
use crate::tally::Tally;

/// Share of the calls that each ill befalls.
const ILL: f64 = 0.03;

/// A proxy whose address stays the same while servers behind it come and go.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    /// `http://host:port`.
    pub(crate) address: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    upstream: Mutex<Option<String>>,
    dice: Mutex<Dice>,
    is_rough: AtomicBool,
    tally: Arc<Tally>,
}

/// What becomes of one call.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Pass,
    /// The server does it; the caller hears nothing, or half of the answer.
    Drop {
        half: bool,
    },
    /// The server gets it twice, at once or one after the other; the caller hears the second answer.
    Double {
        at_once: bool,
    },
    /// On its way there or back it takes as long as this.
    Delay {
        there: bool,
        long: Duration,
    },
}

impl Proxy {
    /// Listens; lets everything pass until it is made rough.
    pub(crate) async fn start(dice: Dice, tally: Arc<Tally>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            http: reqwest::Client::new(),
            upstream: Mutex::new(None),
            dice: Mutex::new(dice),
            is_rough: AtomicBool::new(false),
            tally,
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(attend(Arc::clone(&serving), stream));
            }
        });
        Ok(Self { address, shared })
    }

    /// Where calls go from now on; nowhere while a server is away.
    pub(crate) fn lead_to(&self, upstream: Option<String>) {
        *lock(&self.shared.upstream) = upstream;
    }

    /// Begins or ends the ills.
    pub(crate) fn be_rough(&self, rough: bool) {
        self.shared.is_rough.store(rough, Ordering::Relaxed);
    }
}

/// Serves one connection until its caller leaves or an ill befalls it.
async fn attend(shared: Arc<Shared>, stream: TcpStream) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    while let Ok(Some(request)) = http::read(&mut reader).await {
        let fate = shared.fate();
        let answer = tokio::select! {
            answer = shared.call(request, fate) => answer,
            // A caller that has gone takes its call with it, as over a direct connection.
            _ = reader.fill_buf() => return,
        };
        let Some(answer) = answer else { return };
        let bytes = answer.bytes();
        let (sent, goes_on) = match fate {
            Fate::Drop { half } => (if half { bytes.len() / 2 } else { 0 }, false),
            _ => (bytes.len(), true),
        };
        if writer.write_all(&bytes[..sent]).await.is_err() || !goes_on {
            return;
        }
    }
}

impl Shared {
    fn fate(&self) -> Fate {
        if !self.is_rough.load(Ordering::Relaxed) {
            return Fate::Pass;
        }
        let mut dice = lock(&self.dice);
        let (drawn, coin) = (dice.share(), dice.coin());
        match (drawn / ILL) as u64 {
            0 => Fate::Drop { half: coin },
            1 => Fate::Double { at_once: coin },
            2 => Fate::Delay {
                there: coin,
                long: dice.seconds(0.1, 2.5),
            },
            _ => Fate::Pass,
        }
    }

    /// The answer that the caller may hear; none where there was no server.
    async fn call(&self, request: Request, fate: Fate) -> Option<Answer> {
        match fate {
            Fate::Pass => self.forward(request).await,
            Fate::Drop { .. } => {
                let answer = self.forward(request).await?;
                self.tally.add(|counts| counts.dropped += 1);
                Some(answer)
            }
            Fate::Double { at_once } => {
                let again = request.clone();
                let second = if at_once {
                    tokio::join!(self.forward(request), self.forward(again)).1
                } else {
                    self.forward(request).await;
                    self.forward(again).await
                };
                self.tally.add(|counts| counts.doubled += 1);
                second
            }
            Fate::Delay { there, long } => {
                self.tally.add(|counts| counts.delayed += 1);
                if there {
                    tokio::time::sleep(long).await;
                }
                let answer = self.forward(request).await;
                if !there {
                    tokio::time::sleep(long).await;
                }
                answer
            }
        }
    }

    async fn forward(&self, request: Request) -> Option<Answer> {
        let upstream = lock(&self.upstream).clone()?;
        http::forward(&self.http, &upstream, request).await.ok()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
