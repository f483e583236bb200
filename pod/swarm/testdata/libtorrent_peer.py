"""A libtorrent peer for tests: leeches or seeds one torrent on loopback, nothing else.

usage: libtorrent_peer.py leech TORRENT FOLDER HOST:PORT [utp|tcp]
       libtorrent_peer.py seed  TORRENT FOLDER

Leeching ends when the torrent is whole and prints the seconds that it took. Seeding prints
its port when it is ready and ends when standard input closes.
"""

import sys
import time

import libtorrent as lt


def session(transport):
    utp, tcp = transport != "tcp", transport != "utp"
    return lt.session({
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_outgoing_utp": utp, "enable_incoming_utp": utp,
        "enable_outgoing_tcp": tcp, "enable_incoming_tcp": tcp,
        "allow_multiple_connections_per_ip": True,
        "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
    })


def main():
    mode, torrent, folder = sys.argv[1:4]
    transport = sys.argv[5] if len(sys.argv) > 5 else "both"
    ses = session(transport)
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
    params.trackers = []
    params.save_path = folder
    handle = ses.add_torrent(params)
    handle.unset_flags(lt.torrent_flags.auto_managed)
    handle.resume()
    if mode == "seed":
        while not handle.status().is_seeding:
            ses.wait_for_alert(100)
            ses.pop_alerts()
        print(ses.listen_port(), flush=True)
        sys.stdin.read()
        return
    while str(handle.status().state) in ("checking_files", "checking_resume_data"):
        ses.wait_for_alert(20)
        ses.pop_alerts()
    host, port = sys.argv[4].rsplit(":", 1)
    begun = time.monotonic()
    handle.connect_peer((host, int(port)))
    while not handle.status().is_seeding:
        ses.wait_for_alert(20)
        for alert in ses.pop_alerts():
            if "error" in alert.what():
                print(alert, file=sys.stderr, flush=True)
        if time.monotonic() - begun > 120:
            sys.exit("no whole torrent in 120 s: %s" % handle.status().progress)
    print("%.3f" % (time.monotonic() - begun), flush=True)


main()
