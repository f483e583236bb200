// Package federation is this pod among its friends: how pods become friends, what they
// tell each other, and how friendships end. The contract is API.md section 4.
//
// It owns the rules. What is signed and sealed is package seal's, the calls are package
// fetch's, and whatever must outlive the process is the Store's: a Federation can stop
// at any step, and both pods still agree after the next contact.
//
// # Introductions
//
// MakeFriends asks pods who they are and whom they know, stores each as "requested" and
// introduces this pod: a signed statement that names the receiver. Introduce takes one.
// It calls the newcomer's URL back for a signature over a fresh nonce (Challenge answers
// that), decides by the record, the invite and the policy, stores, and signs its answer.
// A newcomer whose URL gives no connection signs a nonce in a second POST instead. Either
// side may repeat an introduction at any time: key and run tell a repetition, which gets
// the standing epoch, from a new beginning, which gets a higher one than ever before.
//
//	newcomer            receiver
//	POST /pods       ->
//	                 <- POST /pods/challenge
//	signed nonce     ->    one transaction: friend, waiting, or nothing
//	                 <- friend | waiting | prove
//
// # Streams
//
// What a friend must be told is derived, not queued: the store's log of published changes
// after SentRev, and the differences between what the friend was told of name, URL and
// key and what is true now. A message is frozen before its first try and stays the same
// until its answer came. Each epoch begins with the whole catalogue, read in pages by the
// other side; changes after its end travel as activities, in order, counted by seq. A gap
// is repaired by an introduction with a new run. A pod that can not be called gets what
// waits inside the answers to its own calls.
//
// # Goroutines and locks
//
// Start begins two goroutines: run calls the pods whose turn the schedule says it is, at
// most Limits.FriendRequests at once, and keepScores ends the score intervals. Close ends
// them and waits. Introductions that others send, and those of MakeFriends and Accept, run
// on their callers. Locks guard memory only: none is held during a call, a transaction or
// OnEvent. All store changes of friends' records go through change, which keeps memory in
// step and tells followers.
//
// # Trust
//
// Whatever another pod sends is hostile until its signature is verified, and bounded
// before that: size, buckets per address and per friend, call-backs at once. Addresses
// that a peer named are called only where the peer itself came from as far out
// (pod.AddrClass). Plain answers, which anybody on the way can make, never end a
// friendship.
//
// Errors that a person or another pod may read are *pod.Error; texts of peers are never
// part of them. Times are UTC; due times are monotonic.
//
// Sources: RFC 7515 and 7516 (JOSE), RFC 2104 (HMAC), API.md sections 3 and 4.
package federation
