// Package evil is a pod that a test plays, to see what a real one does with a bad friend.
// Only tests import it.
//
//	victim := podtest.New(t, 1, podtest.Friendly)[0]
//	mallory := evil.New(t, 0)
//	f := mallory.Befriend(victim.URL)
//
// Left alone, a Pod behaves well: it answers the routes that pods call of each other,
// introduces itself, proves its address, takes messages and has a catalogue. Each part can
// be made to misbehave:
//
//   - Pod.On replaces the answer of a route; Pod.OnMessage changes the sealed answer to a
//     message; Pod.Hang and Pod.Flood answer without end.
//   - Friend.Message gives a good message with all its layers laid open: the request, both
//     headers, the JSON inside, the signer. A test changes any of it and posts it.
//   - Pod.Introduction gives a good introduction in the same way.
//   - Pod.Video gives the fields of a good video, Pod.Put an activity that holds it, signed.
//
// Whatever the pod is sent is kept: Pod.Heard gives the messages, opened, and Pod.Wire every
// byte, as it came and decrypted.
//
// Signatures and encryption are made with the standard library alone, so that every form
// can be made that package seal refuses to make, and so that seal meets another maker.
package evil
