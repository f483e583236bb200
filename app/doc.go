// Package app is the shared start of Peerpod's programs: peerpod (window and pod) and
// peerpodd (the pod alone).
//
// It owns flags, environment and config.toml, the data folder and its lock, the logger,
// the commands check, backup, restore and version, and the order of start and stop. It
// does not know what a pod does: that is pod/node.
//
// A setting comes from the flag, else the environment (PEERPOD_NAME for --name), else
// config.toml in the data folder, else the default. An unknown key or a bad value stops
// the start with exit code 2 and a message that names it.
//
// One process at a time owns a data folder: it holds a lock on the file "lock" and
// listens on a loopback port that "instance.json" (mode 0600) names together with a
// secret. Through it a second start hands its files to the first, and a backup reads a
// snapshot of the database of a running pod.
//
// Exit codes: 0 all is well, 1 a fault, 2 bad configuration, 3 damaged data, 4 the data
// folder is in use.
package app
