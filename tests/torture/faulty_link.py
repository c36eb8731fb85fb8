"""Two network namespaces and the line between them, which loses, delays, throttles, cuts and resets as it is told.

The line is this process: it carries the packets between two TUN devices. So it needs no netem of the kernel's, and loses the
same packets each time.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time

ADDRESSES = ("10.213.0.1", "10.213.0.2")    # of the two sides, seen by nobody else
QUEUE = 1.0                                 # seconds that a packet waits at most for a slow line
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
CLONE_NEWNET = 0x40000000
TCP, RST = 6, 4


def why_not():
    """Why there can be no such line on this machine, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "there is no /dev/net/tun"
    try:
        added = subprocess.run(["ip", "netns", "add", f"ws_try_{os.getpid()}"], capture_output=True, text=True)
    except FileNotFoundError:
        return "there is no ip (iproute2)"
    if added.returncode:
        return f"ip netns add: {added.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", f"ws_try_{os.getpid()}"], check=True)
    return None


class FaultyLink:
    """Sides 0 and 1. What is set holds for both directions, from then on."""

    def __init__(self):
        self.loss = 0.0      # of packets, 0 to 1
        self.delay = 0.0     # seconds, one way
        self.rate = None     # octets a second, each way
        self.cut = False
        self.lost = self.carried = 0
        self._names = [f"ws_{side}_{os.getpid()}" for side in (0, 1)]
        self._chance = random.Random(29)
        self._flows = {}                  # (from, to) -> the side it goes to, and what it acknowledged last
        self._free_at = [0.0, 0.0]        # when the line towards a side has sent what waits
        self._waiting, self._count = [], 0
        self._wake = os.pipe()
        self._devices = []

    def __enter__(self):
        for side, name in enumerate(self._names):
            subprocess.run(["ip", "netns", "add", name], check=True)
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._devices.append(device)
            fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
            for command in (f"link set {name} netns {name}", f"-n {name} addr add {ADDRESSES[side]}/24 dev {name}",
                            f"-n {name} link set {name} up"):
                subprocess.run(["ip", *command.split()], check=True)
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.write(self._wake[1], b"x")
        self._thread.join()
        for descriptor in (*self._devices, *self._wake):
            os.close(descriptor)
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], check=True)

    def start(self, side, *command):
        """A program in that side's namespace."""
        return subprocess.Popen(["ip", "netns", "exec", self._names[side], *command], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, stdin=subprocess.PIPE, text=True)

    def dial(self, side, port, timeout):
        """A connection from that side to a port of the other one's."""
        made = []

        def make():    # only this thread enters the namespace; its socket stays there
            with open(f"/run/netns/{self._names[side]}") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) == 0:
                    made.append(socket.socket())

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        one = made[0]
        one.settimeout(timeout)
        one.connect((ADDRESSES[1 - side], port))
        return one

    def reset(self):
        """Both ends of every connection get an RST, as from a box in between. How many connections there were."""
        flows, self._flows = dict(self._flows), {}
        for (source, target), (side, acknowledged) in flows.items():
            back = flows.get((target, source))
            if back:    # what the receiver expects next is what it acknowledged last
                os.write(self._devices[side], reset_packet(source, target, back[1]))
        return len(flows) // 2

    def _carry(self):
        while True:
            timeout = max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None
            ready = select.select([*self._devices, self._wake[0]], [], [], timeout)[0]
            if self._wake[0] in ready:
                return
            for side, device in enumerate(self._devices):
                if device in ready:
                    self._take(os.read(device, 65536), 1 - side)
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                _, _, side, packet = heapq.heappop(self._waiting)
                os.write(self._devices[side], packet)

    def _take(self, packet, side):
        if packet[0] >> 4 != 4:    # IPv6 looks for its neighbours
            return
        self._note(packet, side)
        now = time.monotonic()
        start = max(now, self._free_at[side])
        if self.cut or self._chance.random() < self.loss or start > now + QUEUE:
            self.lost += 1
            return
        self.carried += 1
        self._free_at[side] = start + (len(packet) / self.rate if self.rate else 0.0)
        self._count += 1
        heapq.heappush(self._waiting, (self._free_at[side] + self.delay, self._count, side, packet))

    def _note(self, packet, side):
        if packet[9] != TCP:
            return
        at = (packet[0] & 15) * 4
        source, target = struct.unpack_from("!HH", packet, at)
        ends = (packet[12:16], source), (packet[16:20], target)
        if packet[at + 13] & (RST | 1):
            self._flows.pop(ends, None)
        else:
            self._flows[ends] = (side, struct.unpack_from("!I", packet, at + 8)[0])


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def reset_packet(source, target, sequence):
    addresses = source[0] + target[0]
    head = struct.pack("!HHIIBBHHH", source[1], target[1], sequence, 0, 5 << 4, RST, 0, 0, 0)
    total = checksum(addresses + struct.pack("!HH", TCP, len(head)) + head)
    head = head[:16] + struct.pack("!H", total) + head[18:]
    internet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(head), 0, 0, 64, TCP, 0) + addresses
    return internet[:10] + struct.pack("!H", checksum(internet)) + internet[12:] + head
