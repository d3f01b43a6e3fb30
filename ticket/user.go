package ticket

import (
	"slices"
	"time"
)

// Role is what an account may do.
type Role string

// The roles.
const (
	RoleBuyer     Role = "buyer"
	RoleOrganizer Role = "organizer"
	RoleSupport   Role = "support"
	RoleFinance   Role = "finance"
	RoleDoor      Role = "door"
	RoleAdmin     Role = "admin"
)

// Roles lists every role.
var Roles = []Role{RoleBuyer, RoleOrganizer, RoleSupport, RoleFinance, RoleDoor, RoleAdmin}

// User is an account.
type User struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Name  string `json:"name"`
	Roles []Role `json:"roles"`
}

// Has tells whether the account has one of the roles; an admin has them all.
func (u *User) Has(roles ...Role) bool {
	if slices.Contains(u.Roles, RoleAdmin) {
		return true
	}
	for _, r := range roles {
		if slices.Contains(u.Roles, r) {
			return true
		}
	}
	return false
}

// Account is a user with what proves the right to use it.
type Account struct {
	User
	// PasswordHash is an argon2id hash in its encoded form; it never leaves the
	// process.
	PasswordHash string
}

// KeyPurpose is what a signing key signs.
type KeyPurpose string

// The purposes of signing keys.
const (
	KeyAccess KeyPurpose = "access" // RS256, access tokens
	KeyTicket KeyPurpose = "ticket" // Ed25519, codes on tickets
)

// SigningKey is a key that signs for us. One of each purpose is active; the
// retired ones still verify what they signed.
type SigningKey struct {
	// ID is the `kid` of what the key signs.
	ID      string
	Purpose KeyPurpose
	// PrivateKey is PKCS #8, DER.
	PrivateKey []byte
	CreatedAt  time.Time
	RetiredAt  time.Time // zero while active
}

// RequestKey names a request that its caller may send again.
type RequestKey struct {
	// Scope is the account, Route the operation, Key what the caller chose.
	Scope, Route, Key string
	// Fingerprint tells the request from another one under the same key.
	Fingerprint []byte
}
