//! The request for a relay at a TURN server (RFC 8656, section 7), with long-term credentials (RFC 8489, section 9.2). Pure.

use rtc_stun::{
    attributes::{
        ATTR_LIFETIME, ATTR_NONCE, ATTR_REALM, ATTR_REQUESTED_TRANSPORT, ATTR_USERNAME, AttrType, RawAttribute,
    },
    error_code::{CODE_STALE_NONCE, CODE_UNAUTHORIZED, CODE_WRONG_CREDENTIALS, ErrorCode, ErrorCodeAttribute},
    integrity::MessageIntegrity,
    message::{
        CLASS_ERROR_RESPONSE, CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, Getter, METHOD_ALLOCATE, METHOD_REFRESH, Message,
        MessageType, Method, Setter, TransactionId,
    },
    textattrs::TextAttribute,
};

use crate::ice::TurnServer;

/// The protocol number of UDP, and three zeros: what is relayed, however the server is spoken to.
const UDP: [u8; 4] = [17, 0, 0, 0];

/// How often a server may say that its nonce is too old. One that goes on is given up.
const MOST_STALE: u8 = 2;

/// A request for a relay under way.
pub(super) struct Allocation<'a> {
    server: &'a TurnServer,
    challenge: Option<Challenge>,
    stale: u8,
    is_given: bool,
}

/// What a server wants the password mixed with.
#[derive(Debug, Clone)]
struct Challenge {
    realm: String,
    nonce: String,
}

/// What comes next.
pub(super) enum Step {
    /// This is to be asked.
    Ask(Message),
    /// It is over.
    Done(Outcome),
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is a relay.
    Relayed,
    /// It lets us not in with that user and password.
    WrongCredentials,
    /// It lets us in, and gives none.
    Refused {
        /// RFC 8656, section 19, or RFC 8489, section 14.8.
        code: u16,
        /// In the server's words.
        reason: String,
    },
    /// It speaks STUN, and no TURN.
    NoTurn,
}

impl<'a> Allocation<'a> {
    /// The first request: without credentials, to hear what they are to be mixed with.
    pub(super) fn begin(server: &'a TurnServer) -> Result<(Self, Message), String> {
        let allocation = Self { server, challenge: None, stale: 0, is_given: false };
        let request = allocation.request(METHOD_ALLOCATE, vec![Box::new(raw(ATTR_REQUESTED_TRANSPORT, &UDP))])?;
        Ok((allocation, request))
    }

    /// What follows from the server's answer.
    pub(super) fn next(&mut self, answer: &Message) -> Result<Step, String> {
        if answer.typ.method != METHOD_ALLOCATE {
            return Ok(Step::Done(Outcome::NoTurn));
        }
        match answer.typ.class {
            CLASS_SUCCESS_RESPONSE => {
                self.is_given = true;
                Ok(Step::Done(Outcome::Relayed))
            }
            CLASS_ERROR_RESPONSE => self.refused(answer),
            _ => Ok(Step::Done(Outcome::NoTurn)),
        }
    }

    /// What gives the relay back, if there is one.
    pub(super) fn release(&self) -> Result<Option<Message>, String> {
        let lifetime = raw(ATTR_LIFETIME, &0_u32.to_be_bytes());
        self.is_given.then(|| self.request(METHOD_REFRESH, vec![Box::new(lifetime)])).transpose()
    }

    fn refused(&mut self, answer: &Message) -> Result<Step, String> {
        let mut error = ErrorCodeAttribute::default();
        if error.get_from(answer).is_err() {
            return Ok(Step::Done(Outcome::NoTurn));
        }
        let is_first = self.challenge.is_none();
        let is_stale = error.code == CODE_STALE_NONCE && self.stale < MOST_STALE;
        if is_first && error.code == CODE_UNAUTHORIZED || is_stale {
            self.stale += u8::from(is_stale);
            let text = |attribute| TextAttribute::get_from_as(answer, attribute).map(|found| found.text).ok();
            let (Some(realm), Some(nonce)) = (text(ATTR_REALM), text(ATTR_NONCE)) else {
                return Ok(Step::Done(Outcome::NoTurn));
            };
            self.challenge = Some(Challenge { realm, nonce });
            let transport = raw(ATTR_REQUESTED_TRANSPORT, &UDP);
            return Ok(Step::Ask(self.request(METHOD_ALLOCATE, vec![Box::new(transport)])?));
        }
        if [CODE_UNAUTHORIZED, CODE_WRONG_CREDENTIALS].contains(&error.code) {
            return Ok(Step::Done(Outcome::WrongCredentials));
        }
        let ErrorCode(code) = error.code;
        let reason = String::from_utf8_lossy(&error.reason).chars().filter(|c| !c.is_control()).collect();
        Ok(Step::Done(Outcome::Refused { code, reason }))
    }

    /// A request, with our credentials once it is known what they are mixed with.
    fn request(&self, method: Method, attributes: Vec<Box<dyn Setter>>) -> Result<Message, String> {
        let provider = rtc_crypto::default_provider().map_err(|error| error.to_string())?;
        let mut setters: Vec<Box<dyn Setter + '_>> =
            vec![Box::new(MessageType::new(method, CLASS_REQUEST)), Box::new(TransactionId::new())];
        setters.extend(attributes);
        if let Some(Challenge { realm, nonce }) = &self.challenge {
            let (user, password) = (self.server.user.reveal(), self.server.password.reveal());
            let texts = [(ATTR_USERNAME, user), (ATTR_REALM, realm), (ATTR_NONCE, nonce)];
            for (attribute, text) in texts {
                setters.push(Box::new(TextAttribute::new(attribute, text.clone())));
            }
            let integrity = MessageIntegrity::new_long_term_integrity_with_provider(
                user.clone(),
                realm.clone(),
                password.clone(),
                provider.crypto(),
            );
            // Last: it covers what comes before it.
            setters.push(Box::new(integrity.map_err(|error| error.to_string())?));
        }
        let mut message = Message::new();
        message.build(&setters).map_err(|error| error.to_string())?;
        Ok(message)
    }
}

fn raw(typ: AttrType, value: &[u8]) -> RawAttribute {
    RawAttribute { typ, length: 0, value: value.to_vec() }
}

#[cfg(test)]
mod tests {
    use rtc_stun::message::METHOD_BINDING;

    use super::*;

    fn server() -> TurnServer {
        TurnServer::parse("turn:user:right@turn.example").unwrap()
    }

    /// An error of a server, with what it wants the password mixed with.
    fn error(code: u16) -> Message {
        let mut message = Message::new();
        let error = ErrorCodeAttribute { code: ErrorCode(code), reason: b"because\n".to_vec() };
        message
            .build(&[
                Box::new(MessageType::new(METHOD_ALLOCATE, CLASS_ERROR_RESPONSE)),
                Box::new(TransactionId::new()),
                Box::new(error),
                Box::new(TextAttribute::new(ATTR_REALM, "lab".to_owned())),
                Box::new(TextAttribute::new(ATTR_NONCE, "once".to_owned())),
            ])
            .unwrap();
        message
    }

    fn success(method: Method) -> Message {
        let mut message = Message::new();
        message
            .build(&[Box::new(MessageType::new(method, CLASS_SUCCESS_RESPONSE)), Box::new(TransactionId::new())])
            .unwrap();
        message
    }

    fn done(step: Result<Step, String>) -> Outcome {
        match step.unwrap() {
            Step::Done(outcome) => outcome,
            Step::Ask(request) => panic!("asks {request}"),
        }
    }

    #[test]
    fn credentials_are_sent_once_they_are_asked_for() {
        let server = server();
        let (mut allocation, first) = Allocation::begin(&server).unwrap();
        assert!(first.get(ATTR_USERNAME).is_err());
        assert_eq!(first.get(ATTR_REQUESTED_TRANSPORT).unwrap(), UDP);
        assert!(allocation.release().unwrap().is_none(), "nothing is given yet");
        let Step::Ask(mut second) = allocation.next(&error(401)).unwrap() else { panic!("it asks again") };
        let provider = rtc_crypto::default_provider().unwrap();
        let key = |password: &str| {
            let text = |text: &str| text.to_owned();
            MessageIntegrity::long_term_integrity_key(text("user"), text("lab"), text(password), provider.crypto())
                .unwrap()
        };
        assert!(MessageIntegrity::check(&mut second, &key("right"), provider.crypto()).is_ok());
        assert!(MessageIntegrity::check(&mut second, &key("wrong"), provider.crypto()).is_err());
        assert_eq!(done(allocation.next(&success(METHOD_ALLOCATE))), Outcome::Relayed);
        let release = allocation.release().unwrap().unwrap();
        assert_eq!(release.typ.method, METHOD_REFRESH);
        assert_eq!(release.get(ATTR_LIFETIME).unwrap(), [0; 4]);
    }

    #[test]
    fn what_is_refused_is_told_apart() {
        let server = server();
        let second = |code| {
            let (mut allocation, _) = Allocation::begin(&server).unwrap();
            assert!(matches!(allocation.next(&error(401)).unwrap(), Step::Ask(_)));
            done(allocation.next(&error(code)))
        };
        assert_eq!(second(401), Outcome::WrongCredentials);
        assert_eq!(second(441), Outcome::WrongCredentials);
        assert_eq!(second(486), Outcome::Refused { code: 486, reason: "because".to_owned() });
        let (mut allocation, _) = Allocation::begin(&server).unwrap();
        assert_eq!(done(allocation.next(&success(METHOD_BINDING))), Outcome::NoTurn);
    }

    #[test]
    fn a_nonce_that_is_always_stale_is_given_up() {
        let server = server();
        let (mut allocation, _) = Allocation::begin(&server).unwrap();
        for _ in 0..MOST_STALE {
            assert!(matches!(allocation.next(&error(438)).unwrap(), Step::Ask(_)));
        }
        assert!(matches!(done(allocation.next(&error(438))), Outcome::Refused { code: 438, .. }));
    }
}
