//! The relay that the library's documentation shows: each message goes to every other socket, and that is all.

use std::net::Ipv4Addr;

use futures_util::{SinkExt, StreamExt};
use tokio::{net::TcpListener, sync::broadcast, task::JoinHandle};
use tokio_tungstenite::tungstenite::Message;

/// A relay without rooms, names or limits. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct PlainRelay {
    url: String,
    task: JoinHandle<()>,
}

impl PlainRelay {
    /// Starts one on a free port of loopback.
    pub(crate) async fn start() -> Self {
        Self::start_on(Ipv4Addr::LOCALHOST).await
    }

    /// Starts one on a free port of `address`.
    pub(crate) async fn start_on(address: Ipv4Addr) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        Self { url, task: tokio::spawn(serve(listener)) }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PlainRelay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener) {
    let (all, _) = broadcast::channel::<(u64, Message)>(1024);
    let mut members = tokio::task::JoinSet::new();
    for number in 0.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        let (all, mut others) = (all.clone(), all.subscribe());
        members.spawn(async move {
            let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { return };
            let (mut out, mut incoming) = socket.split();
            loop {
                let sent = tokio::select! {
                    message = incoming.next() => match message {
                        Some(Ok(message)) if message.is_text() || message.is_binary() => {
                            let _ = all.send((number, message));
                            Ok(())
                        }
                        Some(Ok(_)) => Ok(()),
                        _ => return,
                    },
                    Ok((from, message)) = others.recv() => {
                        if from == number { Ok(()) } else { out.send(message).await }
                    }
                };
                if sent.is_err() {
                    return;
                }
            }
        });
    }
}
