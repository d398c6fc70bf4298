//! The member's side of the relay: who is there, who offers to whom.

use std::{collections::HashMap, sync::Arc, time::Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite};

use super::{
    MemberOrder, Order,
    driver::{Beginning, Driver, DriverOrder},
    options::{OnJoin, Options},
    view::{Connection, View},
};

/// A member of the room and its connections.
pub(super) struct Member {
    options: Arc<Options>,
    joined: Instant,
    /// `None` once the relay is left or lost.
    relay: Option<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    view: watch::Sender<View>,
    orders: mpsc::UnboundedReceiver<MemberOrder>,
    outgoing: mpsc::UnboundedReceiver<Value>,
    out: mpsc::UnboundedSender<Value>,
    connections: HashMap<String, mpsc::UnboundedSender<DriverOrder>>,
    drivers: JoinSet<()>,
}

impl Member {
    pub(super) async fn enter(
        url: &str,
        options: Options,
        view: watch::Sender<View>,
        orders: mpsc::UnboundedReceiver<MemberOrder>,
    ) -> Self {
        let (mut relay, _) = tokio_tungstenite::connect_async(url).await.expect("the relay takes a member");
        let joined = Instant::now();
        let join = json!({ "event": "join", "data": { "sender": options.id } });
        relay.send(tungstenite::Message::text(join.to_string())).await.expect("the relay takes `join`");
        let (out, outgoing) = mpsc::unbounded_channel();
        Self {
            options: Arc::new(options),
            joined,
            relay: Some(relay),
            view,
            orders,
            outgoing,
            out,
            connections: HashMap::new(),
            drivers: JoinSet::new(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                heard = hear(&mut self.relay) => match heard {
                    Some(message) => self.heard(message).await,
                    None => self.relay = None,
                },
                Some(message) = self.outgoing.recv() => self.say(message).await,
                order = self.orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
            }
            if self.relay.is_none() {
                self.view.send_if_modified(|view| !std::mem::replace(&mut view.relay_lost, true));
            }
        }
    }

    async fn obey(&mut self, order: MemberOrder) {
        match order {
            MemberOrder::Connections(order) => {
                for connection in self.connections.values() {
                    let _ = connection.send(DriverOrder::Test(order.clone()));
                }
            }
            MemberOrder::Signal(message) => self.say(message).await,
        }
    }

    async fn say(&mut self, message: Value) {
        if let Some(relay) = &mut self.relay
            && relay.send(tungstenite::Message::text(message.to_string())).await.is_err()
        {
            self.relay = None;
        }
    }

    async fn heard(&mut self, message: Value) {
        let data = &message["data"];
        let Some(from) = data["sender"].as_str().filter(|from| *from != self.options.id).map(str::to_owned) else {
            return;
        };
        if self.options.meets.is_some_and(|only| from != only) {
            return;
        }
        if data["receiver"].as_str().is_some_and(|to| to != self.options.id) {
            return;
        }
        self.view.send_modify(|view| view.signals.push(message.clone()));
        match message["event"].as_str().unwrap_or_default() {
            "join" => match self.options.on_join {
                OnJoin::RequestConnect => {
                    let data = json!({ "sender": self.options.id, "receiver": from });
                    self.say(json!({ "event": "requestConnect", "data": data })).await;
                }
                OnJoin::Offer => self.begin(&from, Beginning::Offer).await,
                OnJoin::Ignore => {}
            },
            "requestConnect" if self.options.offers_on_request => self.begin(&from, Beginning::Offer).await,
            "sdp" => {
                let sdp = data["sdp"]["sdp"].as_str().unwrap_or_default().to_owned();
                match data["sdp"]["type"].as_str() {
                    Some("answer") => self.hand_on(&from, DriverOrder::Answer(sdp)),
                    _ if self.options.answers => self.begin(&from, Beginning::Answer(sdp)).await,
                    _ => {}
                }
            }
            "candidate" => {
                let candidate = data["candidate"]["candidate"].as_str().unwrap_or_default().to_owned();
                self.hand_on(&from, DriverOrder::Candidate(candidate));
            }
            _ => {}
        }
    }

    /// A connection that takes the place of an earlier one to the same peer.
    async fn begin(&mut self, peer: &str, beginning: Beginning) {
        let (orders, inbox) = mpsc::unbounded_channel();
        let offered = matches!(beginning, Beginning::Offer);
        let mut index = 0;
        self.view.send_modify(|view| {
            index = view.connections.len();
            view.connections.push(Connection::new(peer, offered));
        });
        let driver = Driver::new(
            self.options.clone(),
            peer.to_owned(),
            index,
            self.joined,
            self.view.clone(),
            self.out.clone(),
            inbox,
        )
        .await;
        if let Some(earlier) = self.connections.insert(peer.to_owned(), orders) {
            let _ = earlier.send(DriverOrder::Test(Order::Close));
        }
        self.drivers.spawn(driver.run(beginning));
    }

    fn hand_on(&mut self, from: &str, order: DriverOrder) {
        match self.connections.get(from) {
            Some(connection) => {
                let _ = connection.send(order);
            }
            None => self.view.send_modify(|view| view.strays += 1),
        }
    }
}

/// The next message of the room; `None` when the relay ends the connection. Waits for ever once it has.
async fn hear(relay: &mut Option<WebSocketStream<MaybeTlsStream<TcpStream>>>) -> Option<Value> {
    let Some(relay) = relay else { return std::future::pending().await };
    loop {
        let bytes = match relay.next().await?.ok()? {
            tungstenite::Message::Text(text) => text.as_bytes().to_vec(),
            tungstenite::Message::Binary(bytes) => bytes.to_vec(),
            _ => continue,
        };
        if let Ok(message) = serde_json::from_slice(&bytes) {
            return Some(message);
        }
    }
}
