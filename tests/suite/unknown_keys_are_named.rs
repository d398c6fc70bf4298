//! What is wrong with a configuration is said all at once: where, what was expected, what came, what is nearest.

use peergate::config;

fn problems(text: &str) -> String {
    config::parse(text).expect_err("a configuration with something wrong").to_string()
}

#[test]
fn unknown_keys_name_the_nearest_that_is_known() {
    assert_eq!(
        problems("[encode]\nbiterate = \"2M\"\n"),
        "configuration:2:1: encode.biterate: [encode] has no key `biterate`; the nearest is `bitrate` \
         (known here: audio_bitrate, bitrate, catalogue, codec, encoder, retry_after, rungs, uplink)"
    );
    let text = "[vidoe.front]\nsource = 'camera'\n\n[video.back]\nsource = 'camera'\npattern = 'ball'\n";
    assert_eq!(
        problems(text),
        "configuration:1:2: vidoe: a configuration has no key `vidoe`; the nearest is `video` \
         (known here: audio, channel, encode, http, ice, limits, log, member, messages, receive, record, relay, video)\n\
         configuration:6:1: video.back.pattern: a camera source has no key `pattern`; the nearest is `encoder` \
         (known here: device, encoder, fps, keep, size, source)"
    );
}

#[test]
fn wrong_types_units_and_words_say_what_was_expected_and_what_came() {
    for (text, said) in [
        ("[video.a]\nsize = 720", "2:8: video.a.size: expected a size in pixels like \"1280x720\", got the number 720"),
        ("[video.a]\nsize = '1280x721'", "expected even sides, as video encoders want them, got \"1280x721\"; \"1280x720\" fits"),
        ("[video.a]\nfps = '30'", "video.a.fps: expected a whole number from 1 to 240, got \"30\""),
        ("[video.a]\nsource = 'cam'", "got \"cam\"; the nearest is \"camera\""),
        ("[video.a]\npattern = 'bal'", "the nearest is \"ball\""),
        ("[video]\nsource = 'camera'", "expected a table with a name of your own, [video.NAME], got \"camera\""),
        ("[video.a]\n[audio.a]", "audio.a: expected a name of its own, got that of a [video] source"),
        ("[video.none]", "video.none: expected another name than none"),
        ("[video.a]\nsource = 'file'", "video.a.path: a file source needs the path of its file"),
        ("[encode]\nbitrate = 2000", "expected a bitrate with its unit like \"2000k\" or \"2M\" (bit/s), got the number 2000"),
        ("[encode]\ncodec = 'opus'", "encode.codec: expected one of auto, h264, vp8, vp9, av1, got \"opus\""),
        ("[encode]\ncodec = ['vp9', 'auto']", "encode.codec: expected one of h264, vp8, vp9, av1, got \"auto\""),
        ("[encode]\ncodec = ['vp9', 'vp9']", "encode.codec: expected each codec once, got vp9 twice"),
        ("[encode]\nencoder = 'passthrough'", "encode.encoder: expected a camera whose own H.264 is passed through"),
        (
            "[encode]\ncodec = ['vp8']\n[video.front]\nsource = 'camera'\nencoder = 'passthrough'",
            "encode.codec: expected h264 among them",
        ),
        ("[video.front]\nsource = 'camera'\nencoder = 'x264enc'", "expected one of passthrough, got \"x264enc\""),
        ("[encode]\ncodec = []", "encode.codec: expected at least one codec in the list, got a list"),
        ("member = 'x'", "expected [[member]] with two brackets, got \"x\""),
        ("[member]\nroom = 'ws://x'", "expected [[member]] with two brackets, got a table"),
        ("[[member]]\nid = ''", "member.id: expected an id, got an empty text"),
        ("[[member]]\nvideo = 'pitcure'", "[video.pitcure] is not there; the nearest is \"picture\""),
        ("[video.a]\n[video.b]\n[[member]]", "3:1: member: there are several video sources: expected video = one of a, b, or \"none\""),
        ("[[member]]\nroom = 'https://x/y'", "expected ws:// or wss://, got https://"),
        ("[[member]]\nroom = 'embedded:a/b'", "a room's name of letters, digits"),
        ("[[member]]\nprotocols = ['a b']", "the name of a WebSocket sub-protocol, got \"a b\""),
        ("[[member]]\nid='a'\n[[member]]\nid='a'", "expected an id that is alone in its room, got one twice"),
        (
            "[[member]]\nid='a'\nroom='wss://r/?room=one'\n[[member]]\nid='a'\nroom='wss://r/?room=two'",
            "expected an id that is alone in its room, got one twice",
        ),
        ("[[member]]\ntrust = { room = 'x' }", "member.trust: expected key_file, the file with the room's key, got none"),
        ("[member.headers]\nX = 1", "expected [[member]]"),
        ("[[member]]\nheaders = { 'a b' = 'x' }", "expected the name of an HTTP header"),
        ("[ice]\npolicy = 'relay'", "\"relay\" lets connections through TURN servers only, and turn names none"),
        ("[ice]\nstun = 'stun.example:3478'", "expected stun:HOST:PORT"),
        ("[ice]\nports = '200-100'", "expected ports like \"50000-50100\""),
        ("[ice]\nallow = ['a-name-that-is-too-long']", "the name of a network interface"),
        ("[ice]\nturn = [{ url = 'turn:h' }]", "needs url, user and a password: no user"),
        ("[channel]\nmax_retransmits = 1\nmax_packet_life_time = '1s'", "expected this or max_retransmits, got both"),
        ("[receive]\njitter_buffer = '1min'", "from 0ns to 10s, got \"1min\""),
        ("[http]\nlisten = '8080'", "expected an address and a port"),
        ("[http]\nlisten = 'none'", "not there with http.listen = \"none\""),
        ("[http]\nhosts = ['https://x']", "without scheme and port"),
        ("[relay]\nmessage = '1B'", "from 1024 to 16777216 bytes, got \"1B\""),
        ("[relay]\norigins = ['page.example']", "the origin of a page"),
        ("[log]\nfilter = 'loud,=x'", "expected a log filter"),
        ("[log]\nformat = 'xml'", "expected one of text, json, got \"xml\""),
        ("a = [1,", "configuration:1:"),
    ] {
        let problems = problems(text);
        assert!(problems.contains(said), "{text}\n gives: {problems}\n not: {said}");
        assert_eq!(problems.lines().count(), 1, "{text}\n gives more than that: {problems}");
    }
}
