// Package node builds one pod out of its parts and runs it. It is the only package that
// knows them all; it holds the adapters between their small interfaces and no logic of
// its own beyond that.
//
// Start opens, in this order: store, account, search, swarm, tracker, library (which
// sweeps what a crash left), api and server. Close goes the other way round: the listener
// first, then running uploads, tracker, swarm, search and, last, the store.
//
// A change of the catalogue (a video published, edited or deleted) reaches the others by
// one road: library calls changed, which corrects the set of infohashes that tracker and
// swarm may serve, drops what must not be served any more, brings the search index up to
// the store's last Rev and wakes the subscribers of the window.
//
// A process may run any number of pods; they share nothing.
package node
