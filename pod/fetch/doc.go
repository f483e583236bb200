// Package fetch calls other pods over HTTP, with bounds on everything and with the
// address policy of API.md section 4.
//
// It owns no addresses and decides nothing about friends: a Request says how narrow the
// class of the address may be that it leads to (pod.AddrClass). What the owner typed is
// pod.ClassAny; what was learned from a peer has the class of the connection that it was
// learned from. So a pod in the internet never points this one at its own network.
//
//	c := fetch.New(fetch.Config{Version: "1.2.0"})
//	answer, err := c.Do(ctx, fetch.Request{URL: "https://pod.example/api/v1/pods/me", Narrowest: pod.ClassPublic})
//
// The policy is checked when a socket is about to be connected, on the address of that
// socket. Names, odd spellings of numbers and answers of a name server that change
// between two questions have no say. Some addresses are refused always: unspecified,
// multicast and broadcast ones, those of cloud metadata services, IPv6 forms around a
// narrower IPv4 address. From the internet only ordinary unicast addresses are called.
// Ports below 1024 are refused, but for 80 and 443.
//
// Connections are kept for the next request of the same Narrowest and no other: each
// class has a transport of its own, so that a kept connection can't evade the check.
// Streams have transports of their own too: a film that is passed on must not keep the
// messages to the same pod waiting. Only HTTP/1.1 is spoken; no proxy is used, whatever
// the environment says, no redirect is followed, no compression is asked for, no cookie
// is kept.
//
// Errors: ErrAddress, ErrUnreachable, ErrTooLarge, ErrBadAnswer, told apart by errors.Is;
// a request whose context ended gives the context's error. An answer of any status is no
// error.
//
// Nothing runs between requests but the reading of kept connections; CloseIdle ends it.
// A Client is safe for concurrent use. Sizes are bytes.
//
// Sources: RFC 9110, RFC 6890 and the IANA registries of special addresses (as
// code.dny.dev/ssrf has them), RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo).
package fetch
