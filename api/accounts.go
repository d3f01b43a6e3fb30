package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// Accounts is accounts and sessions, as auth.Service keeps them.
type Accounts interface {
	Register(ctx context.Context, n auth.NewAccount) (ticket.User, error)
	LogIn(ctx context.Context, email, password string) (auth.Session, error)
	Refresh(ctx context.Context, refreshToken string) (auth.Session, error)
	LogOut(ctx context.Context, u auth.User) error
	Account(ctx context.Context, u auth.User) (ticket.User, error)
}

// PublicKeys are the keys that others verify our tokens and ticket codes with.
type PublicKeys interface {
	JWKS() []byte
	TicketJWKS() []byte
}

func (s *Server) registerAccounts(api huma.API) {
	tags := []string{"Accounts"}
	register(s, api, huma.Operation{
		OperationID: "create-user", Method: http.MethodPost, Path: "/v1/users", Tags: tags,
		Summary: "Make an account", DefaultStatus: http.StatusCreated,
	}, public, s.createUser)
	register(s, api, huma.Operation{
		OperationID: "create-session", Method: http.MethodPost, Path: "/v1/sessions", Tags: tags,
		Summary: "Log in", DefaultStatus: http.StatusCreated,
		Description: "The access token is valid for a quarter of an hour; the refresh token can be used once, within thirty days.",
	}, public, s.createSession)
	register(s, api, huma.Operation{
		OperationID: "refresh-session", Method: http.MethodPost, Path: "/v1/sessions/refresh", Tags: tags,
		Summary:     "Get the next tokens of a session",
		Description: "A refresh token that is used a second time ends its session.",
	}, public, s.refreshSession)
	register(s, api, huma.Operation{
		OperationID: "end-session", Method: http.MethodDelete, Path: "/v1/sessions/current", Tags: tags, Summary: "Log out",
	}, loggedIn, s.endSession)
	register(s, api, huma.Operation{
		OperationID: "get-me", Method: http.MethodGet, Path: "/v1/me", Tags: tags, Summary: "The caller's account",
	}, loggedIn, s.me)
	s.registerPrivacy(api)
	s.registerKeys(api)
}

type createUserInput struct {
	IdempotencyKey
	Body struct {
		Email    string `json:"email" maxLength:"254" example:"ada@example.org"`
		Password string `json:"password" minLength:"8" maxLength:"1024"`
		Name     string `json:"name" minLength:"1" maxLength:"200"`
	}
}

// accountBody is an account as its owner sees it.
type accountBody struct {
	ID    string        `json:"id"`
	Email string        `json:"email"`
	Name  string        `json:"name"`
	Roles []ticket.Role `json:"roles"`
}

type accountOutput struct{ Body accountBody }

func (s *Server) createUser(ctx context.Context, in *createUserInput) (*accountOutput, error) {
	if err := s.limitEmail(ctx, registrationEmail, in.Body.Email); err != nil {
		return nil, err
	}
	return once(ctx, s, in.request("create-user", in.Body).withSecret(), func(ctx context.Context) (*accountOutput, error) {
		u, err := s.deps.Accounts.Register(ctx, auth.NewAccount{Email: in.Body.Email, Password: in.Body.Password, Name: in.Body.Name})
		if err != nil {
			return nil, err
		}
		return &accountOutput{Body: accountBody(u)}, nil
	})
}

type createSessionInput struct {
	IdempotencyKey
	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"254"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
	}
}

type sessionOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         auth.Session
}

func (s *Server) createSession(ctx context.Context, in *createSessionInput) (*sessionOutput, error) {
	if err := s.limitEmail(ctx, loginEmail, in.Body.Email); err != nil {
		return nil, err
	}
	return once(ctx, s, in.request("create-session", in.Body).withSecret(), func(ctx context.Context) (*sessionOutput, error) {
		session, err := s.deps.Accounts.LogIn(ctx, in.Body.Email, in.Body.Password)
		if err != nil {
			return nil, err
		}
		return &sessionOutput{CacheControl: "no-store", Body: session}, nil
	})
}

type refreshSessionInput struct {
	Body struct {
		RefreshToken string `json:"refresh_token" minLength:"1" maxLength:"200"`
	}
}

func (s *Server) refreshSession(ctx context.Context, in *refreshSessionInput) (*sessionOutput, error) {
	session, err := s.deps.Accounts.Refresh(ctx, in.Body.RefreshToken)
	if err != nil {
		return nil, err
	}
	return &sessionOutput{CacheControl: "no-store", Body: session}, nil
}

func (s *Server) endSession(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, s.deps.Accounts.LogOut(ctx, caller(ctx))
}

func (s *Server) me(ctx context.Context, _ *struct{}) (*accountOutput, error) {
	u, err := s.deps.Accounts.Account(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	return &accountOutput{Body: accountBody(u)}, nil
}

// keysOutput is a JWKS document.
type keysOutput struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

// registerKeys serves the public keys. Five minutes of caching are safe: a new
// key is published as it begins to sign, and whoever meets an unknown kid
// reads again; an old one stays for an hour.
func (s *Server) registerKeys(api huma.API) {
	serve := func(id, path, summary string, keys func() []byte) {
		register(s, api, huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"Keys"},
			Responses: map[string]*huma.Response{"200": jsonResponse("A JSON Web Key Set (RFC 7517).", &huma.Schema{Type: "object"})},
		}, public, func(context.Context, *struct{}) (*keysOutput, error) {
			return &keysOutput{ContentType: "application/json", CacheControl: "public, max-age=300", Body: keys()}, nil
		})
	}
	serve("get-jwks", "/.well-known/jwks.json", "Keys of access tokens (RS256)", s.deps.Keys.JWKS)
	serve("get-ticket-keys", "/.well-known/ticket-keys.json", "Keys of ticket codes (Ed25519)", s.deps.Keys.TicketJWKS)
	if issuer := strings.TrimSuffix(s.deps.TokenIssuer, "/"); issuer != "" {
		document := discovery(s.deps.TokenIssuer, issuer+"/.well-known/jwks.json")
		serve("get-discovery", "/.well-known/openid-configuration", "Where the keys of access tokens are (OpenID Connect Discovery)",
			func() []byte { return document })
	}
}

// discovery says of our tokens what somebody who verifies them has to know. We
// are no OpenID provider: there is no endpoint to be sent to.
func discovery(issuer, keys string) []byte {
	document, err := json.Marshal(map[string]any{
		"issuer": issuer, "jwks_uri": keys, "response_types_supported": []string{"token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	})
	if err != nil {
		panic(err) // Strings always encode.
	}
	return document
}

// jsonResponse documents an answer whose body the handler encodes itself.
func jsonResponse(description string, schema *huma.Schema) *huma.Response {
	return &huma.Response{
		Description: description,
		Content:     map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}
}
