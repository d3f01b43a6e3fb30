// Package auth knows who a caller is: accounts and their passwords (argon2id),
// sessions (RS256 access tokens of fifteen minutes and refresh tokens that are
// used once), the keys that sign them and their rotation, and the signed codes
// on tickets (Ed25519), which a door can check without asking anyone.
package auth
