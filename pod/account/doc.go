// Package account owns logins: the owner's account, passwords, tokens and the limits
// on guessing them.
//
// It checks passwords (argon2id, parameters kept in each hash), gives out opaque
// tokens, and answers whose token a request carries. It knows no HTTP and no database:
// records lie behind Store, which pod/store satisfies.
//
//	accounts, err := account.New(account.Config{Store: db, RootPasswordFile: file})
//	err = accounts.EnsureRoot(ctx)
//	tokens, err := accounts.Login(ctx, account.Login{...})
//	owner, err := accounts.Authenticate(ctx, tokens.Access)
//
// Tokens are 32 random bytes. Only their SHA-256 is stored, so a stolen database lets
// nobody in. An access token lives a day, a refresh token fourteen. A refresh replaces
// both; a refresh token that comes a second time was copied by somebody, so its whole
// session ends.
//
// Guessing is slowed per account and address, and per address over all accounts (IPv6
// by /64). It never locks an account: the owner gets in from another address. The
// count is in memory, bounded, and starts anew with the pod.
//
// An unknown name costs one hash as a wrong password does, and gets the same answer.
// At most two hashes run at once (19 MiB each); others wait as long as their context.
//
// Errors are *pod.Error with the codes of API.md: invalid_client, invalid_grant,
// invalid_token, too_many_requests. A store that cannot be read is never told as a
// wrong password.
//
// Accounts is safe for concurrent use. It starts no goroutine and needs no Close.
//
// Sources: RFC 9106 (argon2), RFC 6749 sections 5.2 and 6, RFC 9700 section 4.14
// (rotation of refresh tokens), notes on security section 5.
package account
