package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"yourticket.example/ticket"
)

// refreshLife is how long a refresh token can be used.
const refreshLife = 30 * 24 * time.Hour

// Store keeps accounts, sessions and keys.
type Store interface {
	KeyStore
	// CreateUser stores an account; CodeEmailTaken when the address has one.
	CreateUser(ctx context.Context, a ticket.Account) error
	// AccountByEmail finds an account whatever the address's case; CodeNotFound
	// when there is none.
	AccountByEmail(ctx context.Context, email string) (ticket.Account, error)
	// User reads an account; CodeNotFound when there is none.
	User(ctx context.Context, id string) (ticket.User, error)
	// CreateSession stores a session with its first refresh token's hash.
	CreateSession(ctx context.Context, sessionID, userID string, hash []byte, expires time.Time) error
	// RotateSession uses a refresh token up and stores its successor. It is
	// CodeUnauthorized when the token is unknown, expired or used; a used one
	// also ends the session, for two hold the token then.
	RotateSession(ctx context.Context, used, next []byte, expires time.Time) (sessionID string, u ticket.User, err error)
	// EndSession makes every refresh token of the session useless.
	EndSession(ctx context.Context, sessionID string) error
}

// Service is accounts and their sessions.
type Service struct {
	*Tokens
	Keys      *Keys
	Passwords *Passwords
	store     Store
	now       func() time.Time
}

// New makes the service over its store, with the first keys where there are
// none. Now is the clock; nil for the real one.
func New(ctx context.Context, store Store, now func() time.Time, options ...Option) (*Service, error) {
	if now == nil {
		now = time.Now
	}
	keys, err := OpenKeys(ctx, store, now)
	if err != nil {
		return nil, err
	}
	tokens, err := NewTokens(keys, now, options...)
	if err != nil {
		return nil, err
	}
	passwords, err := NewPasswords()
	if err != nil {
		return nil, err
	}
	return &Service{Tokens: tokens, Keys: keys, Passwords: passwords, store: store, now: now}, nil
}

// NewAccount is what an account is made from.
type NewAccount struct {
	Email    string
	Password string
	Name     string
	Roles    []ticket.Role // a buyer when empty
}

// Register makes an account. Faulty fields are named; CodeEmailTaken when the
// address has an account.
func (s *Service) Register(ctx context.Context, n NewAccount) (ticket.User, error) {
	if err := n.validate(); err != nil {
		return ticket.User{}, err
	}
	hash, err := s.Passwords.Hash(ctx, n.Password)
	if err != nil {
		return ticket.User{}, err
	}
	if len(n.Roles) == 0 {
		n.Roles = []ticket.Role{ticket.RoleBuyer}
	}
	u := ticket.User{ID: ticket.NewID(ticket.KindUser, 0), Email: n.Email, Name: n.Name, Roles: n.Roles}
	if err := s.store.CreateUser(ctx, ticket.Account{User: u, PasswordHash: hash}); err != nil {
		return ticket.User{}, err
	}
	return u, nil
}

// Session is what a login gives.
type Session struct {
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token"`
	ExpiresAt    time.Time `json:"expires_at" doc:"When the access token ends."`
}

// LogIn starts a session. CodeBadCredentials when there is no such account or
// the password is another, which take equally long.
func (s *Service) LogIn(ctx context.Context, email, password string) (Session, error) {
	account, err := s.store.AccountByEmail(ctx, email)
	if err != nil && ticket.CodeOf(err) != ticket.CodeNotFound {
		return Session{}, err
	}
	match, err := s.Passwords.Check(ctx, password, account.PasswordHash)
	if err != nil {
		return Session{}, err
	}
	if !match {
		return Session{}, ticket.Errorf(ticket.CodeBadCredentials, "No account has this email address and password.")
	}
	sessionID, refresh := "se_"+rand.Text(), newRefreshToken()
	if err := s.store.CreateSession(ctx, sessionID, account.ID, refresh.hash(), s.now().Add(refreshLife)); err != nil {
		return Session{}, err
	}
	return s.session(account.User, sessionID, refresh)
}

// Refresh gives a new access token and the next refresh token for one that was
// not used before. CodeUnauthorized otherwise.
func (s *Service) Refresh(ctx context.Context, token string) (Session, error) {
	next := newRefreshToken()
	sessionID, u, err := s.store.RotateSession(ctx, refreshToken(token).hash(), next.hash(), s.now().Add(refreshLife))
	if err != nil {
		return Session{}, err
	}
	return s.session(u, sessionID, next)
}

// LogOut ends the caller's session. Its access token lives on for its quarter
// of an hour.
func (s *Service) LogOut(ctx context.Context, u User) error {
	return s.store.EndSession(ctx, u.SessionID)
}

// Account reads the caller's account. CodeUnauthorized when it is gone.
func (s *Service) Account(ctx context.Context, u User) (ticket.User, error) {
	account, err := s.store.User(ctx, u.ID)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return account, ticket.Errorf(ticket.CodeUnauthorized, "The account is gone.")
	}
	return account, err
}

func (s *Service) session(u ticket.User, sessionID string, refresh refreshToken) (Session, error) {
	access, expires, err := s.Issue(User{ID: u.ID, SessionID: sessionID, Roles: u.Roles})
	if err != nil {
		return Session{}, fmt.Errorf("auth: session: %w", err)
	}
	return Session{AccessToken: access, RefreshToken: string(refresh), ExpiresAt: expires}, nil
}

// refreshToken is 128 bits and more of chance; only its hash is stored.
type refreshToken string

func newRefreshToken() refreshToken { return refreshToken("rt_" + rand.Text()) }

func (t refreshToken) hash() []byte {
	sum := sha256.Sum256([]byte(t))
	return sum[:]
}
