// Package assets holds what Peerpod shows and says: the web page, the icons, the words
// and the table of colours and sizes that the page and the window share.
//
// Everything is embedded in the program; nothing here is read from disk or fetched when
// the pod runs. The package imports the standard library only, starts no goroutine and
// keeps no state.
//
// Web is the page. Its top holds html/template files (index.html, watch.html,
// embed.html, notfound.html) that pod/server fills with what it knows of a video, so
// that a page makes sense before its script runs, or without it. Below static/ are the
// files that are served as they are at /assets/…: plain ES modules, style sheets, the
// mark, and vendor/, which holds the BitTorrent client for browsers (webtorrent, MIT).
// No file has an inline script or style: the page lives with script-src 'self'.
//
// The page's modules, from the outside in: app.js starts the view that the document
// names; views/list.js and views/watch.js draw; player.js feeds a MediaSource, and
// lastresort.js plays where there is none; source.js decides where each piece of the file
// comes from, the swarm or a pod by HTTP; ways.js knows the pods that have the file: of a
// friend's video the friend's own, else ours, which passes it on; origin.js tells where a
// friend's video and its swarm may be looked for; swarm.js speaks BitTorrent over WebRTC;
// mp4.js and webm.js find the fragments of a file; api.js holds every fetch.
// window.peerpod shows the counters to tests and to curious people.
//
// An address "/#invite=…" shows how to use an invite (views/invite.js); the code stays in
// the browser.
//
// Icon gives a picture of the mark, Lang the catalogues of words, Tokens the colours.
// tokens.json is the one source of the colours: TokensCSS makes the page's custom
// properties of it and a test holds static/tokens.css against that.
//
// The program in vendor/ renews or checks the vendored file: go run ./assets/vendor.
//
// Sources: the look is described in the project's notes on look; fragmented MP4 is
// ISO/IEC 14496-12, WebM is the Matroska subset of webmproject.org, MediaSource is the
// W3C's Media Source Extensions, the swarm's protocol is BEP 3 with WebTorrent's tracker.
package assets
