// Package server is the pod's door to the web: the listener, the rules that hold for
// every request, the page, and the files of videos with Range.
//
// It does not own the REST routes or the tracker: it wraps the handlers that it is
// given. It decides nothing about rights either: Access tells who may read a hidden
// video, and everybody else gets the same 404 as for a video that does not exist.
//
// The main type is Server:
//
//	s, err := server.New(server.Config{Addr: "127.0.0.1:0", API: api.Handler(), Tracker: tracker, Catalogue: store, …})
//	err = s.Start(ctx)      // listens
//	fmt.Println(s.Addr())
//	err = s.Close(ctx)      // lets short requests end, cuts long ones
//
// Files of friends' videos come from a whole copy, if Remote has one, else from the
// friend by way of this pod (relay), for browsers that can't reach the friend themselves:
// one range at a time, no more bytes than the friend announced, and none of its headers
// but those about its copy. A page that shows a friend's video names the friend's origin
// in its policy (CSP), once that is known to be nothing but an origin.
//
// A request passes, in this order: number of connections (in all and per household;
// one without a request under way makes room for a new one), time limit of the header,
// address of who asks (X-Forwarded-For of the owner's proxies, of nobody else), request
// id, recover, Host allow-list (DNS rebinding), cross-origin protection (CSRF),
// security headers, body deadline, route. Every write renews its own deadline and every
// read of an upload too, so that a transfer may take hours but may not stand still.
//
// A panic in a handler ends that request with 500 and one line in the log.
//
// Goroutines: one accepts, net/http starts one per connection. Close waits for all but
// those of WebSockets, which belong to the tracker. All methods are safe for concurrent
// use.
//
// Every answer under /api/ names the versions of the contract between pods that this
// program speaks (Peerpod-Api-Versions).
//
// Errors have the body of API.md section 2 (RFC 9457); people who ask for HTML get a page.
//
// Sources: RFC 9110 (range, conditional requests), RFC 6266 (Content-Disposition), the
// Fetch standard (CORS), CSP level 3.
package server
