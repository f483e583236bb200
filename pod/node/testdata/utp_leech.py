"""Fetches a magnet link with libtorrent over uTP alone: utp_leech.py MAGNET DIR"""

import sys
import time

import libtorrent as lt

session = lt.session(
    {
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_outgoing_tcp": False,
        "enable_incoming_tcp": False,
        "enable_outgoing_utp": True,
        "enable_incoming_utp": True,
        "allow_multiple_connections_per_ip": True,
        "ssrf_mitigation": False,  # else a tracker on loopback must be called /announce
    }
)
params = lt.parse_magnet_uri(sys.argv[1])
params.save_path = sys.argv[2]
handle = session.add_torrent(params)
deadline = time.monotonic() + 90
while not handle.status().is_seeding:
    if time.monotonic() > deadline:
        status = handle.status()
        sys.exit(f"not finished: {status.state} {status.progress:.2f} with {status.num_peers} peers")
    time.sleep(0.05)
