//! The question of what address we are seen at (RFC 8489, section 2). Pure.

use std::net::SocketAddr;

use rtc_stun::{
    message::{BINDING_REQUEST, BINDING_SUCCESS, Getter, Message, Setter, TransactionId},
    xoraddr::XorMappedAddress,
};

/// What is asked.
///
/// # Errors
/// None that is known of.
pub(super) fn request() -> Result<Message, String> {
    let mut message = Message::new();
    let setters: [Box<dyn Setter>; 2] = [Box::new(BINDING_REQUEST), Box::new(TransactionId::new())];
    message.build(&setters).map_err(|error| error.to_string())?;
    Ok(message)
}

/// What is answered; `None` where it is no answer to that.
pub(super) fn address(answer: &Message) -> Option<SocketAddr> {
    let mut mapped = XorMappedAddress::default();
    let is_success = answer.typ == BINDING_SUCCESS;
    (is_success && mapped.get_from(answer).is_ok()).then(|| SocketAddr::new(mapped.ip, mapped.port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_in_an_answer_is_read() {
        let request = request().unwrap();
        assert!(rtc_stun::message::is_stun_message(&request.raw));
        assert_eq!(address(&request), None, "that is no answer");
        let mapped = XorMappedAddress { ip: [192, 0, 2, 1].into(), port: 4711 };
        let mut answer = Message::new();
        answer.build(&[Box::new(BINDING_SUCCESS), Box::new(request.transaction_id), Box::new(mapped)]).unwrap();
        assert_eq!(address(&answer), Some(([192, 0, 2, 1], 4711).into()));
        let mut empty = Message::new();
        empty.build(&[Box::new(BINDING_SUCCESS), Box::new(request.transaction_id)]).unwrap();
        assert_eq!(address(&empty), None);
    }
}
