"""Seeds a file with libtorrent and a one-peer tracker: libtorrent_seed.py FILE TORRENT

Says "seeding" when it is ready; ends when its standard input ends.
"""

import http.server
import os
import sys
import threading
import time

import libtorrent as lt

path, torrent = sys.argv[1], sys.argv[2]
session = lt.session({"listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
                      "allow_multiple_connections_per_ip": True, "enable_incoming_utp": False, "enable_outgoing_utp": False})


class Tracker(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        peer = bytes([127, 0, 0, 1]) + session.listen_port().to_bytes(2, "big")
        body = lt.bencode({b"interval": 60, b"peers": peer})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tracker)
threading.Thread(target=server.serve_forever, daemon=True).start()
files = lt.file_storage()
lt.add_files(files, path)
make = lt.create_torrent(files, 256 * 1024, flags=lt.create_torrent.v1_only)
make.add_tracker(f"http://127.0.0.1:{server.server_port}/announce")
lt.set_piece_hashes(make, os.path.dirname(path))
with open(torrent, "wb") as f:
    f.write(lt.bencode(make.generate()))
info = lt.torrent_info(torrent)
handle = session.add_torrent({"ti": info, "save_path": os.path.dirname(path), "flags": lt.torrent_flags.seed_mode})
while not handle.status().is_seeding:
    time.sleep(0.05)
print("seeding", flush=True)
sys.stdin.read()
