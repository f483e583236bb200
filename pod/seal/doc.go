// Package seal signs and encrypts what pods tell each other, and reads it back. It is pure:
// no clock, no network, no file, no state. It does not judge who may say what, when or how
// often; pod/federation does.
//
// A pod has one Key, RSA of 2048 to 4096 bits with e = 65537, for PSS and OAEP only. Its
// pod.PodID is the lower-case base32, without padding, of the SHA-256 of the public key
// (SPKI in DER). Words gives the first 128 bits of that hash as a BIP-39 mnemonic.
//
// # Sealed message and sealed answer
//
// Both are two layers. Inside is a compact JWE (RFC 7516) with the header
//
//	{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":RECEIVER}
//
// with OAEP over SHA-256 and MGF1 over SHA-256, a key of 32, a nonce of 12 and a tag of 16
// bytes. Its text is the payload of a compact JWS (RFC 7515), whose header is
//
//	{"alg":"PS256","typ":"pod+jws","kid":SENDER,"aud":RECEIVER,"htm":"POST",
//	 "htu":"/api/v1/pods/inbox","iat":SECONDS,"jti":NONCE,"ep":EPOCH}
//
// for a message, and for an answer
//
//	{"alg":"PS256","typ":"pod-answer+jws","kid":SENDER,"aud":RECEIVER,"re":NONCE,
//	 "ep":EPOCH,"status":STATUS,"iat":SECONDS,"jti":NONCE}
//
// SENDER and RECEIVER are pod IDs. A NONCE is 16 bytes in base64url, 22 characters; re is
// the jti of the message. SECONDS count from 1970 and end with the year 9999, STATUS is 100
// to 599, EPOCH fits 64 bits; all three are plain digits. htm is 1 to 16 capital letters,
// htu a path of at most 256 printable ASCII characters. PSS is over SHA-256 with MGF1 over
// SHA-256 and, when we sign, a salt of 32 bytes. The whole is at most pod.MaxMessageBytes.
//
//	raw, err := seal.Seal(key, friend, seal.Header{HTM: "POST", HTU: path, IssuedAt: now, JTI: seal.NewNonce(), Epoch: 3}, plain)
//
//	envelope, err := seal.Peek(raw)       // cheap: no work with keys
//	sender := find(envelope.Header().KID) // the caller's
//	jwe, err := envelope.Verify(sender)
//	plain, err := seal.Open(key, jwe)
//
// # Statements
//
// Introductions, challenges, videos, vouchers and rotations are signed, not encrypted: a
// compact JWS over JSON with the header {"alg":"PS256","typ":TYPE,"kid":SIGNER}.
//
// # What is refused
//
// Headers are closed. Each field stands exactly once, in any order; one more (jwk, jku,
// x5u, x5c, crit, b64, zip, cty …), one less or one of another type refuses the whole, as do
// the JSON serializations, an empty part, padding, and base64url that is not in its only
// form. All refusals are pod.ErrBadSignature; their texts are for the log, never for the
// other side. Errors of keys are a *pod.Error that a person can read, those of DecodeStrict
// and DecodeLoose are pod.ErrInvalid.
//
// All is safe for concurrent use.
//
// Sources: RFC 7515, 7516, 7518 (JOSE), RFC 8017 (PSS, OAEP), RFC 8725 (good practice),
// BIP-39 (words).
package seal
