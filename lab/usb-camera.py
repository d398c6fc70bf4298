#!/usr/bin/python3
"""A USB camera made of one process, for the guest of lab/camera-guest --camera usb.

It speaks USB/IP with the kernel's own vhci-hcd, so that the real uvcvideo driver binds to it and makes a
/dev/videoN. It offers one size as MJPEG (the given pictures, in a circle), and half of it as YUYV (a grey ramp that
moves): as with real ones, the bus is too slow for large raw pictures. With --h264 it offers the large size as H.264, too:
what the given files hold, an access unit each, from the first on at each start and in a circle.

SIGTERM pulls the plug. SIGUSR1 stalls it: no more frames, and no error; once more lets it go on. SIGUSR2 stalls it until its
port is reset.
"""

import argparse
import select
import signal
import socket
import struct
import time
from collections import deque
from pathlib import Path

ATTACH = Path("/sys/devices/platform/vhci_hcd.0/attach")
HIGH_SPEED = 3
DEVICE_ID = 0x10002

# USB 2.0, table 9-5; USB Video Class 1.0, table A-5.
DEVICE, CONFIGURATION, STRING, INTERFACE, ENDPOINT, QUALIFIER, ASSOCIATION = 1, 2, 3, 4, 5, 6, 11
VIDEO_INTERFACE = 0x24
MJPEG, YUYV, H264 = 1, 2, 3  # our format indices
GUID_TAIL = b"\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
BULK_IN = 0x81
PAYLOAD_HEADER = 2


def descriptor(kind, layout, *values):
    body = struct.pack("<" + layout, *values)
    return bytes([2 + len(body), kind]) + body


class Camera:
    """What the device is, and what it answers to control requests."""

    def __init__(self, name, serial, size, fps, pictures, units):
        self.strings = {1: "Peergate Lab", 2: name, 3: serial}
        self.size, self.raw_size = size, (size[0] // 2, size[1] // 2)
        self.intervals = [10_000_000 // fps, 2 * 10_000_000 // fps]  # of 100 ns
        self.pictures, self.units = pictures, units
        raw_bytes = self.raw_size[0] * self.raw_size[1] * 2
        self.bytes = {MJPEG: max(map(len, pictures)), YUYV: raw_bytes}
        if units:
            self.bytes[H264] = max(map(len, units))
        self.choose(MJPEG, self.intervals[0])

    def choose(self, form, interval):
        self.format = form if form in self.bytes else MJPEG
        self.interval = next((known for known in self.intervals if interval <= known), self.intervals[-1])

    def picture(self, number):
        if self.format == MJPEG:
            return self.pictures[number % len(self.pictures)]
        if self.format == H264:
            return self.units[number % len(self.units)]
        width, height = self.raw_size
        row = bytes(value for x in range(width) for value in ((x + 4 * number) & 255, 128))
        return row * height

    def control(self, setup, data):
        """The reply to a request, or None for a stall."""
        kind, request, value, index, length = struct.unpack("<BBHHH", setup)
        if kind & 0x60 == 0:
            reply = self.standard(request, value)
        elif kind & 0x1F == 1 and index & 255 == 1 and value >> 8 in (1, 2):  # probe and commit
            reply = self.probe(request, data)
        else:
            reply = None
        return reply if reply is None else reply[:length]

    def standard(self, request, value):
        get_status, get_descriptor, get_configuration, get_interface = 0, 6, 8, 10
        if request == get_descriptor:
            return self.describe(value >> 8, value & 255)
        replies = {get_status: b"\0\0", get_configuration: b"\1", get_interface: b"\0"}
        # The rest sets what we have only one of.
        return replies.get(request, b"")

    def probe(self, request, data):
        set_current, get_length, get_info = 0x01, 0x85, 0x86
        if request == set_current:
            self.choose(data[2], struct.unpack_from("<I", data, 4)[0])
            return b""
        if request == get_length:
            return struct.pack("<H", 26)
        if request == get_info:
            return b"\3"
        frame = self.bytes[self.format]
        payload = PAYLOAD_HEADER + max(self.bytes.values())
        return struct.pack("<HBBI10xII", 1, self.format, 1, self.interval, frame, payload)

    def describe(self, kind, index):
        if kind == DEVICE:
            return descriptor(DEVICE, "HBBBBHHHBBBB", 0x0200, 0xEF, 2, 1, 64, 0x1D6B, 0x0102, 0x0100, 1, 2, 3, 1)
        if kind == QUALIFIER:
            return descriptor(QUALIFIER, "HBBBBBB", 0x0200, 0xEF, 2, 1, 64, 1, 0)
        if kind == CONFIGURATION:
            body = self.interfaces()
            return descriptor(CONFIGURATION, "HBBBBB", 9 + len(body), 2, 1, 0, 0x80, 250) + body
        if kind == STRING and index == 0:
            return descriptor(STRING, "H", 0x0409)
        if kind == STRING and index in self.strings:
            text = self.strings[index].encode("utf-16-le")
            return descriptor(STRING, f"{len(text)}s", text)
        return None

    def interfaces(self):
        lens, usb_terminal = 1, 2
        units = descriptor(VIDEO_INTERFACE, "BBHBBHHHBH", 2, lens, 0x0201, 0, 0, 0, 0, 0, 2, 0)
        units += descriptor(VIDEO_INTERFACE, "BBHBBB", 3, usb_terminal, 0x0101, 0, lens, 0)
        control = descriptor(VIDEO_INTERFACE, "BHHIBB", 1, 0x0100, 13 + len(units), 6_000_000, 1, 1)

        colours = descriptor(VIDEO_INTERFACE, "BBBB", 13, 1, 1, 4)
        formats = descriptor(VIDEO_INTERFACE, "BBBBBBBBB", 6, MJPEG, 1, 1, 1, 0, 0, 0, 0)
        formats += self.frame(7, MJPEG, self.size) + colours
        formats += descriptor(VIDEO_INTERFACE, "BBB16sBBBBBB", 4, YUYV, 1, b"YUY2" + GUID_TAIL, 16, 1, 0, 0, 0, 0)
        formats += self.frame(5, YUYV, self.raw_size) + colours
        if self.units:
            variable = 1
            guid = b"H264" + GUID_TAIL
            formats += descriptor(VIDEO_INTERFACE, "BBB16sBBBBBBB", 16, H264, 1, guid, 16, 1, 0, 0, 0, 0, variable)
            formats += self.unit_frame() + colours
        count = len(self.bytes)
        length = 13 + count + len(formats)
        header = ("BBHBBBBBBB" + "B" * count, 1, count, length, BULK_IN, 0, usb_terminal, 0, 0, 0, 1) + (0,) * count

        return (
            descriptor(ASSOCIATION, "BBBBBB", 0, 2, 0x0E, 3, 0, 0)
            + descriptor(INTERFACE, "BBBBBBB", 0, 0, 0, 0x0E, 1, 0, 0)
            + control
            + units
            + descriptor(INTERFACE, "BBBBBBB", 1, 0, 1, 0x0E, 2, 0, 0)
            + descriptor(VIDEO_INTERFACE, *header)
            + formats
            + descriptor(ENDPOINT, "BBHB", BULK_IN, 2, 512, 0)
        )

    def frame(self, kind, form, size):
        largest = self.bytes[form]
        rates = [8 * largest * 10_000_000 // interval for interval in reversed(self.intervals)]
        layout = "BBBHHIIIIBII"
        numbers = (kind, 1, 0, *size, *rates, largest, self.intervals[0], 2, *self.intervals)
        return descriptor(VIDEO_INTERFACE, layout, *numbers)

    def unit_frame(self):
        """The frame descriptor of a format whose frames are of any length (frame based payloads, table 3-2)."""
        rates = [8 * self.bytes[H264] * 10_000_000 // interval for interval in reversed(self.intervals)]
        numbers = (17, 1, 0, *self.size, *rates, self.intervals[0], 2, 0, *self.intervals)
        return descriptor(VIDEO_INTERFACE, "BBBHHIIIBIII", *numbers)


class Stream:
    """Cuts frames into the transfers that the driver has asked for."""

    def __init__(self, camera, answer):
        self.camera, self.answer = camera, answer
        self.wanted = deque()  # (sequence number, length)
        self.payload = b""
        self.number = 0
        self.due = time.monotonic()
        self.stalled = False
        self.stalled_until_reset = False

    def was_reset(self):
        self.stalled_until_reset = False

    def cancel(self, sequence):
        """Whether the transfer was still waiting."""
        waiting = [wanted for wanted in self.wanted if wanted[0] == sequence]
        for wanted in waiting:
            self.wanted.remove(wanted)
        if waiting and not self.wanted:
            self.payload, self.number = b"", 0  # the driver has stopped the stream
        return bool(waiting)

    def pump(self):
        while self.wanted:
            if not self.payload and not self.next_payload():
                return
            sequence, length = self.wanted.popleft()
            part, self.payload = self.payload[:length], self.payload[length:]
            self.answer(sequence, part)
            if len(part) == length and not self.payload and self.wanted:
                # A payload ends with a transfer that is not full.
                self.answer(self.wanted.popleft()[0], b"")

    def next_payload(self):
        now = time.monotonic()
        if self.stalled or self.stalled_until_reset or now < self.due:
            return False
        # Late by more than a little: the missed frames are not made up for.
        self.due = max(self.due + self.camera.interval / 1e7, now - 0.2)
        last_transfer, frame_id = 0x82, self.number & 1
        self.payload = bytes([PAYLOAD_HEADER, last_transfer | frame_id]) + self.camera.picture(self.number)
        self.number += 1
        return True


class Plug:
    """The kernel's side of USB/IP (Documentation/usb/usbip_protocol.rst)."""

    SUBMIT, UNLINK, SUBMITTED, UNLINKED = 1, 2, 3, 4
    STALL, CANCELLED = -32, -104  # EPIPE, ECONNRESET
    SET_CONFIGURATION = 9

    def __init__(self, camera, port):
        self.camera = camera
        self.ours, theirs = socket.socketpair()
        ATTACH.write_text(f"{port} {theirs.fileno()} {DEVICE_ID} {HIGH_SPEED}")
        theirs.close()
        self.stream = Stream(camera, self.answer)

    def serve(self, pulled):
        while not pulled():
            readable, _, _ = select.select([self.ours], [], [], 0.01)
            if readable:
                self.request()
            self.stream.pump()

    def request(self):
        header = self.receive(48)
        command, sequence, _, inward, endpoint = struct.unpack_from(">5I", header)
        if command == self.UNLINK:
            cancelled = self.stream.cancel(struct.unpack_from(">I", header, 20)[0])
            status = self.CANCELLED if cancelled else 0
            self.ours.sendall(struct.pack(">5Ii24x", self.UNLINKED, sequence, 0, 0, 0, status))
            return
        length = struct.unpack_from(">I", header, 24)[0]
        data = b"" if inward else self.receive(length)
        if endpoint != 0:
            self.stream.wanted.append((sequence, length))
            return
        kind, request = header[40:42]
        if kind & 0x60 == 0 and request == self.SET_CONFIGURATION:
            # Said once when it is plugged in, and again after each reset, which is not told by itself.
            self.stream.was_reset()
        reply = self.camera.control(header[40:], data)
        if reply is None:
            self.answer(sequence, b"", status=self.STALL)
        else:
            self.answer(sequence, reply, taken=len(data))

    def answer(self, sequence, data, status=0, taken=0):
        head = struct.pack(">5I", self.SUBMITTED, sequence, 0, 0, 0)
        self.ours.sendall(head + struct.pack(">iI20x", status, len(data) or taken) + data)

    def receive(self, length):
        data = bytearray()
        while len(data) < length:
            part = self.ours.recv(length - len(data))
            if not part:
                raise EOFError("the kernel has let go of the device")
            data += part
        return bytes(data)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--name", default="Lab Camera")
    arguments.add_argument("--serial", default="LAB0001")
    arguments.add_argument("--size", default="640x360", help="of MJPEG and H.264")
    arguments.add_argument("--fps", type=int, default=15)
    arguments.add_argument("--port", type=int, default=0, help="of vhci-hcd")
    arguments.add_argument("--h264", nargs="+", type=Path, default=[], metavar="UNIT", help="access units")
    arguments.add_argument("pictures", nargs="+", type=Path, metavar="FRAME.jpg")
    given = arguments.parse_args()

    size = tuple(map(int, given.size.split("x")))
    pictures, units = ([path.read_bytes() for path in paths] for paths in (given.pictures, given.h264))
    camera = Camera(given.name, given.serial, size, given.fps, pictures, units)
    plug = Plug(camera, given.port)
    pulled = False

    def pull(*_):
        nonlocal pulled
        pulled = True

    def stall(*_):
        plug.stream.stalled = not plug.stream.stalled

    def stall_until_reset(*_):
        plug.stream.stalled_until_reset = True

    signal.signal(signal.SIGTERM, pull)
    signal.signal(signal.SIGUSR1, stall)
    signal.signal(signal.SIGUSR2, stall_until_reset)
    plug.serve(lambda: pulled)


if __name__ == "__main__":
    main()
