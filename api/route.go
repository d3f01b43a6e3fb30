package api

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

const (
	// bearer names the way of authentication in the contract.
	bearer = "bearer"
	// maxBody is what a body may have unless its operation says otherwise.
	maxBody = 64 << 10
	// bodyTime is how long a body may take to arrive, unless Deps or its
	// operation say otherwise.
	bodyTime = 10 * time.Second
)

// access says who may call an operation.
type access struct {
	login    bool // a valid token is needed
	optional bool // a valid token is used when it is there
	roles    []ticket.Role
}

var (
	// public operations never look at a token.
	public = access{}
	// anyone may call, and is told more when logged in.
	anyone = access{optional: true}
	// loggedIn needs an account, whatever its roles.
	loggedIn = access{login: true}
)

// only needs an account with one of the roles, or an admin's.
func only(roles ...ticket.Role) access { return access{login: true, roles: roles} }

// register adds an operation: its document, who may call it, the bounds of its
// body and the encoding of its errors. The handler gets the caller by
// auth.UserFrom, and returns *ticket.Error for what a caller may be told.
func register[I, O any](s *Server, api huma.API, op huma.Operation, who access, handle func(context.Context, *I) (*O, error)) {
	op.Middlewares = append(huma.Middlewares{s.admit(who), s.boundBody(op)}, op.Middlewares...)
	documentAccess(&op, who)
	documentProblems(api, &op)
	s.noteAccess(&op, who)
	// huma refuses a body of exactly the maximum; its deadline would outlive the
	// body and end the request, so ours (boundBody) stands in.
	op.MaxBodyBytes = cmp.Or(op.MaxBodyBytes, maxBody) + 1
	op.BodyReadTimeout = -1
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// documentAccess says whether a token is needed, or of use.
func documentAccess(op *huma.Operation, who access) {
	switch {
	case who.login:
		op.Security = []map[string][]string{{bearer: {}}}
	case who.optional:
		op.Security = []map[string][]string{{}, {bearer: {}}}
	}
}

// documentProblems says that whatever else is answered is a problem.
func documentProblems(api huma.API, op *huma.Operation) {
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	op.Responses["default"] = &huma.Response{
		Description: "A problem (RFC 9457); its type ends in a code.",
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
	}
}

// problem describes a handler's error, and logs what the caller is not told.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	p := newProblem(err, requestID(ctx))
	switch {
	case p.Status < http.StatusInternalServerError:
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		// The caller hung up; that is no failure of ours.
	default:
		s.log.ErrorContext(ctx, "request failed", "request_id", requestID(ctx), "status", p.Status, "error", err.Error())
	}
	return p
}

// caller gives the account of a request whose operation needs one.
func caller(ctx context.Context) auth.User {
	u, _ := auth.UserFrom(ctx)
	return u
}

// admit lets a request pass when its caller may call the operation.
func (s *Server) admit(who access) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if !who.login && !who.optional {
			next(ctx)
			return
		}
		user, err := s.bearer(ctx.Context(), ctx.Header("Authorization"))
		if err == nil {
			err = who.permit(user)
		}
		switch {
		case err == nil:
			next(huma.WithContext(ctx, auth.WithUser(ctx.Context(), user)))
		case who.optional && (ticket.CodeOf(err) == ticket.CodeUnauthorized || ticket.CodeOf(err) == ticket.CodeUnavailable):
			next(ctx)
		default:
			s.refuse(ctx, err)
		}
	}
}

// permit is CodeForbidden when the account has none of the roles that are needed.
func (who access) permit(user auth.User) error {
	if len(who.roles) == 0 || user.Has(who.roles...) {
		return nil
	}
	return ticket.Errorf(ticket.CodeForbidden, "This needs an account with the role %s.", anyOf(who.roles))
}

func anyOf(roles []ticket.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, " or ")
}

// bearer knows the caller by an Authorization header.
func (s *Server) bearer(ctx context.Context, header string) (auth.User, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return auth.User{}, ticket.Errorf(ticket.CodeUnauthorized, "Send an access token as Authorization: Bearer.")
	}
	return s.deps.Tokens.Verify(ctx, strings.TrimSpace(token))
}

// refuse answers an operation before its handler runs.
func (s *Server) refuse(ctx huma.Context, err error) {
	_, w := humachi.Unwrap(ctx)
	writeProblem(w, s.problem(ctx.Context(), err))
}

// boundBody refuses bodies that are no JSON or too large before they are read,
// and gives the others a bounded time to arrive.
func (s *Server) boundBody(op huma.Operation) func(huma.Context, func(huma.Context)) {
	limit, patience := cmp.Or(op.MaxBodyBytes, maxBody), cmp.Or(op.BodyReadTimeout, s.deps.BodyTimeout, bodyTime)
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humachi.Unwrap(ctx)
		switch {
		case r.ContentLength > limit:
			s.refuse(ctx, ticket.Errorf(ticket.CodeTooLarge, "The body may have %d bytes at most.", limit))
			return
		case r.ContentLength != 0 && !isJSON(r.Header.Get("Content-Type")):
			s.refuse(ctx, ticket.Errorf(ticket.CodeUnsupportedMedia, "Send the body as application/json."))
			return
		case r.ContentLength != 0:
			r.Body = &timedBody{ReadCloser: r.Body, w: w, patience: patience}
		}
		next(ctx)
	}
}

func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// timedBody sets the connection's read deadline at the first read, and lifts it
// when the body has ended: a deadline that stays would cancel the request while
// it waits for its answer. For a body that did not end it does stay, since the
// server reads on before it answers.
type timedBody struct {
	io.ReadCloser
	w        http.ResponseWriter
	patience time.Duration
	begun    bool
}

// Read reads from the body.
func (b *timedBody) Read(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		_ = huma.SetReadDeadline(b.w, time.Now().Add(b.patience)) // a writer that has no connection needs no deadline
	}
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = huma.SetReadDeadline(b.w, time.Time{})
	}
	return n, err
}
