"""Two network namespaces and an emulated link between them, with packet loss, delay, a rate limit, outages and resets.

This process forwards the packets between two TUN devices. It does not need the kernel's netem module, and it drops the same
packets in each run.
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

ADDRESSES = ("10.213.0.1", "10.213.0.2")    # of the two sides; not reachable from outside the namespaces
MAX_QUEUEING_DELAY = 1.0                    # seconds that a packet may wait because of the rate limit; else it is dropped
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
CLONE_NEWNET = 0x40000000
TCP, FIN, RST = 6, 1, 4


def unavailable_reason():
    """Returns the reason why the link cannot be emulated on this machine, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "there is no /dev/net/tun"
    try:
        added = subprocess.run(["ip", "netns", "add", f"ws_try_{os.getpid()}"], capture_output=True, text=True)
    except FileNotFoundError:
        return "the command ip (iproute2) is missing"
    if added.returncode:
        return f"ip netns add: {added.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", f"ws_try_{os.getpid()}"], check=True)
    return None


class LinkEmulator:
    """A link with the sides 0 and 1. Settings apply to both directions and to all later packets."""

    def __init__(self):
        self.loss = 0.0      # share of packets that are dropped, 0 to 1
        self.delay = 0.0     # seconds, one way
        self.rate = None     # octets per second, each way
        self.cut = False     # drops all packets
        self.dropped = self.forwarded = 0
        self._names = [f"ws_{side}_{os.getpid()}" for side in (0, 1)]
        self._random = random.Random(29)
        self._flows = {}                  # (source, destination) -> the destination's side, the last acknowledgement number
        self._free_at = [0.0, 0.0]        # for each destination side: when the rate limit allows the next packet
        self._queue, self._count = [], 0
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
        self._thread = threading.Thread(target=self._forward, daemon=True)
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
        """Starts a program in that side's namespace."""
        return subprocess.Popen(["ip", "netns", "exec", self._names[side], *command], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, stdin=subprocess.PIPE, text=True)

    def connect(self, side, port, timeout):
        """Returns a connection from that side to a port of the other side."""
        sockets = []

        def create_socket():    # only this thread enters the namespace; the socket stays in it
            with open(f"/run/netns/{self._names[side]}") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) == 0:
                    sockets.append(socket.socket())

        thread = threading.Thread(target=create_socket)
        thread.start()
        thread.join()
        connection = sockets[0]
        connection.settimeout(timeout)
        connection.connect((ADDRESSES[1 - side], port))
        return connection

    def reset(self):
        """Sends an RST to both ends of every connection, like a middlebox. Returns the number of connections."""
        flows, self._flows = dict(self._flows), {}
        for (source, target), (side, acknowledged) in flows.items():
            back = flows.get((target, source))
            if back:    # the sequence number that the receiver expects is the one that it acknowledged last
                os.write(self._devices[side], reset_packet(source, target, back[1]))
        return len(flows) // 2

    def _forward(self):
        while True:
            timeout = max(0.0, self._queue[0][0] - time.monotonic()) if self._queue else None
            ready = select.select([*self._devices, self._wake[0]], [], [], timeout)[0]
            if self._wake[0] in ready:
                return
            for side, device in enumerate(self._devices):
                if device in ready:
                    self._enqueue(os.read(device, 65536), 1 - side)
            while self._queue and self._queue[0][0] <= time.monotonic():
                _, _, side, packet = heapq.heappop(self._queue)
                os.write(self._devices[side], packet)

    def _enqueue(self, packet, side):
        if packet[0] >> 4 != 4:    # IPv6 neighbour discovery
            return
        self._track_connection(packet, side)
        now = time.monotonic()
        start = max(now, self._free_at[side])
        if self.cut or self._random.random() < self.loss or start > now + MAX_QUEUEING_DELAY:
            self.dropped += 1
            return
        self.forwarded += 1
        self._free_at[side] = start + (len(packet) / self.rate if self.rate else 0.0)
        self._count += 1
        heapq.heappush(self._queue, (self._free_at[side] + self.delay, self._count, side, packet))

    def _track_connection(self, packet, side):
        if packet[9] != TCP:
            return
        header = (packet[0] & 15) * 4
        source, target = struct.unpack_from("!HH", packet, header)
        endpoints = (packet[12:16], source), (packet[16:20], target)
        if packet[header + 13] & (RST | FIN):
            self._flows.pop(endpoints, None)
        else:
            self._flows[endpoints] = (side, struct.unpack_from("!I", packet, header + 8)[0])


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def reset_packet(source, target, sequence):
    addresses = source[0] + target[0]
    tcp_header = struct.pack("!HHIIBBHHH", source[1], target[1], sequence, 0, 5 << 4, RST, 0, 0, 0)
    total = checksum(addresses + struct.pack("!HH", TCP, len(tcp_header)) + tcp_header)
    tcp_header = tcp_header[:16] + struct.pack("!H", total) + tcp_header[18:]
    ip_header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp_header), 0, 0, 64, TCP, 0) + addresses
    return ip_header[:10] + struct.pack("!H", checksum(ip_header)) + ip_header[12:] + tcp_header
