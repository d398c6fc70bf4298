//! A description as text again: only what was understood, in one form.

use std::fmt::{self, Write as _};

use super::{
    Format, SectionKind,
    description::{Description, Transport},
    section::CheckedSection,
    source::SourceAttribute,
};

impl Description {
    /// The text that is safe to hand on. Parsing it gives the same description.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("writing to a String does not fail");
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let (id, version) = self.origin;
        write!(out, "v=0\r\no=- {id} {version} IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n")?;
        write!(out, "a=ice-options:trickle\r\n")?;
        if self.ice_lite {
            write!(out, "a=ice-lite\r\n")?;
        }
        write!(out, "a=group:BUNDLE {}\r\n", self.bundle.join(" "))?;
        for section in &self.sections {
            section.write(&self.transport, out)?;
        }
        Ok(())
    }
}

impl CheckedSection {
    fn write(&self, transport: &Transport, out: &mut String) -> fmt::Result {
        let section = &self.section;
        // Port 9 stands for 'ICE will tell' (RFC 8840), also where `a=bundle-only` came with port 0.
        let port = if section.rejected { 0 } else { 9 };
        write!(out, "m={} {port} {}", section.kind, section.kind.protocol())?;
        match section.kind {
            SectionKind::Application => write!(out, " {}", SectionKind::CHANNELS)?,
            SectionKind::Media(_) if section.rejected => write!(out, " 0")?,
            SectionKind::Media(_) => {
                for format in &section.formats {
                    write!(out, " {}", format.payload_type)?;
                }
            }
        }
        let Transport { ufrag, password, setup, fingerprint } = transport;
        write!(out, "\r\nc=IN IP4 0.0.0.0\r\na=setup:{}\r\n", setup.name())?;
        write!(out, "a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\n")?;
        // In rejected sections too: webrtcbin may refuse a description in which one section names no certificate.
        write!(out, "a=fingerprint:{fingerprint}\r\n")?;
        write!(out, "a=mid:{}\r\na={}\r\n", section.mid, section.direction)?;
        self.write_rtp(out)?;
        if let Some(port) = self.sctp_port {
            write!(out, "a=sctp-port:{port}\r\n")?;
        }
        if let Some(size) = self.max_message_size {
            write!(out, "a=max-message-size:{size}\r\n")?;
        }
        for candidate in &self.candidates {
            write!(out, "a={}\r\n", candidate.text)?;
        }
        Ok(())
    }

    fn write_rtp(&self, out: &mut String) -> fmt::Result {
        for (id, uri) in &self.section.extensions {
            match self.extension_directions.iter().find(|(other, _)| other == id) {
                Some((_, direction)) => write!(out, "a=extmap:{id}/{direction} {uri}\r\n")?,
                None => write!(out, "a=extmap:{id} {uri}\r\n")?,
            }
        }
        if let Some((stream, track)) = &self.section.msid {
            write!(out, "a=msid:{}\r\n", format!("{stream} {track}").trim_end())?;
        }
        for (name, present) in [("rtcp-mux", self.rtcp_mux), ("rtcp-rsize", self.rtcp_rsize)] {
            if present {
                write!(out, "a={name}\r\n")?;
            }
        }
        for format in &self.section.formats {
            format.write(out)?;
        }
        for (first, second) in &self.sources.retransmissions {
            write!(out, "a=ssrc-group:FID {first} {second}\r\n")?;
        }
        for (id, attribute) in &self.sources.attributes {
            match attribute {
                SourceAttribute::Cname(name) => write!(out, "a=ssrc:{id} cname:{name}\r\n")?,
                SourceAttribute::Msid(stream, track) => {
                    write!(out, "a=ssrc:{id} msid:{}\r\n", format!("{stream} {track}").trim_end())?;
                }
            }
        }
        Ok(())
    }
}

impl Format {
    fn write(&self, out: &mut String) -> fmt::Result {
        write!(out, "a=rtpmap:{} {}/{}", self.payload_type, self.encoding_name, self.clock_rate)?;
        if let Some(channels) = self.channels {
            write!(out, "/{channels}")?;
        }
        write!(out, "\r\n")?;
        for feedback in &self.feedback {
            write!(out, "a=rtcp-fb:{} {feedback}\r\n", self.payload_type)?;
        }
        if !self.parameters.is_empty() {
            write!(out, "a=fmtp:{} {}\r\n", self.payload_type, self.parameters)?;
        }
        Ok(())
    }
}
